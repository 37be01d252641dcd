"""A real service whose calls are made up: everything but their audio is real, from the journal to the websocket."""

import argparse
import math
import random
import tempfile
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast

from monitor.config.sections import ServerSection, Settings, StoreSection
from monitor.engines.registry import load_engine
from monitor.events import Alert, CallEnded, CallStarted, Leg
from monitor.pipeline.call import LiveCall
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.monitor import Monitor
from monitor.server.serve import RunningServer, run_server
from monitor.store.registry import open_store

Severity = Literal["info", "warning", "critical"]
LABELS = ("angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")
VALENCE = {"angry": -0.6, "sad": -0.5, "fearful": -0.4, "disgusted": -0.5, "happy": 0.6, "surprised": 0.2, "neutral": 0.0}
QUEUES = ("billing", "retention", "claims", "support", "sales")
TEAMS = ("north", "south", "night")
LANGUAGES = ("de", "en", "zh")
NAMES = ("Amir", "Bea", "Chen", "Dora", "Emil", "Fatou", "Goran", "Hana", "Ines", "Jonas", "Kaja", "Li", "Maro", "Nina", "Otto")
RULES: tuple[tuple[str, Severity, str], ...] = (
    ("customer-angry", "critical", "customer sounds angry (probability 0.86), since {since}"),
    ("long-silence", "warning", "nobody has spoken for 31 s, since {since}"),
    ("customer-sad", "info", "customer sounds sad (probability 0.71), since {since}"),
)


class SyntheticCall:
    """What the board and the journal ask of a call, drawn from a seed. Emotions last tens of seconds, alerts follow anger."""

    legs: tuple[Leg, ...] = ("customer", "agent")

    def __init__(self, index: int) -> None:
        self._random = random.Random(index)
        self.id = f"20260301-1415{index % 60:02d}-{index:04x}"
        self._age = self._random.uniform(20, 1500)
        self._begun = time.monotonic() - self._age
        self.started_at = datetime.now(UTC) - timedelta(seconds=self._age)
        self._emotion = dict.fromkeys(self.legs, "neutral")
        self._until = dict.fromkeys(self.legs, 0.0)
        self._valence = dict.fromkeys(self.legs, 0.0)
        self._talk = {leg: self._age * share for leg, share in zip(self.legs, (0.45, 0.35), strict=True)}
        self._lossy = self._random.random() < 0.05
        self.alert: Alert | None = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    def started(self) -> CallStarted:
        draw = self._random.choice
        kinds = {"queue": draw(QUEUES), "team": draw(TEAMS), "language": draw(LANGUAGES)}
        return CallStarted(
            call=self.id,
            leg=None,
            time=0.0,
            at=0.0,
            started_at=self.started_at.isoformat(),
            metadata={"name": draw(NAMES), "agent": draw(NAMES), **kinds},
            legs=self.legs,
            inferred=self.legs,
            source="made up",
            engine="none",
            labels=LABELS,
        )

    def ended(self) -> CallEnded:
        return CallEnded(call=self.id, leg=None, time=self.seconds, at=self.seconds, reason="finished", legs={})

    def event(self) -> Alert | None:
        """An alert that is raised or cleared at this moment."""
        now = round(self.seconds, 1)
        if self.alert is None and self._emotion["customer"] in ("angry", "sad") and self._random.random() < 0.1:
            rule, severity, text = RULES[0] if self._emotion["customer"] == "angry" else self._random.choice(RULES[1:])
            message = text.format(since=f"{int(now // 60)}:{int(now % 60):02d}")
            key = f"{self.id}:{rule}:customer:{int(now)}"
            about: dict[str, Any] = {"call": self.id, "leg": "customer", "time": now, "at": now, "id": key, "rule": rule}
            self.alert = Alert(**about, severity=severity, status="raised", message=message)
            return self.alert
        if self.alert is not None and self._emotion["customer"] not in ("angry", "sad") and self._random.random() < 0.1:
            fields = {name: getattr(self.alert, name) for name in ("call", "leg", "time", "id", "rule", "severity", "message")}
            self.alert = None
            return Alert(**fields, at=now, status="cleared")
        return None

    def advance(self) -> None:
        """A second goes by."""
        now = self.seconds
        for leg in self.legs:
            if now > self._until[leg]:
                weights = (0.6, 0.2, 0.3, 2, 10, 1, 0.6) if leg == "customer" else (0.1, 0.1, 0.2, 2, 12, 0.4, 0.3)
                self._emotion[leg] = self._random.choices(LABELS, weights)[0]
                self._until[leg] = now + self._random.uniform(10, 60)
            wave = 0.12 * math.sin(now / 9 + self._age)
            self._valence[leg] += 0.25 * (VALENCE[self._emotion[leg]] + wave - self._valence[leg])
            self._talk[leg] += leg == self._speaker(now)

    def _speaker(self, now: float) -> Leg | None:
        turn = int((now + self._age) / 7)
        return self.legs[turn % 3 % 2] if turn % 4 else None

    def board(self) -> dict[str, Any]:
        now = self.seconds
        speaker = self._speaker(now)
        return {
            "seconds": round(now, 1),
            "legs": {leg: self._leg(leg, now, leg == speaker) for leg in self.legs},
            "silence": 0.0 if speaker else round((now + self._age) % 7, 1),
            "overtalk": round(now / 60, 1),
        }

    def _leg(self, leg: Leg, now: float, speaks: bool) -> dict[str, Any]:
        return {
            "emotion": self._emotion[leg],
            "confidence": round(0.75 + 0.2 * math.sin(now / 20 + self._age), 3),
            "valence": round(self._valence[leg], 3),
            "arousal": round(abs(self._valence[leg]), 3),
            "speech": 0.9 if speaks else 0.0,
            "talk": round(self._talk[leg], 1),
            "level": -24.0 if speaks else -61.0,
            "lost": 0.06 if self._lossy and leg == "customer" else 0.001,
            "late": 4 if self._lossy else 0,
            "overflow": 0.0,
            "backlog": 0.6,
        }

    def summary(self) -> dict[str, Any]:
        return {"store_error": None}

    def reports(self) -> Mapping[str, Mapping[str, Any]]:
        return {leg: {"codec": "PCMU", "packets": int(self.seconds * 50), "lost": int(self.seconds / 20)} for leg in self.legs}


class Crowd(Monitor):
    """A monitor whose calls are synthetic, and go on until it is closed."""

    def fill(self, calls: int) -> None:
        """Begin so many."""
        self._crowd = [SyntheticCall(index) for index in range(calls)]
        for call in self._crowd:
            self.journal.append(call.started())
        threading.Thread(target=self._live, daemon=True).start()

    def calls(self) -> list[LiveCall]:
        return cast("list[LiveCall]", list(self._crowd))

    def _live(self) -> None:
        fresh = len(self._crowd)
        while self._crowd:
            time.sleep(1)
            for call in self._crowd:
                call.advance()
                if (event := call.event()) is not None:
                    self.journal.append(event)
            if self._crowd and random.random() < 0.3:
                gone = self._crowd.pop(random.randrange(len(self._crowd)))
                self.journal.append(gone.ended())
                fresh += 1
                self._crowd.append(SyntheticCall(fresh))
                self.journal.append(self._crowd[-1].started())

    def close(self, timeout: float = 60.0) -> None:
        self._crowd = []
        super().close(timeout)


def serve(calls: int, port: int) -> None:
    """Serve so many calls until interrupted; a line says when it is ready."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            store=StoreSection(kind="memory", path=Path(folder)), server=ServerSection(port=port, max_calls=max(calls, 1))
        )
        crowd = Crowd(settings, InferenceWorker.of(load_engine(settings.engine), settings.engine), open_store(settings.store))
        crowd.fill(calls)
        run_server(crowd, settings, _ready)


def _ready(running: RunningServer) -> None:
    print("ready", running.url, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--port", type=int, default=8790)
    given = parser.parse_args()
    serve(given.calls, given.port)
