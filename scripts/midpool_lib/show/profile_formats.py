"""Call stacks for other tools: pprof's profile.proto, heap text, folded.

The numbers are estimates, scaled already. google-pprof and jeprof scale the
numbers of a heap profile by the rate in its head; so the rate given there is 1.
"""

import gzip

from midpool_lib.read import symbols
from midpool_lib.read.sites import OTHER, VALUES

# profile.proto's sample types, and the value of each.
TYPES = (("alloc_objects", "count", "gets"),
         ("alloc_space", "bytes", "requested_bytes"),
         ("inuse_objects", "count", "live"),
         ("inuse_space", "bytes", "live_bytes"),
         ("miss_objects", "count", "misses"))
PAGE = 4096


def _varint(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field, value):
    return _varint(field << 3) + _varint(value) if value else b""


def _bytes(field, value):
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _packed(field, values):
    return _bytes(field, b"".join(_varint(value) for value in values))


class Places:
    """Addresses for frames: modules where they were, unless two processes
    had different ones in the same place."""

    def __init__(self, sites):
        self.modules = []  # (start, end, path, build id)
        self.bases = {}
        for key, module in sites.modules.items():
            shift = self._shift(module["start"], module["end"])
            self.bases[key] = module["base"] + shift
            self.modules.append((module["start"] + shift,
                                 module["end"] + shift) + key)

    def _shift(self, start, end):
        if not any(start < other[1] and other[0] < end
                   for other in self.modules):
            return 0
        top = max(other[1] for other in self.modules)
        return (top + PAGE - 1) // PAGE * PAGE + PAGE - start // PAGE * PAGE

    def address(self, frame):
        path, build, offset = frame
        return offset + (self.bases[path, build] if path is not None else 0)


class _Profile:
    """profile.proto in the making; each table once."""

    def __init__(self, sites):
        self.sites = sites
        self.names = symbols.Symbols(sites)
        self.places = Places(sites)
        self.strings = {"": 0}
        self.functions = {}
        self.locations = {}
        self.tables = b""
        self.mappings = {module[2:]: number + 1 for number, module
                         in enumerate(self.places.modules)}

    def string(self, text):
        return self.strings.setdefault(text, len(self.strings))

    def function(self, function):
        key = function.name, function.file
        if key not in self.functions:
            number = self.functions[key] = len(self.functions) + 1
            name = self.string(function.name)
            self.tables += _bytes(5, _number(1, number) + _number(2, name)
                                  + _number(3, name)
                                  + _number(4, self.string(function.file)))
        return self.functions[key]

    def location(self, frame):
        if frame not in self.locations:
            number = self.locations[frame] = len(self.locations) + 1
            body = (_number(1, number)
                    + _number(2, self.mappings.get(frame[:2], 0))
                    + _number(3, self.places.address(frame)))
            for function in self.names.functions(frame):
                body += _bytes(4, _number(1, self.function(function))
                               + _number(2, function.line))
            self.tables += _bytes(4, body)
        return self.locations[frame]

    def mapping(self, number, start, end, path, build):
        flags = b"".join(_number(field, 1) for field in (7, 8, 9, 10))
        return _bytes(3, _number(1, number) + _number(2, start)
                      + _number(3, end) + _number(5, self.string(path))
                      + _number(6, self.string(build)) + flags)

    def value_type(self, field, kind, unit):
        return _bytes(field, _number(1, self.string(kind))
                      + _number(2, self.string(unit)))

    def encode(self):
        out = b"".join(self.value_type(1, kind, unit)
                       for kind, unit, _name in TYPES)
        for site in self.sites.list:
            frames = site.frames or OTHER
            out += _bytes(2, _packed(1, [self.location(frame)
                                         for frame in frames])
                          + _packed(2, [site[name]
                                        for _kind, _unit, name in TYPES]))
        for number, (key, module) in enumerate(
                zip(self.mappings, self.places.modules)):
            out += self.mapping(number + 1, module[0], module[1], *key)
        out += self.tables + self.value_type(11, "space", "bytes")
        out += _number(12, self.sites.rates[0])
        out += _number(14, self.string("alloc_space"))
        return out + b"".join(_bytes(6, text.encode("utf-8", "replace"))
                              for text in self.strings)


def pprof(sites):
    """profile.proto, gzip: symbolised, so that every reader has the names."""
    return gzip.compress(_Profile(sites).encode(), mtime=0)


def _counts(site):
    return (f"{site['live']}: {site['live_bytes']}"
            f" [{site['gets']}: {site['requested_bytes']}]")


class _Total:
    def __init__(self, sites):
        self.sites = sites

    def __getitem__(self, name):
        return self.sites.total(name)


def heap(sites):
    """gperftools' heap text, for google-pprof and jeprof."""
    places = Places(sites)
    lines = [f"heap profile: {_counts(_Total(sites))} @ heap_v2/1"]
    for site in sites.list:
        # Return addresses, as these tools expect them.
        stack = " ".join(f"{places.address(frame) + 1:#x}"
                         for frame in site.frames or OTHER)
        lines.append(f"{_counts(site)} @ {stack}")
    lines += ["", "MAPPED_LIBRARIES:"]
    for start, end, path, _build in places.modules:
        lines.append(f"{start:x}-{end:x} r-xp 00000000 00:00 0 {path}")
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def folded(sites, value="bytes"):
    """A line per stack, outermost function first, and a whole number: some
    readers drop lines with others."""
    names = symbols.Symbols(sites)
    sums = {}
    for site in sites.list:
        words = [name.replace(";", ":").replace("\n", " ")
                 for name in reversed(names.names(site))]
        key = ";".join(words)
        sums[key] = sums.get(key, 0) + site[VALUES[value]]
    return "".join(f"{stack} {number}\n" for stack, number
                   in sorted(sums.items()) if number).encode("utf-8",
                                                             "replace")
