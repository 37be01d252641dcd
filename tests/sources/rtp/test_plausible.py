"""Which payloads are sound, and which are noise: every sound of a line passes, random octets never do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.audio.codecs import parse_encoding
from monitor.sources.rtp.plausible import ENOUGH, Evidence, evidence_for
from tests.sources.rtp.payloads import PACKET, SOUNDS, by_libav, encrypted, g711, l16, voice

CODECS = ["pcmu", "pcma", "g722", "l16/8000", "opus/48000/2"]


def evidence(codec: str) -> Evidence:
    found = evidence_for(parse_encoding(codec))
    assert found is not None
    return found


def findings(codec: str, payloads: list[bytes], excess: int | None = None) -> list[str]:
    judge = evidence(codec)
    return [judge.hear(payload, excess) for payload in payloads]


def longest_doubt(found: list[str]) -> int:
    return max(map(len, "".join(each[0] for each in found).replace("s", " ").replace("n", " ").split(" ")))


@pytest.mark.parametrize("law", ["pcmu", "pcma"])
@pytest.mark.parametrize("sound", SOUNDS)
def test_no_sound_of_a_line_is_noise_in_g711_nor_in_doubt_for_a_tenth_of_a_second(sound, law):
    found = findings(law, g711(SOUNDS[sound], law), excess=0)
    assert "noise" not in found
    assert longest_doubt(found) <= 5


@pytest.mark.parametrize("sound", SOUNDS)
def test_no_sound_of_a_line_is_noise_in_l16(sound):
    found = findings("l16/8000", l16(SOUNDS[sound]))
    assert "noise" not in found
    assert longest_doubt(found) <= 5


@pytest.mark.parametrize("sound", SOUNDS)
def test_no_sound_of_a_line_is_noise_in_g722(sound):
    found = findings("g722", by_libav(SOUNDS[sound], "g722", 16_000))
    assert "noise" not in found
    assert longest_doubt(found) <= 5


@pytest.mark.parametrize("options", [{"b": "12000"}, {"b": "24000", "application": "audio"}, {"vbr": "off"}])
@pytest.mark.parametrize("sound", ["a voice", "loud noise", "ringback", "digital silence"])
def test_no_sound_of_a_line_is_noise_in_opus(sound, options):
    found = findings("opus/48000/2", by_libav(SOUNDS[sound], "libopus", 48_000, **options))
    assert "noise" not in found
    assert longest_doubt(found) <= 5


@pytest.mark.parametrize("codec", CODECS)
def test_random_octets_are_never_sound_in_any_codec(codec):
    found = findings(codec, encrypted(3_000))
    assert set(found) == {"unsure", "noise"}


@pytest.mark.parametrize("codec", CODECS)
def test_random_octets_are_noise_after_less_than_half_a_second_and_stay_so(codec):
    found = findings(codec, encrypted(3_000, size=2 * PACKET))
    assert found.index("noise") < 25
    assert set(found[found.index("noise") :]) == {"noise"}


def test_it_takes_so_many_octets_to_say_noise():
    found = findings("pcmu", encrypted(100))
    assert found.index("noise") == ENOUGH // PACKET - 1


@pytest.mark.parametrize("tag", [4, 10, 16])
def test_random_packets_that_are_longer_by_a_tag_are_encrypted_after_three(tag):
    judge = evidence("pcmu")
    found = [judge.hear(payload, excess) for payload, excess in zip(encrypted(20, tag=tag), [None, *[tag] * 19], strict=True)]
    assert found.index("noise") == 2
    assert f"SRTP): its packets are {tag} octets longer" in judge.cause


@pytest.mark.parametrize(("law", "declared"), [("pcma", "pcmu"), ("pcmu", "pcma")])
def test_one_law_declared_as_the_other_is_noise_and_named(law, declared):
    judge = evidence(declared)
    found = [judge.hear(payload) for payload in g711(voice(), law)]
    assert set(found[found.index("noise") :]) == {"noise"}
    assert judge.cause == f"it is {law}, but {declared} is declared"


@pytest.mark.parametrize("codec", ["pcmu", "pcma"])
def test_what_was_encrypted_is_sound_again_with_its_first_plain_packets(codec):
    found = findings(codec, encrypted(100, tag=10) + g711(voice(seconds=3), codec))
    assert found[99] == "noise"
    assert "sound" in found[100:103] and "noise" not in found[103:]


def test_what_was_of_the_other_law_is_sound_again_once_the_voice_is_heard_in_the_declared_one():
    found = findings("pcmu", g711(voice(), "pcma") + g711(voice(), "pcmu"))
    assert found[1_499] == "noise" and "noise" not in found[-200:]


def test_opus_that_was_encrypted_is_sound_again_after_five_packets():
    found = findings("opus/48000/2", encrypted(100, size=60) + by_libav(voice(seconds=2), "libopus", 48_000))
    assert found[99] == "noise"
    assert found.index("sound") <= 106 and set(found[106:]) == {"sound"}


def test_codecs_of_which_nothing_is_known_are_not_judged():
    assert evidence_for(parse_encoding("g729")) is None


@given(st.sampled_from(CODECS), st.lists(st.tuples(st.binary(max_size=400), st.none() | st.integers(-400, 400))))
def test_whatever_comes_is_judged(codec, payloads):
    judge = evidence(codec)
    assert {judge.hear(payload, excess) for payload, excess in payloads} <= {"sound", "unsure", "noise"}
