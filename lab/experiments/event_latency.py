"""Wall-clock latency from the end of a frame to what a websocket client hears of it.

Starts a service on this machine, sends it the demonstration's call as RTP in real time, and notes for each message when it came
against when the audio that it needed was sent. Two figures: live frames (every tick of every message), and events (states,
change points, alerts; from the moment of the timeline by which they could be said, `at`).

    python -m lab.experiments.event_latency [--engine compact] [--model DIR] [--port 8766] [--json FILE]
"""

import argparse
import asyncio
import json
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from websockets.asyncio.client import connect

from monitor.demo import CALL
from monitor.demo.sender import send_call
from monitor.demo.service import service

EVENTS = ("state", "change_point", "alert")


async def measure(url: str) -> dict[str, list[float]]:
    """Latencies in seconds."""
    body = {"legs": {"customer": {"codec": "PCMU"}, "agent": {"codec": "PCMU"}}}
    answer = httpx.post(f"{url}/api/v1/calls", json=body, timeout=30, trust_env=False).raise_for_status().json()
    call = answer["call"]
    ports = (answer["legs"]["customer"]["port"], answer["legs"]["agent"]["port"])
    begun = [0.0]

    def send() -> None:
        begun[0] = time.monotonic()
        send_call(CALL, ports, "127.0.0.1")
        time.sleep(2)
        httpx.delete(f"{url}/api/v1/calls/{call}", timeout=30, trust_env=False)

    latencies: dict[str, list[float]] = {"live frames": [], "events": []}
    async with connect(f"{url.replace('http', 'ws', 1)}/ws/v1/events?call={call}&frames=1") as websocket:
        await websocket.recv()
        threading.Thread(target=send, daemon=True).start()
        async for text in websocket:
            now = time.monotonic() - begun[0]
            message = json.loads(text)
            if message["type"] == "frames":
                latencies["live frames"] += [now - end for end in tick_ends(message)]
            elif message["type"] in EVENTS:
                latencies["events"].append(now - message["at"])
            elif message["type"] == "call_ended":
                return latencies
    return latencies


def tick_ends(message: dict[str, Any]) -> list[float]:
    """End of each tick of a live message, seconds of the timeline."""
    return [message["time"] + (number + 1) / message["rate"] for number in range(len(message["speech"]))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="compact")
    parser.add_argument("--model")
    parser.add_argument("--port", type=int, default=8766)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, service(args.port, Path(folder) / "store", args.engine, args.model) as url:
        window = httpx.get(f"{url}/api/v1/status", trust_env=False).json()["window"]
        latencies = asyncio.run(measure(url))
    print(f"engine {args.engine}: window {window['window']} s, hop {window['hop']} s, lookahead {window['lookahead']} s")
    report = {"engine": args.engine, "window": window}
    for name, values in latencies.items():
        if values:
            median, p95 = np.quantile(values, [0.5, 0.95])
            report[name] = {"messages": len(values), "median": round(float(median), 3), "p95": round(float(p95), 3)}
            print(f"{name:12s} {len(values):4d} values   median {median:.3f} s   p95 {p95:.3f} s")
        else:
            print(f"{name:12s} none came")
    if args.json:
        args.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
