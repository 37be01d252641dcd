import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.rtp.packet import MalformedPacket
from monitor.sources.rtp.rtcp import Goodbye, SenderReport, parse_rtcp

REPORT = struct.pack(">BBHIIIIII", 0x80, 200, 6, 0xABCD, 2_208_988_800 + 1_700_000_000, 1 << 31, 8_000, 5, 800)
DESCRIPTION = bytes.fromhex("81ca0004 0000abcd 0104 61624063 00000000 0000")[:20]
GOODBYE = struct.pack(">BBHII", 0x82, 203, 2, 1, 2)


def test_a_compound_packet_gives_its_reports_and_goodbyes_in_order():
    assert parse_rtcp(REPORT + DESCRIPTION + GOODBYE) == [SenderReport(0xABCD, 1_700_000_000.5, 8_000), Goodbye((1, 2))]


@pytest.mark.parametrize("cut", [1, 3, 10, 27])
def test_a_packet_that_is_cut_short_is_malformed(cut):
    with pytest.raises(MalformedPacket):
        parse_rtcp(REPORT[:cut])


@pytest.mark.parametrize("datagram", [b"", b"\x80\xc8\x00\x00", b"\x9f\xcb\x00\x01abcd", b"\x00\xc8\x00\x00"])
def test_what_claims_more_than_it_holds_is_malformed(datagram):
    with pytest.raises(MalformedPacket):
        parse_rtcp(datagram)


def parsed_or_refused(datagram: bytes) -> bool:
    try:
        return isinstance(parse_rtcp(datagram), list)
    except MalformedPacket:
        return True


@given(st.binary(max_size=120))
def test_random_bytes_are_rtcp_or_malformed(datagram):
    assert parsed_or_refused(datagram)


@given(st.integers(192, 223), st.integers(0, 31), st.binary(max_size=60))
def test_a_packet_of_any_type_is_read_or_malformed(kind, count, body):
    assert parsed_or_refused(struct.pack(">BBH", 0x80 | count, kind, len(body) // 4) + body)
