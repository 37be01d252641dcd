import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.audio.codecs import Encoding
from monitor.errors import SourceError
from monitor.sources.rtp.sdp import check_plain, parse_media, parse_payload_types, parse_sdp

OFFER = """v=0
o=- 1 1 IN IP4 203.0.113.5
s=call
c=IN IP4 203.0.113.5
t=0 0
m=audio 49170 RTP/AVP 111 9 0 101
a=rtpmap:111 opus/48000/2
a=fmtp:111 useinbandfec=1; usedtx=1
a=rtpmap:101 telephone-event/8000
a=ptime:20
a=sendonly
a=label:customer
a=ssrc:12345 cname:a@b
a=ssrc:12345 msid:x
a=rtcp:49171
m=video 5000 RTP/AVP 98
m=audio 49180 RTP/AVP 8
c=IN IP6 2001:db8::1
"""


def test_an_offer_tells_ports_addresses_and_payload_types():
    first, second = parse_sdp(OFFER)
    assert (first.port, first.address, first.ptime, first.direction, first.label) == (
        49170,
        "203.0.113.5",
        20.0,
        "sendonly",
        "customer",
    )
    assert first.payload_types == {
        111: Encoding("opus", 48_000, 2),
        9: Encoding("g722", 8_000),
        0: Encoding("pcmu", 8_000),
        101: Encoding("telephone-event", 8_000),
    }
    assert (first.ssrcs, first.fmtp) == ((12345,), {111: "useinbandfec=1; usedtx=1"})
    assert (second.port, second.address, list(second.payload_types)) == (49180, "2001:db8::1", [8])


def test_line_ends_of_either_kind_are_read():
    assert parse_sdp(OFFER.replace("\n", "\r\n")) == parse_sdp(OFFER)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not SDP"),
        ("hello", "not SDP"),
        ("v=0\r\ns=-\r\n", "no m=audio"),
        ("v=0\nm=audio 0 RTP/AVP 0", "no m=audio"),
        ("v=0\nm=audio 99999 RTP/AVP 0", "SDP port"),
        ("v=0\nm=audio x RTP/AVP 0", "media line"),
        ("v=0\nm=audio 4000 RTP/AVP 300", "payload type"),
        ("v=0\nm=audio 4000 RTP/AVP 96\na=rtpmap:96 opus/fast", "not an encoding"),
        ("v=0\nm=audio 4000 RTP/AVP 96\na=rtpmap:96 l16", "clock rate"),
        ("v=0\nm=audio 4000 RTP/AVP 0\na=ptime:soon", "ptime"),
        ("v=0\nc=IN IP4\nm=audio 4000 RTP/AVP 0", "connection"),
        ("v=0\n" + "a=x\n" * 20_000, "characters"),
    ],
)
def test_wrong_sdp_is_refused_with_the_reason(text, reason):
    with pytest.raises(SourceError, match=reason):
        parse_sdp(text)


@pytest.mark.parametrize("profile", ["RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVPF"])
def test_a_profile_that_encrypts_is_carried_and_refused_by_whoever_listens(profile):
    media = parse_sdp(f"v=0\nm=audio 4000 {profile} 0\n")
    assert (media[0].profile, media[0].encrypted) == (profile, True)
    with pytest.raises(SourceError, match=f"encrypted RTP .{profile}"):
        check_plain(media)


def test_keys_beside_a_plain_profile_are_an_offer_that_need_not_be_taken():
    [media] = parse_sdp("v=0\nm=audio 4000 RTP/AVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\n")
    assert (media.crypto, media.encrypted) == (True, False)
    check_plain([media])


def test_sections_that_are_not_audio_tell_kind_port_and_address():
    kinds = [(each.kind, each.port, each.address) for each in parse_media(OFFER)]
    assert kinds == [
        ("audio", 49170, "203.0.113.5"),
        ("video", 5000, "203.0.113.5"),
        ("audio", 49180, "2001:db8::1"),
    ]


def read_or_refused(text: str) -> bool:
    try:
        return all(1 <= media.port <= 65_535 for media in parse_sdp(text))
    except SourceError:
        return True


lines = st.sampled_from(OFFER.splitlines()) | st.text(max_size=40)


@given(st.lists(lines, max_size=20).map("\n".join), st.integers(0, 400), st.text(max_size=5))
def test_any_text_is_read_or_refused(text, at, inserted):
    assert read_or_refused("v=0\n" + text[:at] + inserted + text[at:])


@pytest.mark.parametrize("flag", ["111", "111=", "x=opus", "200=opus", "-1=opus", "111=opus/", "97=l16", "٣=opus"])
def test_a_wrong_payload_type_flag_is_refused(flag):
    with pytest.raises(SourceError):
        parse_payload_types([flag])


def test_payload_types_come_as_flags_or_as_a_mapping():
    assert parse_payload_types({111: "opus/48000/2"}) == parse_payload_types(["111=opus/48000/2"])
