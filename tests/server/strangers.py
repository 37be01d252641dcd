"""Programs that are none of ours and stand on the port all the same."""

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from websockets.sync.server import ServerConnection, serve


@contextmanager
def web_server() -> Iterator[str]:
    """Answers each GET with 404 and each POST with 501, in HTML; its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def mail_server() -> Iterator[str]:
    """Greets whoever connects, in a language that is not HTTP; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    connection.sendall(b"220 mail.example ESMTP\r\n" * 4)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(4_096):
                        pass  # what is unread as it closes resets the connection, which may come before the greeting is read

        threading.Thread(target=greet, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def other_websocket() -> Iterator[str]:
    """Takes websockets and says something else; its address."""

    def talk(connection: ServerConnection) -> None:
        connection.send('["tick", 1]')

    with serve(talk, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
