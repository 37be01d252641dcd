"""A real web server that receives what a webhook posts, and may be told what to answer."""

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass(frozen=True)
class Request:
    """What came."""

    headers: Mapping[str, str]
    body: bytes
    status: int
    """What was answered."""


class Receiver:
    """What a test tells the server and hears of it."""

    def __init__(self) -> None:
        self.status = 204
        self.answer_headers: dict[str, str] = {}
        self.requests: list[Request] = []
        self.waiting = threading.Event()
        """Set while a request is held up."""
        self.gate = threading.Event()
        self.gate.set()
        self.url = ""

    @property
    def received(self) -> list[dict[str, Any]]:
        """The messages that were taken."""
        return [json.loads(request.body) for request in tuple(self.requests) if 200 <= request.status < 300]


@contextmanager
def running_receiver(certificate: Path | None = None) -> Iterator[Receiver]:
    """A server on a free port of loopback; with a PEM file of key and certificate it speaks TLS."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if not receiver.gate.is_set():
                receiver.waiting.set()
                receiver.gate.wait()
            headers = {key.lower(): value for key, value in self.headers.items()}
            status = receiver.status  # asked once: a test may change it at any moment
            receiver.requests.append(Request(headers, body, status))
            self.send_response(status)
            for key, value in receiver.answer_headers.items():
                self.send_header(key, value)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A sender that was killed, or does not trust us, says nothing of interest."""

    server = Server(("127.0.0.1", 0), Handler)
    scheme = "http"
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    receiver.url = f"{scheme}://127.0.0.1:{server.server_address[1]}/hooks/calls"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.gate.set()
        server.shutdown()
        server.server_close()
