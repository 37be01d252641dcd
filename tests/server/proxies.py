"""Real proxies before a service, as docs/operations.md sets them up, on loopback and in a folder of the test's own."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import reserved_port
from tests.server.service import PATIENCE

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
NAME = "monitor.example.com"
NGINX, CADDY = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin"), shutil.which("caddy")

needs_nginx = pytest.mark.skipif(NGINX is None or shutil.which("openssl") is None, reason="nginx or openssl is not installed")
needs_caddy = pytest.mark.skipif(CADDY is None, reason="caddy is not installed")


def documented(language: str) -> str:
    """The block of a language in the documentation."""
    found = re.findall(rf"^```{language}\n(.*?)^```", OPERATIONS.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(found) == 1
    return str(found[0])


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """A text with each of some parts, which are in it, replaced."""
    for old, new in pairs:
        assert old in text, f"{old!r} is not in the documented file"
        text = text.replace(old, new)
    return text


@contextmanager
def nginx(folder: Path, service: int, site: str) -> Iterator[int]:
    """nginx with the documented site, or another, before the port of a service; its port."""
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(["openssl", "req", "-x509", *key, *subject], cwd=folder, check=True, capture_output=True)
    with reserved_port() as port:
        own = replaced(
            site,
            ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
            (f"/etc/ssl/{NAME}.pem", f"{folder}/cert.pem"),
            (f"/etc/ssl/{NAME}.key", f"{folder}/key.pem"),
            ("127.0.0.1:8765", f"127.0.0.1:{service}"),
        )
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
        (folder / "nginx.conf").write_text(
            f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{own}\n}}\n"
        )
        command = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
        with running(command, port, folder):
            yield port


@contextmanager
def caddy(folder: Path, service: int, site: str) -> Iterator[int]:
    """Caddy with the documented site before the port of a service, without TLS; its port."""
    with reserved_port() as port:
        own = replaced(site, (NAME, f"http://{NAME}:{port}"), ("127.0.0.1:8765", f"127.0.0.1:{service}"))
        (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + own)
        with running([str(CADDY), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"], port, folder):
            yield port


@contextmanager
def running(command: list[str], port: int, folder: Path) -> Iterator[None]:
    """A program, until the end of the block; it has taken its port when the block begins."""
    environment = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "PATH": "/usr/bin:/bin"}
    with (folder / "said.log").open("w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=environment)
    try:
        give_up = time.monotonic() + PATIENCE
        while not answers(port):
            assert process.poll() is None, (folder / "said.log").read_text()
            assert time.monotonic() < give_up, "the proxy did not start"
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def answers(port: int) -> bool:
    """Whether something listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
