"""Which lines of a capture talk with each other: the calls."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from itertools import combinations

from monitor.sources.captures.lines import MAX_PAUSE, Line


@dataclass(slots=True, eq=False)
class Call:
    """Two opposite lines, or one whose other side was not captured."""

    lines: list[Line]
    """The customer's first: the caller's where SIP tells, else the one that begins first."""
    number: int = 0
    """From 1; for people, who choose by it. 0: it is the copy of another call."""
    copy_of: "Call | None" = None
    """The call that has the same packets: this one is its other side of a relay, or another interface's view of it."""

    @property
    def heard(self) -> list[Line]:
        """Its lines that are decoded."""
        return [line for line in self.lines if line.heard]

    @property
    def call_id(self) -> str:
        """Of SIP; empty where nothing says."""
        return next((line.call_id for line in self.lines if line.call_id), "")

    @property
    def first(self) -> float:
        """Capture time of its first packet, seconds."""
        return min(line.first for line in self.lines)

    @property
    def seconds(self) -> float:
        """Its length."""
        return max(line.last for line in self.lines) - self.first

    def __str__(self) -> str:
        (host, port), (to, to_port) = self.lines[0].flow
        arrow = "<>" if len(self.lines) == 2 else ">"
        name = f", Call-ID {self.call_id}" if self.call_id else ""
        content = " and ".join(dict.fromkeys(line.content.name for line in self.lines))
        return f"call {self.number}: {host}:{port} {arrow} {to}:{to_port}, {content}, {self.seconds:.1f} s{name}"


def find_calls(lines: Iterable[Line]) -> list[Call]:
    """The calls of the lines that are or may be audio, in the order in which they begin; copies are among them."""
    single = [line for line in lines if line.content.kind != "other"]
    pairs: list[tuple[Line, Line]] = []
    _pair_longest(single, pairs, _opposite_flows, among=lambda line: frozenset(line.flow))
    _pair_longest(single, pairs, _opposite_speakers, among=lambda line: line.call_id)
    _pair_unambiguous(single, pairs, _same_call, among=lambda line: line.call_id)
    _pair_unambiguous(single, pairs, _opposite_hosts, among=lambda line: frozenset(host for host, _ in line.flow))
    calls = [Call(_in_order(*pair)) for pair in pairs] + [Call([line]) for line in single]
    calls.sort(key=lambda call: call.first)
    _mark_copies(calls)
    number = 0
    for call in calls:
        if call.copy_of is None:
            number += 1
            call.number = number
    return calls


Fits = Callable[[Line, Line], bool]
Key = Callable[[Line], Hashable]
"""Only lines of an equal key can fit: what keeps a capture of a thousand calls from being compared line by line."""


def _opposite_flows(one: Line, other: Line) -> bool:
    return one.flow == other.flow[::-1] and not _other_call(one, other) and one.overlap(other) > -MAX_PAUSE


def _opposite_speakers(one: Line, other: Line) -> bool:
    return _same_call(one, other) and {one.speaker, other.speaker} == {"caller", "callee"}


def _same_call(one: Line, other: Line) -> bool:
    return bool(one.call_id) and one.call_id == other.call_id and one.overlap(other) > 0


def _opposite_hosts(one: Line, other: Line) -> bool:
    ((host, _), (to, _)), ((other_host, _), (other_to, _)) = one.flow, other.flow
    return (host, to) == (other_to, other_host) and not _other_call(one, other) and one.overlap(other) > 0


def _other_call(one: Line, other: Line) -> bool:
    return bool(one.call_id and other.call_id) and one.call_id != other.call_id


def _pair_longest(single: list[Line], pairs: list[tuple[Line, Line]], fits: Fits, among: Key) -> None:
    """Pair lines that fit, those first that are together for longest; paired ones leave `single`."""
    fitting = sorted(_fitting(single, fits, among), key=lambda pair: -pair[0].overlap(pair[1]))
    paired: set[Line] = set()
    for pair in fitting:
        if not paired.intersection(pair):
            paired.update(pair)
            _take(pair, single, pairs)


def _pair_unambiguous(single: list[Line], pairs: list[tuple[Line, Line]], fits: Fits, among: Key) -> None:
    """Pair lines that fit each other and no third one."""
    partners: dict[Line, list[Line]] = defaultdict(list)
    for one, other in _fitting(single, fits, among):
        partners[one].append(other)
        partners[other].append(one)
    for one, others in partners.items():
        if len(others) == 1 and len(partners[others[0]]) == 1 and one.number < others[0].number:
            _take((one, others[0]), single, pairs)


def _fitting(single: list[Line], fits: Fits, among: Key) -> list[tuple[Line, Line]]:
    groups: dict[Hashable, list[Line]] = defaultdict(list)
    for line in single:
        groups[among(line)].append(line)
    pairs = (pair for group in groups.values() for pair in combinations(group, 2))
    return [pair for pair in pairs if fits(*pair)]


def _take(pair: tuple[Line, Line], single: list[Line], pairs: list[tuple[Line, Line]]) -> None:
    pairs.append(pair)
    for line in pair:
        single.remove(line)


def _in_order(one: Line, other: Line) -> list[Line]:
    if (one.speaker, other.speaker) in (("callee", "caller"), ("callee", ""), ("", "caller")):
        return [other, one]
    return [one, other] if one.speaker or other.speaker or one.first <= other.first else [other, one]


def _mark_copies(calls: list[Call]) -> None:
    """Of calls with the same packets, the one with most sides and packets stays."""
    kept: dict[int, list[Call]] = defaultdict(list)
    """By the SSRCs of their streams."""
    for call in sorted(calls, key=lambda call: (-len(call.heard), -sum(line.packets for line in call.lines))):
        ssrcs = {part.stream.ssrc for line in call.lines for part in line.parts}
        candidates = dict.fromkeys(other for ssrc in ssrcs for other in kept[ssrc])
        call.copy_of = next((other for other in candidates if _is_copy(call, other)), None)
        if call.copy_of is None:
            for ssrc in ssrcs:
                kept[ssrc].append(call)


def _is_copy(call: Call, other: Call) -> bool:
    return all(any(line.is_copy_of(each) for each in other.lines) for line in call.lines)
