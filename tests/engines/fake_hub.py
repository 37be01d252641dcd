"""A model hub on this machine: as much of ModelScope's and Hugging Face's protocols as their own clients need."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

COMMIT = "0" * 39 + "1"


@dataclass
class FakeHub:
    models: Mapping[str, Path] = field(default_factory=dict)
    """Id -> folder with its files."""
    status: int = 200
    """Answered to everything, where it is not 200."""
    asked: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(hub: FakeHub) -> Iterator[FakeHub]:
    """Run the hub until the context ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            hub.asked.append(self.path)
            status, body, headers = _answer(hub, self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - the base class's name

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def _answer(hub: FakeHub, path: str) -> tuple[int, bytes, dict[str, str]]:
    if hub.status != 200:
        return hub.status, b"{}", {}
    place, query = urlsplit(path).path, parse_qs(urlsplit(path).query)
    for name, folder in hub.models.items():
        files = sorted(file for file in folder.iterdir() if file.is_file())
        if place == f"/api/v1/models/{name}":
            return _json({"Code": 200, "Data": {"Name": name}})
        if place == f"/api/v1/models/{name}/repo/files":
            return _json({"Code": 200, "Data": {"Files": [_modelscope_entry(file) for file in files]}})
        if place == f"/api/v1/models/{name}/repo":
            return _file(folder / query["FilePath"][0])
        if place in (f"/api/models/{name}", f"/api/models/{name}/revision/main"):
            return _json({"id": name, "sha": COMMIT, "siblings": [{"rfilename": file.name} for file in files]})
        if place.startswith(f"/api/models/{name}/tree/"):
            return _json([{"type": "file", "path": file.name, "size": file.stat().st_size, "oid": "0" * 40} for file in files])
        if place.startswith(f"/{name}/resolve/"):
            return _file(folder / place.rpartition("/")[2])
    return 404, b'{"Code": 10010205001, "Message": "not found"}', {"Content-Type": "application/json"}


def _json(value: object) -> tuple[int, bytes, dict[str, str]]:
    return 200, json.dumps(value).encode(), {"Content-Type": "application/json"}


def _modelscope_entry(file: Path) -> dict[str, object]:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return {"Path": file.name, "Name": file.name, "Type": "blob", "Size": file.stat().st_size, "Sha256": digest}


def _file(file: Path) -> tuple[int, bytes, dict[str, str]]:
    if not file.is_file():
        return 404, b"", {}
    body = file.read_bytes()
    digest = hashlib.sha256(body).hexdigest()
    return 200, body, {"ETag": f'"{digest}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
