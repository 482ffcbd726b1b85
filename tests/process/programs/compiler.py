#!/usr/bin/python3
"""gcc, g++, as, ld and make: the same objects, bit for bit."""

import hashlib

from harness import main, scenario

FILES = 8

C_FILE = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
struct node%(n)d { struct node%(n)d *next; char name[%(n)d + 8]; double v; };
%(functions)s
int part%(n)d(int argument)
{
    struct node%(n)d *list = NULL;
    for (int i = 0; i < argument; i++) {
        struct node%(n)d *node = malloc(sizeof(*node));
        snprintf(node->name, sizeof(node->name), "%%d", i);
        node->v = sqrt((double)f%(n)d_0(i)); node->next = list; list = node;
    }
    int sum = 0;
    while (list) {
        struct node%(n)d *next = list->next;
        sum += (int)list->v + (int)strlen(list->name); free(list); list = next;
    }
    return sum;
}
"""

CXX_FILE = """
#include <algorithm>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <vector>
template <int N> struct fib { enum { v = fib<N-1>::v + fib<N-2>::v }; };
template <> struct fib<0> { enum { v = 0 }; };
template <> struct fib<1> { enum { v = 1 }; };
int main()
{
    std::map<std::string, std::vector<std::string>> table;
    for (int i = 0; i < 500; i++)
        table[std::to_string(i % 37)].push_back(std::string(i * 40, 'x'));
    size_t sum = fib<30>::v;
    for (auto &[key, list] : table) {
        std::sort(list.begin(), list.end());
        for (auto &text : list) sum = sum * 31 + text.size();
    }
    try { throw std::string(5000, 'e'); }
    catch (const std::string &text) { sum += text.size(); }
    std::cout << sum << std::regex_replace("a1b22", std::regex("[0-9]+"), "#")
              << std::endl;
}
"""


def _c_file(number):
    functions = "\n".join(
        "int f%d_%d(int x) { switch (x %% 7) { %s } return x; }" % (
            number, index, " ".join("case %d: return x * %d + (x >> %d);" % (
                case, index + case, case) for case in range(7)))
        for index in range(120))
    return C_FILE % {"n": number, "functions": functions}


def _project(run):
    for number in range(FILES):
        run.write("part%d.c" % number, _c_file(number))
    calls = " + ".join("part%d(50)" % number for number in range(FILES))
    run.write("main.c", "#include <stdio.h>\n%s\n"
              "int main(void) { printf(\"%%d\\n\", %s); return 0; }\n" % (
                  "\n".join("int part%d(int);" % number
                            for number in range(FILES)), calls))
    run.write("Makefile", "OBJECTS = main.o %s\nCFLAGS = -O2 -g\n"
              "program: $(OBJECTS)\n\t$(CC) -o $@ $(OBJECTS) -lm\n" % " ".join(
                  "part%d.o" % number for number in range(FILES)))


def _note_file(run, name):
    with open(run.path(name), "rb") as file:
        run.note(name, hashlib.sha256(file.read()).hexdigest())


@scenario(band=True, reporters=["make", "cc", "cc1", "as", "ld"])
def make_a_program(run):
    _project(run)
    run.run("make", "-j2", show=lambda out: sorted(out.split(b"\n")))
    run.run("./program")
    for name in ["main.o", "program"] + ["part%d.o" % n for n in range(FILES)]:
        _note_file(run, name)


@scenario(band=True, reporters=["cc1plus"])
def compile_cxx(run):
    run.write("big.cc", CXX_FILE)
    run.run("g++", "-std=c++17", "-O1", "-o", "big", "big.cc")
    run.run("./big")
    _note_file(run, "big")


@scenario(text=True)
def an_error_is_the_same_error(run):
    run.write("bad.c", "int main(void) { return missing; }\n")
    run.run("gcc", "-c", "bad.c", status=1)
    run.write("lost.c", "int lost(void); int main(void) { return lost(); }\n")
    run.run("gcc", "lost.c", status=1, compare="stdout")


if __name__ == "__main__":
    main("gcc", "g++", "make")
