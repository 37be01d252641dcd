"""One file of the journal: a message a line, its `seq` first. A line is there when its line feed is.

The name is the first `seq` of the file. A line that cannot be read is told from one that was never finished: behind the last
good line it is what a crash left, and is cut; before it, it is damage, and a message of type `damaged` stands for it, so that
`seq` keeps growing by one.
"""

import json
import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from monitor.store.journal import Message

_NAME = re.compile(r"\d{20}\.jsonl")
_SHORTEST = len(b'{"seq": 1, "type": "x"}\n')
_ERASED = b', "type": "erased"'
_TORN = re.compile(rb'\{"seq": (\d{1,19}), "type": "erased"(?! *\}\n)[^\n]*\n')
"""An erased line that is not whole."""
_SEQ = re.compile(rb'\{"seq": (\d{1,19}), ')


def segment_path(folder: Path, first: int) -> Path:
    """The file whose first message is `first`.

    >>> segment_path(Path("journal"), 7).name
    '00000000000000000007.jsonl'
    """
    return folder / f"{first:020d}.jsonl"


def segments(folder: Path) -> list[Path]:
    """The files of a journal, oldest first."""
    try:
        return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except FileNotFoundError:
        return []


def first_seq(segment: Path) -> int:
    """First `seq` of a segment."""
    return int(segment.stem)


def line(seq: int, body: bytes) -> bytes:
    """The line of an encoded message.

    >>> line(7, b'{"type": "state"}')
    b'{"seq": 7, "type": "state"}\\n'
    """
    return b'{"seq": %d, %s\n' % (seq, body[1:])


def line_seq(line: bytes) -> int | None:
    """The `seq` of a line without reading all of it, or None where it does not begin like a line."""
    match = _SEQ.match(line)
    return int(match[1]) if match and line.endswith(b"}\n") else None


def decode(line: bytes) -> Message | None:
    """The message of a line, or None where it is none."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    if not line.endswith(b"\n") or not isinstance(message, dict) or line_seq(line) != message.get("seq"):
        return None
    return message if isinstance(message.get("type"), str) else None


def damaged(seq: int) -> Message:
    """What stands for a message that can no longer be read."""
    return {"seq": seq, "type": "damaged"}


def scan(lines: Iterable[bytes], following: int, since: int = 0) -> Iterator[tuple[int, bytes, Message]]:
    """Messages after `since` of lines whose first is `following`, each with the position behind it and its line.

    A run of damaged lines counts as so many messages as the next good line says were there, if they can have been: as many as
    fit into its bytes, and one a line, however short.
    """
    position = damage = damaged_lines = 0
    for text in lines:
        position += len(text)
        seq = line_seq(text)
        message = None if seq is None or seq <= since else decode(text)
        room = max(damage // _SHORTEST, damaged_lines)
        if seq is None or not following <= seq <= following + room or (message is None and seq > since):
            damage += len(text)
            damaged_lines += 1
            continue
        for missing in range(max(following, since + 1), seq):
            yield position, line(missing, b'{"type": "damaged"}'), damaged(missing)
        if message is not None:
            yield position, text, message
        following, damage, damaged_lines = seq + 1, 0, 0


def of_call(content: bytes, first: int, call: str) -> list[Message]:
    """The messages of a call in a segment whose first is `first`, as `scan` finds them; no other line is decoded."""
    messages, number, counted = [], first, 0
    for start, text in lines_with(content, call):
        number, counted = number + content.count(b"\n", counted, start), start
        if line_seq(text) != number:  # lines are missing or damaged, and only reading all of them tells which
            return [message for _, _, message in scan(BytesIO(content), first) if message.get("call") == call]
        message = decode(text)
        if message is not None and message.get("call") == call:
            messages.append(message)
    return messages


def lines_with(content: bytes, call: str) -> Iterator[tuple[int, bytes]]:
    """The lines that hold the id of a call, its own and others, each with where it begins."""
    return _lines_with(content, _name(call))


def naming(lines: Iterable[bytes], call: str) -> Iterator[bytes]:
    """Of lines, those that hold the id of a call, its own and others."""
    name = _name(call)
    return (text for text in lines if name in text)


def _lines_with(content: bytes, text: bytes) -> Iterator[tuple[int, bytes]]:
    position = content.find(text)
    while position >= 0:
        start = content.rfind(b"\n", 0, position) + 1
        end = content.find(b"\n", position) + 1 or len(content)
        yield start, content[start:end]
        position = content.find(text, end)


def erasures(content: bytes, call: str) -> Iterator[tuple[int, bytes, int | None]]:
    """What to write over a segment, and where, so that nothing is left of a call; with each the `seq` that is erased by it.

    Each is as long as what it replaces, so nobody else's lines move. A line is blanked behind the call's id before it is
    replaced: of one that was half written when the process died, the id is there, or the beginning of what replaces it, and
    erasing again, whatever call, finishes it. What is left of a damaged line is blanked.
    """
    for start, text in _lines_with(content, _ERASED):
        if torn := _TORN.match(text):
            yield start, _erased(int(torn[1]), len(text)), int(torn[1])
    for start, text in lines_with(content, call):
        message = decode(text)
        after = text.index(_name(call)) + len(_name(call))
        if message is None:
            yield start + after, _blank(len(text) - after), None
            yield start, _blank(len(text)), None
        elif message.get("call") == call:
            yield start + after, _blank(len(text) - after), None
            yield start, _erased(message["seq"], len(text)), message["seq"]


def _erased(seq: int, length: int) -> bytes:
    said = b'{"seq": %d, "type": "erased"' % seq
    return said + b"}\n".rjust(length - len(said))


def _blank(length: int) -> bytes:
    return b" " * (length - 1) + b"\n" if length else b""


def _name(call: str) -> bytes:
    return json.dumps(call).encode()
