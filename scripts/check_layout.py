#!/usr/bin/python3
"""Checks the layout that the sources promise.

    check_layout.py SOURCE_ROOT

- Includes point one way, interpose -> pool -> stats; stats is a leaf. The
  build gives each folder only the include paths it may see; this also finds
  paths with ".." in them.
- jemalloc is named in backend files only.
- No source file of the library is longer than 700 lines, half of them at
  most 150; no function is longer than 60 lines.
- Every file starts with a comment that says what it is; no TODOs.
- The modules of the command import each other in no circle, neither at their
  head nor within functions.
Prints what is wrong, one finding a line, then "N passed, N failed".
"""

import ast
import os
import re
import statistics
import sys

MAY_SEE = {"stats": {"stats"}, "pool": {"pool", "stats"},
           "interpose": {"interpose", "pool", "stats"}}
COMMAND = "midpool_lib"
FILE_CAP, FILE_MEDIAN, FUNCTION_CAP, COLUMNS = 700, 150, 60, 80
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def sources(root):
    """Path below the root and text of every source file."""
    for folder in sorted(MAY_SEE):
        for name in sorted(os.listdir(os.path.join(root, folder))):
            if name.endswith((".c", ".h", ".def")):
                path = os.path.join(folder, name)
                with open(os.path.join(root, path), encoding="utf-8") as file:
                    yield path, file.read()


def check_includes(files):
    homes = {}
    for path, _ in files:
        homes.setdefault(os.path.basename(path), set()).add(
            os.path.dirname(path))
    for path, text in files:
        folder = os.path.dirname(path)
        for name in INCLUDE.findall(text):
            if "/" in name:
                yield f"{path}: include of a path: {name}"
            elif not homes.get(name, set()) & MAY_SEE[folder]:
                yield f"{path}: may not see {name}"
    for name, folders in homes.items():
        if len(folders) > 1 and name.endswith(".h"):
            yield f"{name}: in more than one folder"


def check_seam(files):
    for path, text in files:
        allowed = os.path.basename(path).startswith("backend")
        if not allowed and re.search(r"\bje_\w+|jemalloc/jemalloc\.h", text):
            yield f"{path}: reaches past backend.h to jemalloc"


def check_sizes(files):
    lengths = {path: text.count("\n") for path, text in files}
    for path, length in lengths.items():
        if length > FILE_CAP:
            yield f"{path}: {length} lines, at most {FILE_CAP}"
    median = statistics.median(lengths.values())
    if median > FILE_MEDIAN:
        yield f"files: median of {median} lines, at most {FILE_MEDIAN}"


def check_functions(files):
    """By layout: a definition's brace and its end stand in column one."""
    for path, text in files:
        start, name, last = None, "", ""
        for number, line in enumerate(text.split("\n"), 1):
            if line == "{":
                start, name = number, last
            elif line == "}" and start is not None:
                if number - start > FUNCTION_CAP:
                    yield (f"{path}:{start}: {name.split('(')[0]} has"
                           f" {number - start} lines, at most {FUNCTION_CAP}")
                start = None
            last = line


def check_text(files):
    for path, text in files:
        if not text.startswith("/*"):
            yield f"{path}: does not say what it is"
        if not path.endswith(".def"):
            for number, line in enumerate(text.split("\n"), 1):
                if len(line) > COLUMNS:
                    yield f"{path}:{number}: longer than {COLUMNS} columns"
        for word in ("TODO", "FIXME", "XXX"):
            if re.search(rf"\b{word}\b", text):
                yield f"{path}: {word}"


def imported(path):
    """The command's modules that a file of it imports."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == COMMAND:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            package, _dot, name = node.module.partition(".")
            if package == COMMAND:
                yield name


def check_modules(root):
    folder = os.path.join(root, "scripts", COMMAND)
    sees = {name[:-3]: set(imported(os.path.join(folder, name)))
            for name in os.listdir(folder) if name.endswith(".py")}
    for module in sorted(sees):
        reached, ahead = set(), set(sees[module])
        while ahead:
            name = ahead.pop()
            reached.add(name)
            ahead |= sees.get(name, set()) - reached
        if module in reached:
            yield f"scripts/{COMMAND}/{module}.py: imports itself in a circle"


def main():
    files = list(sources(sys.argv[1]))
    failed = 0
    results = [check(files) for check in (
        check_includes, check_seam, check_sizes, check_functions, check_text)]
    results.append(check_modules(sys.argv[1]))
    for result in results:
        findings = list(result)
        failed += bool(findings)
        for finding in findings:
            print(finding)
    print(f"{len(results) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
