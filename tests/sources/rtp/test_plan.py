import pytest

from monitor.errors import SourceError
from monitor.sources.rtp.plan import plan_legs

ONE = "v=0\nm=audio 4000 RTP/AVP 111 0\na=rtpmap:111 opus/48000/2\n"
TWO = ONE + "a=label:agent\nm=audio 4002 RTP/AVP 8\na=label:customer\n"


def summary(planned):
    return [(leg.leg, leg.port, leg.ssrc) for leg in planned]


def encodings(planned, number):
    return [str(leg.payload_types.get(number)) for leg in planned]


def test_without_being_told_there_are_customer_and_agent_on_ports_of_their_own():
    planned = plan_legs(None, None)
    assert summary(planned) == [("customer", None, None), ("agent", None, None)]
    assert planned[0].place != planned[1].place


def test_one_section_is_a_mixed_call():
    assert summary(plan_legs(None, ONE)) == [("mixed", None, None)]


def test_one_section_with_two_ssrcs_is_two_legs_on_one_port():
    planned = plan_legs(None, ONE + "a=ssrc:7 cname:x\na=ssrc:8 cname:y\n")
    assert summary(planned) == [("customer", None, 7), ("agent", None, 8)]
    assert planned[0].place == planned[1].place


def test_sections_are_legs_by_their_label():
    assert encodings(plan_legs(None, TWO), 111) == ["None", "opus/48000/2"]


def test_sections_without_labels_are_customer_and_agent_in_order():
    assert encodings(plan_legs(None, TWO.replace("label", "x")), 111) == ["opus/48000/2", "None"]


def test_one_section_tells_the_payload_types_of_all_legs_named():
    planned = plan_legs({"agent": {}, "customer": {}}, ONE)
    assert summary(planned) == [("customer", None, None), ("agent", None, None)]
    assert encodings(planned, 111) == ["opus/48000/2", "opus/48000/2"]


def test_a_flag_is_stronger_than_sdp_and_a_legs_own_option_than_both():
    planned = plan_legs({"customer": {"payload_types": {111: "l16/8000"}}, "agent": {}}, ONE, ["111=l16/16000"])
    assert encodings(planned, 111) == ["l16/8000", "l16/16000"]


def test_a_codec_without_a_number_is_what_unknown_dynamic_types_carry_but_not_keys():
    [planned] = plan_legs({"mixed": {"codec": "opus"}}, None)
    assert [str(planned.payload_types.get(number)) for number in (0, 96, 101, 127)] == [
        "pcmu/8000",
        "opus/48000",
        "telephone-event/8000",
        "opus/48000",
    ]


def test_a_codec_with_a_number_is_only_that():
    [planned] = plan_legs({"mixed": "codec=opus,payload_type=111"}, None)
    assert [str(planned.payload_types.get(number)) for number in (96, 111)] == ["None", "opus/48000"]


def test_a_codec_of_the_offer_that_is_not_decoded_is_left_out():
    [planned] = plan_legs(None, "v=0\nm=audio 4000 RTP/AVP 97 0\na=rtpmap:97 AMR/8000\n")
    assert encodings([planned], 97) == ["None"]


@pytest.mark.parametrize("legs", [{"mixed": {}}, {"customer": {}}])
def test_more_sections_than_legs_are_refused(legs):
    with pytest.raises(SourceError, match="2 audio sections, the call 1 legs"):
        plan_legs(legs, TWO)


def test_encrypted_rtp_is_refused_before_a_port_is_opened():
    with pytest.raises(SourceError, match=r"encrypted RTP .RTP/SAVP"):
        plan_legs(None, ONE.replace("RTP/AVP", "RTP/SAVP"))
