"""Input devices as PortAudio lists them."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

from monitor.errors import SourceError

LISTING = "emotion-monitor run --list-devices shows what there is"


@dataclass(frozen=True, slots=True)
class InputDevice:
    """A device that can be recorded from."""

    index: int
    name: str
    channels: int
    """Most input channels."""
    rate: float
    """Default sample rate in Hz."""
    host: str
    """Host API: ALSA, Core Audio, ..."""
    default: bool
    """Whether it is the system's default input."""


def portaudio() -> ModuleType:
    """The sounddevice module. Raises `SourceError` where the PortAudio library is missing.

    Imported on first use: it talks to the sound system as it loads, and only this source needs it.
    """
    try:
        import sounddevice
    except OSError:
        raise SourceError(
            "microphone: the PortAudio library is missing: apt install libportaudio2 (macOS: brew install portaudio)"
        ) from None
    return sounddevice  # type: ignore[no-any-return]


def list_devices() -> list[InputDevice]:
    """All input devices, in PortAudio's order."""
    sounddevice = portaudio()
    hosts: Any = sounddevice.query_hostapis()
    default: int = sounddevice.default.device[0]
    if default < 0:
        default = next((host["default_input_device"] for host in hosts if host["default_input_device"] >= 0), -1)
    return [
        InputDevice(
            index=index,
            name=device["name"],
            channels=device["max_input_channels"],
            rate=device["default_samplerate"],
            host=hosts[device["hostapi"]]["name"],
            default=index == default,
        )
        for index, device in enumerate(sounddevice.query_devices())
        if device["max_input_channels"] > 0
    ]


def find_device(wanted: int | str | None) -> InputDevice:
    """The device of an index, of a whole name, or of a part of one in any case; None means the default.

    Raises `SourceError` where there is none, or several of which none has the whole name.
    """
    devices = list_devices()
    if not devices:
        raise SourceError("microphone: no input device: plug one in, or look at the sound server's settings")
    if wanted is None:
        return next((device for device in devices if device.default), devices[0])
    if isinstance(wanted, int) or wanted.isdecimal():
        for device in devices:
            if device.index == int(wanted):
                return device
        raise SourceError(f"microphone: no input device has index {wanted}; {LISTING}")
    exact = [device for device in devices if device.name == wanted]
    matching = exact or [device for device in devices if wanted.casefold() in device.name.casefold()]
    if not matching:
        raise SourceError(f"microphone: no input device has {wanted!r} in its name; {LISTING}")
    if len(matching) > 1:
        names = "; ".join(f"{device.index} {device.name} ({device.host})" for device in matching)
        raise SourceError(f"microphone: {wanted!r} fits several input devices: {names}; give the index")
    return matching[0]
