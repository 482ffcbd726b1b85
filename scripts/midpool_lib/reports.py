"""Reads reports: whatever a file holds, a report or a sentence comes out.

read(FILE|PID) returns a plain dict in the archive format (see
stats/report.schema.json), with every known part present and of the right
type. Keys that this version does not know are kept: the format only grows
within a schema version.
"""

import json
import os

from midpool_lib import counters
from midpool_lib.errors import CommandError

SCHEMA = "midpool.report"
SCHEMA_VERSION = 1
MAX_BYTES = 64 * 1024 * 1024
PIECE_BYTES = 128 * 1024
MAX_COUNT = 2**64 - 1
PAGE_MAGIC = b"midpool\0"
HTML_MARK = b'<script type="application/json" id="midpool-reports">'
PAGES = "/dev/shm/midpool."  # what is there may be a trap: see pages.py
NEEDED = ("gets", "hits", "misses", "puts")


class _Bad(Exception):
    """What is wrong inside a document, said without its file's name."""


def read(name, build=None):
    """The report in a file, or of a process that runs with live:yes."""
    many = read_all(name, build)
    if len(many) != 1:
        raise CommandError(f"{name} holds {len(many)} reports, not one",
                           f"'midpool show {name}' lists them")
    return many[0]


def read_all(name, build=None):
    """All reports in a file; more than one in a page of midpool html."""
    if name.startswith(PAGES) or (name.isdigit()
                                  and not os.path.exists(name)):
        return [_of_page(name, build)]
    data = _bytes_of(name)
    if data.startswith(PAGE_MAGIC):
        return [_of_page(name, build)]
    try:
        if data.lstrip()[:1] == b"<" and HTML_MARK in data:
            documents = _html_documents(data)
        else:
            documents = _several(_document(data))
        return [normalise(document) for document in documents]
    except _Bad as bad:
        raise CommandError(f"{name}: {bad}") from None


def _bytes_of(name):
    try:
        with open(name, "rb") as file:
            data = file.read(len(PAGE_MAGIC))
            if data != PAGE_MAGIC:  # else a live page: 32 MB, mostly holes
                data += _rest(file)
    except IsADirectoryError:
        raise CommandError(f"{name} is a directory",
                           f"give the reports in it: {name.rstrip('/')}/*.json"
                           ) from None
    except FileNotFoundError:
        fix = f"'midpool run -o {name} -- PROGRAM' would write it"
        raise CommandError(f"{name}: no such file or process", fix) from None
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from None
    except ValueError:
        raise CommandError(f"{name!r} is not a file name") from None
    if len(data) >= MAX_BYTES:
        raise CommandError(f"{name} is over 64 MB, too large for a report")
    return data


def _rest(file):
    """The rest of a file, up to a bit more than a report may have."""
    pieces, room = [], MAX_BYTES
    while room > 0:
        piece = file.read(min(room, PIECE_BYTES))
        if not piece:
            break
        pieces.append(piece)
        room -= len(piece)
    return b"".join(pieces)


def _document(data):
    """One JSON value from bytes."""
    if not data.strip():
        raise _Bad("the file is empty, so its program may still run")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise _Bad("not a midpool report (not even text)") from None
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        if text.lstrip()[:1] != "{":
            raise _Bad("not a midpool report (no JSON object);"
                       " reports are made by report:json") from None
        if error.pos >= len(text.rstrip()) - 1 or "Unterminated" in error.msg:
            raise _Bad("the report is cut off after"
                       f" {len(data)} bytes") from None
        raise _Bad(f"broken JSON in line {error.lineno}:"
                   f" {error.msg}") from None
    except (RecursionError, MemoryError, ValueError):
        raise _Bad("not a midpool report (JSON, but absurd)") from None


def _no_constant(name):
    raise ValueError(name)


def _html_documents(data):
    start = data.index(HTML_MARK) + len(HTML_MARK)
    end = data.find(b"</script>", start)
    return _several(_document(data[start:end if end >= 0 else None]))


def _several(document):
    """The documents in one: a page's JSON holds a list of them."""
    if isinstance(document, dict) and isinstance(document.get("reports"),
                                                 list):
        return document["reports"]
    return [document]


def _of_page(name, build):
    """A live page's report; the layout is midpool-snapshot's to know."""
    from midpool_lib import pages  # here, since files are read without it

    return whole(pages.report_of(name, build))


# Making a document whole.

def whole(document):
    """A document that was read elsewhere, checked and filled in."""
    try:
        return normalise(document)
    except _Bad as bad:
        raise CommandError(str(bad)) from None


def normalise(document):
    """Checks a document and fills in what it leaves out."""
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise _Bad("JSON, but not a midpool report")
    version = document.get("schema_version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise _Bad("a midpool report without a schema_version")
    if version > SCHEMA_VERSION:
        raise _Bad(f"made by a newer midpool (schema version {version},"
                   f" this one reads {SCHEMA_VERSION}): update midpool")
    for key, kind in (("process", dict), ("config", dict),
                      ("interception", dict), ("totals", dict),
                      ("pools", list), ("fallback", dict), ("sizes", list),
                      ("memory", dict), ("threads", dict), ("misuse", dict),
                      ("intervals", list), ("warnings", list),
                      ("hints", list)):
        if not isinstance(document.setdefault(key, kind()), kind):
            raise _Bad(f"not a valid report: {key} is no"
                       f" {'object' if kind is dict else 'list'}")
    _fill_process(document["process"])
    _fill_intercepted(document["interception"])
    _fill_row(document["totals"], "totals")
    for pool in document["pools"]:
        _fill_sized_row(pool, "pools")
        if not isinstance(pool.setdefault("classes", []), list):
            raise _Bad("not a valid report: classes is no list")
        for row in pool["classes"]:
            _fill_sized_row(row, "classes")
    _fill_rest(document)
    _fill_words(document)
    _fill_own(document)
    _fill_run(document)
    children = document.setdefault("children", [])
    if not isinstance(children, list):
        raise _Bad("not a valid report: children is no list")
    for child in children:
        if isinstance(child, dict) and child.get("children"):
            raise _Bad("not a valid report: children of children")
        normalise(child)
    return document


def _count(row, key, where, default=0):
    value = row.setdefault(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not (
            0 <= value <= MAX_COUNT):
        raise _Bad(f"not a valid report: {where}.{key} is no count")


def _fill_row(row, where):
    if not isinstance(row, dict):
        raise _Bad(f"not a valid report: an entry of {where} is no object")
    for key in NEEDED:
        if key not in row:
            raise _Bad(f"not a valid report: {where}.{key} is missing")
    for key in counters.NAMES:
        _count(row, key, where)
    row["hit_rate"] = counters.hit_rate(row)


def _fill_sized_row(row, where):
    _fill_row(row, where)
    _count(row, "max_bytes", where, None)


def _fill_process(process):
    for key in ("pid", "ppid", "duration_ns", "start_unix_ns"):
        _count(process, key, "process")
    _count(process, "generation", "process", 1)
    for key in ("executable", "build_id", "host", "end"):
        if not isinstance(process.setdefault(key, ""), str):
            raise _Bad(f"not a valid report: process.{key} is no text")


def _fill_intercepted(interception):
    interception["active"] = bool(interception.get("active", True))
    interception["reason"] = str(interception.get("reason") or "")
    interception.setdefault("deepbind_stripped", 0)
    _count(interception, "deepbind_stripped", "interception")


def _fill_rest(document):
    fallback = document["fallback"]
    for side in ("below", "above"):
        if not isinstance(fallback.setdefault(side, {}), dict):
            raise _Bad(f"not a valid report: fallback.{side} is no object")
        _count(fallback[side], "calls", "fallback")
        _count(fallback[side], "bytes", "fallback")
    for bucket in _objects(document["sizes"], "sizes"):
        for key in ("from_bytes", "to_bytes", "gets"):
            _count(bucket, key, "sizes")
    for bucket in _objects(fallback.setdefault("sizes", []), "sizes"):
        for key in ("from_bytes", "to_bytes", "calls"):
            _count(bucket, key, "fallback.sizes")
    memory = document["memory"]
    for key in ("live_bytes", "cached_bytes", "resident_bytes",
                "peak_live_bytes"):
        _count(memory, key, "memory", document["totals"][key])
    for key, value in memory.items():
        if value is not None:
            _count(memory, key, "memory")
    for key in ("now", "peak"):
        _count(document["threads"], key, "threads")
    for key in list(document["misuse"]):
        _count(document["misuse"], key, "misuse")
    for point in _objects(document["intervals"], "intervals"):
        for key in ("from_ns", "to_ns", "gets", "hits", "misses",
                    "live_bytes"):
            _count(point, key, "intervals")


def _fill_words(document):
    """Warnings and hints are texts, or objects whose id is one."""
    for part in ("warnings", "hints"):
        for entry in document[part]:
            if isinstance(entry, dict) and isinstance(entry.get("id", ""),
                                                      str):
                continue
            if not isinstance(entry, str):
                raise _Bad(f"not a valid report: an entry of {part} is no"
                           " text")


def _fill_own(document):
    """What a run's program had alone, where a run was added up."""
    own = document.get("own")
    if own is None:
        document.pop("own", None)
        return
    if not isinstance(own, dict):
        raise _Bad("not a valid report: own is no object")
    if "pools" in own:
        if own.get("children") or own.get("own"):
            raise _Bad("not a valid report: own is of several processes")
        normalise(own)
    else:  # of a brief profile
        _fill_row(own.get("totals"), "own.totals")
        if not isinstance(own.setdefault(
                "process", document["process"]), dict):
            raise _Bad("not a valid report: own.process is no object")
        _fill_process(own["process"])


def _fill_run(document):
    """Facts about a run of several images, where there are some."""
    facts = document.get("run")
    if facts is None:
        document.pop("run", None)
        return
    if not isinstance(facts, dict) or not isinstance(
            facts.setdefault("programs", []), list):
        raise _Bad("not a valid report: run is no object")
    for key in ("processes", "images", "running", "program_count"):
        _count(facts, key, "run")
    for key in ("is_one_program", "peaks_are_bounds"):
        facts[key] = bool(facts.get(key, True))
    for row in _objects(facts["programs"], "run.programs"):
        if not isinstance(row.setdefault("executable", ""), str):
            raise _Bad("not a valid report: run.programs.executable is no"
                       " text")
        for key in ("images", "gets"):
            _count(row, key, "run.programs")


def _objects(rows, where):
    for row in rows:
        if not isinstance(row, dict):
            raise _Bad(f"not a valid report: an entry of {where} is no object")
        yield row


# What every reader asks of a report.

def program(report):
    """The executable's name, without its directory."""
    return os.path.basename(report["process"]["executable"]) or "?"


def warning_text(warning):
    """A warning's sentence: warnings are texts or objects with one."""
    if isinstance(warning, dict):
        for key in ("text", "message"):
            if isinstance(warning.get(key), str):
                return warning[key]
        return json.dumps(warning)
    return str(warning)
