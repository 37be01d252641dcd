"""Whose packets are a leg's audio: a leg belongs to one SSRC from one address, and nobody else can take it.

- A new stream is on probation until two packets of it follow in sequence (RFC 3550, section A.1); they are kept meanwhile.
- The first stream to pass takes the leg (the one that names its SSRC, else the first that is free).
- The same address may go on under another SSRC, once the old one has been silent for 60 ms or has said goodbye.
- The same host may go on from another port, with SSRC and sequence numbers, as soon as it does (a NAT forgot the old one).
- Another address may take over only where `allow_move` is set and the owner has been silent for 3 s. A leg with `peer`
  belongs to that host for good. All other packets are foreign: counted and dropped.
- Who came first and has never sent a stream (ten packets within a second) yields to whoever does: a stranger's two packets
  before the call do not keep the call out.
- A goodbye counts from where the owner's RTCP comes from: his RTP port, the next one, or the one that his reports came from.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from monitor.sources.rtp.packet import Address, RtpPacket
from monitor.sources.rtp.run import Run

SSRC_CHANGE_SILENCE = 0.06
"""Seconds."""
MOVE_SILENCE = 3.0
"""Seconds."""
STREAM, STREAM_WITHIN = 10, 1.0
"""Packets, and seconds within which they come, when a sender has shown a stream: packets of 100 ms come at ten a second."""
GOES_ON_WITHIN = 100
"""Sequence numbers after the owner's last, within which a stream from another port of its host is the same stream."""
MAX_CANDIDATES = 256
"""Streams on probation at a time, on a port; bounds what a storm of random SSRCs can make us keep."""
MAX_KEPT = 32
"""Packets of each that are kept."""
MAX_REFUSALS = 5
"""Foreign senders that a leg tells people of; the rest are only counted."""
KEPT_FOR = 1.0
"""Seconds. What a stream sent longer before it took a leg is left out."""


class Arrival(NamedTuple):
    """A packet that has a leg."""

    claim: "Claim"
    packet: RtpPacket
    at: float


@dataclass(eq=False, slots=True)
class Claim:
    """A leg's claim on a port, and who owns it."""

    ssrc: int | None = None
    """The only SSRC that the leg takes; None for any."""
    peer: str | None = None
    """The only host that the leg takes; None for any."""
    owner: tuple[int, Address] | None = None
    heard: float = 0.0
    """When the owner was last heard."""
    sequence: int = 0
    """Of the owner's last packet."""
    ended: bool = False
    """The owner has said goodbye."""
    streams: bool = False
    """The owner has shown a stream."""
    control: Address | None = None
    """Where the owner's reports come from, where that is neither his RTP port nor the next one."""
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=STREAM))
    """Arrivals of the owner's last packets, until he has shown a stream."""
    foreign: int = 0
    refusals: int = 0
    notes: list[str] = field(default_factory=list)
    """What to tell people: owners that came and went, senders that were refused."""

    def wants(self, ssrc: int, address: Address) -> bool:
        """Whether such a stream could be the leg's at all."""
        return self.ssrc in (None, ssrc) and self.peer in (None, address[0])

    def take(self, packet: RtpPacket, at: float) -> None:
        """Note a packet of the owner."""
        self.heard, self.ended, self.sequence = at, False, packet.sequence
        if not self.streams:
            self.recent.append(at)
            self.streams = len(self.recent) == STREAM and self.recent[-1] - self.recent[0] <= STREAM_WITHIN

    def follow(self, run: Run) -> None:
        """Note a run of the owner, who has shown a stream."""
        self.heard, self.ended, self.sequence = run.arrivals[-1], False, run.expected - 1 & 0xFFFF

    def hand_to(self, key: tuple[int, Address], kept: Sequence[tuple[RtpPacket, float]]) -> None:
        """Make the sender of these packets the owner."""
        self.owner, self.control, self.streams = key, None, False
        self.recent.clear()
        for packet, at in kept:
            self.take(packet, at)

    @property
    def senders(self) -> frozenset[Address]:
        """Where the owner sends from, RTCP too; empty where there is none."""
        if self.owner is None:
            return frozenset()
        host, port = self.owner[1]
        return frozenset({(host, port), (host, port + 1)} | ({self.control} if self.control else set()))

    def reports_from(self, address: Address) -> None:
        """The owner's sender report came from there; the first such place of his host is where his RTCP comes from."""
        if self.control is None and address not in self.senders:
            self.control = address

    def goes_on(self, key: tuple[int, Address], first: RtpPacket) -> bool:
        """Whether a stream that began with `first` is the owner's from another port."""
        if self.owner is None or self.owner[0] != key[0] or self.owner[1][0] != key[1][0]:
            return False
        return 1 <= (first.sequence - self.sequence) & 0xFFFF <= GOES_ON_WITHIN

    def yields_to(self, address: Address, at: float, allow_move: bool, streams: bool) -> bool:
        """Whether the owner has left the leg to what comes from `address`; `streams`: that is more than a few packets."""
        if self.owner is None or (streams and not self.streams):
            return True
        silent = at - self.heard
        if address == self.owner[1]:
            return self.ended or silent >= SSRC_CHANGE_SILENCE
        return allow_move and silent >= MOVE_SILENCE


@dataclass(slots=True)
class _Candidate:
    kept: list[tuple[RtpPacket, float]] = field(default_factory=list)
    valid: bool = False
    noted: bool = False

    def add(self, packet: RtpPacket, at: float) -> None:
        """Valid once two packets follow each other in sequence, in whatever order they came."""
        neighbours = {(packet.sequence + 1) & 0xFFFF, (packet.sequence - 1) & 0xFFFF}
        self.valid = self.valid or any(other.sequence in neighbours for other, _ in self.kept)
        self.kept.append((packet, at))
        del self.kept[:-MAX_KEPT]

    @property
    def streams(self) -> bool:
        """Whether it has shown a stream."""
        return self.valid and len(self.kept) >= STREAM and self.kept[-1][1] - self.kept[-STREAM][1] <= STREAM_WITHIN


class Gate:
    """Lets the packets of one port through to the legs that they belong to."""

    def __init__(self, claims: list[Claim], allow_move: bool) -> None:
        """`claims`: of the legs on this port, in the order in which unnamed streams take them."""
        if not claims:
            raise ValueError("a port needs at least one leg")
        self._claims = claims
        self._named = {claim.ssrc for claim in claims}
        self._allow_move = allow_move
        self._candidates: dict[tuple[int, Address], _Candidate] = {}

    def owner(self, ssrc: int, address: Address) -> Claim | None:
        """The claim that such a stream owns, if any."""
        return next((claim for claim in self._claims if claim.owner == (ssrc, address)), None)

    def admit(self, packet: RtpPacket, address: Address, at: float) -> list[Arrival]:
        """The packets that may pass now: this one, those kept of its stream's probation, or none."""
        key = (packet.ssrc, address)
        for claim in self._claims:
            if claim.owner == key:
                claim.take(packet, at)
                return [Arrival(claim, packet, at)]
        return self._probation(key, packet, at)

    def _probation(self, key: tuple[int, Address], packet: RtpPacket, at: float) -> list[Arrival]:
        wanting = [claim for claim in self._claims if claim.wants(*key) and (claim.ssrc or key[0] not in self._named)]
        if not wanting:
            self._claims[0].foreign += 1
            return []
        candidate = self._candidates.pop(key, None) or _Candidate()
        self._candidates[key] = candidate  # last in the order of eviction
        if len(self._candidates) > MAX_CANDIDATES:
            del self._candidates[next(iter(self._candidates))]
        candidate.add(packet, at)
        willing = [
            claim
            for claim in wanting
            if claim.goes_on(key, candidate.kept[0][0]) or claim.yields_to(key[1], at, self._allow_move, candidate.streams)
        ]
        if not candidate.valid or not willing:
            if all(claim.owner is not None for claim in wanting):
                wanting[0].foreign += 1
                if candidate.valid and not candidate.noted:
                    candidate.noted = True
                    _note_refusal(wanting[0], key)
            return []
        return self._hand_over(min(willing, key=lambda claim: _preference(claim, key)), key)

    def _hand_over(self, claim: Claim, key: tuple[int, Address]) -> list[Arrival]:
        candidate = self._candidates.pop(key)
        last = candidate.kept[-1][1]
        kept = [(packet, at) for packet, at in candidate.kept if last - at <= KEPT_FOR]
        if claim.owner is not None:
            claim.foreign = max(0, claim.foreign - len(kept) + 1)
            was = "was silent" if claim.streams else "sent next to nothing"
            claim.notes.append(f"{_name(*claim.owner)} {was}; {_name(*key)} goes on in its place")
        claim.hand_to(key, kept)
        return [Arrival(claim, packet, at) for packet, at in kept]


def _preference(claim: Claim, key: tuple[int, Address]) -> tuple[bool, bool, bool]:
    """Smallest first: the leg that names the SSRC, a free one, one of the same address."""
    same_address = claim.owner is not None and claim.owner[1] == key[1]
    return (claim.ssrc is None, claim.owner is not None, not same_address)


def _note_refusal(claim: Claim, key: tuple[int, Address]) -> None:
    if claim.owner is None or claim.owner[1] == key[1] or claim.refusals >= MAX_REFUSALS:
        return
    claim.refusals += 1
    claim.notes.append(f"{_name(*key)} was refused: the leg belongs to {_name(*claim.owner)}")


def _name(ssrc: int, address: Address) -> str:
    return f"SSRC {ssrc:#010x} from {address[0]}:{address[1]}"
