#!/usr/bin/python3
"""openssl: keys, digests, a TLS server; curl against it."""

import hashlib

from harness import main, scenario
from processes import accepts, free_port


def _digest(out):
    return len(out), hashlib.sha256(out).hexdigest()


@scenario(band=True, text=True, reporters=["openssl"])
def openssl_tools(run):
    data = run.write("data", bytes(range(256)) * 3000)
    for digest in ("-sha256", "-sha512", "-blake2b512"):
        run.run("openssl", "dgst", digest, data)
    for cipher in ("-aes-256-cbc", "-chacha20", "-aes-128-ctr"):
        run.run("openssl", "enc", cipher, "-K", "00112233" * 8, "-iv",
                "0011223344556677" * 2, "-in", data, "-out", "packed",
                compare="stdout")
        with open(run.path("packed"), "rb") as file:
            run.note(cipher, _digest(file.read()))
    run.run("openssl", "genpkey", "-algorithm", "RSA", "-out", "key",
            "-pkeyopt", "rsa_keygen_bits:2048", compare="")
    run.run("openssl", "dgst", "-sha256", "-sign", "key", "-out", "signed",
            data)
    run.run("openssl", "dgst", "-sha256", "-prverify", "key", "-signature",
            "signed", data)
    run.run("openssl", "x509", "-in", "missing", status=1, compare="stdout")


@scenario(band=True, reporters=["curl"])
def curl_over_tls(run):
    run.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key", "-out",
            "cert", "-days", "3", "-subj", "/CN=127.0.0.1", "-addext",
            "subjectAltName=IP:127.0.0.1", compare="")
    for size in (5000, 50000, 3000000):
        run.write("%d.txt" % size, (b"%d " % size) * (size // 5))
    port = free_port()
    server = run.start("openssl", "s_server", "-quiet", "-WWW", "-accept",
                       "127.0.0.1:%d" % port, "-cert", "cert", "-key", "key",
                       ready=lambda: accepts(port))
    for size in (5000, 50000, 3000000):
        run.run("curl", "-sS", "--fail", "--cacert", "cert",
                "https://127.0.0.1:%d/%d.txt" % (port, size), show=_digest)
    run.run("curl", "-sS", "https://127.0.0.1:%d/5000.txt" % port, status=60)
    run.stop(server, status=-15)


if __name__ == "__main__":
    main("openssl", "curl")
