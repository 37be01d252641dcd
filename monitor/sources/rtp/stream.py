"""One SSRC's packets, in order, decoded onto a leg's track."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from monitor.audio.chunk import Samples
from monitor.audio.codecs import Decoder, Encoding, PayloadError, make_decoder
from monitor.audio.codecs.base import COMFORT_NOISE, NOT_AUDIO, TELEPHONE_EVENT
from monitor.audio.codecs.concealment import Concealer
from monitor.audio.codecs.registry import decodable
from monitor.sources.rtp.hearing import Hearing, Verdict
from monitor.sources.rtp.jitter import Released
from monitor.sources.rtp.placement import Place, Placement
from monitor.sources.rtp.run import Run
from monitor.sources.rtp.track import Track

_SEAM = 0.0025
"""Seconds over which audio is cross-faded where a little of it was dropped."""


class PayloadTypes:
    """What the numbers mean on a leg."""

    def __init__(self, known: Mapping[int, Encoding], other: Encoding | None = None) -> None:
        """`known` may hold encodings that are not decoded (an offer lists many).

        `other`: what dynamic payload types (96 to 127) carry that are not in `known`.
        """
        decoded = {number: encoding for number, encoding in known.items() if decodable(encoding)}
        self._refused = {number: encoding for number, encoding in known.items() if number not in decoded}
        others = {number: other for number in range(96, 128) if other and number not in self._refused}
        self._encodings = others | decoded
        self._clocks = {number: each.clock for number, each in self._encodings.items() if each.name not in NOT_AUDIO}

    def get(self, number: int) -> Encoding | None:
        """The encoding; None where it is not known or not decoded."""
        return self._encodings.get(number)

    def unknown(self, numbers: Iterable[int]) -> list[int]:
        """Those of the numbers of which nothing is known."""
        return [number for number in numbers if self.get(number) is None and number not in self._refused]

    def refused(self, number: int) -> Encoding | None:
        """What the number is known to mean, where that is not decoded."""
        return self._refused.get(number)

    def describe(self, number: int) -> str:
        """What is known of a number that is not decoded, for people."""
        if number in self._refused:
            return f"payload type {number} is {self._refused[number]}, which is not decoded"
        return f"nothing tells what payload type {number} carries (payload_types: {{{number}: ENCODING}}, or an SDP)"

    def clock(self, number: int) -> int:
        """Hz of its timestamps where it is audio, else 0."""
        return self._clocks.get(number, 0)

    def is_pause(self, number: int) -> bool:
        """Whether it is comfort noise, whose timestamps are those of the audio around it."""
        encoding = self.get(number)
        return encoding is not None and encoding.name == COMFORT_NOISE


@dataclass(slots=True)
class Counts:
    """What the payloads of a leg were, over all of its streams."""

    malformed: int = 0
    late: int = 0
    events: int = 0
    keep_alives: int = 0
    codec: str = ""
    verdict: Verdict = field(default_factory=Verdict)


class Stream:
    """Decodes one SSRC's packets and has them placed."""

    def __init__(self, payload_types: PayloadTypes, track: Track, placement: Placement, counts: Counts) -> None:
        self.placement = placement
        self._payload_types, self._track, self._counts = payload_types, track, counts
        self._decoders: dict[Encoding, Decoder] = {}
        self._decoder: Decoder | None = None
        self._encoding: Encoding | None = None
        """Of the last audio."""
        self._hearing = Hearing(counts.verdict)
        self._concealer: Concealer
        self._correction = 0.0
        """Seconds to insert (+) or drop (-) at the next audio, against drift."""

    @property
    def waiting(self) -> bool:
        """Whether packets wait to be told from noise."""
        return self._hearing.waiting

    def play(self, item: Released) -> Place | None:
        """Put the next packet on the track, once it is known to be sound; its place, where it has one by now."""
        placed = None
        for each in self._hearing.admit(item, self._payload_types.get(item.packet.payload_type)):
            place = self._play(each)
            placed = place if each.packet is item.packet else placed
        return placed

    def foresee(self, run: Run) -> list[float] | None:
        """How late each packet of a run is at its place, in seconds; None where more may be due than to put them end to end."""
        decoder = self._decoder
        if decoder is None or self._payload_types.get(run.payload_type) is not self._encoding or self._correction:
            return None
        units, step = decoder.units, run.step
        if not all(units(payload) == step for payload in run.payloads):
            return None
        return self.placement.foresee(run)

    def follow(self, run: Run, lateness: list[float]) -> list[bool]:
        """Take the first packets of a run of such lateness; of each that was taken, whether it was played as it came."""
        decoder = self._decoder
        if decoder is None or self._encoding is None:
            return []
        sound, played = self._hearing.follow(run, self._encoding)
        if played:
            self.placement.follow(run.first(played), lateness[:played])
            samples = self._concealer.hear(decoder.decode_run(run.payloads[:played]))
            self._track.append_run(samples, decoder.rate, len(samples) // played)
        return sound

    def advance(self, now: float) -> None:
        """Wait no longer for what cannot be told from noise by `now`."""
        for each in self._hearing.overdue(now):
            self._play(each)

    def finish(self) -> None:
        """No more will come."""
        for each in self._hearing.rest():
            self._play(each)

    def _play(self, item: Released) -> Place | None:
        self.placement.lose(item.lost)
        encoding = self._payload_types.get(item.packet.payload_type)
        if encoding is None:
            self._counts.verdict.refused += 1
        elif not item.packet.payload:
            self._counts.keep_alives += 1
        elif encoding.name == TELEPHONE_EVENT:
            self._counts.events += 1
        elif encoding.name == COMFORT_NOISE:
            return self._pause(item, encoding)
        else:
            return self._audio(item, encoding)
        return None

    def _pause(self, item: Released, encoding: Encoding) -> Place | None:
        """Comfort noise: the timestamp says up to where there was audio; the silence shows in the next one."""
        if encoding.clock != self.placement.clock_rate:
            return None
        place = self._place(item)
        self.placement.ended(item.packet.timestamp, 0, place.overlap)
        self._concealer.silence()
        return place

    def _audio(self, item: Released, encoding: Encoding) -> Place:
        decoder = self._decoders.get(encoding) or self._decoders.setdefault(encoding, make_decoder(encoding))
        if decoder is not self._decoder:
            self._switch(decoder, encoding, item)
        self._encoding = encoding
        # placed before it is decoded: what was lost before it is concealed from the decoder's state before it
        place = self._place(item)
        try:
            samples = decoder.decode(item.packet.payload)
        except PayloadError:
            self._counts.malformed += 1
            self.placement.lose(1)
            return place
        scale = decoder.rate // decoder.clock
        duration, overlap = len(samples) // scale, place.overlap
        self.placement.ended(item.packet.timestamp, duration, overlap)
        if not duration:
            self._concealer.silence()
            return place
        if overlap >= duration:
            self._counts.late += 1
            return place
        correction, self._correction = self._correction, 0.0
        if correction > 0:
            self._track.append(self._concealer.repeat(round(correction * decoder.rate)), decoder.rate)
        samples = self._concealer.hear(samples[overlap * scale :] if overlap else samples)
        samples = _shorten(samples, -correction, decoder.rate) if correction < 0 else samples
        self._track.append(samples, decoder.rate, known=place.arrived)
        return place

    def _place(self, item: Released) -> Place:
        place = self.placement.place(item)
        self._correction = place.correction or self._correction
        return place

    def _switch(self, decoder: Decoder, encoding: Encoding, item: Released) -> None:
        self._concealer = Concealer(decoder.rate, decoder.conceal)
        self._decoder = decoder
        self._counts.codec = encoding.name
        self.placement.switch(decoder.clock, decoder.rate, self._concealer, item)


def _shorten(samples: Samples, seconds: float, rate: int) -> Samples:
    """Leave out the start, at most half, the seam cross-faded so that it does not click."""
    dropped = min(round(seconds * rate), len(samples) // 2)
    seam = min(round(_SEAM * rate), len(samples) - dropped)
    ramp = np.linspace(0, 1, seam, endpoint=False, dtype=np.float32)
    shorter = samples[dropped:].copy()
    shorter[:seam] = samples[:seam] * (1 - ramp) + shorter[:seam] * ramp
    return shorter
