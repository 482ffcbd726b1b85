#!/usr/bin/python3
"""Call stacks beside those of jemalloc's profiler, on real programs.

    rivals.py --lib LIB [--rate BYTES] [--page FILE] [PROGRAM]...
    rivals.py --picture FILE.png REPORT.json

Runs sqlite3, git, nginx with TLS, PostgreSQL and python3 on midpool with
sites, and on Debian's libjemalloc2 with a profile of every allocation, and
prints of each program how many of the five stacks with most bytes are the
same. Stacks are compared by file and offset, without names. jemalloc does not
tell the sizes of a stack's requests, so that a stack counts as one of the
band if its mean size lies in it. --page keeps midpool's report of the last
program, for midpool html. --picture has chromium draw a report's flame graph,
as scripts/man/midpool-flame.png shows nginx's.
"""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

JEMALLOC = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"
PROFILE = "prof:true,prof_final:true,prof_accum:true,lg_prof_sample:0"
BAND = range(2048, 65537)
TOP = 5
FRAMES = 40  # of a stack that are compared: the innermost ones
FILE_BYTES = 1 << 20

LOAD = """PRAGMA page_size=4096;
CREATE TABLE doc(id INTEGER PRIMARY KEY, title TEXT, body BLOB);
WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i<2000)
INSERT INTO doc SELECT i, hex(i*7919), zeroblob(2500+(i*7919)%6000) FROM n;
CREATE INDEX by_title ON doc(title);
SELECT sum(length(hex(body))) FROM doc WHERE id % 5 = 0;
SELECT count(*) FROM (SELECT title, body FROM doc ORDER BY title LIMIT 500);
"""
PYTHON = ("rows = [bytes(3000 + n % 7000) for n in range(2000)]\n"
          "text = [','.join(map(str, range(n))) for n in range(900)]\n"
          "del rows[::3]\nmore = [bytearray(9000) for n in range(500)]\n"
          "up = [bytes(4000 + n).decode().upper() for n in range(400)]\n"
          "row = [b'ab'.hex() * 1500 for n in range(300)]\n")
QUERY = ("CREATE TABLE t AS SELECT i, repeat('x', 3000 + i % 5000) AS body"
         " FROM generate_series(1, 2000) AS i;\n"
         "SELECT sum(length(body || body)) FROM t;\n"
         "SELECT count(*) FROM (SELECT body FROM t ORDER BY body, i) AS s;\n")
NGINX = """
daemon off; master_process off; pid nginx.pid; error_log error.log warn;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
    uwsgi_temp_path t4; scgi_temp_path t5;
    server {
        listen 127.0.0.1:%(port)d ssl; root site;
        ssl_certificate cert.pem; ssl_certificate_key key.pem;
    }
}
"""


class Missing(Exception):
    """A program that is not installed."""


def need(*names):
    for name in names:
        if shutil.which(name) is None and not os.path.exists(name):
            raise Missing(name)


def run(argv, env, folder, text=None):
    subprocess.run(argv, env=env, cwd=folder, input=text, check=True,
                   stdout=subprocess.DEVNULL, text=True)


# Each gets an environment to run in, and a folder of its own.

def sqlite3(env, folder):
    need("sqlite3")
    run(["sqlite3", ""], env, folder, LOAD)


def python3(env, folder):
    need("python3")
    run(["/usr/bin/python3", "-c", PYTHON],
        dict(env, PYTHONMALLOC="malloc", PYTHONHASHSEED="1"), folder)


def git(env, folder):
    need("git")
    plain = dict(os.environ, GIT_CONFIG_GLOBAL="/dev/null", HOME=folder)
    for name in ("user.name=a", "user.email=a@b"):
        plain.setdefault("GIT_CONFIG_COUNT", "2")
        number = 0 if "name" in name else 1
        key, value = name.split("=")
        plain[f"GIT_CONFIG_KEY_{number}"] = key
        plain[f"GIT_CONFIG_VALUE_{number}"] = value
    run(["git", "init", "-q"], plain, folder)
    for step in range(12):
        for name in range(6):
            with open(f"{folder}/f{name}", "w", encoding="ascii") as file:
                file.write("".join(f"{line * (step % (name + 2) + 1)}\n"
                                   for line in range(4000)))
        run(["git", "add", "-A", "f0", "f1", "f2", "f3", "f4", "f5"], plain,
            folder)
        run(["git", "commit", "-qm", "step"], plain, folder)
    run(["git", "--no-pager", "log", "--stat", "-p"],
        dict(plain, **env), folder)


def postgresql(env, folder):
    found = sorted(os.listdir("/usr/lib/postgresql")) if os.path.isdir(
        "/usr/lib/postgresql") else []
    if not found or os.getuid() != 0:
        raise Missing("postgresql, or root")
    tools = f"/usr/lib/postgresql/{found[-1]}/bin"
    become = ["setpriv", "--reuid=postgres", "--regid=postgres",
              "--clear-groups"]
    data = folder + "/data"
    os.chmod(folder, 0o777)
    if not os.path.exists(data):
        run(become + [tools + "/initdb", "-A", "trust", "-N", "-D", data],
            dict(os.environ), folder)
    # -j: a command ends with an empty line.
    run(become + [tools + "/postgres", "--single", "-j", "-D", data,
                  "postgres"], env, folder, QUERY.replace("\n", "\n\n"))


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def fetch(port):
    """A file of 1 MB over TLS."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with context.wrap_socket(socket.create_connection(
            ("127.0.0.1", port), 60)) as one:
        one.sendall(b"GET /file HTTP/1.0\r\n\r\n")
        size = 0
        while part := one.recv(1 << 16):
            size += len(part)
    assert size > FILE_BYTES, size


def nginx(env, folder):
    need("nginx", "openssl")
    port = free_port()
    os.makedirs(folder + "/site")
    with open(folder + "/site/file", "wb") as file:
        file.write(b"x" * FILE_BYTES)
    with open(folder + "/nginx.conf", "w", encoding="ascii") as file:
        file.write(NGINX % {"port": port})
    os.chmod(folder, 0o755)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                    "-subj", "/CN=localhost", "-keyout", folder + "/key.pem",
                    "-out", folder + "/cert.pem"], check=True,
                   capture_output=True)
    with subprocess.Popen(
            ["nginx", "-p", folder, "-c", folder + "/nginx.conf", "-e",
             folder + "/error.log"], env=env, cwd=folder) as server:
        try:
            for _attempt in range(600):
                try:
                    fetch(port)
                    break
                except ConnectionRefusedError:
                    time.sleep(0.1)
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait(60)


PROGRAMS = {"sqlite3": sqlite3, "git": git, "nginx": nginx,
            "postgresql": postgresql, "python3": python3}


def _name(path):
    """A file's name; of a library behind a link its own."""
    return os.path.basename(os.path.realpath(path))


def _key(frames):
    """A stack as (file's name, offset in it) of each return address."""
    while frames and re.match(r"lib(jemalloc|midpool)\.so", frames[0][0]):
        frames = frames[1:]
    return tuple(frames[:FRAMES])


def of_midpool(report):
    """Stack -> (bytes, gets) of a report with sites."""
    found = {}
    modules = report["sites"]["modules"]
    for row in report["sites"]["stacks"]:
        frames = []
        for number, offset in row["frames"]:
            if number is None:
                frames.append(("", 0))
                continue
            module = modules[number]
            frames.append((_name(module["path"]), offset + 1
                           + module["base"] - module["start"]))
        key = _key(frames)
        old = found.get(key, (0, 0))
        found[key] = (old[0] + row["requested_bytes"], old[1] + row["gets"])
    return found


def of_jemalloc(text):
    """Stack -> (bytes, objects) of a profile; all sizes."""
    profile, _mark, maps = text.partition("MAPPED_LIBRARIES:")
    files = []
    starts = {}
    for line in maps.splitlines():
        words = line.split(None, 5)
        if len(words) < 6 or not words[5].startswith("/"):
            continue
        start, end = (int(word, 16) for word in words[0].split("-"))
        starts.setdefault(words[5], start)
        files.append((start, end, words[5]))

    def place(address):
        for start, end, path in files:
            if start <= address <= end:
                return _name(path), address - starts[path]
        return "", 0

    found, stack = {}, None
    for line in profile.splitlines():
        if line.startswith("@"):
            stack = _key([place(int(word, 16)) for word in line.split()[1:]])
        counts = re.match(r"\s+t\*: \d+: \d+ \[(\d+): (\d+)\]", line)
        if counts and stack is not None:
            old = found.get(stack, (0, 0))
            found[stack] = (old[0] + int(counts[2]), old[1] + int(counts[1]))
    return found


def top(found):
    """The stacks of the band with most bytes."""
    band = [(count, stack) for stack, (count, objects) in found.items()
            if objects and BAND.start <= count / objects < BAND.stop]
    return [stack for _count, stack in sorted(band, reverse=True)[:TOP]]


def _largest(paths, read):
    """Of several processes the one that requested most."""
    return max((read(path) for path in paths),
               key=lambda one: sum(count for count, _gets in one.values()))


def _read_report(path):
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    return of_midpool(report) if "sites" in report else {}


def _read_profile(path):
    with open(path, encoding="utf-8") as file:
        return of_jemalloc(file.read())


def _paths(folder):
    return [os.path.join(folder, name) for name in os.listdir(folder)]


def sampled(program, lib, rate, page=None):
    """midpool's stacks of a program, by key."""
    with tempfile.TemporaryDirectory() as folder, \
            tempfile.TemporaryDirectory() as out:
        os.chmod(out, 0o777)
        program(dict(os.environ, LD_PRELOAD=lib, MIDPOOL_CONF=(
            f"sites:{rate},report:json,report_file:{out}/%p.json")), folder)
        if page:
            shutil.copy(max(_paths(out), key=lambda path: sum(
                count for count, _gets in _read_report(path).values())), page)
        return _largest(_paths(out), _read_report)


def profiled(program):
    """jemalloc's stacks of a program, by key."""
    need(JEMALLOC)
    with tempfile.TemporaryDirectory() as folder, \
            tempfile.TemporaryDirectory() as out:
        os.chmod(out, 0o777)
        program(dict(os.environ, LD_PRELOAD=JEMALLOC, MALLOC_CONF=(
            f"{PROFILE},prof_prefix:{out}/p")), folder)
        return _largest(_paths(out), _read_profile)


def compare(name, lib, rate, page=None):
    """The same of the top five, and how much jemalloc's have of the band."""
    ours = sampled(PROGRAMS[name], lib, rate, page)
    theirs = profiled(PROGRAMS[name])
    second = top(theirs)
    least = min((ours[stack][0] for stack in top(ours)), default=0)
    first = [stack for stack in second
             if ours.get(stack, (0, 0))[0] >= max(1, least)]  # ties count
    same = len(first)
    print(f"{name:11} {same} of {min(TOP, len(second))} stacks are the same;"
          f" midpool has {len(ours)} stacks,"
          f" {sum(count for count, _gets in ours.values()):,} bytes")
    for stack in second:
        mark = "=" if stack in first else "-"
        print(f"  {mark} jemalloc {theirs[stack][0]:>12,}  midpool"
              f" {ours.get(stack, (0, 0))[0]:>12,}  {len(stack)} frames from"
              f" {stack[0][0] if stack else '(none)'}")
    return same, len(second)


ALONE = "<style>main > :not(.flame-card) { display: none; }</style></head>"


def picture(path, report):
    """The flame graph of a report's page, alone."""
    command = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                           "..", "..", "scripts", "midpool")
    with tempfile.TemporaryDirectory() as folder:
        page = folder + "/page.html"
        subprocess.run([command, "html", report, "-o", page], check=True,
                       stdout=subprocess.DEVNULL)
        with open(page, encoding="utf-8") as file:
            text = file.read()
        with open(page, "w", encoding="utf-8") as file:
            file.write(text.replace("</head>", ALONE, 1))
        subprocess.run(["chromium", "--headless", "--no-sandbox",
                        "--disable-gpu", "--hide-scrollbars",
                        "--user-data-dir=" + folder, "--window-size=1080,760",
                        "--virtual-time-budget=2000", "--screenshot=" + path,
                        "file://" + page], check=True, capture_output=True)


def main(argv):
    if argv[:1] == ["--picture"]:
        picture(os.path.abspath(argv[1]), argv[2])
        return
    lib = rate = page = None
    names = []
    words = iter(argv)
    for word in words:
        if word == "--lib":
            lib = os.path.abspath(next(words))
        elif word == "--rate":
            rate = next(words)
        elif word == "--page":
            page = next(words)
        else:
            names.append(word)
    if lib is None:
        sys.exit(__doc__)
    for name in names or PROGRAMS:
        try:
            compare(name, lib, rate or "1", page)
        except Missing as error:
            print(f"{name:11} not run: no {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
