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
from monitor.events import Event, Leg, LegReport
from monitor.sources.base import Source, named
from monitor.sources.captures.content import judge
from monitor.sources.captures.contents import read_contents
from monitor.sources.captures.format import CaptureClock, TruncatedCapture, read_capture
from monitor.sources.captures.lines import Line
from monitor.sources.captures.network import Datagram, NetworkReader
from monitor.sources.captures.routes import Routed, Routes
from monitor.sources.captures.select import CapturedLeg, choose
from monitor.sources.rtp.sdp import check_plain, parse_payload_types, parse_sdp
from monitor.sources.rtp.session import LegSpec, Session

log = structlog.get_logger(__name__)

STEP = 0.06
"""Seconds of the capture after which the legs are brought forward."""


class PcapSource(Source):
    """The RTP streams of one call in a pcap or pcapng file.

    Two opposite streams are two legs: who called is the customer, else who sounds first.
    """

    kind: ClassVar[str] = "pcap"
    main_option: ClassVar[str] = "path"
    suffixes: ClassVar[tuple[str, ...]] = (".pcap", ".pcap.gz", ".pcapng", ".pcapng.gz", ".cap", ".cap.gz")
    bounded = True

    def __init__(
        self,
        path: str | Path,
        *,
        legs: Mapping[str, Any] | str | None = None,
        leg: Leg | None = None,
        call: str | int | None = None,
        sdp: str | None = None,
        payload_types: Iterable[str] | Mapping[int, str] | Mapping[str, str] = (),
        settings: RtpSection | None = None,
    ) -> None:
        """Read the file once to find its streams.

        `legs`: which stream is whose, by its number in the table of streams, SSRC, port or sender's address:
        `{"customer": {"ssrc": "0x1c2c77ca"}}`, or as text (`legs_from_text`). `leg`: whose a single stream is (default
        `mixed`). `call`: of several calls, the number or the Call-ID. `sdp`: text of a session description; `payload_types`:
        such as `96=opus/48000/2`; both tell what payload types carry, and are believed more than SIP in the capture.
        Raises `SourceError`.
        """
        self._path = Path(path)
        self._settings = settings or RtpSection()
        self._stop = threading.Event()
        self._network = NetworkReader()
        told = told_payload_types(sdp, payload_types)
        contents = read_contents(self._path, told)
        chosen = choose(contents, legs or {}, leg, None if call is None else str(call))
        self._routes = Routes()
        specs = [self._spec(name, line, chosen.options.get(name), told) for name, line in chosen.legs.items()]
        if chosen.left_out:
            log.warning("streams_left_out", file=str(path), streams="; ".join(chosen.left_out))
        self._session = Session(specs, jitter_buffer=self._settings.jitter_buffer, max_stall=self._settings.max_stall)
        self.legs = tuple(spec.leg for spec in specs)
        self.realtime = False
        self.description = named(path)

    def _spec(self, leg: Leg, line: Line, options: CapturedLeg | None, told: dict[int, Encoding]) -> LegSpec:
        options = options or CapturedLeg()
        types, conflicts = line.types()
        guessed: dict[int, Encoding] = {}
        for part in line.parts:
            content = judge(part.stream, part.said, told, options)
            if content.problem:
                raise SourceError(f"{self._path}: {line}: {content.problem}")
            guessed |= content.guessed
        for conflict in conflicts:
            log.warning("payload_type_ambiguous", stream=str(line), detail=conflict, say="--pt")
        for number, encoding in guessed.items():
            log.warning("payload_type_guessed", payload_type=number, taken_for=str(encoding), stream=str(line), say="--pt")
        return LegSpec(leg, self._routes.add(line), options.encodings(types | told | guessed))

    @classmethod
    def options_of(cls, text: str) -> dict[str, Any]:
        """A path, whatever is in it."""
        return {"path": text}

    def chunks(self) -> Iterator[AudioChunk]:
        """See `Source`. A truncated file gives what is good, then raises `SourceError`."""
        truncated: SourceError | None = None
        advanced = 0.0
        try:
            for now, routed in self._datagrams():
                if now - advanced >= STEP:
                    yield from self._session.advance(now)
                    advanced = now
                self._session.receive(routed.leg, routed.payload, routed.source, now)
        except TruncatedCapture as error:
            truncated = error
        yield from self._session.finish()
        if truncated:
            raise truncated

    def _datagrams(self) -> Iterator[tuple[float, Routed]]:
        """The call's own, with the time by the capture's clock; what was captured twice or in part is left out and counted."""
        clock = CaptureClock()
        for frame in read_capture(self._path):
            if self._stop.is_set():
                return
            now = clock.read(frame.at)
            datagram = self._network.read(frame.link_type, frame.data, now)
            routed = self._routes.find(datagram, now) if isinstance(datagram, Datagram) else None
            if routed:
                yield now, routed

    def stop(self) -> None:
        """See `Source`."""
        self._stop.set()

    def report(self) -> Mapping[Leg, LegReport]:
        """See `Source`. Datagrams of which a part is missing are counted as malformed."""
        report = self._session.report()
        return {leg: self._account(number, report[leg]) for number, leg in enumerate(self.legs)}

    def _account(self, number: int, report: LegReport) -> LegReport:
        routes = self._routes
        missing = sum(self._network.fragments.incomplete(hosts) for hosts in routes.hosts[number])
        return replace(
            report,
            duplicates=report.duplicates + routes.copies[number],
            malformed=report.malformed + routes.cut[number] + missing,
        )

    def end_reason(self) -> str:
        """See `Source`."""
        return "stopped" if self._stop.is_set() else "finished"

    def events(self) -> list[Event]:
        """See `Source`."""
        return [*self._session.moves()]


def told_payload_types(
    sdp: str | None, payload_types: Iterable[str] | Mapping[int, str] | Mapping[str, str]
) -> dict[int, Encoding]:
    """What the user says of payload types, the flags before the SDP. Raises `SourceError`."""
    sections = parse_sdp(sdp) if sdp else []
    check_plain(sections)
    types = {number: encoding for media in sections for number, encoding in media.payload_types.items()}
    return types | parse_payload_types(payload_types)
