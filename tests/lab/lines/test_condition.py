"""Recordings over simulated lines: the seed and the file decide what is heard, and what was lost is marked."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lab.evaluation.degrade import PLAIN, points
from lab.hearing.takes import Take
from lab.labels import read_clips
from lab.lines.condition import TELEPHONE, WIDE, Condition
from monitor.errors import ConfigError
from monitor.events import Leg


def audio(take: Take) -> dict[Leg, np.ndarray]:
    chunks = list(take.open().chunks())
    return {leg: np.concatenate([chunk.samples for chunk in chunks if chunk.leg == leg]) for leg in {c.leg for c in chunks}}


def lost(take: Take) -> list[int]:
    return [gap.start for chunk in take.open().chunks() for gap in chunk.gaps if gap.cause == "lost"]


def test_the_same_file_and_seed_sound_the_same_and_others_do_not(call_file: Path) -> None:
    first, again, other = (audio(Take(call_file, line=TELEPHONE, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first["customer"], again["customer"])
    assert not np.array_equal(first["customer"], other["customer"])


def test_each_leg_has_a_line_of_its_own(clips_folder: Path) -> None:
    legs = audio(Take(clips_folder / "5.wav", line=TELEPHONE))
    assert set(legs) == {"customer", "agent"}
    assert not np.array_equal(legs["customer"], legs["agent"])


def test_a_telephone_has_no_sound_above_its_band(clips_folder: Path) -> None:
    plain, telephone = (
        np.abs(np.fft.rfft(audio(Take(clips_folder / "3.wav", one_speaker=True, line=line))["customer"]))
        for line in (None, TELEPHONE)
    )
    high = slice(4_500, 7_500)  # Hz, as the clip is one second long
    share = [(power[high] ** 2).sum() / (power**2).sum() for power in (plain, telephone)]
    assert share[1] < share[0] / 100


def test_lost_packets_are_concealed_and_marked(clips_folder: Path) -> None:
    take = Take(clips_folder / "3.wav", one_speaker=True, line=replace(PLAIN, loss=0.3))
    gaps = lost(take)
    assert 5 <= len(gaps) <= 25
    assert all(start % 320 == 0 for start in gaps)
    assert take.open().report()["customer"].lost_seconds == pytest.approx(0.02 * len(gaps))


def test_nothing_is_lost_on_a_line_without_loss(clips_folder: Path) -> None:
    assert lost(Take(clips_folder / "3.wav", one_speaker=True, line=TELEPHONE)) == []


@pytest.mark.parametrize("snr", [5.0, 20.0])
def test_noise_lies_as_far_below_the_speech_as_is_asked(clips_folder: Path, snr: float) -> None:
    wide = Condition("wide", codecs=("",), band=WIDE, snr=(snr, snr))
    noisy, quiet = (
        audio(Take(clips_folder / "3.wav", one_speaker=True, line=line))["customer"]
        for line in (wide, replace(wide, snr=(90.0, 90.0)))
    )
    assert 20 * np.log10(np.sqrt(np.mean((noisy - quiet) ** 2))) == pytest.approx(-25.0 - snr, abs=0.1)


def test_without_recordings_noise_is_babble_of_the_clips_and_brown(clips_folder: Path) -> None:
    clips = read_clips(clips_folder)
    swept = list(points(clips, None))
    noises = {point.sweep for point in swept if point.sweep.startswith("noise")}
    babble = next(point.condition for point in swept if "babble" in point.sweep)
    assert noises == {f"noise: babble of {len(clips)} clips", "noise: brown"}
    assert np.isfinite(audio(Take(clips_folder / "0.wav", one_speaker=True, line=babble))["customer"]).all()


def test_each_recording_of_a_folder_is_a_noise(clips_folder: Path, tmp_path: Path, call_file: Path) -> None:
    (tmp_path / "office.wav").write_bytes(call_file.read_bytes())
    swept = [point for point in points(read_clips(clips_folder), tmp_path) if point.sweep == "noise: office"]
    assert [point.value for point in swept] == [5.0, 10.0, 15.0, 20.0, 30.0]
    assert np.isfinite(audio(Take(clips_folder / "0.wav", one_speaker=True, line=swept[0].condition))["customer"]).all()


@pytest.mark.parametrize(("name", "message"), [("none", "no such folder"), (".", "holds no recording")])
def test_a_folder_without_noise_is_refused(clips_folder: Path, tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        list(points(read_clips(clips_folder), tmp_path / name))
