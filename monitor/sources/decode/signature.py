"""What a stream of bytes is by how it begins, so that no file is taken for raw samples and heard as noise."""

from collections.abc import Mapping

ENOUGH = 8_192
"""Bytes from which everything here is told apart."""
FRAMES = 3
"""Consecutive frames that make MP3 or AAC of bytes that could also be samples."""

STARTS: Mapping[tuple[int, bytes], str] = {
    (0, b"RIFF"): "WAV",
    (0, b"RIFX"): "WAV (RIFX)",
    (0, b"RF64"): "WAV (RF64)",
    (0, b"BW64"): "WAV (BW64)",
    (0, b"riff\x2e\x91\xcf\x11"): "Wave64",
    (0, b"FORM"): "AIFF",
    (0, b".snd"): "AU",
    (0, b"caff"): "CAF",
    (0, b"fLaC"): "FLAC",
    (0, b"OggS"): "Ogg",
    (0, b"ID3\x02"): "MP3",
    (0, b"ID3\x03"): "MP3",
    (0, b"ID3\x04"): "MP3",
    (4, b"ftyp"): "MP4",
    (0, b"\x1aE\xdf\xa3"): "Matroska or WebM",
    (0, b"\x30\x26\xb2\x75"): "WMA",
    (0, b"#!AMR"): "AMR",
    (0, b"wvpk"): "WavPack",
    (0, b"MAC "): "Monkey's Audio",
    (0, b"FLV\x01"): "FLV",
    (0, b"NIST_1A"): "NIST SPHERE",
    (0, b"Creative Voice"): "VOC",
    (0, b"\xd4\xc3\xb2\xa1"): "packet capture",
    (0, b"\xa1\xb2\xc3\xd4"): "packet capture",
    (0, b"\x4d\x3c\xb2\xa1"): "packet capture",
    (0, b"\x0a\x0d\x0d\x0a"): "packet capture",
    (0, b"PK\x03\x04"): "ZIP",
    (0, b"\x1f\x8b\x08\x00"): "gzip",
    (0, b"\x1f\x8b\x08\x08"): "gzip",
    (0, b"\x28\xb5\x2f\xfd"): "Zstandard",
    (0, b"\xfd7zXZ"): "xz",
    (0, b"BZh9"): "bzip2",
    (0, b"%PDF"): "PDF",
}
"""Four bytes or more each: raw samples begin so once in four billion calls."""

# Frame headers of ISO/IEC 11172-3 and 13818-3: rates in Hz by version, bit rates in kbit/s by version and layer.
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_KBITS = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def container_of(head: bytes) -> str | None:
    """The format that a stream begins as; None where nothing says that it is other than raw samples.

    >>> container_of(b"RIFF....WAVE"), container_of(bytes(100))
    ('WAV', None)
    """
    for (offset, magic), name in STARTS.items():
        if head.startswith(magic, offset):
            return name
    return "text" if _text(head) else _framed(head)


def _text(head: bytes) -> bool:
    """Whether all of it can be read. An idle A-law line is UUUU, so there must be several letters, and words."""
    printable = all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)
    return printable and len(head) >= 32 and len(set(head)) >= 8 and bool(set(b" \n") & set(head))


def _framed(head: bytes) -> str | None:
    at = 0
    name = None
    for _ in range(FRAMES):
        if (frame := _frame(head[at : at + 7])) is None or (name is not None and frame[0] != name):
            return None
        name, length = frame
        at += length
    return name


def _frame(header: bytes) -> tuple[str, int] | None:
    """Format and bytes of the frame that begins so; None where none does."""
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    if header[1] & 0xF6 == 0xF0:  # ADTS, ISO/IEC 13818-7
        length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
        return ("AAC", length) if length > 7 else None
    version, layer, kbits, rate = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3), header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 4 or kbits in (0, 15) or rate == 3:
        return None
    bits = _KBITS[version == 3, layer][kbits - 1] * 1000
    padding = header[2] >> 1 & 1
    if layer == 1:
        return "MP3", (12 * bits // _RATES[version][rate] + padding) * 4
    return "MP3", (72 if layer == 3 and version != 3 else 144) * bits // _RATES[version][rate] + padding
