"""What a codec is: a payload's bytes in, mono float32 samples out."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.audio.chunk import Samples

COMFORT_NOISE = "cn"
"""RFC 3389: the sender is silent from here on."""
TELEPHONE_EVENT = "telephone-event"
"""RFC 4733: a key was pressed."""
NOT_AUDIO = frozenset({COMFORT_NOISE, TELEPHONE_EVENT})


class PayloadError(ValueError):
    """A payload does not decode. The decoder is still good for the next one."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a payload type is encoded: an SDP `rtpmap`."""

    name: str
    """Lower case: pcmu, pcma, g722, opus, l16, cn, telephone-event, ..."""
    clock: int
    """Hz of the RTP timestamp. It is 8000 for G.722, whose sound is 16 kHz (RFC 3551, section 4.5.2)."""
    channels: int = 1

    def __str__(self) -> str:
        return f"{self.name}/{self.clock}" + (f"/{self.channels}" if self.channels != 1 else "")


class Decoder(ABC):
    """Decodes the payloads of one stream, in order. Channels are averaged to one."""

    rate: int
    """Samples a second of what `decode` returns; a whole multiple of `clock`."""
    clock: int
    """Hz of the RTP timestamp."""

    @abstractmethod
    def decode(self, payload: bytes) -> Samples:
        """Shape (n,), float32 in [-1, 1]; n is 0 where the payload says that silence begins.

        Raises `PayloadError`; never anything else, whatever the bytes.
        """

    def units(self, payload: bytes) -> int:
        """How long a payload lasts, by the clock, where a look at it tells, and that it decodes; else 0."""
        return 0

    def decode_run(self, payloads: Sequence[bytes]) -> Samples:
        """Payloads of which `units` is known, as `decode` of one after the other. Shape (n,)."""
        return self.decode(b"".join(payloads))

    def conceal(self) -> Samples | None:
        """What the codec itself puts in the place of the packet that is lost next; None where it has no such means."""
        return None
