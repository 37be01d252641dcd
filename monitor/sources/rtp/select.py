"""Which stream of a capture is whose leg."""

from collections.abc import Iterable, Mapping

from monitor.errors import SourceError
from monitor.events import Leg
from monitor.sources.rtp.detect import FoundStream
from monitor.sources.rtp.options import LegOptions

Line = list[FoundStream]
"""One speaker's streams, one after the other."""
OVERLAP = 1.0
"""Seconds by which one SSRC may begin before its predecessor ends."""


def lines(streams: Iterable[FoundStream]) -> list[Line]:
    """Streams that are one speaker's: those of one flow that follow each other, because the SSRC changed."""
    found: list[Line] = []
    for stream in streams:
        before = next(
            (line for line in found if line[-1].flow == stream.flow and line[-1].last <= stream.first + OVERLAP), None
        )
        if before is None:
            found.append([stream])
        else:
            before.append(stream)
    return found


def choose_legs(streams: list[FoundStream], told: Mapping[Leg, LegOptions], alone: Leg | None, name: str) -> dict[Leg, Line]:
    """`told` picks streams by SSRC or port; `alone` is whose a single stream is. `name`: of the file, for messages.

    Raises `SourceError` where there is no stream, or more than can be told apart.
    """
    if not streams:
        raise SourceError(f"{name} holds no RTP stream: was the right port captured, and is the audio not encrypted?")
    picked = {leg: options for leg, options in told.items() if options.ssrc is not None or options.port is not None}
    if picked:
        return {leg: _picked(streams, leg, options, name) for leg, options in picked.items()}
    found = lines(streams)
    if len(found) == 1:
        leg: Leg = alone or next(iter(told), "mixed")
        return {leg: found[0]}
    if len(found) == 2 and alone is None and _same_call(*found):
        return {"customer": found[0], "agent": found[1]}
    raise SourceError(
        f"{name} holds {len(found)} streams, and it is not clear whose they are: {_listed(found)}. "
        f"Name them by SSRC or port, for instance customer: ssrc={found[0][0].ssrc:#x}"
    )


def _same_call(first: Line, second: Line) -> bool:
    """Between the same hosts, either way round."""
    return {host for host, _ in first[0].flow} == {host for host, _ in second[0].flow}


def _picked(streams: list[FoundStream], leg: Leg, options: LegOptions, name: str) -> Line:
    fitting = lines(stream for stream in streams if _fits(stream, options))
    if len(fitting) > 1 and options.port is not None:  # a port has two directions; prefer what arrives there
        fitting = [line for line in fitting if line[0].flow[1][1] == options.port] or fitting
    if len(fitting) == 1:
        return fitting[0]
    wanted = " and ".join(
        text
        for text in (
            f"ssrc={options.ssrc:#x}" if options.ssrc is not None else "",
            f"port={options.port}" if options.port is not None else "",
        )
        if text
    )
    number = "no stream has" if not fitting else "more than one stream has"
    raise SourceError(f"{name}: {number} {wanted} (leg {leg}). There are: {_listed(lines(streams))}")


def _fits(stream: FoundStream, options: LegOptions) -> bool:
    ports = (stream.flow[0][1], stream.flow[1][1])
    return options.ssrc in (None, stream.ssrc) and (options.port is None or options.port in ports)


def _listed(found: list[Line]) -> str:
    return "; ".join(str(stream) for line in found[:8] for stream in line)
