import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.captures.network import Segment
from monitor.sources.captures.sip import MAX_AHEAD, MAX_CONNECTIONS, MAX_WAIT, SipConnections, find_sdp, parse_sip
from tests.sources.captures.signals import invite, message, ok, sdp
from tests.sources.rtp.sender import AGENT, CUSTOMER

BODY = sdp(CUSTOMER)
FIRST, SECOND = invite(BODY), ok(sdp(AGENT))


def sent(text: bytes, size: int, sequence: int = 0xFFFFFF00) -> list[Segment]:
    return [
        Segment(CUSTOMER, AGENT, sequence + start & 0xFFFFFFFF, text[start : start + size], False)
        for start in range(0, len(text), size)
    ]


def heard(segments: list[Segment]) -> list[bytes]:
    connections = SipConnections()
    found = [each for index, segment in enumerate(segments) for each in connections.push(segment, index * 0.01)]
    return found + connections.flush()


def test_a_request_tells_its_call_its_speaker_and_its_sdp():
    parsed = parse_sip(FIRST)
    assert (parsed.call_id, parsed.method, parsed.speaker, parsed.sdp, parsed.opens) == (
        "one@example",
        "INVITE",
        "a",
        BODY,
        True,
    )


def test_a_response_speaks_for_who_was_called():
    parsed = parse_sip(SECOND)
    assert (parsed.method, parsed.speaker, parsed.opens) == ("", "b", False)


def test_an_invite_within_a_call_opens_none():
    assert not parse_sip(invite(BODY, to_tag="b")).opens


def test_compact_and_folded_headers_are_read():
    folded = message("INVITE sip:b@example SIP/2.0", BODY, compact=True).replace(b";tag=a", b"\r\n ;tag=a")
    parsed = parse_sip(folded)
    assert (parsed.call_id, parsed.from_tag, parsed.sdp) == ("one@example", "a", BODY)


def test_sdp_among_other_parts_is_found():
    parts = f"--x\r\nContent-Type: application/sdp\r\n\r\n{BODY}\r\n--x\r\nContent-Type: x/y\r\n\r\n<m/>\r\n--x--"
    assert find_sdp(parts.encode()).strip() == BODY.strip()


@pytest.mark.parametrize("size", [40, 77, 1_460, 100_000])
def test_messages_are_cut_out_of_the_stream_wherever_segments_end(size):
    assert heard(sent(FIRST + b"\r\n\r\n" + SECOND + FIRST, size)) == [FIRST, SECOND, FIRST]


def test_segments_out_of_order_and_sent_again_are_put_in_order():
    parts = sent(FIRST + SECOND, 100)
    assert heard([parts[0], *parts[:0:-1], parts[2]]) == [FIRST, SECOND]


def test_segments_that_overlap_give_each_byte_once():
    text = FIRST + SECOND
    overlapping = [Segment(CUSTOMER, AGENT, start, text[start : start + 150], False) for start in range(0, len(text), 100)]
    assert heard(overlapping) == [FIRST, SECOND]


def test_what_was_not_captured_costs_only_its_own_message():
    parts = [*sent(FIRST, 100), *sent(SECOND, 10_000, 0xFFFFFF00 + len(FIRST) & 0xFFFFFFFF)]
    assert heard([*parts[:1], *parts[2:]]) == [SECOND]


def test_after_a_hole_the_next_message_is_heard_once_it_was_waited_for():
    connections = SipConnections()
    missing, last = sent(FIRST + FIRST, len(FIRST))[:2]
    assert connections.push(missing._replace(payload=FIRST[:50]), 0.0) == []
    assert connections.push(last, 1.0) == []
    assert connections.push(
        Segment(CUSTOMER, AGENT, last.sequence + len(FIRST) & 0xFFFFFFFF, SECOND, False), 1.1 + MAX_WAIT
    ) == [
        FIRST,
        SECOND,
    ]


def test_a_connection_that_begins_anew_forgets_the_old_one():
    opens = Segment(CUSTOMER, AGENT, 5, b"", True)
    again = Segment(CUSTOMER, AGENT, 5, SECOND, False)
    assert heard([*sent(FIRST[:-10], 10_000), opens, again]) == [SECOND]


def test_connections_that_are_no_sip_are_not_kept():
    connections = SipConnections()
    assert connections.push(Segment(CUSTOMER, AGENT, 0, b"GET / HTTP/1.1\r\n\r\n", False), 0.0) == []
    assert len(connections._streams) == 0


def test_connections_and_segments_are_held_within_bounds():
    connections = SipConnections()
    for port in range(1, 3 * MAX_CONNECTIONS):
        connections.push(Segment((CUSTOMER[0], port), AGENT, 0, FIRST[:50], False), 0.0)
    for piece in range(10 * MAX_AHEAD):
        connections.push(Segment((CUSTOMER[0], port), AGENT, 1_000 + 20 * piece, b"x" * 10, False), 0.0)
    assert len(connections._streams) == MAX_CONNECTIONS
    assert len(next(reversed(connections._streams.values()))._ahead) <= MAX_AHEAD


@given(st.binary(max_size=300))
def test_any_bytes_are_sip_or_not(data):
    assert parse_sip(data) is None or parse_sip(data).call_id is not None


@given(st.binary(max_size=60), st.integers(0, 400), st.integers(0, 400))
def test_a_damaged_message_is_read_without_an_error(inserted, start, stop):
    damaged = FIRST[:start] + inserted + FIRST[stop:]
    parsed = parse_sip(damaged)
    assert parsed is None or len(parsed.call_id) <= 256


def test_a_segment_that_is_sent_again_with_more_is_taken_with_more():
    text = FIRST + SECOND
    parts = [(0, 200), (400, 1), (400, len(text) - 400), (200, 200)]
    segments = [Segment(CUSTOMER, AGENT, start, text[start : start + size], False) for start, size in parts]
    assert heard(segments) == [FIRST, SECOND]


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(1, 200)), max_size=30), st.randoms(use_true_random=False))
def test_any_pieces_in_any_order_give_only_messages_that_were_sent(pieces, chance):
    text = FIRST + SECOND
    segments = [Segment(CUSTOMER, AGENT, start, text[start : start + size], False) for start, size in pieces]
    whole = sent(text, 100, 0)
    mixed = segments + whole[1:]
    chance.shuffle(mixed)
    assert heard([whole[0], *mixed]) == [FIRST, SECOND]
