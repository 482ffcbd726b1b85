"""Reads what the command needs of an ELF file: its kind, loader, symbols."""

import mmap
import os
import re
import struct

PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NEEDED, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_GNU_HASH = 1, 4, 5, 6, 0x6ffffef5
DT_STRSZ = 10
SHT_DYNSYM = 11
MACHINES = {3: "i386", 40: "ARM", 62: "x86-64", 183: "AArch64", 243: "RISC-V",
            8: "MIPS", 20: "PowerPC", 21: "PowerPC64", 22: "S/390"}


class NotElf(Exception):
    """The file is no ELF file, or a broken one."""


class Elf:
    """The headers of one file; everything else is read when it is needed."""

    def __init__(self, path):
        with open(path, "rb") as file:
            try:
                self.data = mmap.mmap(file.fileno(), 0,
                                      access=mmap.ACCESS_READ)
            except ValueError:
                raise NotElf("empty") from None
        try:
            self._read_headers()
        except (struct.error, IndexError, UnicodeDecodeError):
            raise NotElf("broken headers") from None

    def _read_headers(self):
        data = self.data
        if data[:4] != b"\x7fELF":
            raise NotElf("not an ELF file")
        self.bits = {1: 32, 2: 64}.get(data[4], 0)
        self.order = "<" if data[5] == 1 else ">"
        self.type, self.machine = self._at("HH", 16)
        if self.bits == 64:
            phoff, self.shoff = self._at("QQ", 32)
            phsize, phcount, self.shsize, self.shcount = self._at("HHHH", 54)
        else:
            phoff, self.shoff = self._at("II", 28)
            phsize, phcount, self.shsize, self.shcount = self._at("HHHH", 42)
        self.segments = [self._segment(phoff + n * phsize)
                         for n in range(phcount)]

    def _at(self, form, offset):
        if not 0 <= offset <= len(self.data):
            raise struct.error("outside the file")
        return struct.unpack_from(self.order + form, self.data, offset)

    def _segment(self, at):
        """(type, file offset, address, file size)."""
        if self.bits == 64:
            kind, _flags, offset, address, _p, size = self._at("IIQQQQ", at)
        else:
            kind, offset, address, _p, size = self._at("IIIII", at)
        return kind, offset, address, size

    def _find(self, kind):
        for segment in self.segments:
            if segment[0] == kind:
                return segment
        return None

    @property
    def interpreter(self):
        """The dynamic loader's path, None for a static file or a library."""
        segment = self._find(PT_INTERP)
        if not segment:
            return None
        _kind, offset, _address, size = segment
        return self.data[offset:offset + size].rstrip(b"\0").decode(
            "utf-8", "replace")

    def is_dynamic(self):
        return self._find(PT_DYNAMIC) is not None

    def machine_name(self):
        return MACHINES.get(self.machine, f"machine {self.machine}")

    def _offset_of(self, address):
        for kind, offset, start, size in self.segments:
            if kind == PT_LOAD and start <= address < start + size:
                return offset + address - start
        raise NotElf("address outside the file")

    def _string(self, at):
        if not 0 <= at < len(self.data):
            raise struct.error("outside the file")
        end = self.data.find(b"\0", at)
        return self.data[at:end].decode("utf-8", "replace")

    def _dynamic(self):
        """The dynamic section as a list of (tag, value)."""
        segment = self._find(PT_DYNAMIC)
        if not segment:
            return []
        _kind, offset, _address, size = segment
        form, step = ("qQ", 16) if self.bits == 64 else ("iI", 8)
        entries = []
        for at in range(offset, offset + size - step + 1, step):
            tag, value = self._at(form, at)
            if tag == 0:
                break
            entries.append((tag, value))
        return entries

    def needed(self):
        """Names of the libraries that the file asks for."""
        try:
            entries = self._dynamic()
            strings = self._offset_of(dict(entries)[DT_STRTAB])
            return [self._string(strings + value)
                    for tag, value in entries if tag == DT_NEEDED]
        except (KeyError, struct.error, NotElf):
            return []

    def names(self, symbol):
        """True if a symbol is among the dynamic names; cheap."""
        try:
            entries = dict(self._dynamic())
            start = self._offset_of(entries[DT_STRTAB])
            end = start + entries[DT_STRSZ]
        except (KeyError, struct.error, NotElf):
            return False
        return self.data.find(b"\0" + symbol.encode() + b"\0", start, end) >= 0

    def libc_versions(self):
        """The versions of glibc that the file needs, or, if it is libc itself,
        defines: a set of tuples of numbers."""
        try:
            entries = dict(self._dynamic())
            start = self._offset_of(entries[DT_STRTAB])
            names = self.data[start:start + entries[DT_STRSZ]]
        except (KeyError, struct.error, NotElf):
            return set()
        return {tuple(map(int, version.split(b".")))
                for version in re.findall(rb"\0GLIBC_([0-9.]+)(?=\0)", names)}

    def dynamic_symbols(self):
        """Name -> whether the file defines it, of its dynamic symbols."""
        try:
            return self._dynamic_symbols()
        except (KeyError, struct.error, NotElf, IndexError):
            return {}

    def _symbol_section(self):
        for n in range(self.shcount):
            at = self.shoff + n * self.shsize
            form = "IIQQQQ" if self.bits == 64 else "IIIIII"
            _name, kind, _flags, _address, offset, size = self._at(form, at)
            if kind == SHT_DYNSYM:
                return offset, size
        return None

    def _dynamic_symbols(self):
        entries = dict(self._dynamic())
        strings = self._offset_of(entries[DT_STRTAB])
        step = 24 if self.bits == 64 else 16
        section = self._symbol_section()
        if section:
            offset, size = section
        else:  # no section headers: the tables touch, as linkers lay them out
            offset = self._offset_of(entries[DT_SYMTAB])
            size = max(0, strings - offset)
        found = {}
        for at in range(offset, offset + size - step + 1, step):
            if self.bits == 64:
                name, _info, _other, section = self._at("IBBH", at)
            else:
                name, _v, _s, _info, _other, section = self._at("IIIBBH", at)
            if name:
                word = self._string(strings + name)
                found[word] = found.get(word, False) or section != 0
        return found


def find_program(name):
    """The file that a shell would run for name; None if there is none."""
    if "/" in name:
        return name if os.path.exists(name) else None
    for folder in os.environ.get("PATH", os.defpath).split(":"):
        path = os.path.join(folder or ".", name)
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return None


def missing_interpreter(path):
    """The loader, or the interpreter in a '#!' line, that a program needs and
    that is missing; None if nothing is missing."""
    try:
        target, _scripts = interpreter_of(path)
        with open(target, "rb") as file:
            words = file.readline(256)[2:].decode("utf-8", "replace").split()
            file.seek(0)
            if file.read(2) == b"#!":
                if words and not os.path.exists(words[0]):
                    return words[0]
                return None
        file = Elf(target)
        loader = file.interpreter
        if not loader or os.path.exists(loader):
            return None
        own = Elf("/proc/self/exe")
    except (NotElf, OSError):
        return None
    # Another machine's programs have an emulator, which has the loader.
    return loader if own.machine == file.machine else None


def interpreter_of(path, depth=4):
    """Follows '#!' lines: (the ELF file that will run, scripts on the way)."""
    scripts = []
    while depth:
        with open(path, "rb") as file:
            first = file.readline(256)
        if not first.startswith(b"#!"):
            break
        words = first[2:].decode("utf-8", "replace").split()
        if not words:
            break
        scripts.append(path)
        if os.path.basename(words[0]) == "env":
            names = [word for word in words[1:]
                     if not word.startswith("-") and "=" not in word]
            words[0] = find_program(names[0]) if names else words[0]
        if not words[0] or not os.path.exists(words[0]):
            break
        path = words[0]
        depth -= 1
    return path, scripts
