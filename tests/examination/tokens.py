"""Whoever tries tokens."""

import time
from collections import Counter
from pathlib import Path

import httpx

from tests.examination.row import Row
from tests.examination.service import WAIT, examined

TRIED = "wrong tokens as fast as they go"


def examine(tree: Path, short: bool) -> list[Row]:
    """One address, a token after the other."""
    seconds = 3.0 if short else 10.0
    with examined(tree, "server: {token: 0123456789abcdef0123456789abcdef}\n") as service:
        said: Counter[int] = Counter()
        client = httpx.Client(base_url=service.url, trust_env=False, verify=False, timeout=WAIT)
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            guess = {"authorization": f"Bearer guess-{said.total():020d}"}
            said[client.get("/api/v1/status", headers=guess).status_code] += 1
        time.sleep(1.0)
        client.close()
        trail = service.store / "audit.jsonl"
        lines = trail.read_text(encoding="utf-8").count("sign_in_failed") if trail.exists() else 0
        right = {"authorization": "Bearer 0123456789abcdef0123456789abcdef"}
        time.sleep(0.5)
        owner = service.ask("GET", "/health/live", headers=right).status_code
    return [
        Row(f"{said.total()} wrong tokens in {seconds:.0f} s: compared", str(said[401]), "at most 20", said[401] <= 20),
        Row("wrong tokens: lines in the audit", str(lines), "1 to 60", 0 < lines <= 60),
        Row("health meanwhile", str(owner), "200", owner == 200),
    ]
