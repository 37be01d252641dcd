"""Takes from a UDP socket what has come, with the time at which the kernel got it.

On Linux many datagrams come with one system call (recvmmsg(2)), and without letting go of Python's lock: the call never waits,
and to win the lock back from the threads of calls and engine costs a thousand times as much. Elsewhere they come one by one.
"""

import ctypes
import errno
import os
import socket
import struct
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from monitor.sources.rtp.packet import Address

LARGEST = 65_536
"""Bytes; no datagram is longer."""
_OLDEST = 120.0
"""Seconds before now that a stamp may lie; another is of a clock that was set."""
_AHEAD = 1.0
"""Seconds after now, likewise."""
_TOGETHER = 32
"""Datagrams a system call."""
_SO_TIMESTAMPNS = 35
"""Linux: have the kernel say when a datagram arrived, as a `timespec` of the wall clock (socket(7))."""
_TIMESPEC = struct.Struct("@ll")
_ANCILLARY = socket.CMSG_SPACE(_TIMESPEC.size)
_STAMP = struct.Struct("@Niill")
"""A control message that holds a timespec: its length, level, type; seconds, nanoseconds (cmsg(3))."""
_NAME_SIZE = 28
"""Bytes of `struct sockaddr_in6`."""


class Received(NamedTuple):
    """A datagram."""

    at: float
    """Seconds, `time.monotonic`."""
    data: bytes
    address: Address


class Reader(ABC):
    """Reads non-blocking sockets, one thread at a time."""

    @abstractmethod
    def read(self, opened: socket.socket, most: int) -> Sequence[Received]:
        """What has come, at least `most` where there is more, and not many more. Raises `OSError` where it failed."""


def open_reader() -> Reader:
    """The best that there is here."""
    return _Together() if sys.platform == "linux" else _OneByOne()


def have_stamped(opened: socket.socket) -> None:
    """Have the kernel say of each datagram when it arrived. Raises `OSError` where it does not do that."""
    opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


class _OneByOne(Reader):
    """By what every system has."""

    def __init__(self) -> None:
        self._buffer = bytearray(LARGEST)

    def read(self, opened: socket.socket, most: int) -> Sequence[Received]:
        now, wall = time.monotonic(), time.time()
        found: list[Received] = []
        while len(found) < most:
            try:
                size, ancillary, _, address = opened.recvmsg_into([self._buffer], _ANCILLARY)
            except BlockingIOError:
                break
            at = now
            for level, kind, data in ancillary:
                if (level, kind, len(data)) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS, _TIMESPEC.size):
                    seconds, nanoseconds = _TIMESPEC.unpack(data)
                    at = _arrival(seconds, nanoseconds, now, wall)
            host, port = address[:2]
            found.append(Received(at, bytes(memoryview(self._buffer)[:size]), (host.removeprefix("::ffff:"), port)))
        return found


class _MessageHeader(ctypes.Structure):
    """`struct msghdr` (recvmsg(2))."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("parts", ctypes.c_void_p),
        ("part_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    """`struct mmsghdr` (recvmmsg(2))."""

    _fields_ = (("header", _MessageHeader), ("length", ctypes.c_uint))


class _Part(ctypes.Structure):
    """`struct iovec`."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Together(Reader):
    """By recvmmsg(2), into memory that is laid out once."""

    def __init__(self) -> None:
        self._receive: Any = ctypes.PyDLL(None, use_errno=True).recvmmsg
        self._receive.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)
        self._data = ctypes.create_string_buffer(_TOGETHER * LARGEST)
        self._names = ctypes.create_string_buffer(_TOGETHER * _NAME_SIZE)
        self._stamps = ctypes.create_string_buffer(_TOGETHER * _ANCILLARY)
        self._parts, self._messages = (_Part * _TOGETHER)(), (_Message * _TOGETHER)()
        for index, (part, message) in enumerate(zip(self._parts, self._messages, strict=True)):
            part.base, part.length = ctypes.addressof(self._data) + index * LARGEST, LARGEST
            header = message.header
            header.name, header.name_length = ctypes.addressof(self._names) + index * _NAME_SIZE, _NAME_SIZE
            header.parts, header.part_count = ctypes.addressof(self._parts) + index * ctypes.sizeof(_Part), 1
            header.control, header.control_length = ctypes.addressof(self._stamps) + index * _ANCILLARY, _ANCILLARY
        self._fresh = bytes(self._messages)
        """The headers as they must be before each call: the kernel writes into them what came."""
        self._lengths = _each(self._messages, _Message.length.offset, "I")
        self._name_lengths = _each(self._messages, _MessageHeader.name_length.offset, "I")
        self._control_lengths = _each(self._messages, _MessageHeader.control_length.offset, "N")
        self._view, self._names_view = memoryview(self._data), memoryview(self._names)

    def read(self, opened: socket.socket, most: int) -> Sequence[Received]:
        """See `Reader`. What it read before a failure is given."""
        now, wall = time.monotonic(), time.time()
        found: list[Received] = []
        while len(found) < most:
            ctypes.memmove(self._messages, self._fresh, len(self._fresh))
            count = self._receive(opened.fileno(), self._messages, _TOGETHER, socket.MSG_DONTWAIT, None)
            if count < 0:
                error = ctypes.get_errno()
                if found or error in (errno.EAGAIN, errno.EINTR):
                    break
                raise OSError(error, os.strerror(error))
            self._add(found, count, now, wall)
            if count < _TOGETHER:
                break
        return found

    def _add(self, found: list[Received], count: int, now: float, wall: float) -> None:
        """Add the first messages, as they lie in memory."""
        view, names, stamps = self._view, self._names_view, self._stamps
        lengths, name_lengths, control_lengths = self._lengths, self._name_lengths, self._control_lengths
        for index in range(count):
            at, place, name = now, index * LARGEST, index * _NAME_SIZE
            if control_lengths[index] >= _STAMP.size:
                _, level, kind, seconds, nanoseconds = _STAMP.unpack_from(stamps, index * _ANCILLARY)
                if kind == _SO_TIMESTAMPNS and level == socket.SOL_SOCKET:
                    at = _arrival(seconds, nanoseconds, now, wall)
            data = view[place : place + lengths[index]].tobytes()
            found.append(Received(at, data, _address(names[name : name + name_lengths[index]].tobytes())))


def _each(messages: Any, offset: int, kind: str) -> memoryview:
    """One number of each message, as the memory has it."""
    size = struct.calcsize(kind)
    return memoryview(messages).cast("B").cast(kind)[offset // size :: ctypes.sizeof(_Message) // size]  # type: ignore[call-overload, no-any-return]


@lru_cache(4_096)
def _address(name: bytes) -> Address:
    """Of a `struct sockaddr_in` or `sockaddr_in6`."""
    [family], [port] = struct.unpack_from("@H", name), struct.unpack_from("!H", name, 2)
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, name[4:8]), port
    return socket.inet_ntop(socket.AF_INET6, name[8:24]).removeprefix("::ffff:"), port


def _arrival(seconds: int, nanoseconds: int, now: float, wall: float) -> float:
    """When a datagram arrived, by the monotonic clock; `wall`: the wall clock at `now`."""
    ago = wall - seconds - nanoseconds / 1e9
    return now - ago if -_AHEAD < ago < _OLDEST else now
