"""How long a FLAC file says that it is, for files whose encoder could not say it: RFC 9639, section 8.2."""

OFFSET = 18
"""Of the 64 bits that hold sample rate, channels, bits a sample and total samples: `fLaC`, a block header of 4 bytes, block and
frame sizes of 10 bytes."""
LENGTH = 8
"""Bytes of these."""
_SAMPLES = 2**36 - 1


def with_length(fields: bytes, samples: int) -> bytes:
    """The bytes at `OFFSET`, which say that there are so many samples.

    >>> with_length(bytes(8), 16_000).hex()
    '0000000000003e80'
    """
    return (int.from_bytes(fields, "big") & ~_SAMPLES | min(samples, _SAMPLES)).to_bytes(LENGTH, "big")


def says_length(fields: bytes) -> bool:
    """Whether the bytes at `OFFSET` say how many samples there are."""
    return int.from_bytes(fields, "big") & _SAMPLES != 0
