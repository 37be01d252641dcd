from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.audio.codecs import STATIC_PAYLOAD_TYPES, Encoding, PayloadError, make_decoder, parse_encoding
from monitor.audio.codecs.base import NOT_AUDIO
from monitor.errors import SourceError

ALL_CODES = bytes(range(256))
DECODED = ["pcmu", "pcma", "g722", "gsm", "opus/48000/2", "g729", "l16/16000", "l16/44100/2"]

opus_frames = st.builds(
    lambda kind, frame: bytes([4 * kind]) + frame, st.integers(0, 63), st.binary(min_size=1, max_size=1_275)
)
"""Packets of one Opus frame, of every configuration, with anything in them."""


def decoded_by_libav(codec: str, payload: bytes) -> np.ndarray:
    context = av.CodecContext.create(codec, "r")
    context.sample_rate, context.layout = 8_000, "mono"
    return np.concatenate([frame.to_ndarray()[0] for frame in context.decode(av.Packet(payload))])


def encoded(codec: str, rate: int, samples: np.ndarray, frame: int) -> list[bytes]:
    context = av.CodecContext.create(codec, "w")
    context.sample_rate, context.layout, context.format, context.time_base = rate, "mono", "s16", Fraction(1, rate)
    packets = []
    for start in range(0, len(samples) - frame + 1, frame):
        part = av.AudioFrame.from_ndarray((samples[start : start + frame] * 32767).astype(np.int16)[None], "s16", "mono")
        part.sample_rate, part.pts = rate, start
        packets += [bytes(packet) for packet in context.encode(part)]
    return packets


@pytest.mark.parametrize(("name", "codec"), [("pcmu", "pcm_mulaw"), ("pcma", "pcm_alaw")])
def test_every_g711_code_means_what_libav_says(name, codec):
    ours = make_decoder(parse_encoding(name)).decode(ALL_CODES)
    np.testing.assert_array_equal(ours * 32768, decoded_by_libav(codec, ALL_CODES))


def test_l16_is_big_endian_and_its_channels_are_averaged():
    payload = np.array([[16384, -16384], [16384, 0]], ">i2").tobytes()
    assert make_decoder(Encoding("l16", 44_100, 2)).decode(payload).tolist() == [0.0, 0.25]


@pytest.mark.parametrize(
    ("name", "codec", "rate", "frame", "delay"), [("g722", "g722", 16_000, 320, 22), ("opus", "libopus", 48_000, 960, 312)]
)
def test_wide_band_codecs_give_the_sound_back(name, codec, rate, frame, delay):
    time = np.arange(rate) / rate
    sound = (0.4 * np.sin(2 * np.pi * (200 + 600 * time) * time)).astype(np.float32)
    decoder = make_decoder(parse_encoding(name))
    heard = np.concatenate([decoder.decode(payload) for payload in encoded(codec, rate, sound, frame)])
    assert decoder.rate == rate
    assert np.corrcoef(heard[4_000 + delay : 12_000 + delay], sound[4_000:12_000])[0, 1] > 0.95


@pytest.mark.parametrize("frames", [1, 2, 6])
def test_gsm_is_a_payload_type_of_its_own_and_holds_any_number_of_frames(frames):
    decoder = make_decoder(STATIC_PAYLOAD_TYPES[3])
    assert len(decoder.decode((b"\xd0" + bytes(32)) * frames)) == 160 * frames


@pytest.mark.parametrize(("frames", "samples"), [(0, 0), (1, 80), (2, 160)])
def test_g729_may_end_with_a_description_of_silence(frames, samples):
    assert len(make_decoder(parse_encoding("g729")).decode(bytes(10) * frames + bytes(2))) == samples


def test_a_stereo_opus_decoder_takes_mono_packets():
    packets = encoded("libopus", 48_000, np.zeros(48_000, np.float32), 960)
    assert len(make_decoder(Encoding("opus", 48_000, 2)).decode(packets[0])) == 960


def samples_or_refused(decoder, payload: bytes) -> bool:
    try:
        samples = decoder.decode(payload)
    except PayloadError:
        return True
    return samples.dtype == np.float32 and samples.ndim == 1 and bool(np.isfinite(samples).all())


@pytest.mark.parametrize("name", DECODED)
@settings(deadline=None, max_examples=50)
@given(payloads=st.lists(st.binary(max_size=300), max_size=5))
def test_any_bytes_decode_or_are_refused(name, payloads):
    decoder = make_decoder(parse_encoding(name))
    assert all(samples_or_refused(decoder, payload) for payload in payloads)


@pytest.mark.parametrize("name", DECODED)
@settings(deadline=None, max_examples=50)
@given(payloads=st.lists(st.one_of(st.binary(max_size=1_300), opus_frames), min_size=1, max_size=8))
def test_payloads_whose_length_is_told_last_so_long_and_decode_together_as_one_by_one(name, payloads):
    together, single = make_decoder(parse_encoding(name)), make_decoder(parse_encoding(name))
    told = [payload for payload in payloads if payload and together.units(payload)]
    parts = [single.decode(payload) for payload in told]
    scale = single.rate // single.clock
    assert [len(part) for part in parts] == [together.units(payload) * scale for payload in told]
    if told:
        np.testing.assert_array_equal(together.decode_run(told), np.concatenate(parts))


@pytest.mark.parametrize("name", ["g722", "opus/48000/2"])
def test_a_decoder_is_good_after_a_payload_that_was_not(name):
    decoder = make_decoder(parse_encoding(name))
    codec, rate, frame = {"g722": ("g722", 16_000, 320), "opus/48000/2": ("libopus", 48_000, 960)}[name]
    with pytest.raises(PayloadError):
        decoder.decode(b"")
    assert len(decoder.decode(encoded(codec, rate, np.zeros(rate, np.float32), frame)[0])) == frame


@pytest.mark.parametrize("text", ["amr/8000", "l16/12345", "opus/8000", "g722/16000", "pcmu/8000/2", "l16/8000/9"])
def test_what_is_not_decoded_is_refused_with_what_is(text):
    with pytest.raises(SourceError, match="decoded are"):
        make_decoder(parse_encoding(text))


def test_names_are_read_in_either_case_and_by_their_other_names():
    assert parse_encoding("PCMU") == parse_encoding("ulaw/8000") == Encoding("pcmu", 8_000)
    assert parse_encoding("slin/16000") == Encoding("l16", 16_000)


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("G711U", "pcmu/8000"),
        ("g711ulaw", "pcmu/8000"),
        ("mu-law", "pcmu/8000"),
        ("G711A", "pcma/8000"),
        ("a-law", "pcma/8000"),
        ("G729A", "g729/8000"),
        ("G729AB", "g729/8000"),
        ("slin", "l16/8000"),
        ("slin16", "l16/16000"),
        ("slin44", "l16/44100"),
        ("slin16/8000", "l16/8000"),
    ],
)
def test_what_telephone_systems_call_a_codec_is_understood(name, encoding):
    assert str(parse_encoding(name)) == encoding


@pytest.mark.parametrize("encoding", [each for each in STATIC_PAYLOAD_TYPES.values() if each.name not in NOT_AUDIO])
def test_every_static_payload_type_that_is_audio_is_decoded(encoding):
    assert make_decoder(encoding).clock == encoding.clock


def test_opus_conceals_a_lost_packet_by_itself_and_g711_does_not():
    sound = (0.3 * np.sin(2 * np.pi * 200 * np.arange(48_000) / 48_000)).astype(np.float32)
    packets = encoded("libopus", 48_000, sound, 960)
    decoder = make_decoder(parse_encoding("opus"))
    assert decoder.conceal() is None
    heard = np.concatenate([decoder.decode(packet) for packet in packets[:30]] + [decoder.conceal()])
    assert np.corrcoef(heard[-960 + 312 :], sound[30 * 960 : 31 * 960 - 312])[0, 1] > 0.9
    assert make_decoder(parse_encoding("pcmu")).conceal() is None
