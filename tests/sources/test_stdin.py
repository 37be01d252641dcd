"""Raw PCM from a pipe."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from monitor.errors import ConfigError, SourceError
from monitor.sources.stdin import SUBTYPES, StdinSource
from tests.sources.taking import Taken, take


def piped(data: bytes, pieces: int = 1, **options: object) -> Taken:
    """Everything from a pipe into which `data` is written in so many pieces."""
    read, write = os.pipe()

    def feed() -> None:
        with os.fdopen(write, "wb", buffering=0) as sink:
            for piece in range(pieces):
                sink.write(data[piece * len(data) // pieces : (piece + 1) * len(data) // pieces])

    feeder = threading.Thread(target=feed)
    feeder.start()
    with os.fdopen(read, "rb") as stream, patch.object(sys, "stdin", stream):
        try:
            return take(StdinSource(**options))
        finally:
            feeder.join()


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


@pytest.mark.parametrize(("start", "name"), [(b"RIFF", "WAV"), (b"fLaC", "FLAC"), (b"OggS", "Ogg")])
def test_a_file_with_a_header_is_not_taken_for_noise(start, name):
    assert f"this is a {name} file" in str(piped(start + bytes(1_000)).error)


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
