"""Capture from a real device: the monitor of a PulseAudio null sink."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from monitor.errors import SourceError
from monitor.sources.devices import list_devices
from tests.sound_server import SoundServer, need_tools

ROOT = Path(__file__).parents[2]
RECORD = Path(__file__).with_name("record.py")


def start_recording(
    environment: dict[str, str], out: Path, seconds: float, stall: float = 0, **options: object
) -> subprocess.Popen[str]:
    command = [sys.executable, str(RECORD), str(out), str(seconds), json.dumps(options), str(stall)]
    environment = {**environment, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def result_of(recording: subprocess.Popen[str]) -> dict:
    stdout, stderr = recording.communicate(timeout=60)
    assert recording.returncode == 0, stderr
    return json.loads(stdout.splitlines()[-1])


def speechlike(seconds: float, seed: int) -> np.ndarray:
    """Noise of varying loudness: its correlation with itself has one sharp peak."""
    generator = np.random.default_rng(seed)
    return (generator.normal(0, 0.1, int(seconds * 16_000)) * np.sin(np.arange(int(seconds * 16_000)) / 3_000)).astype(
        np.float32
    )


def found_at(needle: np.ndarray, hay: np.ndarray) -> int:
    size = 1 << (len(hay) + len(needle)).bit_length()
    return int(np.argmax(np.fft.irfft(np.fft.rfft(hay, size) * np.conj(np.fft.rfft(needle, size)), size)[: len(hay)]))


def test_two_channels_are_captured_bit_for_bit_as_customer_and_agent(sound_server: SoundServer, tmp_path: Path):
    played = np.stack([speechlike(1.5, 1), speechlike(1.5, 2)], axis=1)
    soundfile.write(tmp_path / "played.wav", played, 16_000, subtype="PCM_16")
    recording = start_recording(sound_server.environment, tmp_path / "out", 60, device="callmon", channels=2)
    assert recording.stdout is not None
    recording.stdout.readline()
    sound_server.play(tmp_path / "played.wav").wait(timeout=50)
    recording.terminate()  # it is played to its end
    result = result_of(recording)
    captured = np.load(tmp_path / "out.npz")
    expected = soundfile.read(tmp_path / "played.wav", dtype="float32")[0][4_000:20_000]
    at = found_at(expected[:, 0], captured["customer"])
    np.testing.assert_array_equal(captured["customer"][at : at + 16_000], expected[:, 0])
    np.testing.assert_array_equal(captured["agent"][at : at + 16_000], expected[:, 1])
    assert result["error"] is None
    assert result["report"]["customer"]["overflow_seconds"] == 0


def test_the_default_device_is_one_mixed_leg(sound_server: SoundServer, tmp_path: Path):
    result = result_of(start_recording(sound_server.environment, tmp_path / "out", 0.5))
    assert list(result["report"]) == ["mixed"]
    assert result["report"]["mixed"]["seconds"] >= 0.5


def test_audio_dropped_while_nobody_took_it_is_a_lost_gap_at_its_place(sound_server: SoundServer, tmp_path: Path):
    result = result_of(start_recording(sound_server.environment, tmp_path / "out", 4, stall=2, device="callmon", buffer=0.5))
    report = result["report"]["mixed"]
    assert report["overflow_seconds"] > 1
    assert report["lost_seconds"] == pytest.approx(report["overflow_seconds"], abs=0.01)
    assert sum(length for _, length, cause in result["gaps"]["mixed"] if cause == "lost") == report["lost_seconds"] * 16_000
    assert report["seconds"] * 16_000 == len(np.load(tmp_path / "out.npz")["mixed"])


def test_a_device_that_goes_away_is_an_error_after_what_it_gave(sound_server: SoundServer, tmp_path: Path):
    recording = start_recording(sound_server.environment, tmp_path / "out", 60, device="callmon")
    assert recording.stdout is not None
    recording.stdout.readline()
    sound_server.process.terminate()
    result = result_of(recording)
    assert "stopped delivering" in result["error"]


def has_input_device() -> bool:
    program = "from monitor.sources.devices import list_devices; print(len(list_devices()))"
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout != "0\n"


def test_without_an_input_device_the_error_says_so(tmp_path: Path):
    need_tools()
    if has_input_device():
        pytest.skip("this machine has an input device")
    assert "no input device: plug one in" in result_of(start_recording({}, tmp_path / "out", 1))["error"]


def test_devices_are_listed_with_their_channels_and_the_default(sound_server: SoundServer):
    program = "from monitor.sources.devices import list_devices; print([(d.name, d.host, d.default) for d in list_devices()])"
    listing = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=sound_server.environment, capture_output=True, text=True, check=True
    )
    assert "('callmon', 'ALSA', False)" in listing.stdout
    assert "('default', 'ALSA', True)" in listing.stdout


def test_a_missing_portaudio_library_is_named_with_its_package(monkeypatch):
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    with pytest.raises(SourceError, match="apt install libportaudio2"):
        list_devices()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "headset"}, "no input device has 'headset' in its name"),
        ({"device": 99}, "no input device has index 99"),
        ({"device": "l"}, "fits several input devices"),
        ({"channels": 3}, "has 3 channels"),
        ({"channels": 1, "legs": "customer,agent"}, "legs must name 1"),
        ({"buffer": 0}, "buffer must be above 0"),
    ],
)
def test_what_cannot_be_opened_is_refused_with_the_reason(sound_server: SoundServer, tmp_path: Path, options, message):
    assert message in result_of(start_recording(sound_server.environment, tmp_path / "out", 1, **options))["error"]
