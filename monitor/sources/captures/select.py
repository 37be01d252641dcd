"""Which line of a capture is whose leg: as the user says, else those of its only call."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from pydantic import Field

from monitor.errors import SourceError
from monitor.events import LEGS, Leg
from monitor.sources.captures.calls import Call
from monitor.sources.captures.contents import Contents
from monitor.sources.captures.lines import Line
from monitor.sources.captures.streams import FoundStream
from monitor.sources.rtp.options import LegOptions, parse_legs

BRIEF = 1.0
"""Seconds. A call of less is left out beside one that is ten times as long: tones, the rest of a call that is over."""
_LISTED = 8
"""Calls or streams that a message names; the rest is for the table."""
_HOW = "--list shows all"


class CapturedLeg(LegOptions):
    """A leg of a capture: which stream, and what its payload types carry."""

    number: int | None = Field(default=None, ge=1)
    """In the table of the capture's streams."""

    @property
    def selects(self) -> bool:
        """Whether it says which stream."""
        return any(value is not None for value in (self.number, self.ssrc, self.port, self.peer))


@dataclass(frozen=True, slots=True)
class Chosen:
    """The legs of a call, and what was left out."""

    legs: dict[Leg, Line]
    """In the order of `LEGS`."""
    options: dict[Leg, CapturedLeg]
    """What the user says of them."""
    left_out: list[str] = field(default_factory=list)
    """Streams that are not heard, and why; for people."""


def legs_from_text(text: str) -> dict[str, Any]:
    """Legs as the command line names them: streams by number, SSRC, port or address, or the legs alone, in order.

    >>> legs_from_text("customer=1,agent=0x1c2c77ca+192.0.2.1")
    {'customer': {'number': '1'}, 'agent': {'ssrc': '0x1c2c77ca', 'peer': '192.0.2.1'}}
    >>> legs_from_text("customer=:4000,codec=l16/8000"), legs_from_text("agent,customer")
    ({'customer': {'port': '4000', 'codec': 'l16/8000'}}, {'agent': {}, 'customer': {}})

    Raises `SourceError`.
    """
    legs: dict[str, dict[str, str]] = {}
    for part in text.split(","):
        name, equals, selector = part.strip().partition("=")
        if legs and equals and name not in LEGS:  # more of the leg before
            legs[next(reversed(legs))][name] = selector
        else:
            legs[name] = dict(map(_term, filter(None, selector.split("+"))))
    return legs


def _term(term: str) -> tuple[str, str]:
    term = term.strip()
    if match := re.fullmatch(r"([a-z_]+)=(.+)", term):
        return match[1], match[2]
    if re.fullmatch(r"0[xX][0-9A-Fa-f]+", term):
        return "ssrc", term
    if re.fullmatch(r"[0-9]{1,9}", term):
        return "number", term
    if match := re.fullmatch(r":([0-9]{1,5})", term):
        return "port", match[1]
    try:
        return "peer", str(ip_address(term.strip("[]")))
    except ValueError:
        raise SourceError(
            f"legs: {term[:60]!r} names no stream; write its number in the table (2), its SSRC (0x1c2c77ca), a port (:4000), "
            "the sender's address (192.0.2.1), or several of them joined by +"
        ) from None


def choose(contents: Contents, legs: Mapping[str, Any] | str, alone: Leg | None, call: str | None) -> Chosen:
    """`legs` picks lines, or names those of the call; `alone` is whose a single one is; `call` a number or a Call-ID.

    Raises `SourceError` where there is nothing to hear, or more than can be told apart.
    """
    given = legs_from_text(legs) if isinstance(legs, str) else dict(legs)
    told = parse_legs(given, CapturedLeg)
    if not contents.lines:
        links = ", ".join(map(str, sorted(contents.unread_links)))
        reason = (
            f"its link layer ({links}) is not read; capture on Ethernet or any" if links else "was the right port captured?"
        )
        raise SourceError(f"{contents.path} holds no RTP stream: {reason}")
    if any(options.selects for options in told.values()):
        lines = _the_call(contents, call).lines if call else contents.lines
        return Chosen(_all_picked(contents, lines, told), told)
    hopeful = any(options.codec or options.payload_types for options in told.values())
    picked = _the_call(contents, call) if call else _only_call(contents, hopeful)
    # as text they have an order: the first is whose the call's first stream is
    names = [leg for leg in given if leg in told] if isinstance(legs, str) else [*told]
    chosen = _named(contents, picked, names, alone, hopeful)
    left_out = [_why_not(contents, line) for line in contents.lines if line not in chosen.values()]
    left_out += [f"stream {line.number}: {line.content.unheard}" for line in chosen.values() if line.content.unheard]
    if len(left_out) > _LISTED:
        left_out[_LISTED:] = [f"and {len(left_out) - _LISTED} more; {_HOW}"]
    return Chosen({leg: chosen[leg] for leg in LEGS if leg in chosen}, told, left_out)


def _why_not(contents: Contents, line: Line) -> str:
    original = contents.copied(line)
    reason = (
        f"the same packets as stream {original.number}" if original else f"not of this call, {line.last - line.first:.1f} s"
    )
    return f"stream {line.number}: {line.content.problem or reason}"


def _may_be_heard(line: Line, hopeful: bool) -> bool:
    """`hopeful`: the user says of a leg what it carries, which may explain a line that nothing else does."""
    return line.heard or (hopeful and line.content.kind == "unheard")


def _only_call(contents: Contents, hopeful: bool) -> Call:
    heard = {
        call: max(line.last - line.first for line in call.lines if _may_be_heard(line, hopeful))
        for call in contents.calls
        if call.copy_of is None and any(_may_be_heard(line, hopeful) for line in call.lines)
    }
    if not heard:
        reasons = "; ".join(f"{line}: {line.content.problem}" for line in contents.lines[:_LISTED])
        more = f"; and {len(contents.lines) - _LISTED} more; {_HOW}" if len(contents.lines) > _LISTED else ""
        raise SourceError(f"{contents.path} holds nothing that can be heard. {reasons}{more}")
    longest = max(heard.values())
    calls = [call for call, seconds in heard.items() if seconds >= min(BRIEF, longest / 10)]
    if len(calls) == 1:
        return calls[0]
    raise SourceError(
        f"{contents.path} holds {len(calls)} calls; choose one, for instance -o call={calls[0].number}, or streams, "
        f"-o legs=customer={calls[0].lines[0].number},agent={calls[1].lines[0].number}. {_listed(calls)}"
    )


def _the_call(contents: Contents, name: str) -> Call:
    """By its number, else its Call-ID, of which the beginning is enough where it is of one call alone."""
    named = [call for call in contents.calls if call.copy_of is None and str(call.number) == name]
    exact = [call for call in contents.calls if call.call_id == name]
    begun = [call for call in contents.calls if call.call_id.startswith(name)]
    for found in (named, exact, begun):
        if len(found) == 1:
            return found[0]
    problem = "more than one call is" if exact or begun else "no call is"
    raise SourceError(f"{contents.path}: {problem} {name[:80]!r}. There are {_listed(contents.calls)}")


def _named(contents: Contents, call: Call, names: list[Leg], alone: Leg | None, hopeful: bool) -> dict[Leg, Line]:
    """The call's lines by leg; a side that cannot be heard is left out where it was not asked for."""
    heard = [line for line in call.lines if _may_be_heard(line, hopeful)]
    if not heard:
        raise SourceError(f"{contents.path}: {'; '.join(f'{line}: {line.content.problem}' for line in call.lines)}")
    if alone and names:
        raise SourceError("say leg= or legs=, not both")
    names = [alone] if alone else names
    if len(heard) == 1 and len(names) == 1:
        return {names[0]: heard[0]}
    sides: tuple[Leg, ...] = ("customer", "agent") if len(call.lines) == 2 else ("mixed",)
    if not names:
        return {leg: line for leg, line in zip(sides, call.lines, strict=True) if line in heard}
    if len(names) == 1 and names[0] in sides and not alone:
        return {leg: line for leg, line in zip(sides, call.lines, strict=True) if leg == names[0]}
    if len(names) == len(call.lines) and not alone:
        return dict(zip(names, call.lines, strict=True))
    raise SourceError(
        f"{contents.path}: {' and '.join(names)} cannot be told from a call of {len(call.lines)} streams; "
        f"say which stream, for instance -o legs={names[0]}={heard[0].number}. {_listed([call])}"
    )


def _all_picked(contents: Contents, lines: list[Line], told: Mapping[Leg, CapturedLeg]) -> dict[Leg, Line]:
    picked = {leg: _picked(contents, lines, leg, options) for leg, options in told.items()}
    streams = [part.stream for line in picked.values() for part in line.parts]
    if len({(stream.flow, stream.ssrc) for stream in streams}) < len(streams):
        line = next(iter(picked.values()))
        raise SourceError(f"{contents.path}: {' and '.join(picked)} cannot both be {line}")
    return picked


def _picked(contents: Contents, lines: list[Line], leg: Leg, options: CapturedLeg) -> Line:
    fitting = [fit for line in lines if (fit := _fitting(line, options))]
    if len(fitting) > 1 and options.port is not None:  # a port has two directions; prefer what arrives there
        fitting = [line for line in fitting if line.flow[1][1] == options.port] or fitting
    if len(fitting) > 1:  # the same packets before and behind a relay are one answer
        fitting = [line for line in fitting if not any(line.is_copy_of(other) for other in fitting[: fitting.index(line)])]
    if len(fitting) == 1:
        return fitting[0]
    wanted = {"number": options.number, "ssrc": options.ssrc, "port": options.port, "address": options.peer}
    named = " and ".join(
        f"{name}={value:#x}" if name == "ssrc" else f"{name}={value}" for name, value in wanted.items() if value is not None
    )
    if not named:
        raise SourceError(f"leg {leg}: which stream? Say {leg}=NUMBER. There are {_listed(lines)}")
    count = "no stream has" if not fitting else "more than one stream has"
    raise SourceError(f"{contents.path}: {count} {named} (leg {leg}). There are {_listed(lines)}")


def _fitting(line: Line, options: CapturedLeg) -> Line | None:
    """The streams of a line that are asked for; all of it where it is asked for by number."""
    if options.number is not None and options.number != line.number:
        return None
    parts = [part for part in line.parts if _fits(part.stream, options)]
    return Line(parts, line.number) if parts else None


def _fits(stream: FoundStream, options: CapturedLeg) -> bool:
    (host, port), (_, to_port) = stream.flow
    return (
        options.ssrc in (None, stream.ssrc)
        and options.peer in (None, host)
        and (options.port is None or options.port in (port, to_port))
    )


def _listed(found: Sequence[Line | Call]) -> str:
    more = f"; and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return "; ".join(map(str, found[:_LISTED])) + f"{more}. {_HOW}"
