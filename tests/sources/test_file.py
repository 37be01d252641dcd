"""Files: every format that matters, their time kept, and the truth about those that are damaged."""

import os
import shutil
import subprocess
import threading
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from monitor.errors import ConfigError, SourceError
from monitor.sources.file import FileSource
from tests.sources.taking import take
from tests.sources.tones import RATE, pitch, two_tones


def written(path: Path, samples: np.ndarray, rate: int = RATE, **how: str) -> Path:
    soundfile.write(path, samples, rate, **how)
    return path


def resized(path: Path, at: int, size: int, order: str = "LITTLE") -> None:
    """Write a size of four bytes into a header."""
    data = bytearray(path.read_bytes())
    data[at : at + 4] = size.to_bytes(4, "little" if order == "LITTLE" else "big")
    path.write_bytes(data)


def heard_of(path: Path) -> tuple[np.ndarray, SourceError | None]:
    """The one channel's audio, and the error that ended or prevented it."""
    try:
        taken = take(FileSource(path))
    except SourceError as error:
        return np.zeros(0), error
    return taken.audio("mixed"), taken.error


def cut(path: Path, share: float = 0.5) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share) + 1])
    return path


def encoded(source: Path, target: Path, *options: str) -> Path:
    if shutil.which("ffmpeg") is None:
        pytest.skip("writing this format needs: apt install ffmpeg")
    subprocess.run(["ffmpeg", "-loglevel", "error", "-i", str(source), *options, str(target)], check=True)
    return target


LOSSLESS = [
    ("x.wav", {"subtype": "PCM_16"}, 1e-4),
    ("x.wav", {"subtype": "PCM_U8"}, 1e-2),
    ("x.wav", {"subtype": "PCM_24"}, 1e-4),
    ("x.wav", {"subtype": "PCM_32"}, 1e-4),
    ("x.wav", {"subtype": "FLOAT"}, 1e-4),
    ("x.wav", {"subtype": "DOUBLE"}, 1e-4),
    ("x.wav", {"subtype": "ULAW"}, 2e-2),
    ("x.wav", {"subtype": "ALAW"}, 2e-2),
    ("x.flac", {}, 1e-4),
    ("x.flac", {"subtype": "PCM_24"}, 1e-4),
    ("x.aiff", {}, 1e-4),
    ("x.au", {}, 1e-4),
    ("x.caf", {}, 1e-4),
    ("x.w64", {}, 1e-4),
    ("x.wav", {"endian": "BIG"}, 1e-4),
    ("x.wav", {"endian": "BIG", "subtype": "FLOAT"}, 1e-4),
    ("x.rf64", {"format": "RF64"}, 1e-4),
    ("x.mat", {"format": "MAT5", "subtype": "PCM_16"}, 1e-4),
]


@pytest.mark.parametrize(("name", "how", "tolerance"), LOSSLESS)
def test_a_format_is_read_at_its_right_level_and_length(tmp_path, name, how, tolerance):
    taken = take(FileSource(written(tmp_path / name, two_tones(rate=16_000), 16_000, **how)))
    np.testing.assert_allclose(taken.audio("customer"), two_tones(rate=16_000)[:, 0], atol=tolerance)
    np.testing.assert_allclose(taken.audio("agent"), two_tones(rate=16_000)[:, 1], atol=tolerance)
    assert taken.error is None


@pytest.mark.parametrize("name", ["x.mp3", "x.m4a", "x.opus", "x.ogg", "x.webm", "x.wma", "x.mka", "x.mp2"])
def test_a_compressed_format_keeps_its_channels_apart_and_its_length(tmp_path, name):
    source = written(tmp_path / "x.wav", two_tones(3, 48_000), 48_000)
    codec = ["-c:a", "libopus"] if name in ("x.opus", "x.webm", "x.mka") else []
    taken = take(FileSource(encoded(source, tmp_path / f"coded-{name}", *codec)))
    assert pitch(taken.audio("customer")) == 300
    assert pitch(taken.audio("agent")) == 700
    assert taken.lengths["customer"] == pytest.approx(48_000, abs=1_600)
    assert taken.error is None


@pytest.mark.parametrize("rate", [4_000, 8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_any_rate_becomes_16_khz(tmp_path, rate):
    taken = take(FileSource(written(tmp_path / "x.wav", two_tones(2, rate)[:, 0], rate)))
    assert taken.lengths == {"mixed": 32_000}
    assert pitch(taken.audio("mixed")) == 300


def test_one_channel_may_be_told_to_be_the_customer(tmp_path):
    assert FileSource(written(tmp_path / "x.wav", two_tones()[:, 0]), legs=("customer",)).legs == ("customer",)


def test_the_order_of_the_channels_can_be_told(tmp_path):
    source = FileSource(written(tmp_path / "x.wav", two_tones()), legs=("agent", "customer"))
    taken = take(source)
    assert source.legs == ("customer", "agent")
    assert (pitch(taken.audio("customer")), pitch(taken.audio("agent"))) == (700, 300)


@pytest.mark.parametrize(
    "legs", [("customer",), ("customer", "customer"), ("customer", "mixed"), ("customer", "agent", "mixed")]
)
def test_legs_that_do_not_fit_two_channels_are_refused(tmp_path, legs):
    with pytest.raises(ConfigError, match="legs"):
        FileSource(written(tmp_path / "x.wav", two_tones()), legs=legs)


def test_three_channels_are_refused_with_a_way_out(tmp_path):
    path = written(tmp_path / "x.wav", np.zeros((100, 3)))
    with pytest.raises(SourceError, match=r"has 3 channels.*ffmpeg"):
        FileSource(path)


def test_samples_beyond_full_scale_are_left_alone(tmp_path):
    taken = take(FileSource(written(tmp_path / "x.wav", 4 * two_tones(rate=16_000), 16_000, subtype="FLOAT")))
    assert np.max(taken.audio("customer")) == pytest.approx(2, abs=1e-3)


def test_values_that_are_no_numbers_become_lost_silence_and_one_warning_a_leg(tmp_path):
    samples = two_tones(rate=16_000)
    samples[8_000:9_600, 0] = np.nan
    samples[20_000, 0] = np.inf
    samples[24_000, 1] = 1e30
    with capture_logs() as logs:
        source = FileSource(written(tmp_path / "x.wav", samples, 16_000, subtype="FLOAT"))
        taken = take(source)
    assert np.all(taken.audio("customer")[8_000:9_600] == 0)
    assert [(gap.start, gap.length, gap.cause) for gap in taken.gaps("agent")] == [(24_000, 1, "lost")]
    assert source.report()["customer"].lost_seconds == pytest.approx(1_601 / 16_000)
    assert [(entry["log_level"], entry["leg"]) for entry in logs] == [("warning", "customer"), ("warning", "agent")]


def test_a_file_of_nothing_but_nan_is_silence_that_is_marked_lost(tmp_path):
    taken = take(FileSource(written(tmp_path / "x.wav", np.full(8_000, np.nan), 8_000, subtype="FLOAT")))
    np.testing.assert_array_equal(taken.audio("mixed"), np.zeros(16_000))
    assert sum(gap.length for gap in taken.gaps("mixed")) == 16_000


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.wav", b"", "the file is empty"),
        ("text.txt", b"a letter, and no sound\n" * 50, "is not an audio file|no audio"),
        ("zeros.bin", bytes(50_000), "is not an audio file"),
        ("header.wav", b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00", "is not an audio file"),
        ("list.txt", b"ffconcat version 1.0\nfile 'other.wav'\n", "list of files|not an audio file"),
    ],
)
def test_what_is_not_audio_is_refused_with_the_reason(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=message):
        FileSource(tmp_path / name)


def test_a_file_of_no_frames_is_refused(tmp_path):
    with pytest.raises(SourceError, match="holds no audio"):
        FileSource(written(tmp_path / "x.wav", np.zeros((0, 1))))


def test_a_missing_file_a_folder_and_a_name_that_cannot_be_are_refused_by_name(tmp_path):
    with pytest.raises(SourceError, match=r"none\.wav: cannot be opened: No such file"):
        FileSource(tmp_path / "none.wav")
    with pytest.raises(SourceError, match="is a directory"):
        FileSource(tmp_path)
    with pytest.raises(SourceError, match="not a path"):
        FileSource(Path("a\0b.wav"))


def test_what_the_system_refuses_to_open_is_refused_with_its_reason(tmp_path):
    (tmp_path / "x.wav").symlink_to(tmp_path / "x.wav")
    with pytest.raises(SourceError, match="cannot be opened: Too many levels of symbolic links"):
        FileSource(tmp_path / "x.wav")


def test_a_pipe_with_a_name_is_a_file(tmp_path):
    path = written(tmp_path / "x.wav", two_tones())
    os.mkfifo(tmp_path / "pipe.wav")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe.wav").write_bytes(path.read_bytes()))
    writer.start()
    assert take(FileSource(tmp_path / "pipe.wav")).lengths["customer"] == 32_000
    writer.join()


def test_a_file_name_that_looks_like_an_address_is_a_file(tmp_path):
    assert take(FileSource(written(tmp_path / "http:call 1%.wav", two_tones()))).lengths["agent"] == 32_000


def test_a_playlist_cannot_make_the_program_fetch_anything(tmp_path):
    (tmp_path / "list.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(SourceError, match=r"list\.m3u8"):
        FileSource(tmp_path / "list.m3u8")


def test_two_audio_streams_are_refused_with_a_way_out(tmp_path):
    path = written(tmp_path / "x.wav", two_tones())
    both = encoded(path, tmp_path / "x.mka", "-map", "0:a", "-map", "0:a", "-c:a", "flac")
    with pytest.raises(SourceError, match=r"holds 2 audio streams.*amerge"):
        FileSource(both)


@pytest.mark.parametrize(
    ("container", "subtype"), [("AIFF", "GSM610"), ("W64", "MS_ADPCM"), ("WAV", "GSM610"), ("WAV", "IMA_ADPCM")]
)
def test_a_compressed_file_of_which_nothing_is_missing_is_whole(tmp_path, container, subtype):
    taken = take(FileSource(written(tmp_path / "x", two_tones()[:, 0], format=container, subtype=subtype)))
    assert taken.error is None
    assert taken.lengths["mixed"] == pytest.approx(32_000, abs=2_000)


def test_a_big_endian_wav_file_that_was_cut_off_gives_what_it_has_and_then_an_error(tmp_path):
    taken = take(FileSource(cut(written(tmp_path / "x.wav", two_tones(4, 16_000), 16_000, endian="BIG"))))
    assert taken.lengths["agent"] == pytest.approx(32_000, abs=100)
    assert "cut off" in str(taken.error)


@pytest.mark.parametrize("name", ["x.wav", "x.flac", "x.aiff", "x.au"])
def test_a_file_that_was_cut_off_gives_what_it_has_and_then_an_error(tmp_path, name):
    taken = take(FileSource(cut(written(tmp_path / name, two_tones(4, 16_000), 16_000))))
    heard = taken.audio("customer")
    assert 24_000 < len(heard) < 36_000
    np.testing.assert_allclose(heard, two_tones(4, 16_000)[: len(heard), 0], atol=1e-3)
    assert "cut off" in str(taken.error)


def test_a_flac_file_that_lacks_a_few_frames_is_told_to_be_cut_off(tmp_path):
    taken = take(FileSource(cut(written(tmp_path / "x.flac", two_tones(4, 16_000), 16_000), 0.95)))
    assert "cut off" in str(taken.error)


@pytest.mark.parametrize("name", ["x.mp3", "x.ogg"])
def test_a_compressed_file_without_a_stated_length_ends_where_it_ends(tmp_path, name):
    taken = take(FileSource(cut(written(tmp_path / name, two_tones(20)))))
    assert 60_000 < taken.lengths["customer"] < 280_000
    assert taken.lengths["customer"] == taken.lengths["agent"]


def test_a_wav_file_that_was_written_to_a_pipe_is_whole(tmp_path):
    path = written(tmp_path / "x.wav", two_tones())
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    taken = take(FileSource(path))
    assert taken.lengths["customer"] == 32_000
    assert taken.error is None


@pytest.mark.parametrize("excess", [1, 8, 44, 100_000])
@pytest.mark.parametrize("endian", ["LITTLE", "BIG"])
def test_a_riff_size_that_is_too_large_takes_nothing_from_the_sound(tmp_path, excess, endian):
    path = written(tmp_path / "x.wav", two_tones(), endian=endian)
    resized(path, 4, path.stat().st_size - 8 + excess, endian)
    taken = take(FileSource(path))
    assert taken.error is None
    assert taken.lengths["customer"] == 32_000


@pytest.mark.parametrize("excess", [1, 8, 44])
def test_a_data_size_that_counts_the_header_takes_nothing_from_the_sound(tmp_path, excess):
    path = written(tmp_path / "x.wav", two_tones())
    resized(path, 40, path.stat().st_size - 44 + excess)
    assert take(FileSource(path)).error is None


@pytest.mark.parametrize("size", [0, 0x7FFF_F000, 0x7FFF_FFDB, 0x8000_0000, 0xFFFF_FFFF])
def test_a_data_size_that_was_not_known_hears_all(tmp_path, size):
    path = written(tmp_path / "x.wav", two_tones())
    resized(path, 4, min(size + 36, 0xFFFF_FFFF))
    resized(path, 40, size)
    taken = take(FileSource(path))
    assert taken.error is None
    assert taken.lengths["customer"] == 32_000


@pytest.mark.parametrize(
    ("name", "how", "at", "size", "message"),
    [
        ("x.wav", {}, 40, 32_000, "ends the sound after 0.5 s, but 160000 bytes follow"),
        ("x.wav", {"endian": "BIG"}, 40, 32_000, "ends the sound after 0.5 s, but 160000 bytes follow"),
        ("x.aiff", {}, 42, 32_008, "ends the sound after 0.5 s, but 160000 bytes follow"),
    ],
)
def test_sound_behind_a_size_that_is_too_small_is_told(tmp_path, name, how, at, size, message):
    path = written(tmp_path / name, two_tones(3, 16_000), 16_000, subtype="PCM_16", **how)
    resized(path, at, size, "BIG" if how or name == "x.aiff" else "LITTLE")
    taken = take(FileSource(path))
    assert taken.lengths["customer"] == 8_000
    assert message in str(taken.error)


def test_a_size_of_an_au_file_that_is_too_small_hears_all(tmp_path):
    path = written(tmp_path / "x.au", two_tones(3, 16_000), 16_000)
    resized(path, 8, 32_000, "BIG")
    taken = take(FileSource(path))
    assert (taken.lengths["customer"], taken.error) == (48_000, None)


def test_what_the_message_about_a_size_that_is_too_small_advises_hears_all(tmp_path):
    path = written(tmp_path / "x.wav", two_tones(3))
    resized(path, 40, 16_000)
    mended = tmp_path / "x.flac"
    if shutil.which("ffmpeg") is None:
        pytest.skip("mending a header needs: apt install ffmpeg")
    subprocess.run(["ffmpeg", "-loglevel", "error", "-ignore_length", "1", "-i", str(path), str(mended)], check=True)
    assert take(FileSource(mended)).lengths["customer"] == 48_000


def test_chunks_and_padding_after_the_sound_are_no_sound(tmp_path):
    path = written(tmp_path / "x.wav", two_tones())
    path.write_bytes(path.read_bytes() + b"LIST" + (90_001).to_bytes(4, "little") + b"\x01" * 90_001 + bytes(60_001))
    with capture_logs() as logs:
        taken = take(FileSource(path))
    assert (taken.error, logs) == (None, [])
    assert taken.lengths["customer"] == 32_000


def test_a_tag_behind_the_sound_is_passed_over_with_a_warning(tmp_path):
    path = written(tmp_path / "x.wav", two_tones())
    path.write_bytes(path.read_bytes() + b"TAG" + b"\x01" * 125)
    with capture_logs() as logs:
        taken = take(FileSource(path))
    assert taken.error is None
    assert [(entry["event"], entry["bytes"]) for entry in logs] == [("bytes_follow_the_sound", 128)]


SIZES = st.integers(0, 0xFFFF_FFFF)


@settings(max_examples=80, deadline=None)
@given(
    riff=st.integers(0, 0xFFFF_FFFF),
    data=st.one_of(st.integers(0, 40_000), st.integers(0, 0xFFFF_FFFF)),
    kept=st.integers(0, 16_000),
)
def test_whatever_its_sizes_say_a_file_gives_what_is_its_sound_and_tells_what_it_left(tmp_path_factory, riff, data, kept):
    path = written(tmp_path_factory.mktemp("sizes") / "x.wav", two_tones(1, 16_000)[:, 0], 16_000)
    resized(path, 4, riff)
    resized(path, 40, data)
    path.write_bytes(path.read_bytes()[: 44 + 2 * kept])
    with capture_logs() as logs:
        heard, error = heard_of(path)
    np.testing.assert_allclose(heard, two_tones(1, 16_000)[: len(heard), 0], atol=1e-4)
    assert len(heard) == kept or error or logs
    assert error or not 88 + 2 * kept < data < 0x7FFF_F000


def test_damage_in_the_middle_becomes_lost_silence_at_its_place(tmp_path):
    path = written(tmp_path / "x.flac", two_tones(10, 16_000), 16_000)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2_000] = bytes(range(250)) * 8
    path.write_bytes(data)
    taken = take(FileSource(path))
    heard = taken.audio("customer")
    assert len(heard) == 160_000
    np.testing.assert_allclose(heard[-32_000:], two_tones(10, 16_000)[-32_000:, 0], atol=1e-3)
    assert {gap.cause for gap in taken.gaps("customer")} == {"lost"}


def test_a_stretch_for_which_a_recorder_wrote_nothing_is_silence_at_its_place(tmp_path):
    path = written(tmp_path / "x.wav", two_tones(6, 48_000), 48_000)
    muted = encoded(path, tmp_path / "x.mka", "-af", "aselect='not(between(t,2,4))'", "-c:a", "libopus")
    source = FileSource(muted)
    taken = take(source)
    assert taken.lengths["customer"] == pytest.approx(96_000, abs=1_000)
    assert np.max(np.abs(taken.audio("customer")[34_000:62_000])) == 0
    assert source.report()["customer"].silence_seconds == pytest.approx(2, abs=0.1)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_file_of_damaged_bytes_gives_finite_audio_or_one_clear_error(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damaged")
    name = data.draw(st.sampled_from(["x.wav", "x.flac", "x.ogg", "x.mp3", "x.aiff", "x.au"]))
    path = written(folder / name, two_tones(0.5))
    content = bytearray(path.read_bytes())
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=20)):
        content[at] = value
    path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    try:
        taken = take(FileSource(path))
    except SourceError as error:
        assert str(path) in str(error)
    else:
        assert all(np.isfinite(chunk.samples).all() for chunk in taken.chunks)
        assert len(set(taken.lengths.values())) == 1


def test_a_long_file_is_never_in_memory_whole(tmp_path):
    path = tmp_path / "long.flac"
    with soundfile.SoundFile(path, "w", 8_000, 1) as file:
        for _ in range(20):
            file.write(np.zeros(60 * 8_000, np.int16))
    tracemalloc.start()
    length = sum(len(chunk.samples) for chunk in FileSource(path).chunks())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length == 1_200 * 16_000
    assert peak < 8e6


def test_in_real_time_no_audio_comes_before_it_has_been_spoken(tmp_path):
    source = FileSource(written(tmp_path / "x.wav", two_tones(0.6, 16_000), 16_000), realtime=True)
    began = time.monotonic()
    early = [chunk.stop / 16_000 - (time.monotonic() - began) for chunk in source.chunks()]
    assert max(early) < 0.051
    assert len(early) >= 12
