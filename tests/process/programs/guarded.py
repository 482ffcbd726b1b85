#!/usr/bin/python3
"""Servers under guard:1: the same output, and no mistake is found."""

import signal

import nginx
import postgres
import redis
from harness import main, scenario

GUARD = "guard:1"


@scenario(band=True, reporters=["nginx"], conf=GUARD)
def nginx_over_tls(run):
    run.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key", "-out",
            "cert", "-days", "3", "-subj", "/CN=127.0.0.1", compare="")
    server, url = nginx.start(run, " ssl; ssl_certificate cert;"
                              " ssl_certificate_key key")
    files = ["%s%s%d.txt" % (url, place, size)
             for place in ("/", "/proxied/") for size in nginx.SIZES]
    for more in ([], ["--compressed"]):
        run.run("curl", "-ksS", "--fail", *more, *files, show=nginx.digest)
    run.run("curl", "-ksS", "--fail", url + "/missing", status=22,
            compare="stdout")
    run.stop(server, signal.SIGQUIT)
    nginx.no_complaints(run)


@scenario(band=True, reporters=["redis-server"], conf=GUARD)
def redis_saves_and_reloads(run):
    server = redis.Redis(run)
    server.ask("--pipe", stdin=redis.load_stream(100))
    server.ask("DEBUG", "DIGEST")
    server.benchmark(16384, 200)
    server.save_in_background()
    server.ask("DEBUG", "RELOAD")
    server.ask("FLUSHALL")
    server.end()


@scenario(band=True, reporters=["postgres", "psql"], conf=GUARD)
def postgres_cluster(run):
    base = postgres.Postgres(run)
    base.query(600)
    base.end()


if __name__ == "__main__":
    main("nginx", "curl", "openssl", "redis-server", "redis-cli",
         "redis-benchmark", postgres.BIN + "/initdb")
