"""A proxy before an S3 server that does what networks and stores do: every so many requests it answers 503, cuts a body in the middle,
takes a request and loses the answer, or waits. What it did is counted.
"""

import http.client
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
WAIT_SECONDS = 0.5


class Faults:
    """Which request gets which fault: `every` maps a fault to how many requests there are to each one."""

    def __init__(self):
        self.every = {}
        self.done = Counter()
        self._requests = 0
        self._lock = threading.Lock()

    def set(self, **every):
        self.every = every
        self.done.clear()

    def next(self, method):
        with self._lock:
            self._requests += 1
            for fault, every in self.every.items():
                fits = method == "GET" if fault == "cut" else method != "GET" if fault == "lost" else True
                if fits and self._requests % every == 0:
                    self.done[fault] += 1
                    return fault
        return ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_request(self):
        body = self.body()
        fault = self.server.faults.next(self.command)
        if fault == "503":
            return self.answer(503, [("Content-Type", "application/xml")], SLOW_DOWN)
        if fault == "slow":
            time.sleep(WAIT_SECONDS)
        status, headers, content, length = self.forward(body)
        if fault == "lost":
            self.close_connection = True
            return None
        if fault == "cut" and len(content) > 1:
            self.answer(status, headers, content[: len(content) // 2], len(content))
            self.close_connection = True
            return None
        return self.answer(status, headers, content, length)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_request

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def forward(self, body):
        upstream = http.client.HTTPConnection(*self.server.upstream, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP | {"expect"}}
        upstream.request(self.command, self.path, body, headers | {"Content-Length": str(len(body))})
        response = upstream.getresponse()
        content = response.read()
        length = int(response.headers.get("Content-Length", len(content)))
        kept = [(k, v) for k, v in response.headers.items() if k.lower() not in HOP_BY_HOP]
        upstream.close()
        return response.status, kept, content, length

    def answer(self, status, headers, content, length=None):
        self.send_response_only(status)
        for key, value in headers:
            self.send_header(key, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client that has ended, or been killed
            super().handle_error(request, client_address)


def proxy(upstream):
    """Starts one before (host, port) on a free port of loopback."""
    server = Server(("127.0.0.1", 0), Handler)
    server.upstream = upstream
    server.faults = Faults()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
