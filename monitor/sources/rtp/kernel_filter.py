"""Have the kernel keep strangers' datagrams from a socket: what never reaches this program costs it nothing.

A classic BPF program on the socket (Linux, socket(7) SO_ATTACH_FILTER): it sees the UDP header at offset 0 and the network
header at SKF_NET_OFF (linux/filter.h). Datagrams that it refuses are counted by the kernel among those dropped.
"""

import ctypes
import ipaddress
import socket
import struct
from collections.abc import Iterable

from monitor.sources.rtp.packet import Address

_SO_ATTACH_FILTER, _SO_DETACH_FILTER = 26, 27
_INSTRUCTION = struct.Struct("=HBBI")
_LOAD_WORD, _LOAD_HALF, _LOAD_BYTE = 0x20, 0x28, 0x30
_SHIFT_RIGHT, _EQUALS, _RETURN = 0x74, 0x15, 0x06
_NETWORK_HEADER = 0x1_0000_0000 - 0x10_0000
_WHOLE = 0xFFFF
MAX_SENDERS = 8
"""More are not filtered for: a port has two legs."""


def admit_only(opened: socket.socket, senders: Iterable[Address]) -> bool:
    """Let only datagrams of `senders` through to a UDP socket; false where that cannot be done here."""
    try:
        program = filter_program(senders)
    except ValueError:
        return False
    memory = ctypes.create_string_buffer(program)
    described = struct.pack("@HP", len(program) // _INSTRUCTION.size, ctypes.addressof(memory))
    try:
        opened.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, described)
    except OSError:
        return False
    return True


def admit_all(opened: socket.socket) -> None:
    """Take the filter away."""
    try:
        opened.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)
    except OSError:
        return


def filter_program(senders: Iterable[Address]) -> bytes:
    """The instructions that let these through, IPv4 and IPv6. Raises `ValueError` where one is no address, or too many are.

    >>> len(filter_program([("192.0.2.1", 4000)])) // 8
    9
    """
    wanted = sorted(set(senders))
    if not 0 < len(wanted) <= MAX_SENDERS:
        raise ValueError(f"from 1 to {MAX_SENDERS} senders can be filtered for, not {len(wanted)}")
    program = b"".join(_admits(ipaddress.ip_address(host), port) for host, port in wanted)
    return program + _INSTRUCTION.pack(_RETURN, 0, 0, 0)


def _admits(host: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> bytes:
    """Return the whole datagram where it is this sender's; else go on behind this."""
    source = 12 if host.version == 4 else 8
    words = struct.unpack(f">{len(host.packed) // 4}I", host.packed)
    steps: list[tuple[int, int]] = [(_LOAD_BYTE, _NETWORK_HEADER), (_SHIFT_RIGHT, 4), (_EQUALS, host.version)]
    for index, word in enumerate(words):
        steps += [(_LOAD_WORD, _NETWORK_HEADER + source + 4 * index), (_EQUALS, word)]
    steps += [(_LOAD_HALF, 0), (_EQUALS, port)]
    behind = len(steps)  # where a test that fails goes: past the return
    packed = [_INSTRUCTION.pack(code, 0, behind - place if code == _EQUALS else 0, k) for place, (code, k) in enumerate(steps)]
    return b"".join(packed) + _INSTRUCTION.pack(_RETURN, 0, 0, _WHOLE)
