"""Reads reports: any file gives either a report or a clear error message.

read(FILE|PID) returns a plain dict in the archive format (see
stats/report.schema.json), with every known part present and of the right
type. Keys that this version does not know are kept: the format only grows
within a schema version. Reports are not changed after they were read: those
of a process may share parts that are equal.
"""

import json
import os
import re
import sys

from midpool_lib.base import counters
from midpool_lib.base.errors import CommandError
from midpool_lib.read import sources

SCHEMA = "midpool.report"
SCHEMA_VERSION = 1
MAX_COUNT = 2**64 - 1
TOLD = 20  # errors of single reports, by name
HTML_MARK = b'<script type="application/json" id="midpool-reports">'
NEEDED = ("gets", "hits", "misses", "puts")
_IDLE_ROWS = {}  # by size: see _shared
_BLANKS = re.compile(r"[ \t\n\r]*")


class _Bad(Exception):
    """A fault inside a document, without its file's name."""


def read(name, build=None):
    """The report in a file, or of a process that runs with live:yes."""
    many = read_all(name, build)
    if len(many) != 1:
        raise CommandError(f"{name} holds {len(many)} reports, not one",
                           f"'midpool show {name}' lists them")
    return many[0]


def read_all(name, build=None):
    """All reports of a file, a folder, standard input ('-') or a process; a
    file may hold several, one behind the other or in a list, or a page of
    midpool html."""
    return [report for source in sources.of(name)
            for report in read_source(source, build)]


def load(names, build=None):
    """The reports of all names as [(source's name, report)], and the errors
    of those that could not be read. Raises the first where nothing is left."""
    loaded, errors = [], []
    for name in names:
        try:
            found = sources.of(name)
        except CommandError as error:
            errors.append(error)
            continue
        for source in found:
            try:
                loaded += [(source.title, report) for report
                           in read_source(source, build)]
            except CommandError as error:
                errors.append(error)
    if not loaded:
        raise errors[0]
    return loaded, errors


def say_left_out(errors):
    for error in errors[:TOLD]:
        sys.stderr.write(f"midpool: {error.problem}; left out\n")
    if len(errors) > TOLD:
        sys.stderr.write(f"midpool: and {len(errors) - TOLD} more\n")


def read_source(source, build=None, make=None):
    """All reports of one source; raises CommandError where one is none.

    make checks a document and fills in what it leaves out: normalise, or
    digest for readers of totals only.
    """
    name = source.name
    if _is_page(name) or (name.isdigit() and not os.path.exists(name)):
        return [_of_page(name, build)]
    data = source.read()
    if data.startswith(sources.PAGE_MAGIC):
        if name == sources.STDIN:
            raise CommandError("standard input is a live page",
                               "give the name of its file")
        return [_of_page(name, build)]
    try:
        if data.lstrip()[:1] == b"<" and HTML_MARK in data:
            documents = _html_documents(data)
        else:
            documents = _several(_documents(data))
        return [(make or normalise)(document) for document in documents]
    except _Bad as bad:
        raise CommandError(f"{source.title}: {bad}") from None


def _is_page(name):
    """True if a name can be a live page's; see pages.parse_name."""
    return sources.is_shared(name) and re.fullmatch(
        r"midpool(\.\d+){3}", os.path.basename(name)) is not None


def _documents(data):
    """The JSON values in some bytes, of which there is at least one."""
    if not data.strip():
        raise _Bad("the file is empty; its program may still be running")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise _Bad("not a midpool report (not even text)") from None
    del data
    decoder = json.JSONDecoder(parse_constant=_no_constant)
    found, at = [], _skip_blanks(text, 0)
    try:
        while at < len(text):
            document, at = decoder.raw_decode(text, at)
            found.append(document)
            at = _skip_blanks(text, at)
    except json.JSONDecodeError as error:
        raise _broken(text, error) from None
    except (RecursionError, MemoryError, ValueError):
        raise _Bad("not a midpool report (JSON that is nested too deeply or has"
                   " impossible numbers)") from None
    return found


def _skip_blanks(text, at):
    return _BLANKS.match(text, at).end()


def _broken(text, error):
    """The message about a JSON error."""
    if text.lstrip()[:1] not in tuple("{["):
        return _Bad("not a midpool report (no JSON object);"
                    " reports are made by report:json")
    if error.pos >= len(text.rstrip()) - 1 or "Unterminated" in error.msg:
        return _Bad(f"the report is cut off after {len(text)} bytes")
    return _Bad(f"broken JSON in line {error.lineno}: {error.msg}")


def _no_constant(name):
    raise ValueError(name)


def _html_documents(data):
    start = data.index(HTML_MARK) + len(HTML_MARK)
    end = data.find(b"</script>", start)
    return _several(_documents(data[start:end if end >= 0 else None]))


def _several(values):
    """The documents in some JSON values, which may be lists of them, or a
    page's object that holds one."""
    found = []
    for value in values:
        if isinstance(value, dict) and isinstance(value.get("reports"), list):
            value = value["reports"]
        found += value if isinstance(value, list) else [value]
    if not found:
        raise _Bad("a list without a report in it")
    return found


def _of_page(name, build):
    """A live page's report; the layout is midpool-snapshot's to know."""
    from midpool_lib.read import pages  # here, since files are read without it

    return whole(pages.report_of(name, build))


# Making a document whole.

def whole(document):
    """A document that was read elsewhere, checked and filled in."""
    try:
        return normalise(document)
    except _Bad as bad:
        raise CommandError(str(bad)) from None


def _check_version(document):
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise _Bad("JSON, but not a midpool report")
    version = document.get("schema_version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise _Bad("a midpool report without a schema_version")
    if version > SCHEMA_VERSION:
        raise _Bad(f"made by a newer midpool (schema version {version},"
                   f" this one reads {SCHEMA_VERSION}): update midpool")


def digest(document):
    """As normalise, but pools, sizes and the curve are not looked at, unless
    it is of a run of several processes. Much faster."""
    _check_version(document)
    if document.get("children"):
        return normalise(document)
    for key in ("process", "config", "totals", "fallback", "memory",
                "misuse"):
        if not isinstance(document.setdefault(key, {}), dict):
            raise _Bad(f"not a valid report: {key} is no object")
    document["children"] = []
    _fill_process(document["process"])
    _fill_row(document["totals"], "totals")
    _fill_sides(document["fallback"])
    _fill_memory(document["memory"])
    for name in list(document["misuse"]):
        _count(document["misuse"], name, "misuse")
    return document


def normalise(document):
    """Checks a document and fills in its missing members."""
    _check_version(document)
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
        pool["classes"] = [_shared(row) for row in pool["classes"]]
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
    if not _has_all_counts(row):
        for key in counters.NAMES:
            _count(row, key, where)
    row["hit_rate"] = counters.hit_rate(row)


def _has_all_counts(row):
    """True if a row has all counters, as most have; a quick test."""
    values = [row.get(name) for name in counters.NAMES]
    return (set(map(type, values)) == {int} and min(values) >= 0
            and max(values) <= MAX_COUNT)


def _fill_sized_row(row, where):
    _fill_row(row, where)
    _count(row, "max_bytes", where, None)


def _shared(row):
    """A class's row. Reports share the rows without gets, which would otherwise
    take most of the memory for thousands of reports."""
    if row["gets"] or len(row) != len(counters.NAMES) + 2 or any(
            row[name] for name in counters.NAMES):
        return row
    return _IDLE_ROWS.setdefault(row["max_bytes"], row)


def _fill_process(process):
    for key in ("pid", "ppid", "duration_ns", "start_unix_ns"):
        _count(process, key, "process")
    _count(process, "generation", "process", 1)
    for key in ("cpu_user_ns", "cpu_system_ns"):
        if process.get(key) is not None:
            _count(process, key, "process")
    for key in ("executable", "build_id", "host", "end"):
        if not isinstance(process.setdefault(key, ""), str):
            raise _Bad(f"not a valid report: process.{key} is no text")
    if not isinstance(process.get("file", ""), str):
        raise _Bad("not a valid report: process.file is no text")


def _fill_intercepted(interception):
    interception["active"] = bool(interception.get("active", True))
    interception["reason"] = str(interception.get("reason") or "")
    interception.setdefault("deepbind_stripped", 0)
    _count(interception, "deepbind_stripped", "interception")


def _fill_sides(fallback):
    for side in ("below", "above"):
        if not isinstance(fallback.setdefault(side, {}), dict):
            raise _Bad(f"not a valid report: fallback.{side} is no object")
        _count(fallback[side], "calls", "fallback")
        _count(fallback[side], "bytes", "fallback")


def _fill_rest(document):
    fallback = document["fallback"]
    _fill_sides(fallback)
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
    _fill_memory(memory)
    for key in ("now", "peak"):
        _count(document["threads"], key, "threads")
    for key in list(document["misuse"]):
        _count(document["misuse"], key, "misuse")
    for point in _objects(document["intervals"], "intervals"):
        for key in ("from_ns", "to_ns", "gets", "hits", "misses",
                    "live_bytes"):
            _count(point, key, "intervals")


def _fill_memory(memory):
    """Counts, some of which are not known, and answers to yes or no."""
    for key, value in memory.items():
        if value is not None and not isinstance(value, bool):
            _count(memory, key, "memory")


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
    """The report of a run's first program, where a run was summed."""
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


# Used by every reader of a report.

def program(report):
    """The executable's name, without its directory."""
    return os.path.basename(report["process"]["executable"]) or "?"


def program_file(report):
    """The name of the file that ran, which a link may have hidden."""
    process = report["process"]
    return os.path.basename(process.get("file", "")) or program(report)


def warning_text(warning):
    """A warning's sentence: warnings are texts or objects with one."""
    if isinstance(warning, dict):
        for key in ("text", "message"):
            if isinstance(warning.get(key), str):
                return warning[key]
        return json.dumps(warning)
    return str(warning)
