"""Programs that get only a part of their memory from malloc.

Each note says which part midpool sees. The library serves all of them; it is
the report that needs to be read with this in mind.
"""

import os
import re


class Runtime:
    """A kind of program: its name, midpool's share of it, and advice."""

    def __init__(self, name, seen, remedy=""):
        self.name = name
        self.seen = seen
        self.remedy = remedy


GO = Runtime(
    "Go", "objects of Go lie in a heap that Go maps itself; midpool sees what C"
    " code (cgo) asks malloc for. The program ends without an exit report",
    "use 'midpool run', which reads the live page instead")
GO_STATIC = Runtime(
    "Go", "Go brings its own allocator, however the program is linked")
JAVA = Runtime(
    "Java", "objects lie in a heap that the JVM maps itself; midpool sees the"
    " JVM's own memory (compiler, class data), direct buffers and native"
    " libraries")
NODE = Runtime(
    "Node", "JavaScript's objects lie in a heap that V8 maps itself; midpool"
    " sees Buffers, and the memory of node's C and C++ code")
PHP = Runtime(
    "PHP", "PHP's values lie in 2 MB chunks that PHP maps itself; midpool sees"
    " what libraries, extensions and persistent connections ask for."
    " PHP opens extensions with the flag RTLD_DEEPBIND, which midpool removes"
    " (deepbind:strip)",
    "USE_ZEND_ALLOC=0 lets PHP ask malloc for everything")
RADIUS = Runtime(
    "RTLD_DEEPBIND", "the program opens modules with this flag, which would"
    " give them libc's malloc; midpool removes it (deepbind:strip) and sees all"
    " memory")

_BY_NAME = ((r"node(js)?(-?\d.*)?$", NODE),
            (r"php(-?(fpm|cgi|dbg))?[\d.]*$", PHP),
            (r"(freeradius|radiusd)$", RADIUS))
_GO_MARK = b"\xff Go buildinf:"


def of_file(path, file):
    """The runtime that an ELF file is known for, or None."""
    name = os.path.basename(path)
    for pattern, runtime in _BY_NAME:
        if re.match(pattern, name):
            return runtime
    if any(lib.startswith(("libjli.so", "libjvm.so"))
           for lib in file.needed()):
        return JAVA
    if file.data.find(_GO_MARK) < 0:
        return None
    return GO if file.interpreter else GO_STATIC
