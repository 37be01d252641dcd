"""Opening UDP ports: RTP on an even one of the range, RTCP on the next (RFC 3550, section 11), or RTP where one is told."""

import errno
import random
import socket
import struct
from collections.abc import Iterable

import structlog

from monitor.errors import BusyError, SourceError

RECEIVE_BUFFER = 1 << 20
"""Bytes asked of the kernel for each socket (it may give less: net.core.rmem_max): half a minute of one leg."""
_SO_MEMINFO, _MEMINFO_DROPS = 55, 8
"""Linux: a socket's memory counters, of which the ninth counts datagrams dropped for want of room."""
log = structlog.get_logger(__name__)


def open_port(bind: str, port: int) -> socket.socket:
    """A non-blocking UDP socket on an address and port; port 0 takes any. Raises `SourceError`."""
    try:
        return _bound(bind, port)
    except OSError as error:
        raise SourceError(_reason(bind, port, error)) from None


def open_in_range(bind: str, low: int, high: int) -> socket.socket:
    """A socket on a free even port from `low` to `high`, the next one free for RTCP. Raises `SourceError`; `BusyError`
    where all are taken."""
    first = low + low % 2
    pairs = (high - first + 1) // 2
    start = random.randrange(pairs) if pairs > 0 else 0  # so that a port just closed is not at once another call's
    for index in range(pairs):
        port = first + (start + index) % pairs * 2
        try:
            rtp = _bound(bind, port)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                continue
            raise SourceError(_reason(bind, port, error)) from None
        control = open_control(rtp)
        if control:
            control.close()
            return rtp
        rtp.close()
    raise BusyError(
        f"no free port pair for RTP from {low} to {high} on {bind}: end calls, or widen rtp.port_low and rtp.port_high"
    )


def open_control(rtp: socket.socket) -> socket.socket | None:
    """The socket for RTCP beside one for RTP; None where that port is taken (RTCP may still come on the RTP port)."""
    bind, port = rtp.getsockname()[:2]
    try:
        return _bound(bind, port + 1)
    except (OSError, OverflowError) as error:
        log.debug("rtcp_port_not_opened", address=f"{bind}:{port + 1}", error=str(error))
        return None


def kernel_drops(sockets: Iterable[socket.socket]) -> int:
    """Datagrams that the kernel dropped because we did not read in time; 0 where it does not say."""
    total = 0
    for each in sockets:
        try:
            counters = each.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 64)
        except OSError:
            continue
        if len(counters) >= 4 * (_MEMINFO_DROPS + 1):
            total += struct.unpack_from("=I", counters, 4 * _MEMINFO_DROPS)[0]
    return total


def _bound(bind: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        opened.bind((bind, port))
        opened.setblocking(False)
    except BaseException:
        opened.close()
        raise
    return opened


def _reason(bind: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"RTP port {bind}:{port} is taken by another program or call: name another, or none to get a free one"
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"{bind} is not an address of this machine: set rtp.bind to one, or to 0.0.0.0"
    return f"cannot open RTP port {bind}:{port}: {error.strerror or error}"
