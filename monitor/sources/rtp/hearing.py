"""What of a leg's packets is let through to the decoder: what is sound, as it comes.

A packet that may be noise waits, and those behind it, until the next ones tell: all of them are let through, or none. In a
call that is what it says it is, that is one packet in a hundred, for one packet's time, and the time of its arrival stays with
it; nothing is lost. What is not let through is to the leg as if it had not been sent: silence.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from monitor.audio.codecs import Encoding
from monitor.audio.codecs.base import NOT_AUDIO
from monitor.sources.rtp.jitter import Released, signed_32
from monitor.sources.rtp.plausible import Evidence, evidence_for
from monitor.sources.rtp.run import Run

LONGEST_DOUBT = 0.5
"""Seconds of arrivals after which what waits is let through: too little came to tell, and silence may be sought behind it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A leg is heard no more, or again."""

    heard: bool
    detail: str


@dataclass(slots=True)
class Verdict:
    """What is thought of a leg, over all of its streams."""

    cause: str = ""
    """Why it is not heard; empty while it is."""
    last_cause: str = ""
    """Why it was last not heard."""
    refused: int = 0
    """Packets not let through."""
    turns: list[Turn] = field(default_factory=list)
    """To be told of."""


class Heard(NamedTuple):
    """What became of a run's packets."""

    sound: list[bool]
    """Of each that was taken, whether it is sound, as it comes; one that is not is let through with the next that is."""
    played: int
    """So many of these are to be played now."""


class Hearing:
    """One stream's packets, in order."""

    def __init__(self, verdict: Verdict) -> None:
        self._verdict = verdict
        self._evidence: dict[Encoding, Evidence | None] = {}
        self._held: list[Released] = []
        self._last: Released | None = None
        self._dropped = self._restarted = False
        """Packets were dropped since the last that was let through; their sender began anew amid them."""

    @property
    def waiting(self) -> bool:
        """Whether packets wait for what the next ones tell."""
        return bool(self._held)

    def admit(self, item: Released, encoding: Encoding | None) -> list[Released]:
        """Take the next packet; those that are to be played now, in order. `encoding`: of its payload type, if known."""
        if encoding is None or encoding.name in NOT_AUDIO:
            return self._follow(item)
        if encoding not in self._evidence:
            self._evidence[encoding] = evidence_for(encoding)
        evidence = self._evidence[encoding]
        if evidence is None:
            return self._take(item)
        finding = evidence.hear(item.packet.payload, self._excess(item, encoding))
        self._last = item
        if finding == "sound":
            return self._take(item)
        self._held.append(item)
        if finding == "noise":
            self._refuse(evidence.cause)
        return []

    def follow(self, run: Run, encoding: Encoding) -> Heard:
        """Take the packets of a run, up to one that is noise at most; none where what came before them is in doubt."""
        if self._held or self._dropped or self._verdict.cause or encoding not in self._evidence:
            return Heard([], 0)
        evidence = self._evidence[encoding]
        if evidence is None:
            return Heard([True] * len(run), len(run))
        first, octets = self._excess(Released(*run[0]), encoding), _octets(encoding)
        others = len(run.payloads[0]) - run.step * octets if octets else None
        sound, noise = list[bool](), False
        for payload, different in zip(run.payloads, evidence.different(run.payloads), strict=True):
            finding = evidence.hear(payload, others if sound else first, different)
            sound.append(finding == "sound")
            if noise := finding == "noise":
                break
        played = len(sound) - sound[::-1].index(True) if True in sound else 0
        self._held = [Released(*run[index]) for index in range(played, len(sound))]
        self._last = Released(*run[len(sound) - 1])
        if noise:
            self._refuse(evidence.cause)
        return Heard(sound, played)

    def overdue(self, now: float) -> list[Released]:
        """Those that have waited for too long at `now`."""
        return self.rest() if self._held and now - self._held[0].at >= LONGEST_DOUBT else []

    def rest(self) -> list[Released]:
        """All that waits: nothing more will tell. Of a leg that is not heard, nothing."""
        if self._verdict.cause:
            self._drop()
        held, self._held = self._held, []
        return held

    def _follow(self, item: Released) -> list[Released]:
        if self._held:
            self._held.append(item)
            return []
        return [item]

    def _take(self, item: Released) -> list[Released]:
        taken, self._held = [*self._held, item], []
        if self._verdict.cause:
            self._verdict.cause = ""
            self._verdict.turns.append(Turn(True, "heard again: its packets are sound"))
        if self._dropped:
            # What was lost amid what was not heard is silence too.
            taken[0] = taken[0]._replace(lost=0, restarted=taken[0].restarted or self._restarted)
            self._dropped = self._restarted = False
        return taken

    def _refuse(self, cause: str) -> None:
        self._drop()
        if cause != self._verdict.cause:
            self._verdict.cause = self._verdict.last_cause = cause
            self._verdict.turns.append(Turn(False, f"not heard: {cause}"))

    def _drop(self) -> None:
        self._verdict.refused += len(self._held)
        self._dropped = True
        self._restarted |= any(item.restarted for item in self._held)
        self._held = []

    def _excess(self, item: Released, encoding: Encoding) -> int | None:
        """Octets by which packets are longer than their timestamps say; None where that cannot be told of this one."""
        last, each = self._last, _octets(encoding)
        if last is None or not each or (last.packet.sequence + 1) & 0xFFFF != item.packet.sequence:
            return None
        step = signed_32(item.packet.timestamp - last.packet.timestamp)
        return len(last.packet.payload) - step * each


def _octets(encoding: Encoding) -> int:
    """Octets a unit of the timestamp; 0 where there is no such number."""
    match encoding.name:
        case "pcmu" | "pcma" | "g722":
            return 1
        case "l16":
            return 2 * encoding.channels
        case _:
            return 0
