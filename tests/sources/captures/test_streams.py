from monitor.sources.captures.network import Datagram
from monitor.sources.captures.streams import MAX_STREAMS, StreamFinder
from tests.sources.captures.scenes import packets
from tests.sources.rtp.sender import AGENT, CUSTOMER, rtp


def look(finder, datas):
    for index, data in enumerate(datas):
        finder.look(Datagram(CUSTOMER, AGENT, data), index * 0.001)


def test_a_storm_of_what_looks_like_rtp_is_forgotten_and_the_stream_in_it_found():
    finder = StreamFinder()
    storm = [rtp(1, 1, b"x", ssrc=number) for number in range(3 * MAX_STREAMS)]
    call = [each.data for each in packets(2.0)]
    look(finder, storm[:MAX_STREAMS] + call[:50] + storm[MAX_STREAMS:] + call[50:])
    assert [stream.packets for stream in finder.streams()] == [100]
    assert len(finder._streams) <= MAX_STREAMS


def test_streams_beyond_the_limit_are_counted_and_not_kept():
    finder = StreamFinder()
    look(finder, [rtp(index, index, b"x", ssrc=number) for index in range(3) for number in range(MAX_STREAMS)])
    look(finder, [each.data for each in packets(2.0, ssrc=1 << 30)])
    assert (len(finder.streams()), finder.beyond) == (MAX_STREAMS, 100)
