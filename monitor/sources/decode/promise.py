"""How much audio a file's header promises, so that a file that was cut off is not taken for a short one."""

import struct
from pathlib import Path
from typing import Any

STATED = {"wav", "w64", "aiff", "au", "caf", "flac", "mov,mp4,m4a,3gp,3g2,mj2"}
"""ffmpeg's names of containers whose stream length stands in a header. For others (MP3 without an index, Ogg) it is a guess."""
UNKNOWN_SIZE = 0x7FFF_F000
"""Programs that write WAV to a pipe cannot know its size and put this (sox) or more (ffmpeg: 0xFFFFFFFF) in its place."""


def promised_seconds(container: Any, stream: Any) -> float | None:
    """The length that the header states; None where it states none."""
    if container.format.name not in STATED or stream.duration is None:
        return None
    return float(stream.duration * stream.time_base)


def riff_shortfall(path: Path) -> int:
    """Bytes that a WAV file lacks of the size in its RIFF header, which ffmpeg corrects in silence; 0 for other files."""
    if not path.is_file():
        return 0
    with path.open("rb") as file:
        head = file.read(8)
    if len(head) < 8 or head[:4] != b"RIFF":
        return 0
    size: int = struct.unpack("<I", head[4:])[0]
    return max(0, size + 8 - path.stat().st_size) if size < UNKNOWN_SIZE else 0
