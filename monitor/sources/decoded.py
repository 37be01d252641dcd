"""A source whose audio a decoder gives, all channels together."""

import threading
from collections.abc import Iterator, Mapping, Sequence

from monitor.audio.chunk import AudioChunk
from monitor.audio.resample import MAX_RATE, MIN_RATE
from monitor.errors import SourceError
from monitor.events import LEGS, Leg, LegReport
from monitor.sources.base import Source
from monitor.sources.channels import ChannelLegs, channel_legs
from monitor.sources.decode.base import Block, Decoder


class DecodedSource(Source):
    """The channels of a file or pipe as legs."""

    def __init__(self, decoder: Decoder, legs: Sequence[Leg] | None, name: str) -> None:
        """Take over `decoder`. `legs` names the leg of each channel; default `mixed` for one and customer, agent for two."""
        try:
            if not MIN_RATE <= decoder.rate <= MAX_RATE:
                raise SourceError(f"{name}: a sample rate of {decoder.rate} Hz is not that of audio; the header is damaged")
            of_channels = channel_legs(decoder.channels, legs, name)
        except Exception:
            decoder.close()
            raise
        self.legs = tuple(sorted(of_channels, key=LEGS.index))
        self._decoder = decoder
        self._channels = ChannelLegs(of_channels, decoder.rate, decoder.codec, name)
        self._stop = threading.Event()
        self._whole = False

    def chunks(self) -> Iterator[AudioChunk]:
        """The audio. Raises `SourceError` where it is damaged or cut off, after yielding what was good."""
        failure: SourceError | None = None
        try:
            for block in self._blocks():
                yield from self._channels.push(block.samples, block.missing)
                if self._stop.is_set():
                    break
            else:
                self._whole = not self._stop.is_set()
        except SourceError as error:
            failure = error
        finally:
            self._decoder.close()
        yield from self._channels.finish()
        if failure:
            raise failure

    def stop(self) -> None:
        """End `chunks` after the block at hand."""
        self._stop.set()
        self._decoder.stop()

    def report(self) -> Mapping[Leg, LegReport]:
        """What became of each leg so far."""
        return self._channels.report()

    def end_reason(self) -> str:
        """`finished` where the audio was taken to its end, else `stopped`."""
        return "finished" if self._whole else "stopped"

    def _blocks(self) -> Iterator[Block]:
        """The decoder's audio, in the pieces in which it is to be handed on."""
        return self._decoder.blocks()
