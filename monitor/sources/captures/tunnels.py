"""What lies between a captured frame and its IP packet: link layers, tags, labels and the headers of tunnels.

Every step takes one header off and says, by an EtherType, what is behind it. None raises, whatever the bytes.
Sources: IEEE 802.1Q; RFC 2784 and 2890 (GRE); draft-foschiano-erspan-03; RFC 7348 (VXLAN); RFC 3032 and 4385 (MPLS);
RFC 2516 (PPPoE); RFC 1661 (PPP); tcpdump.org/linktypes.html.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

IPV4, IPV6, ETHERNET, NOTHING = 0x0800, 0x86DD, 0x6558, 0
VLAN, MPLS, PPPOE, ERSPAN_2, ERSPAN_3 = (0x8100, 0x88A8, 0x9100), (0x8847, 0x8848), 0x8864, 0x88BE, 0x22EB
VXLAN_PORTS = frozenset({4789, 8472})
"""Of RFC 7348, and of Linux before it."""
_PPP = 0x880B
_PPP_PROTOCOLS = {0x0021: IPV4, 0x0057: IPV6, 0x0281: MPLS[0]}
_IP_FRAME = 2
MAX_LABELS = 16


class Layer(NamedTuple):
    """What is left of a frame."""

    kind: int
    """EtherType of `data`; `ETHERNET` for a frame with its addresses, `NOTHING` where it holds nothing for us."""
    data: bytes


END = Layer(NOTHING, b"")


def link_layer(link_type: int, frame: bytes) -> Layer:
    """A captured frame without its capture header."""
    return _LINKS.get(link_type, _nothing)(frame)


def is_read(link_type: int) -> bool:
    """Whether frames of this link layer are read at all."""
    return link_type in _LINKS


def by_version(data: bytes) -> Layer:
    """An IP packet that nothing but its first four bits announces."""
    return Layer({4: IPV4, 6: IPV6}.get(data[0] >> 4 if data else 0, NOTHING), data)


def gre(data: bytes) -> Layer:
    """What a GRE packet carries; of ERSPAN type I, which has no header of its own, the frame."""
    flags, kind = _word(data, 0), _word(data, 2)
    if flags & 0x7 or flags & 0x4000:  # PPTP's version, and source routing
        return END
    rest = data[4 + 4 * (flags >> 15 & 1) + 4 * (flags >> 13 & 1) + 4 * (flags >> 12 & 1) :]
    if kind == ERSPAN_2 and not flags & 0x1000:
        return Layer(ETHERNET, rest)
    return Layer(kind, rest)


def vxlan(payload: bytes) -> Layer:
    """The frame in a datagram to a VXLAN port; `END` where it is no VXLAN."""
    if len(payload) < 8 or payload[:4] != b"\x08\0\0\0" or payload[7]:
        return END
    return Layer(ETHERNET, payload[8:])


def unwrap(layer: Layer) -> Layer:
    """Take off one header that is not IP's; `END` where it is not known."""
    step = _STEPS.get(layer.kind)
    return step(layer.data) if step else END


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "big")


def _nothing(frame: bytes) -> Layer:
    del frame
    return END


def _ethernet(data: bytes) -> Layer:
    return Layer(_word(data, 12), data[14:])


def _vlan(data: bytes) -> Layer:
    return Layer(_word(data, 2), data[4:])


def _mpls(data: bytes) -> Layer:
    """Labels up to the bottom of the stack; behind them IP, or Ethernet with or without a control word."""
    for at in range(0, 4 * MAX_LABELS, 4):
        if len(data) < at + 5:
            return END
        if data[at + 2] & 1:
            rest = data[at + 4 :]
            found = by_version(rest)
            if found.kind:
                return found
            return Layer(ETHERNET, rest[4:] if rest[0] >> 4 == 0 else rest)
    return END


def _pppoe(data: bytes) -> Layer:
    return _ppp(data[6:]) if data[1:2] == b"\0" else END


def _ppp(data: bytes) -> Layer:
    if data[:2] == b"\xff\x03":  # address and control, left out where both ends agree
        data = data[2:]
    short = bool(data and data[0] & 1)
    protocol = data[0] if short else _word(data, 0)
    return Layer(_PPP_PROTOCOLS.get(protocol, NOTHING), data[1 if short else 2 :])


def _erspan_2(data: bytes) -> Layer:
    return Layer(ETHERNET, data[8:])


def _erspan_3(data: bytes) -> Layer:
    flags = _word(data, 10)
    rest = data[20 if flags & 1 else 12 :]
    frame_type = flags >> 10 & 0x1F
    if frame_type == _IP_FRAME:
        return by_version(rest)
    return Layer(ETHERNET, rest) if frame_type == 0 else END


def _cooked(frame: bytes) -> Layer:
    return Layer(_word(frame, 14), frame[16:])


def _cooked_2(frame: bytes) -> Layer:
    return Layer(_word(frame, 0), frame[20:])


def _loopback(frame: bytes) -> Layer:
    return by_version(frame[4:])


def _ethernet_frame(frame: bytes) -> Layer:
    return Layer(ETHERNET, frame)


_STEPS: Mapping[int, Callable[[bytes], Layer]] = {
    ETHERNET: _ethernet,
    **dict.fromkeys(VLAN, _vlan),
    **dict.fromkeys(MPLS, _mpls),
    PPPOE: _pppoe,
    _PPP: _ppp,
    ERSPAN_2: _erspan_2,
    ERSPAN_3: _erspan_3,
}
_LINKS: Mapping[int, Callable[[bytes], Layer]] = {
    0: _loopback,
    1: _ethernet_frame,
    9: _ppp,
    50: _ppp,
    104: _vlan,
    **dict.fromkeys((12, 14, 101, 228, 229), by_version),
    51: _pppoe,
    108: _loopback,
    113: _cooked,
    276: _cooked_2,
}
"""By the numbers of tcpdump.org/linktypes.html: null, Ethernet, PPP, raw IP, PPPoE, Cisco HDLC (whose header has the shape of a
tag), loop, Linux cooked 1 and 2."""
