"""Raw PCM and sound files from a pipe."""

import io
import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from monitor.errors import ConfigError, SourceError
from monitor.sources.decode.raw import SUBTYPES
from monitor.sources.decode.signature import container_of
from monitor.sources.stdin import StdinSource
from tests.sources.taking import Taken, take
from tests.sources.tones import pitch, two_tones


def piped(data: bytes, pieces: int = 1, **options: object) -> Taken:
    """Everything from a pipe into which `data` is written in so many pieces."""
    read, write = os.pipe()

    def feed() -> None:
        with suppress(BrokenPipeError), os.fdopen(write, "wb", buffering=0) as sink:
            for piece in range(pieces):
                sink.write(data[piece * len(data) // pieces : (piece + 1) * len(data) // pieces])

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        with os.fdopen(read, "rb") as stream, patch.object(sys, "stdin", stream):
            return take(StdinSource(**options))
    finally:
        feeder.join()


def sound_file(**how: str) -> bytes:
    """Two seconds, customer at 300 Hz and agent at 700 Hz."""
    file = io.BytesIO()
    soundfile.write(file, two_tones(2, 16_000), 16_000, **how)
    return file.getvalue()


def encoded(folder: Path, name: str, *options: str) -> bytes:
    if shutil.which("ffmpeg") is None:
        pytest.skip("writing this format needs: apt install ffmpeg")
    soundfile.write(folder / "from.wav", two_tones(3, 48_000), 48_000)
    subprocess.run(["ffmpeg", "-loglevel", "error", "-i", folder / "from.wav", *options, folder / name], check=True)
    return (folder / name).read_bytes()


STREAMED = [
    ("x.mp3", ("-id3v2_version", "0", "-write_xing", "0")),
    ("x.aac", ()),
    ("x.ogg", ("-c:a", "libopus")),
    ("x.webm", ("-c:a", "libopus")),
    ("x.m4a", ("-movflags", "+faststart")),
    ("x.m4a", ("-movflags", "+frag_keyframe+empty_moov")),
    ("x.wma", ()),
    ("x.mp2", ()),
]


def ramp(length: int) -> np.ndarray:
    return np.linspace(-0.9, 0.9, length).astype(np.float32)


@pytest.mark.parametrize("encoding", list(SUBTYPES))
def test_each_encoding_is_read_at_its_right_level(tmp_path: Path, encoding):
    subtype, _ = SUBTYPES[encoding]
    soundfile.write(tmp_path / "x.raw", ramp(8_000), 16_000, subtype=subtype, format="RAW", endian="LITTLE")
    taken = piped((tmp_path / "x.raw").read_bytes(), encoding=encoding)
    np.testing.assert_allclose(taken.audio("mixed"), ramp(8_000), atol=0.03 if "law" in encoding else 1e-4)


def test_two_channels_are_customer_and_agent():
    samples = (np.stack([ramp(4_000), -ramp(4_000)], axis=1) * 32_767).astype("<i2")
    taken = piped(samples.tobytes(), channels=2)
    np.testing.assert_allclose(taken.audio("agent"), -taken.audio("customer"), atol=1e-4)


def test_telephone_audio_is_resampled():
    assert piped(bytes(8_000), rate=8_000, encoding="mulaw").lengths == {"mixed": 16_000}


@settings(max_examples=30, deadline=None)
@given(length=st.integers(4, 5_000), pieces=st.integers(1, 40))
def test_the_way_the_bytes_arrive_changes_nothing(length, pieces):
    data = np.random.default_rng(length).bytes(length)
    np.testing.assert_array_equal(piped(data, pieces, channels=2).audio("agent"), piped(data, channels=2).audio("agent"))


def test_a_last_sample_that_is_not_whole_is_left_out_with_a_warning():
    with capture_logs() as logs:
        taken = piped(bytes(4_003), channels=2)
    assert taken.lengths == {"customer": 1_000, "agent": 1_000}
    assert logs[0]["bytes"] == 3


def test_floats_that_are_no_numbers_are_lost_silence():
    taken = piped(np.full(1_000, np.nan, "<f4").tobytes(), encoding="f32le")
    assert [(gap.start, gap.length, gap.cause) for gap in taken.gaps("mixed")] == [(0, 1_000, "lost")]


def test_a_pipe_that_ends_before_any_audio_is_an_error():
    assert "ended before any audio" in str(piped(b"").error)


@pytest.mark.parametrize(
    "how",
    [
        {"format": "WAV"},
        {"format": "RF64"},
        {"format": "W64"},
        {"format": "AIFF"},
        {"format": "AU"},
        {"format": "FLAC"},
        {"format": "OGG"},
        {"format": "MP3"},
    ],
)
def test_a_sound_file_is_heard_as_its_header_says(how):
    taken = piped(sound_file(**how), pieces=7)
    assert taken.error is None
    assert taken.lengths["agent"] == pytest.approx(32_000, abs=2_500)
    assert [pitch(taken.audio(leg)) for leg in ("customer", "agent")] == [300, 700]


@pytest.mark.parametrize(("name", "options"), STREAMED)
def test_what_ffmpeg_streams_is_heard_as_its_header_says(tmp_path, name, options):
    taken = piped(encoded(tmp_path, name, *options))
    assert taken.error is None
    assert [pitch(taken.audio(leg)) for leg in ("customer", "agent")] == [300, 700]


def test_a_film_whose_index_stands_at_its_end_is_refused_with_a_way_out(tmp_path):
    with pytest.raises(SourceError, match=r"stdin, MP4: .*only be read forwards: give the file by its name"):
        piped(encoded(tmp_path, "x.m4a"))


def test_such_a_film_is_heard_where_standard_input_is_a_file(tmp_path):
    encoded(tmp_path, "x.m4a")
    with (tmp_path / "x.m4a").open("rb") as stream, patch.object(sys, "stdin", stream):
        taken = take(StdinSource())
    assert pitch(taken.audio("agent")) == 700


@pytest.mark.parametrize(
    ("name", "how"), [("WAV .RIFX.", {"format": "WAV", "endian": "BIG", "subtype": "PCM_16"}), ("CAF", {"format": "CAF"})]
)
def test_a_file_that_cannot_be_read_forwards_is_refused_with_a_way_out(name, how):
    with pytest.raises(SourceError, match=f"stdin, {name}: .*give the file by its name"):
        piped(sound_file(**how))


@pytest.mark.parametrize("share", [0.3, 0.8])
@pytest.mark.parametrize("kind", ["WAV", "RF64", "W64", "AIFF", "AU", "FLAC"])
def test_a_sound_file_that_was_cut_off_gives_what_it_has_and_then_an_error(kind, share):
    data = sound_file(format=kind)
    taken = piped(data[: int(len(data) * share)])
    assert taken.lengths["agent"] == pytest.approx(32_000 * share, abs=4_000)
    assert "cut off" in str(taken.error)


@pytest.mark.parametrize("start", [b"RIFF", b"OggS", b"ID3\x04", b"PK\x03\x04", b"\xd4\xc3\xb2\xa1"])
def test_what_begins_as_a_file_and_holds_no_sound_is_refused(start):
    with pytest.raises(SourceError, match="audio"):
        piped(start + bytes(1_000))


def test_text_is_refused():
    with pytest.raises(SourceError, match="stdin, text"):
        piped(b"a letter, and no sound\n" * 50)


@pytest.mark.parametrize("options", [{"rate": 8_000}, {"channels": 2}, {"encoding": "mulaw"}, {"realtime": True}])
def test_a_sound_file_that_is_said_to_be_raw_is_refused(options):
    assert "this is a WAV file, not raw PCM" in str(piped(sound_file(format="WAV"), **options).error)


@pytest.mark.parametrize("byte", [0x00, 0x55, 0x7E, 0x7F, 0x80, 0xD5, 0xFF])
def test_an_idle_line_is_raw_samples(byte):
    assert container_of(bytes([byte]) * 8_192) is None


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=64, max_size=4_096))
def test_bytes_are_taken_for_a_file_only_by_how_files_begin(data):
    assert container_of(b"\x80\x00" + data) is None


def test_a_live_pipe_in_which_nothing_comes_keeps_the_call_going():
    read, write = os.pipe()
    with os.fdopen(read, "rb") as stream, os.fdopen(write, "wb"), patch.object(sys, "stdin", stream):
        source = StdinSource(realtime=True)
        chunks = source.chunks()
        assert len(next(chunks).samples) == 0
        source.stop()
        assert sum(len(chunk.samples) for chunk in chunks) == 0
    assert source.end_reason() == "stopped"


def test_standard_input_itself_may_be_a_file(tmp_path: Path):
    (tmp_path / "x.raw").write_bytes(bytes(32_000))
    program = "from monitor.sources.stdin import StdinSource; print(sum(len(c.samples) for c in StdinSource().chunks()))"
    with (tmp_path / "x.raw").open("rb") as stdin:
        run = subprocess.run([sys.executable, "-c", program], stdin=stdin, capture_output=True, text=True, check=True)
    assert run.stdout == "16000\n"


def test_a_terminal_is_refused():
    master, terminal = os.openpty()
    with (
        os.fdopen(master, "rb"),
        os.fdopen(terminal, "rb") as stream,
        patch.object(sys, "stdin", stream),
        pytest.raises(SourceError, match="is a terminal"),
    ):
        StdinSource()


@pytest.mark.parametrize(
    ("options", "message"), [({"rate": 0}, "got 0"), ({"channels": 0}, "got 0"), ({"channels": 2, "legs": ("mixed",)}, "legs")]
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        StdinSource(**options)
