"""A call's RTP without a socket: datagrams and the time go in, chunks of its legs come out, side by side.

The legs share one timeline, which begins with the first packet of the first leg. A leg that sends nothing waits, by itself,
for as long as what it sent may still come (`max_stall`): no silence is invented while that is open, and the other leg goes on.
After that it is filled with silence, so far behind the present; once it sends again, its timestamps say where.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from monitor.audio.chunk import AudioChunk
from monitor.events import Event, HearingChanged, Leg, LegReport, SourceMoved
from monitor.sources.rtp.clock import CallClock
from monitor.sources.rtp.hearing import LONGEST_DOUBT
from monitor.sources.rtp.leg import RtpLeg
from monitor.sources.rtp.ownership import MOVE_SILENCE, Claim, Gate
from monitor.sources.rtp.packet import Address, MalformedPacket, is_rtcp, is_signalling, parse_packet
from monitor.sources.rtp.rtcp import SenderReport, parse_rtcp
from monitor.sources.rtp.run import Run
from monitor.sources.rtp.stream import PayloadTypes
from monitor.timeline import FRAME_SAMPLES, SAMPLE_RATE, frame_seconds

PATIENCE = 0.1
"""Seconds, beyond the jitter buffer, by which silence follows the present where nothing is waited for."""
MAX_STALL = 15.0
"""Seconds, by default, without a packet after which a leg is silent."""
MAX_BEHIND = 4
"""Stalls of the greatest length, one after the other, by which a leg stays behind at most."""
SR_TOLERANCE, SR_LIMIT = 0.04, 1.0
"""Seconds. Starts that sender reports place closer than the one are left alone; further than the other, not believed."""


@dataclass(frozen=True, slots=True)
class LegSpec:
    """Where a leg's packets come from."""

    leg: Leg
    port: int
    """Index of the port that it is received on; two legs on one port are told apart by SSRC."""
    payload_types: PayloadTypes
    ssrc: int | None = None
    """None: the first stream that no other leg names."""
    peer: str | None = None
    """The only host whose packets are taken; None for any."""


class Session:
    """Ownership, jitter buffers, decoders and tracks of one call."""

    def __init__(
        self, specs: Sequence[LegSpec], *, jitter_buffer: float, max_stall: float = MAX_STALL, allow_move: bool = True
    ) -> None:
        """`jitter_buffer`, `max_stall`: seconds."""
        self._clock = CallClock()
        self._jitter_buffer, self._max_stall = jitter_buffer, max_stall
        self._legs: dict[Claim, RtpLeg] = {}
        ports: dict[int, list[Claim]] = {}
        for spec in specs:
            claim = Claim(spec.ssrc, spec.peer)
            self._legs[claim] = RtpLeg(spec.leg, claim, spec.payload_types, self._clock, jitter_buffer)
            ports.setdefault(spec.port, []).append(claim)
        self._ports = ports
        self._payload_types = {port: [spec.payload_types for spec in specs if spec.port == port] for port in ports}
        self._gates = {port: Gate(claims, allow_move) for port, claims in ports.items()}
        self._aligned = len(specs) != 2
        self.last_heard: float | None = None
        """Arrival of the last packet that is a leg's; None before the first."""

    @property
    def ended(self) -> bool:
        """Whether every leg that has ever spoken has said goodbye since it was last heard."""
        owned = [claim for claim in self._legs if claim.owner]
        return bool(owned) and all(claim.ended for claim in owned)

    def receive(self, port: int, datagram: bytes, address: Address, at: float) -> None:
        """Take a datagram, RTP or RTCP, that arrived at `at` seconds. Never raises, whatever it holds."""
        if is_signalling(datagram):
            self._legs[self._ports[port][0]].keep_alives += 1
            return
        try:
            if is_rtcp(datagram):
                self._control(port, datagram, address)
                return
            packet = parse_packet(datagram)
        except MalformedPacket:
            self._legs[self._ports[port][0]].malformed += 1
            return
        gate = self._gates[port]
        if self._unknown(port, packet.payload_type):
            owner = gate.owner(packet.ssrc, address)
            self._legs[owner or self._ports[port][0]].unknown(packet.payload_type, at, counted=owner is not None)
            if owner is None:
                return
        for claim, admitted, arrived in gate.admit(packet, address, at):
            self._clock.start(arrived)
            self._legs[claim].push(admitted, arrived)
            self.last_heard = arrived

    def receive_all(self, port: int, datagrams: Sequence[tuple[float, bytes, Address]]) -> None:
        """As `receive` of one after the other, each with its arrival before it. Those with which streams go on as they did are
        taken together (`run.py`), up to the first that is anything else."""
        for at, datagram, address in datagrams[self._receive_runs(port, datagrams) :]:
            self.receive(port, datagram, address, at)

    def _receive_runs(self, port: int, datagrams: Sequence[tuple[float, bytes, Address]]) -> int:
        """Take the datagrams that belong to runs; how many."""
        runs: dict[tuple[int, Address], tuple[RtpLeg, Run]] = {}
        for claim in self._ports[port] if datagrams else ():
            run = self._legs[claim].expect()
            if run is not None and claim.owner is not None:
                runs[claim.owner] = self._legs[claim], run
        taken = 0
        while runs and taken < len(datagrams):
            _, datagram, address = datagrams[taken]
            leg_and_run = runs.get((int.from_bytes(datagram[8:12]), address))
            if leg_and_run is None or not (count := leg_and_run[1].take(datagrams, taken, address)):
                break
            taken += count
            self.last_heard = datagrams[taken - 1][0]
        for leg, run in runs.values():
            if len(run):
                leg.push_run(run)
        return taken

    def due(self, sample: int, now: float) -> bool:
        """Whether audio up to `sample` may have come by `now`."""
        return self._clock.origin is None or self._clock.position(now) >= sample

    def advance(self, now: float) -> Iterator[AudioChunk]:
        """What can be said of the legs by `now`. `now` does not run backwards."""
        for leg in self._legs.values():
            leg.advance(now)
        self._align()
        self._follow_delay()
        self._fill(now)
        return self._chunks()

    def finish(self) -> Iterator[AudioChunk]:
        """All that is left; the legs end together."""
        for leg in self._legs.values():
            leg.flush()
        end = max(leg.track.position for leg in self._legs.values())
        for leg in self._legs.values():
            leg.fill(end, end)
            leg.track.silence(end - leg.track.position, SAMPLE_RATE)
            leg.track.close()
        return self._chunks()

    def senders(self, port: int) -> frozenset[Address]:
        """Where the legs of a port are sent from, as far as that is known."""
        return frozenset[Address]().union(*(claim.senders for claim in self._ports[port]))

    def owned(self, port: int, now: float) -> bool:
        """Whether all legs of a port have an owner from whom nobody else may take them now."""
        return all(claim.owner and claim.streams and now - claim.heard < MOVE_SILENCE for claim in self._ports[port])

    def dropped(self, port: int, packets: int, foreign: int) -> None:
        """So many packets of the port, all in all, were dropped before they came here: this program was too slow. And so many
        of strangers were turned away."""
        leg = self._legs[self._ports[port][0]]
        leg.dropped, leg.turned_away = packets, foreign

    def report(self) -> Mapping[Leg, LegReport]:
        """The account so far. From any thread."""
        return {leg.track.leg: leg.report() for leg in self._legs.values()}

    def taken(self, leg: Leg) -> int:
        """Samples of a leg that have come out."""
        return next(each.track.taken for each in self._legs.values() if each.track.leg == leg)

    def moves(self) -> list[Event]:
        """Changes of owner, senders that were refused, and legs that are not heard or again, since the last call."""
        events: list[Event] = []
        for claim, leg in self._legs.items():
            details, claim.notes = claim.notes, []
            now = frame_seconds(leg.track.position // FRAME_SAMPLES)
            events += [SourceMoved(call="", leg=leg.track.leg, time=now, at=now, detail=text) for text in details]
            events += [
                HearingChanged(call="", leg=leg.track.leg, time=now, at=now, heard=turn.heard, detail=turn.detail)
                for turn in leg.take_turns()
            ]
        return events

    def _unknown(self, port: int, payload_type: int) -> bool:
        return all(known.get(payload_type) is None for known in self._payload_types[port])

    def _control(self, port: int, datagram: bytes, address: Address) -> None:
        for report in parse_rtcp(datagram):
            ssrcs = (report.ssrc,) if isinstance(report, SenderReport) else report.ssrcs
            for claim in self._ports[port]:
                if claim.owner is None or claim.owner[0] not in ssrcs or claim.owner[1][0] != address[0]:
                    continue
                if isinstance(report, SenderReport):
                    claim.reports_from(address)
                    self._legs[claim].take_report(report, address[0])
                elif address in claim.senders:
                    claim.ended = True

    def _follow_delay(self) -> None:
        """Where all legs come later than they did at first, so does the call: its clock is held against the later packets."""
        references = [leg.delay.reference for leg in self._legs.values() if leg.delay.reference is not None]
        later = min(references, default=0.0)
        if abs(later) > SR_TOLERANCE and (delayed := self._clock.delay(later)):
            for leg in self._legs.values():
                leg.call_delayed(delayed)

    def _align(self) -> None:
        """Once: where one host sends both legs, its sender reports place their starts better than their arrival does.

        Clocks of two hosts are not compared: they may differ by more than the network delays.
        """
        if self._aligned:
            return
        (first, first_start), (second, second_start) = ((leg, leg.wall_start()) for leg in self._legs.values())
        if first_start is None or second_start is None:
            return
        self._aligned = True
        apart = first_start[0] - second_start[0]
        if first_start[1] == second_start[1] and SR_TOLERANCE <= abs(apart) <= SR_LIMIT:
            (first if apart > 0 else second).shift(round(abs(apart) * SAMPLE_RATE))

    def _fill(self, now: float) -> None:
        if self._clock.origin is None:
            return
        for leg in self._legs.values():
            horizon = self._clock.position(self._silent_until(leg, now))
            if horizon - leg.track.position >= FRAME_SAMPLES and not leg.waiting:
                leg.fill(horizon, self._clock.position(now))

    def _silent_until(self, leg: RtpLeg, now: float) -> float:
        """The arrival time up to which a leg without packets is silent: what would belong there cannot come any more."""
        present = now - self._jitter_buffer - PATIENCE
        if not leg.begun:
            return present
        if not leg.heard:
            return present - LONGEST_DOUBT
        if now - leg.heard_at < self._max_stall:
            return now - MAX_BEHIND * self._max_stall
        return present if leg.claim.ended else now - self._max_stall

    def _chunks(self) -> Iterator[AudioChunk]:
        """Take the tracks in step, as far as they go."""
        tracks = [leg.track for leg in self._legs.values()]
        while ready := [track for track in tracks if track.pending]:
            chunk = min(ready, key=lambda track: track.taken).take()
            if chunk is not None:
                yield chunk
