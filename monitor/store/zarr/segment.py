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


def scan(lines: Iterable[bytes], following: int, since: int = 0) -> Iterator[tuple[int, Message]]:
    """Messages after `since` of lines whose first is `following`, each with the position behind it.

    A run of damaged lines counts as so many messages as the next good line says were there, if they can have been.
    """
    position = damage = 0
    for line in lines:
        position += len(line)
        seq = line_seq(line)
        message = None if seq is None or seq <= since else decode(line)
        if seq is None or not following <= seq <= following + damage // _SHORTEST or (message is None and seq > since):
            damage += len(line)
            continue
        for missing in range(max(following, since + 1), seq):
            yield position, damaged(missing)
        if message is not None:
            yield position, message
        following, damage = seq + 1, 0


def without_call(content: bytes, call: str) -> tuple[bytes, int]:
    """The content of a segment with `erased` in place of a call's messages and of what is left of damaged ones; how many."""
    name = json.dumps(call).encode()
    if name not in content:
        return content, 0
    lines, count = [], 0
    for text in BytesIO(content):
        message = decode(text) if name in text else {}
        if message is None:
            text = b" " * (len(text) - 1) + b"\n"
        elif message.get("call") == call:
            text = line(message["seq"], b'{"type": "erased"}')
            count += 1
        lines.append(text)
    return b"".join(lines), count
