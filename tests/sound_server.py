"""A sound server of our own: PulseAudio with a null sink, whose monitor is the microphone."""

import ctypes.util
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ALSA_CONFIG = """\
</usr/share/alsa/alsa.conf>
pcm.!default {type pulse}
pcm.callmon {type pulse device "call.monitor" hint {show on description "call"}}
"""


@dataclass(frozen=True)
class SoundServer:
    """A running PulseAudio. Programs started with `environment` capture from its device `callmon`."""

    environment: dict[str, str]
    process: "subprocess.Popen[bytes]"

    def play(self, path: Path) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(["paplay", "--device=call", str(path)], env=self.environment)


def need_tools() -> None:
    """Skip the test, naming what to install, where PulseAudio or PortAudio is missing."""
    packages = {"pulseaudio": "pulseaudio", "pactl": "pulseaudio-utils", "paplay": "pulseaudio-utils"}
    missing = sorted({package for tool, package in packages.items() if shutil.which(tool) is None})
    if ctypes.util.find_library("portaudio") is None:
        missing.append("libportaudio2")
    if missing:
        pytest.skip(f"capture from a real device needs: apt install libasound2-plugins {' '.join(missing)}")


@contextmanager
def running_sound_server(folder: Path) -> Iterator[SoundServer]:
    need_tools()
    folder.chmod(0o700)
    config = folder / "asound.conf"
    config.write_text(ALSA_CONFIG)
    socket = folder / "pulse.socket"
    environment = {
        **os.environ,
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "ALSA_CONFIG_PATH": str(config),
        "PULSE_SERVER": f"unix:{socket}",
    }
    modules = [
        f"module-native-protocol-unix auth-anonymous=1 socket={socket}",
        "module-null-sink sink_name=call rate=16000 channels=2 format=s16le",
    ]
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
    process = subprocess.Popen(
        [*command, *(argument for module in modules for argument in ("-L", module))], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        wait_until_it_answers(environment)
        yield SoundServer(environment, process)
    finally:
        process.kill()
        process.wait()


def wait_until_it_answers(environment: dict[str, str]) -> None:
    deadline = time.monotonic() + 20
    command = ["pactl", "set-default-source", "call.monitor"]
    while subprocess.run(command, env=environment, capture_output=True, check=False).returncode:
        if time.monotonic() > deadline:
            raise TimeoutError("pulseaudio did not answer within 20 s")
        time.sleep(0.1)
