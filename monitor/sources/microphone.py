"""A sound card's input: PortAudio calls back in its own thread, a bounded queue carries the blocks over."""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import structlog
from numpy.typing import NDArray

from monitor.audio.chunk import AudioChunk
from monitor.errors import ConfigError, SourceError
from monitor.events import LEGS, Leg, LegReport
from monitor.sources.base import Source
from monitor.sources.capture import Captured, CaptureQueue
from monitor.sources.channels import ChannelLegs, channel_legs
from monitor.sources.devices import find_device, portaudio
from monitor.sources.options import Legs
from monitor.timeline import SAMPLE_RATE

BLOCK = 0.02
"""Seconds a callback."""
LATENCY = 0.1
"""Seconds that the sound system may hold, so that a callback that has to wait for the interpreter loses nothing."""
PATIENCE = 0.1
"""Seconds after which a silent device is reported as an empty chunk."""
SILENT_DEVICE = 5.0
"""Seconds without a callback after which the device is taken for gone: PortAudio does not always tell."""
LONGEST_OVERFLOW = 60.0
"""Seconds. A device clock that claims to have lost more has been set, not read."""

log = structlog.get_logger(__name__)


class MicrophoneSource(Source):
    """One or two channels of an input device."""

    kind: ClassVar[str] = "microphone"
    main_option: ClassVar[str] = "device"
    recurs: ClassVar[bool] = True

    def __init__(
        self,
        device: int | str | None = None,
        channels: int | None = None,
        legs: Legs | None = None,
        buffer: float = 5.0,
    ) -> None:
        """Open `device`, an index or a part of a name, else the system's default input.

        `channels` defaults to as many as there are `legs`, else 1. Up to `buffer` seconds wait where the pipeline is busy;
        what comes beyond is dropped, counted as overflow and marked as lost at its place.
        """
        channels = channels or (len(legs) if legs else 1)
        if not 0 < buffer <= 600:
            raise ConfigError(f"microphone: buffer must be above 0 and at most 600 s, got {buffer}")
        of_channels = channel_legs(channels, legs, "microphone")
        self.realtime = True
        self.legs = tuple(sorted(of_channels, key=LEGS.index))
        chosen = find_device(device)
        self.description = chosen.name
        if channels > chosen.channels:
            raise SourceError(f"microphone: {chosen.name} has {chosen.channels} input channel(s), not {channels}")
        self._width = channels
        self._rate, self._stream = self._open(chosen.index, int(chosen.rate))
        self._queue = CaptureQueue(max(1, int(buffer * self._rate)))
        self._channels = ChannelLegs(of_channels, self._rate, "pcm", chosen.name)
        self._expected: float | None = None
        self._stop = threading.Event()
        self._gone = False

    def chunks(self) -> Iterator[AudioChunk]:
        """The device's audio. Raises `SourceError` where the device goes away, after yielding what it gave."""
        try:
            self._stream.start()
            yield from self._while_open()
        except portaudio().PortAudioError as error:
            raise SourceError(f"microphone: {self.description}: cannot be started: {error}") from None
        finally:
            self._stream.close(ignore_errors=True)
        self._queue.close()
        while (captured := self._queue.get(0)) is not None:
            yield from self._push(captured)
        yield from self._channels.finish()
        if self._gone:
            raise SourceError(f"microphone: {self.description} stopped delivering; is it still plugged in?")

    def stop(self) -> None:
        """End the capture within a tenth of a second."""
        self._stop.set()

    def report(self) -> Mapping[Leg, LegReport]:
        """What became of each leg so far."""
        overflow = self._queue.overflowed / self._rate
        return {leg: replace(report, overflow_seconds=overflow) for leg, report in self._channels.report().items()}

    def end_reason(self) -> str:
        """A microphone never ends by itself."""
        return "stopped"

    def _while_open(self) -> Iterator[AudioChunk]:
        heard = time.monotonic()
        while not self._stop.is_set():
            captured = self._queue.get(PATIENCE)
            if captured is not None:
                heard = time.monotonic()
                yield from self._push(captured)
                continue
            if self._queue.closed or time.monotonic() - heard > SILENT_DEVICE:
                self._gone = True
                return
            yield from self._channels.push(np.zeros((0, self._width), np.float32))

    def _push(self, captured: Captured) -> Iterator[AudioChunk]:
        step = self._rate // 2
        for start in range(0, captured.lost, step):
            silence = np.zeros((min(step, captured.lost - start), self._width), np.float32)
            yield from self._channels.push(silence, "lost")
        if len(captured.samples):
            yield from self._channels.push(captured.samples)

    def _open(self, index: int, default_rate: int) -> tuple[int, Any]:
        sounddevice = portaudio()
        rate = SAMPLE_RATE
        try:
            sounddevice.check_input_settings(index, self._width, "float32", samplerate=rate)
        except sounddevice.PortAudioError:
            rate = default_rate
        try:
            return rate, sounddevice.InputStream(
                samplerate=rate,
                blocksize=int(rate * BLOCK),
                latency=LATENCY,
                device=index,
                channels=self._width,
                dtype="float32",
                callback=self._callback,
                finished_callback=self._finished,
            )
        except sounddevice.PortAudioError as error:
            raise SourceError(f"microphone: {self.description}: cannot be opened at {rate} Hz: {error}") from None

    def _callback(self, samples: NDArray[np.float32], frames: int, when: Any, status: Any) -> None:
        lost = 0
        at = when.inputBufferAdcTime
        if status.input_overflow and self._expected is not None:
            lost = round(min(max(at - self._expected, 0.0), LONGEST_OVERFLOW) * self._rate)
            log.warning("device_overflow", device=self.description, samples=lost)
        self._expected = at + frames / self._rate
        self._queue.put(samples, lost)

    def _finished(self) -> None:
        self._queue.close()
