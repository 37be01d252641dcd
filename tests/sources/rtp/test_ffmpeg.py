"""Real senders: ffmpeg sends every codec in real time, and what is heard lies where it was in the file."""

import shutil
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile

from monitor.config.sections import RtpSection
from monitor.sources.rtp.source import RtpSource
from tests.sources.rtp.impairment import BadNetwork
from tests.sources.rtp.listening import Listener, delay_of, wait_for

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed; it sends the RTP")

SECONDS = 4.0
RATE = 16_000
PATIENT = RtpSection(jitter_buffer=0.3)
"""So that a busy machine's own stalls are not taken for the network's."""


@dataclass(frozen=True)
class Sender:
    """How ffmpeg sends a codec: exactly paced packets of 20 ms, or in bursts as `-re` alone does."""

    codec: str
    encoder: list[str]
    rate: int
    packet: int | None
    """Bytes with the header; None where a frame is a packet."""
    delay: int = 0
    """Samples at 16 kHz by which the codec itself delays."""
    bursts: bool = False
    network: dict[str, float] = field(default_factory=dict)
    file: str = "wav"

    def command(self, folder: Path, port: int) -> list[str]:
        frame = "" if self.bursts else f",asetnsamples=n={self.rate // 50}:p=0,arealtime"
        size = "" if self.bursts or self.packet is None else f"?pkt_size={self.packet}"
        pace = ["-re"] if self.bursts else []
        sound = ["-i", str(folder / f"sound.{self.file}"), "-af", f"aresample={self.rate}{frame}", "-ac", "1"]
        return ["ffmpeg", "-v", "error", *pace, *sound, *self.encoder, "-f", "rtp", f"rtp://127.0.0.1:{port}{size}"]


OPUS = ["-c:a", "libopus", "-b:a", "24k", "-frame_duration", "20", "-application", "voip", "-payload_type", "111"]
SENDERS = {
    "pcmu": Sender("pcmu", ["-c:a", "pcm_mulaw"], 8_000, 172),
    "pcma": Sender("pcma", ["-c:a", "pcm_alaw"], 8_000, 172),
    "g722": Sender("g722", ["-c:a", "g722"], 16_000, 172, delay=22),
    "opus": Sender("opus", OPUS, 48_000, None, delay=104),
    "l16": Sender("l16/16000", ["-c:a", "pcm_s16be", "-payload_type", "97"], 16_000, 652),
    "bursts": Sender("pcmu", ["-c:a", "pcm_mulaw"], 8_000, None, bursts=True),
    "long bursts": Sender("pcma", ["-c:a", "pcm_alaw"], 8_000, None, bursts=True, file="flac"),
    "bad network": Sender("pcmu", ["-c:a", "pcm_mulaw"], 8_000, 172, network={"lose": 0.05, "double": 0.05, "swap": 0.05}),
    "bad network, opus": Sender("opus", OPUS, 48_000, None, delay=104, network={"lose": 0.05, "double": 0.05, "swap": 0.05}),
}


def speech_like() -> np.ndarray:
    """Band-limited noise in syllables: no two places alike, so that cross-correlation has one peak."""
    draw = np.random.default_rng(7).standard_normal(round(SECONDS * RATE))
    smooth = np.convolve(draw, np.hanning(16), "same") * (0.2 + np.abs(np.sin(np.arange(len(draw)) / 1_700)))
    return (0.5 * smooth / np.abs(smooth).max()).astype(np.float32)


@dataclass
class Heard:
    source: RtpSource
    samples: np.ndarray
    network: BadNetwork | None


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    return speech_like()


@pytest.fixture(scope="module")
def calls(sound, tmp_path_factory) -> dict[str, Heard]:
    """All senders at once, each into a call of its own."""
    folder = tmp_path_factory.mktemp("sound")
    soundfile.write(folder / "sound.wav", sound, RATE)
    soundfile.write(folder / "sound.flac", sound, RATE)
    with ExitStack() as stack:
        sources = {
            name: RtpSource(legs={"customer": {"codec": sender.codec}, "agent": {}}, settings=PATIENT)
            for name, sender in SENDERS.items()
        }
        listeners = {name: Listener(source) for name, source in sources.items()}
        networks = {
            name: stack.enter_context(BadNetwork(source.ports["customer"], **SENDERS[name].network))
            for name, source in sources.items()
            if SENDERS[name].network
        }
        senders = [
            subprocess.Popen(
                sender.command(folder, networks[name].port if name in networks else sources[name].ports["customer"]),
                stdout=subprocess.DEVNULL,
            )
            for name, sender in SENDERS.items()
        ]
        assert [sender.wait(60) for sender in senders] == [0] * len(senders)
        for listener in listeners.values():
            wait_for(lambda listener=listener: listener.seconds() >= SECONDS)
            listener.finish()
        return {name: Heard(sources[name], listeners[name].heard("customer"), networks.get(name)) for name in SENDERS}


@pytest.fixture(scope="module")
def both_legs(sound, tmp_path_factory) -> Listener:
    """One ffmpeg that sends two channels as two legs, the second one's sound half as loud and half a second later."""
    path = tmp_path_factory.mktemp("sound") / "both.wav"
    later = np.concatenate([np.zeros(RATE // 2, np.float32), 0.5 * sound[: -RATE // 2]])
    soundfile.write(path, np.stack([sound, later], 1), RATE)
    source = RtpSource(settings=PATIENT)
    listener = Listener(source)
    channel = "[0]pan=mono|c0=c{0},aresample=8000,asetnsamples=n=160:p=0,arealtime[leg{0}]"
    outputs = [
        part
        for index, leg in enumerate(source.legs)
        for part in (
            "-map",
            f"[leg{index}]",
            "-c:a",
            "pcm_alaw",
            "-f",
            "rtp",
            f"rtp://127.0.0.1:{source.ports[leg]}?pkt_size=172",
        )
    ]
    filters = ";".join(channel.format(index) for index in range(2))
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(path), "-filter_complex", filters, *outputs],
        stdout=subprocess.DEVNULL,
        timeout=60,
        check=True,
    )
    wait_for(lambda: listener.seconds() >= SECONDS)
    listener.finish()
    return listener


def test_two_legs_of_one_sender_stay_within_a_frame_of_each_other(both_legs, sound):
    customer = delay_of(both_legs.heard("customer"), sound, RATE, 2 * RATE)
    agent = delay_of(both_legs.heard("agent"), sound, RATE, 2 * RATE, reach=RATE)
    assert abs(agent - customer - RATE // 2) <= 320


@pytest.mark.parametrize("name", SENDERS)
def test_every_sender_is_heard_where_the_file_has_it(calls, sound, name):
    heard, expected = calls[name].samples, SENDERS[name].delay
    early = delay_of(heard, sound, RATE // 2, RATE)
    late = delay_of(heard, sound, 3 * RATE, 7 * RATE // 2)
    assert abs(early - expected) <= 16 and abs(late - expected) <= 16


@pytest.mark.parametrize("name", [name for name, sender in SENDERS.items() if not sender.network])
def test_a_clean_network_loses_nothing(calls, name):
    report = calls[name].source.report()["customer"]
    assert (report.lost, report.duplicates, report.late, report.malformed, report.foreign) == (0, 0, 0, 0, 0)
    assert report.codec == SENDERS[name].codec.split("/")[0]


@pytest.mark.parametrize("name", [name for name, sender in SENDERS.items() if sender.network])
def test_what_a_bad_network_does_is_reported_as_it_was(calls, name):
    network, report = calls[name].network, calls[name].source.report()["customer"]
    assert network is not None and min(network.lost, network.doubled, network.swapped) > 0
    assert (report.lost, report.duplicates) == (network.lost, network.doubled)
    assert report.reordered == network.swapped
    assert report.lost_seconds == pytest.approx(0.02 * network.lost, abs=0.001)


@pytest.mark.parametrize("name", SENDERS)
def test_both_legs_are_equally_long_though_one_never_spoke(calls, name):
    reports = calls[name].source.report()
    assert reports["agent"].seconds == reports["customer"].seconds
    assert reports["agent"].silence_seconds == reports["agent"].seconds
