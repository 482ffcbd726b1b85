#!/usr/bin/python3
"""The default report of everyday commands, on stderr at their end."""

from harness import main, scenario

COMMANDS = [
    ["ls", "-l", "/usr/bin"],
    ["cat", "words"],
    ["sort", "-r", "words"],
    ["git", "--version"],
    ["gcc", "-c", "small.c"],
    ["python3", "-c", "print(bytes(40000)[:3])"],
    ["perl", "-e", "print 'x' x 40000"],
    ["node", "-e", "console.log(Buffer.alloc(40000).length)"],
    ["grep", "-c", "5", "words"],
    ["sed", "s/1/2/", "words"],
    ["wc", "words"],
    ["md5sum", "words"],
    ["find", "/etc/apt"],
    ["date", "-d", "@0"],
    ["tar", "--version"],
    ["true"],
    ["env", "--version"],
]


def _prepare(run):
    run.write("words", "".join("%d\n" % (n * 7919 % 10007)
                               for n in range(20000)))
    run.write("small.c", "int main(void) { return 0; }\n")


def _register(argv):
    def command(run):
        _prepare(run)
        run.run(*argv)
    command.__name__ = argv[0]
    scenario(text=True, reporters=[argv[0]])(command)


for words in COMMANDS:
    _register(words)


@scenario()
def a_false_command(run):
    run.run("false", status=1)
    run.run("ls", "missing", status=2)
    run.run("cat", "missing", status=1)


if __name__ == "__main__":
    main(*[words[0] for words in COMMANDS])
