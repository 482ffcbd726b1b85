"""A C program to compile: made up, always the same."""

import random

FUNCTIONS = 70
PARTS = (
    "    x = (x ^ {n}u) * {m}u + table{t}[x % 64];\n",
    "    for (unsigned i = 0; i < {n} % 40; i++) x += i * table{t}[i];\n",
    "    if (x % {m} < {n}) x = step{f}(x, x >> 3); else x ^= x << 5;\n",
    "    switch (x % 7) {{ case 1: x += {n}; break; case 2: x *= {m}; break;"
    " case 5: x ^= table{t}[3]; break; default: x--; }}\n",
    "    struct pair p{n} = {{x, x * {m}u}}; swap(&p{n}); x += p{n}.left;\n",
)


def _function(rng, index):
    yield f"static unsigned step{index}(unsigned x, unsigned y)\n{{\n"
    for _ in range(rng.randrange(4, 30)):
        yield rng.choice(PARTS).format(
            n=rng.randrange(1, 1 << 16), m=rng.randrange(3, 1 << 16) | 1,
            t=rng.randrange(8), f=rng.randrange(index) if index else 0)
    yield "    return x + y;\n}\n\n"


def _text():
    rng = random.Random(7)
    yield "struct pair { unsigned left, right; };\n"
    yield ("static void swap(struct pair *p) { unsigned l = p->left; "
           "p->left = p->right; p->right = l; }\n")
    for table in range(8):
        numbers = ", ".join(str(rng.randrange(1 << 32)) + "u"
                            for _ in range(64))
        yield f"static const unsigned table{table}[64] = {{{numbers}}};\n"
    # step0 must not call itself for ever.
    yield "static unsigned step0(unsigned x, unsigned y) { return x + y; }\n"
    for index in range(1, FUNCTIONS):
        yield from _function(rng, index)
    calls = " + ".join(f"step{i}(argc, {i})" for i in range(FUNCTIONS))
    yield f"int main(int argc, char **argv) {{ (void)argv; return {calls}; }}\n"


def make(_tools, path):
    """Writes the program to path."""
    path.write_text("".join(_text()), encoding="ascii")
