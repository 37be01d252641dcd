import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.rtp.packet import MalformedPacket, RtpPacket, is_rtcp, parse_packet

packets = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 127),
    marker=st.booleans(),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    payload=st.binary(max_size=400),
)


def encode(packet: RtpPacket, csrcs: list[int], extension: bytes | None, padding: int) -> bytes:
    flags = 0x80 | len(csrcs) | (0x10 if extension is not None else 0) | (0x20 if padding else 0)
    second = packet.marker << 7 | packet.payload_type
    head = struct.pack(">BBHII", flags, second, packet.sequence, packet.timestamp, packet.ssrc)
    head += b"".join(struct.pack(">I", csrc) for csrc in csrcs)
    head += b"" if extension is None else b"\xbe\xde" + struct.pack(">H", len(extension) // 4) + extension
    return head + packet.payload + (bytes(padding - 1) + bytes([padding]) if padding else b"")


@given(
    packets,
    st.lists(st.integers(0, 0xFFFFFFFF), max_size=15),
    st.none() | st.integers(0, 20).map(lambda words: bytes(4 * words)),
    st.integers(0, 255),
)
def test_the_payload_is_found_behind_csrcs_and_extension_and_before_padding(packet, csrcs, extension, padding):
    assert parse_packet(encode(packet, csrcs, extension, padding)) == packet


def parsed_or_refused(datagram: bytes) -> bool:
    try:
        return isinstance(parse_packet(datagram), RtpPacket)
    except MalformedPacket:
        return True


@given(st.binary(max_size=200))
def test_random_bytes_are_a_packet_or_malformed(datagram):
    assert parsed_or_refused(datagram)


@given(packets, st.lists(st.integers(0, 5), max_size=3), st.integers(0, 255), st.integers(0, 60), st.integers(0, 255))
def test_a_damaged_packet_is_a_packet_or_malformed(packet, csrcs, padding, cut, first):
    whole = bytes([first]) + encode(packet, csrcs, b"abcd", padding)[1:]
    assert parsed_or_refused(whole[:cut])


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        bytes(11),
        bytes(12),
        bytes.fromhex("00 00 0001 00000000 00000000 ff"),
        bytes.fromhex("81 00 0001 00000000 00000000"),
        bytes.fromhex("90 00 0001 00000000 00000000 bede"),
        bytes.fromhex("90 00 0001 00000000 00000000 bede0004 00"),
        bytes.fromhex("a0 00 0001 00000000 00000000 0000"),
        bytes.fromhex("a0 00 0001 00000000 00000000 0009"),
    ],
    ids=[
        "empty",
        "short",
        "version 0",
        "version 0 long",
        "no CSRC",
        "half extension",
        "long extension",
        "padding 0",
        "padding 9 of 2",
    ],
)
def test_what_is_not_rtp_is_malformed(datagram):
    with pytest.raises(MalformedPacket):
        parse_packet(datagram)


@pytest.mark.parametrize(
    ("second", "expected"), [(200, True), (203, True), (192, True), (223, True), (0x80, False), (191, False), (224, False)]
)
def test_rtcp_is_told_from_rtp_by_its_second_byte(second, expected):
    assert is_rtcp(bytes([0x80, second, 0, 0])) is expected
