#!/usr/bin/python3
"""memcached: sets, gets and deletes of values up to 64 KB."""

import hashlib
import socket

from harness import another_user, main, scenario
from processes import accepts, free_port


class Client:
    """A connection that speaks the text protocol."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=180)
        self.file = self.sock.makefile("rwb")

    def set(self, key, value):
        self.file.write(b"set %s 0 0 %d\r\n%s\r\n" % (key, len(value), value))
        self.file.flush()
        return self.file.readline()

    def delete(self, key):
        self.file.write(b"delete %s\r\n" % key)
        self.file.flush()
        return self.file.readline()

    def get(self, keys):
        self.file.write(b"get %s\r\n" % b" ".join(keys))
        self.file.flush()
        values = []
        while True:
            line = self.file.readline()
            if not line.startswith(b"VALUE"):
                return values
            size = int(line.split()[3])
            values.append(self.file.read(size + 2)[:size])

    def close(self):
        self.file.close()
        self.sock.close()


def _value(number):
    return (b"<%d>" % number) * (100 + number * 37 % 13000)


def _talk(clients):
    digest = hashlib.sha256()
    for number in range(600):
        client = clients[number % len(clients)]
        digest.update(client.set(b"k%d" % number, _value(number)))
    for number in range(0, 600, 7):
        digest.update(clients[0].delete(b"k%d" % number))
    for number in range(0, 600, 20):
        client = clients[number % len(clients)]
        keys = [b"k%d" % key for key in range(number, number + 20)]
        for value in client.get(keys):
            digest.update(value)
    return digest.hexdigest()


@scenario(band=True, reporters=["memcached"], text=True)
def many_connections(run):
    port = free_port()
    user = another_user("memcache")
    argv = ["memcached", "-l", "127.0.0.1", "-p", str(port), "-t", "4",
            "-m", "128"] + (["-u", user.pw_name] if user else [])
    server = run.start(*argv, ready=lambda: accepts(port))
    clients = [Client(port) for _number in range(40)]
    run.note("answers", _talk(clients))
    for client in clients:
        client.close()
    run.stop(server)


if __name__ == "__main__":
    main("memcached")
