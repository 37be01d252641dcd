"""A capture file as a source: decoded as a live call is, by the capture's own clock.

A field problem can be replayed at the desk, and gives the same audio every time.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import structlog

from monitor.audio.chunk import AudioChunk
from monitor.audio.codecs import Encoding
from monitor.config.sections import RtpSection
from monitor.errors import SourceError
from monitor.events import LEGS, Event, Leg, LegReport
from monitor.sources.base import Source
from monitor.sources.rtp.capture import CaptureClock, TruncatedCapture, read_capture
from monitor.sources.rtp.detect import OPUS, Detector, Flow, FoundStream
from monitor.sources.rtp.link import Datagram, UdpReader
from monitor.sources.rtp.options import LegOptions, parse_legs
from monitor.sources.rtp.sdp import check_plain, parse_payload_types, parse_sdp
from monitor.sources.rtp.select import choose_legs
from monitor.sources.rtp.session import LegSpec, Session
from monitor.sources.rtp.stream import PayloadTypes

log = structlog.get_logger(__name__)

STEP = 0.06
"""Seconds of the capture after which the legs are brought forward."""


class PcapSource(Source):
    """The RTP streams of a pcap or pcapng file. Two opposite streams are two legs, the one that begins first the customer's."""

    kind: ClassVar[str] = "pcap"

    def __init__(
        self,
        path: str | Path,
        *,
        legs: Mapping[str, Any] | None = None,
        leg: Leg | None = None,
        sdp: str | None = None,
        payload_types: Iterable[str] | Mapping[int, str] | Mapping[str, str] = (),
        settings: RtpSection | None = None,
    ) -> None:
        """Read the file once to find its streams.

        `legs`: which stream is whose, by ssrc or port: `{"customer": {"ssrc": "0x1c2c77ca"}}`. `leg`: whose a single stream
        is (default `mixed`). `sdp`: text of a session description; `payload_types`: such as `96=opus/48000/2`; both tell what
        dynamic payload types carry, as does SIP in the capture. Raises `SourceError`.
        """
        self._path = Path(path)
        self._settings = settings or RtpSection()
        self._stop = threading.Event()
        self._udp = UdpReader()
        detector = self._detect()
        told = _told(sdp) | parse_payload_types(payload_types)
        options = parse_legs(legs or {})
        chosen = choose_legs(detector.streams(), options, leg, str(path))
        self._routes: dict[tuple[Flow, int], int] = {}
        self._control: dict[Flow, int] = {}
        specs = [self._spec(leg, chosen[leg], options.get(leg), detector, told) for leg in LEGS if leg in chosen]
        self._session = Session(specs, jitter_buffer=self._settings.jitter_buffer)
        self.legs = tuple(spec.leg for spec in specs)
        self.realtime = False
        self.description = str(path)

    def _detect(self) -> Detector:
        detector, udp = Detector(), UdpReader()
        try:
            for frame in read_capture(self._path):
                datagram = udp.read(frame.link_type, frame.data)
                if datagram:
                    detector.look(datagram, frame.at)
        except TruncatedCapture:
            if not detector.streams():
                raise
        return detector

    def _spec(
        self, leg: Leg, line: list[FoundStream], options: LegOptions | None, detector: Detector, told: dict[int, Encoding]
    ) -> LegSpec:
        options = options or LegOptions()
        encodings = options.encodings(detector.payload_types(line[0].flow) | told)
        if guessed := _guess(line, encodings):
            encodings = options.encodings(detector.payload_types(line[0].flow) | told | guessed)
        for stream in line:
            _check_payload_types(stream, encodings)
            self._routes[stream.flow, stream.ssrc] = len(self._control)
        (host, port), (to, to_port) = line[0].flow
        number = len(self._control)
        self._control[line[0].flow] = self._control[(host, port + 1), (to, to_port + 1)] = number
        return LegSpec(leg, number, encodings)

    def chunks(self) -> Iterator[AudioChunk]:
        """See `Source`. A truncated file gives what is good, then raises `SourceError`."""
        truncated: SourceError | None = None
        clock, advanced = CaptureClock(), 0.0
        try:
            for at, number, datagram in self._datagrams():
                now = clock.read(at)
                if now - advanced >= STEP:
                    yield from self._session.advance(now)
                    advanced = now
                self._session.receive(number, datagram.payload, datagram.source, now)
        except TruncatedCapture as error:
            truncated = error
        yield from self._session.finish()
        if truncated:
            raise truncated

    def _datagrams(self) -> Iterator[tuple[float, int, Datagram]]:
        """The calls' own: capture time, number of the leg, datagram."""
        for frame in read_capture(self._path):
            if self._stop.is_set():
                return
            datagram = self._udp.read(frame.link_type, frame.data)
            if datagram is None:
                continue
            flow = (datagram.source, datagram.destination)
            number = self._routes.get((flow, int.from_bytes(datagram.payload[8:12], "big")), self._control.get(flow))
            if number is not None:
                yield frame.at, number, datagram

    def stop(self) -> None:
        """See `Source`."""
        self._stop.set()

    def report(self) -> Mapping[Leg, LegReport]:
        """See `Source`. Fragments and datagrams captured in part are counted as malformed, of the first leg."""
        report = dict(self._session.report())
        first = report[self.legs[0]]
        report[self.legs[0]] = replace(first, malformed=first.malformed + self._udp.fragments + self._udp.truncated)
        return report

    def end_reason(self) -> str:
        """See `Source`."""
        return "stopped" if self._stop.is_set() else "finished"

    def events(self) -> list[Event]:
        """See `Source`."""
        return [*self._session.moves()]


def _told(sdp: str | None) -> dict[int, Encoding]:
    if not sdp:
        return {}
    sections = parse_sdp(sdp)
    check_plain(sections)
    return {number: encoding for media in sections for number, encoding in media.payload_types.items()}


def _guess(line: list[FoundStream], encodings: PayloadTypes) -> dict[int, Encoding]:
    """Payload types of which nothing is said, but which cannot be anything else; each guess is logged."""
    guessed: dict[int, Encoding] = {}
    for stream in line:
        for number in encodings.unknown(stream.payload_types):
            if stream.looks_like_opus(number):
                guessed[number] = OPUS
                log.warning("payload_type_guessed", payload_type=number, taken_for=str(OPUS), stream=str(stream), say="--pt")
    return guessed


def _check_payload_types(stream: FoundStream, encodings: PayloadTypes) -> None:
    """Raise `SourceError` where nothing says what the stream's audio is, or it is what cannot be decoded."""
    for number in encodings.unknown(stream.payload_types):
        clock = stream.clock()
        guess = {48_000: "opus/48000/2", None: "opus/48000/2"}.get(clock, f"l16/{clock}")
        measured = f" Its timestamps run at {clock} Hz." if clock else ""
        raise SourceError(
            f"nothing tells what payload type {number} carries in the stream {stream}.{measured} "
            f"Say it: --pt {number}={guess} (or whatever it is), or give the call's SDP"
        )
    for number in stream.payload_types:
        encodings.check(number)
