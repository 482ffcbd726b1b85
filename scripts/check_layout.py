#!/usr/bin/python3
"""Checks the layout that the sources promise.

    check_layout.py SOURCE_ROOT [BUILD_ROOT]

- Includes point one way, interpose -> pool -> stats; stats is a leaf. Within
  each of the three, every folder is a layer (LAYERS), and a file includes
  headers, and by the object files of a build calls functions, of its own layer
  and of layers below only. The build gives each of the three the include paths
  it may see; this also finds paths with ".." in them.
- Within each of the three, no file includes or, by the object files of a
  build, calls another in a circle; a file's header counts as the file, and
  exported names count as all others do. Calls in a header's inline functions
  and macros are the header's own.
- jemalloc is named in backend files only.
- No source file of the library is longer than 700 lines, half of them at
  most 150; no function is longer than 60 lines.
- Every file starts with a comment that says what it is; no TODOs.
- Files that the pages (README.md, CONTRIBUTING.md) name are there.
- The packages of the command are layers too (PACKAGES): a module imports those
  of its own package and of packages below only, and none imports itself in a
  circle, neither at its head nor within functions.
Prints what is wrong, one finding a line, then "N passed, N failed".
"""

import ast
import glob
import os
import re
import statistics
import subprocess
import sys

# Lowest first; the top of each part, whose folder is "", sees all its layers.
LAYERS = {
    "stats": ["text", "page", "sites", "render", "reader", ""],
    "pool": ["base", "os", "size", "count", "slab", "depot", "cache",
             "policy", "thread", "serve", ""],
    "interpose": ["base", "backend", "options", "process", "output", "live",
                  "api", ""],
}
PARTS = ["stats", "pool", "interpose"]
# Where a build has the objects of each part.
OBJECTS = {
    "stats": ["stats/libstats.a.p", "midpool-snapshot.p"],
    "pool": ["pool/libpool.a.p"],
    "interpose": ["interpose/libinterpose.a.p", "libmidpool.so.1.p"],
}
COMMAND = "midpool_lib"
# The packages of the command, lowest first.
PACKAGES = ["base", "read", "show", "compare", "live", "fleet", "page", "run",
            "bench"]
FILE_CAP, FILE_MEDIAN, FUNCTION_CAP, COLUMNS = 700, 150, 60, 80
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
WORD = re.compile(r"\w+")


def sources(root):
    """Path below the root and text of every source file."""
    for part in PARTS:
        for layer in LAYERS[part]:
            folder = os.path.join(part, layer)
            for name in sorted(os.listdir(os.path.join(root, folder))):
                if name.endswith((".c", ".h", ".def")):
                    path = os.path.join(folder, name)
                    with open(os.path.join(root, path),
                              encoding="utf-8") as file:
                        yield path, file.read()


def place(path):
    """The place of a file in the layers: higher places see lower ones."""
    part, _slash, layer = os.path.dirname(path).partition("/")
    return PARTS.index(part), LAYERS[part].index(layer)


def check_includes(files):
    homes = {}
    for path, _ in files:
        name = os.path.basename(path)
        if name in homes and name.endswith(".h"):
            yield f"{name}: in more than one folder"
        homes[name] = path
    for path, text in files:
        for name in INCLUDE.findall(text):
            if "/" in name:
                yield f"{path}: include of a path: {name}"
            elif name not in homes:
                yield f"{path}: includes {name}, which is nowhere"
            elif name.endswith(".def"):
                continue  # tables of a part, for all of its layers
            elif place(homes[name]) > place(path):
                yield f"{path}: may not see {homes[name]}, which is above"


def module(path):
    """A source file and its header are one."""
    return os.path.splitext(os.path.basename(path))[0]


def in_headers(files, part):
    """Header's module and the code of its inline functions and macros."""
    for path, text in files:
        if path.startswith(part + "/") and path.endswith(".h"):
            text = COMMENT.sub("", text)
            bodies = re.findall(r"^\{$.*?^\}$", text, re.MULTILINE | re.DOTALL)
            macros = re.findall(r"^# *define(?:.*\\\n)*.*", text, re.MULTILINE)
            yield module(path), "\n".join(bodies + macros)


def of_object(name, modules):
    """The module of an object file, or None."""
    # Its name begins with the source's folders.
    words = name[:-len(".c.o")].split("_")
    while words and "_".join(words) not in modules:
        del words[0]
    return "_".join(words) if name.endswith(".c.o") and words else None


def symbols(build, part, modules):
    """Module, kind and name of every symbol in the part's object files."""
    objects = [path for folder in OBJECTS[part]
               for path in sorted(glob.glob(os.path.join(build, folder, "*")))
               if of_object(os.path.basename(path), modules)]
    found = subprocess.run(["nm", "-P", "-A"] + objects, check=True,
                           stdout=subprocess.PIPE,
                           universal_newlines=True).stdout if objects else ""
    for line in found.splitlines():
        path, symbol, kind = line.replace(": ", " ", 1).split()[:3]
        yield of_object(os.path.basename(path), modules), kind, symbol


def calls(files, build, part, modules):
    """Pairs of modules of which the first uses a symbol of the second."""
    found = list(symbols(build, part, modules))
    homes = {name: user for user, kind, name in found if kind in "TDBRVWC"}
    used = [(user, name) for user, kind, name in found if kind == "U"]
    for user, code in in_headers(files, part):
        used += [(user, name) for name in sorted(set(WORD.findall(code)))]
    for user, name in used:
        if homes.get(name, user) != user:
            yield user, homes[name]


def in_circles(sees):
    """Those of the graph's nodes that lead back to themselves."""
    for node in sees:
        reached, ahead = set(), set(sees[node])
        while ahead:
            name = ahead.pop()
            reached.add(name)
            ahead |= sees.get(name, set()) - reached
        if node in reached:
            yield node


def check_circles(files, build):
    for part in PARTS:
        homes = {module(path): path for path, _ in files
                 if path.startswith(part + "/") and not path.endswith(".def")}
        sees = {name: set() for name in homes}
        for path, text in files:
            if path.startswith(part + "/") and module(path) in sees:
                sees[module(path)] |= {
                    module(name) for name in INCLUDE.findall(text)
                    if not name.endswith(".def")} & set(sees)
                sees[module(path)].discard(module(path))
        for user, used in calls(files, build, part, set(sees)) if build else ():
            sees[user].add(used)
            if place(homes[used]) > place(homes[user]):
                yield f"{homes[user]}: calls {homes[used]}, which is above"
        for name in sorted(in_circles(sees)):
            yield f"{homes[name]}: includes or calls itself in a circle"


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
    """Finds functions by layout: their braces stand in column one."""
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


def check_pages(root):
    """Pages name files that are there, from the root or beside the page."""
    pages = ["README.md", "CONTRIBUTING.md"]
    for top in PARTS + ["tests", "scripts", "findings"]:
        for place, _folders, names in os.walk(os.path.join(root, top)):
            if "README.md" in names:
                pages.append(os.path.join(os.path.relpath(place, root),
                                          "README.md"))
    for page in pages:
        with open(os.path.join(root, page), encoding="utf-8") as file:
            named = re.findall(r"`([\w.-]+/[\w./*-]+)`", file.read())
        for name in named:
            homes = [base for base in ("", os.path.dirname(page))
                     if os.path.isdir(os.path.join(root, base,
                                                   name.split("/")[0]))]
            found = any(glob.glob(os.path.join(root, base, name))
                        for base in homes)
            if homes and not found and not name.startswith("build/"):
                yield f"{page}: {name} is not there"


def imported(path):
    """The command's modules, "package.module", that a file of it imports."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            root, *parts = name.split(".")
            if root == COMMAND and len(parts) > 1:
                yield ".".join(parts[:2])


def modules(root):
    """The command's modules and those that each of them imports."""
    folder = os.path.join(root, "scripts", COMMAND)
    for package in PACKAGES:
        for name in os.listdir(os.path.join(folder, package)):
            if name.endswith(".py") and name != "__init__.py":
                yield (f"{package}.{name[:-3]}",
                       set(imported(os.path.join(folder, package, name))))


def check_packages(sees):
    for module in sorted(sees):
        layer = PACKAGES.index(module.split(".")[0])
        for name in sorted(sees[module]):
            package = name.split(".")[0]
            if package not in PACKAGES:
                yield f"{COMMAND}: {module} imports {name}, which is nowhere"
            elif PACKAGES.index(package) > layer:
                yield (f"{COMMAND}: {module} may not import {name}, which is"
                       " in a layer above")


def check_module_circles(sees):
    for module_name in sorted(in_circles(sees)):
        yield f"{COMMAND}: {module_name} imports itself in a circle"


def check_strays(root):
    folder = os.path.join(root, "scripts", COMMAND)
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if name.endswith(".py") and name not in ("__init__.py",
                                                 "__main__.py"):
            yield f"scripts/{COMMAND}/{name}: in none of the packages"
        elif (name not in PACKAGES + ["__pycache__"] and os.path.isdir(path)
              and any(entry.endswith(".py") for entry in os.listdir(path))):
            yield f"scripts/{COMMAND}/{name}: a package without a layer"


def main():
    root = sys.argv[1]
    build = sys.argv[2] if len(sys.argv) > 2 else None
    files = list(sources(root))
    failed = 0
    results = [check(files) for check in (
        check_includes, check_seam, check_sizes, check_functions, check_text)]
    sees = dict(modules(root))
    results += [check_circles(files, build),
                check_packages(sees), check_module_circles(sees),
                check_strays(root), check_pages(root)]
    for result in results:
        findings = list(result)
        failed += bool(findings)
        for finding in findings:
            print(finding)
    print(f"{len(results) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
