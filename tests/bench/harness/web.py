"""Web servers under load: nginx with TLS, varnish with many threads."""

import contextlib
import os
import random
import socket
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .execute import Failed, base_environment
from .rows import KB
from .servers import START_S, accepts, client, free_port, needed
from .servers import server_environment, serving, workplace

ORIGIN = Path(__file__).resolve().parent.parent / "programs" / "origin.py"
THREADS = 30  # of varnish, and as many connections
FILE = KB * KB  # bytes that nginx serves

NGINX = """
%(user)sdaemon off; pid %(folder)s/pid; error_log stderr crit;
worker_processes 1;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path %(folder)s/t1; proxy_temp_path %(folder)s/t2;
    fastcgi_temp_path %(folder)s/t3; uwsgi_temp_path %(folder)s/t4;
    scgi_temp_path %(folder)s/t5;
    server {
        listen 127.0.0.1:%(port)d ssl; keepalive_timeout 0;
        ssl_certificate %(folder)s/cert; ssl_certificate_key %(folder)s/key;
        root %(folder)s/site;
    }
}
"""


def _site(folder):
    """A file to serve and a certificate that nobody believes."""
    (folder / "site").mkdir()
    (folder / "site" / "file").write_bytes(os.urandom(FILE))
    client([needed("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048",
            "-nodes", "-keyout", str(folder / "key"), "-out",
            str(folder / "cert"), "-days", "9", "-subj", "/CN=localhost"])


def fetch(port):
    """One file over a connection of its own; returns the bytes that came."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    length = 0
    with socket.create_connection(("127.0.0.1", port), timeout=60) as plain, \
            context.wrap_socket(plain) as secure:
        secure.sendall(b"GET /file HTTP/1.0\r\n\r\n")
        while True:
            try:
                part = secure.recv(1 << 18)
            except ssl.SSLEOFError:
                part = b""
            if not part:
                return length
            length += len(part)


def nginx(runner, run, allocator):
    """nginx serves a file of 1 MB over TLS; argument: how often."""
    binary = needed("nginx", "nginx")
    port = free_port()
    with workplace() as folder:
        _site(folder)
        user = "user root root; " if os.geteuid() == 0 else ""
        config = folder / "config"
        config.write_text(NGINX % {"folder": folder, "port": port,
                                   "user": user}, encoding="ascii")
        env = server_environment(run, allocator)
        with serving(runner.tools, env, [binary, "-c", config, "-p", folder],
                     lambda: accepts(port)) as server:
            with ThreadPoolExecutor(4) as pool:
                got = list(pool.map(fetch, [port] * int(run.argv[0])))
    if min(got) < FILE:
        raise Failed(f"a file came short: {min(got)} bytes")
    return server.metrics


VCL = """
vcl 4.1;
backend default { .path = "%s"; }
sub vcl_backend_response { set beresp.ttl = 1h; set beresp.grace = 0s; }
"""

# The compiler of its configuration is not what is measured.
CC = ("unset LD_PRELOAD; exec gcc -O0 -w -pthread -fpic -shared -Wl,-x "
      "-o %o %s")


def requests(seed, count):
    """Sizes and keys that one connection asks for; a few are popular."""
    rng = random.Random(seed)
    for _ in range(count):
        key = int(rng.random() ** 3 * 20000)
        yield 2 * KB + key * 7919 % (62 * KB), key


def _ask(stream, size, key):
    stream.write(b"GET /%d/%d HTTP/1.1\r\nHost: bench\r\n\r\n" % (size, key))
    stream.flush()
    status = stream.readline()
    while stream.readline().strip():
        pass
    if b" 200 " not in status or len(stream.read(size)) < size:
        raise OSError(f"varnish answered {status.decode().strip()}")


def _connection(path, seed, count):
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(60)
        one.connect(str(path))
        with one.makefile("rwb") as stream:
            for size, key in requests(seed, count):
                _ask(stream, size, key)


def _varnish_argv(folder):
    parameters = {"thread_pools": 2, "thread_pool_min": THREADS // 2,
                  "thread_pool_max": THREADS // 2, "cc_command": CC}
    argv = [needed("varnishd", "varnish"), "-F", "-j", "none", "-n",
            folder / "state", "-a", f"{folder}/socket", "-f", folder / "vcl",
            "-s", "malloc,100m"]
    for name, value in parameters.items():
        argv += ["-p", f"{name}={value}"]
    return argv


@contextlib.contextmanager
def _origin(path):
    """The server that varnish asks."""
    with subprocess.Popen([sys.executable, str(ORIGIN), str(path)],
                          env=base_environment()) as process:
        try:
            end = time.monotonic() + START_S
            while not path.exists() and time.monotonic() < end:
                time.sleep(0.02)
            yield
        finally:
            process.kill()


def varnish(runner, run, allocator):
    """varnish, 30 threads, 100 MB of objects of 2-64 KB that come and go;
    argument: requests of each of 30 connections."""
    with workplace() as folder:
        (folder / "vcl").write_text(VCL % (folder / "origin"),
                                    encoding="ascii")
        env = server_environment(run, allocator)
        count = int(run.argv[0])
        with _origin(folder / "origin"), serving(
                runner.tools, env, _varnish_argv(folder),
                lambda: accepts(folder / "socket")) as server:
            with ThreadPoolExecutor(THREADS) as pool:
                list(pool.map(lambda seed: _connection(
                    folder / "socket", seed, count), range(THREADS)))
    return server.metrics
