"""origin.py SOCKET: a web server for a cache to ask, /BYTES/KEY is so long."""

import socketserver
import sys


class Answer(socketserver.StreamRequestHandler):
    """Requests of one connection, one after the other."""

    def handle(self):
        while line := self.rfile.readline():
            while self.rfile.readline().strip():
                pass
            size = int(line.split(b"/")[1])
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
                             % size + b"x" * size)


class Server(socketserver.ThreadingUnixStreamServer):
    """As many connections as the cache opens."""

    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    Server(sys.argv[1], Answer).serve_forever()
