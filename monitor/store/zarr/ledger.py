"""The files of the journal, shared by processes: segments of lines, a file lock, and what this process has read of them.

Whoever appends first takes in what the others wrote, under the lock, so that `seq` grows by one for all. Not for several
threads at a time.
"""

import json
import os
import sys
import time
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import pairwise, takewhile
from pathlib import Path

import structlog

from monitor.store.disk import PRIVATE, exclusively, remove_temporaries, sharing, sync_path, write_all
from monitor.store.journal import Message
from monitor.store.recent import Recent
from monitor.store.zarr.places import Places
from monitor.store.zarr.segment import (
    damaged,
    decode,
    erasures,
    first_seq,
    line,
    line_seq,
    of_call,
    scan,
    segment_path,
    segments,
)

SEGMENT_BYTES = 4 * 1024 * 1024
"""A segment that is longer is followed by a new one."""
RECENT = 1024 * 1024
"""Bytes of the newest lines that are kept in memory, for who follows the journal: 1,500 events or more."""

log = structlog.get_logger(__name__)


class Ledger:
    """The journal's files in `folder`, which is made at the first append. Methods raise `OSError` where the disk refuses."""

    def __init__(self, folder: Path, fsync: bool, places: Places) -> None:
        self._folder, self._fsync, self._places = folder, fsync, places
        self._lock_path, self._erasures_path = folder / "journal.lock", folder / "erasures.log"
        self.recent: Recent[bytes] = Recent(RECENT, sys.getsizeof)
        """The lines of the newest messages, without a hole up to `last`. Decoded, one takes six times the memory."""
        self.last = 0
        """The newest `seq` that was read or written."""
        self._news: list[Message] = []
        self._told = 0
        self._segment: Path | None = None
        self._position = 0
        """End of the last good message in the segment."""
        self._erasures = 0
        """When something was erased last, as of when the segment was read."""

    def news(self) -> list[Message]:
        """Messages that came since this was asked last, from this process and others, in order."""
        news, self._news = self._news, []
        return news

    def catch_up(self) -> None:
        """Take in what other processes wrote. Cheap where there is nothing new."""
        if self._is_behind():
            with sharing(self._lock_path):
                self._take_in()

    def append(self, bodies: Sequence[bytes]) -> list[Message]:
        """Write encoded messages together, after what others wrote; the messages. All of them or none."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with exclusively(self._lock_path):
            self._take_in()
            return self._write(bodies)

    def tidy(self) -> None:
        """Remove what a process that was killed while it erased had begun to write."""
        if self._folder.is_dir():
            with exclusively(self._lock_path):
                remove_temporaries(self._folder)

    def read(self, since: int, last: int) -> Iterator[Message]:
        """Messages after `since` up to `last`, from the files."""
        found = segments(self._folder)
        firsts = [first_seq(segment) for segment in found]
        following = max([since + 1, *firsts[:1]])
        for segment in found[max(bisect_right(firsts, since + 1) - 1, 0) :]:
            with segment.open("rb") as file:
                for _, _, message in scan(file, first_seq(segment), since):
                    if message["seq"] > last:
                        return
                    yield from map(damaged, range(following, message["seq"]))
                    yield message
                    following = message["seq"] + 1
        yield from map(damaged, range(following, last + 1))

    def read_call(self, call: str, since: int, last: int) -> Iterator[Message]:
        """Messages of a call after `since` up to `last`, from the files that hold some."""
        found = segments(self._folder)
        following = {segment: first_seq(after) for segment, after in pairwise(found)}
        for segment in [*self._places.of(call, found[:-1]), *found[-1:]]:
            if first_seq(segment) > last or following.get(segment, last + 2) <= since + 1:
                continue
            for message in of_call(_content(segment), first_seq(segment), call):
                if since < message["seq"] <= last:
                    yield message

    def without(self, call: str) -> set[Path]:
        """The full segments that hold nothing of a call, for certain. It needs no lock."""
        full = segments(self._folder)[:-1]
        return set(full) - set(self._places.of(call, full, erasing=True))

    def erase(self, call: str, without: Collection[Path]) -> int:
        """Overwrite the messages of a call in their places, wherever there may be some; how many they were."""
        if not segments(self._folder):
            return 0
        erased: set[int] = set()
        with exclusively(self._lock_path):
            self._take_in()
            for segment in segments(self._folder):
                if segment not in without:
                    erased |= self._erase_from(segment, call)
            if erased:
                self.recent.change(lambda text: _without(text, erased))
                self._erasures = _touched(self._erasures_path)
        self._places.forget(call)
        return len(erased)

    def drop_before(self, moment: datetime) -> int:
        """Remove full segments whose messages are all older than `moment`; how many."""
        found = segments(self._folder)
        if len(found) < 2:
            return 0
        with exclusively(self._lock_path):
            old = list(takewhile(lambda pair: _begun(pair[1], moment), pairwise(segments(self._folder))))
            for segment, _ in old:
                segment.unlink()
        return len(old)

    def _erase_from(self, segment: Path, call: str) -> set[int]:
        changes = list(erasures(segment.read_bytes(), call))
        if changes:
            self._note_erasure()
            descriptor = os.open(segment, os.O_RDWR | os.O_CLOEXEC)
            try:
                for offset, text, _ in changes:
                    write_all(descriptor, text, offset)
                if self._fsync:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
        return {seq for _, _, seq in changes if seq is not None}

    def _write(self, bodies: Sequence[bytes]) -> list[Message]:
        segment, position = self._segment, self._position
        if segment is None or position >= SEGMENT_BYTES or _holds_more(segment, position):
            segment, position = segment_path(self._folder, self.last + 1), 0
        lines = [line(self.last + 1 + index, body) for index, body in enumerate(bodies)]
        descriptor = os.open(segment, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, PRIVATE)
        try:
            _cut(descriptor, position, segment)
            try:
                write_all(descriptor, b"".join(lines), position)
                if self._fsync:
                    os.fsync(descriptor)
                    if position == 0:
                        sync_path(self._folder)
            except OSError:
                os.ftruncate(descriptor, position)
                raise
        finally:
            os.close(descriptor)
        self._segment, self._position = segment, position + sum(map(len, lines))
        messages = [json.loads(text) for text in lines]
        for text, message in zip(lines, messages, strict=True):
            self._accept(text, message)
        return messages

    def _accept(self, text: bytes, message: Message) -> None:
        self.recent.append(text)
        self.last = message["seq"]
        if self.last > self._told:
            self._told = self.last
            self._news.append(message)

    def _is_behind(self) -> bool:
        if self._segment is None:
            return bool(segments(self._folder))
        return (
            self._segment.stat().st_size != self._position
            or _touched(self._erasures_path) != self._erasures
            or segment_path(self._folder, self.last + 1).exists()
        )

    def _take_in(self) -> None:
        """Read what others wrote since; all of the newest segment where some of it was erased. Needs the file lock."""
        erasures = _touched(self._erasures_path)
        if self._segment is None or erasures != self._erasures:
            self.recent.clear()
            self._segment, self._position = next(reversed(segments(self._folder)), None), 0
            self.last = first_seq(self._segment) - 1 if self._segment else 0
            self._erasures = erasures
        while self._segment is not None:
            self._read_on(self._segment)
            following = segment_path(self._folder, self.last + 1)
            if following == self._segment or not following.exists():
                break
            self._segment, self._position = following, 0

    def _read_on(self, segment: Path) -> None:
        with segment.open("rb") as file:
            start = self._position
            file.seek(start)
            for position, text, message in scan(file, self.last + 1):
                self._accept(text, message)
                self._position = start + position

    def _note_erasure(self) -> None:
        """Before a segment changes, so that every process reads it anew. The time alone says it: a full disk takes no line."""
        self._erasures_path.touch(PRIVATE)
        now = time.time_ns()
        os.utime(self._erasures_path, ns=(now, now))


def _without(text: bytes, erased: Collection[int]) -> bytes:
    """A line, or what stands in its place where it is among the erased."""
    seq = line_seq(text)
    return line(seq, b'{"type": "erased"}') if seq is not None and seq in erased else text


def _holds_more(segment: Path, position: int) -> bool:
    """Whether good lines follow that do not continue the numbers. No crash leaves that: it is kept for a person to look at."""
    if segment.stat().st_size == position:
        return False
    with segment.open("rb") as file:
        file.seek(position)
        more = any(decode(text) is not None for text in file)
    if more and position:
        log.error("journal_numbers_broken", segment=segment.name, position=position)
    return more and position > 0


def _cut(descriptor: int, position: int, segment: Path) -> None:
    """Remove what a process that died in the middle of a line left behind the last good one."""
    torn = os.fstat(descriptor).st_size - position
    if torn > 0:
        log.warning("journal_torn_end_cut", segment=segment.name, bytes=torn)
        os.ftruncate(descriptor, position)


def _content(segment: Path) -> bytes:
    """What is in a segment; nothing where it was dropped meanwhile."""
    try:
        return segment.read_bytes()
    except FileNotFoundError:
        return b""


def _begun(segment: Path, moment: datetime) -> bool:
    """Whether the first message of a segment that says when it was recorded is older than `moment`: all before it are."""
    with segment.open("rb") as file:
        said = (message.get("recorded_at") for _, _, message in scan(file, first_seq(segment)))
        first = next((text for text in said if isinstance(text, str)), None)
    return first is not None and datetime.fromisoformat(first) < moment


def _touched(path: Path) -> int:
    """When a file changed last, in nanoseconds; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
