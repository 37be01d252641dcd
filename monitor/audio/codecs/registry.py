"""Which encodings are decoded, what they are called in SDP, and which payload types need no telling."""

import re

from monitor.audio.codecs.base import COMFORT_NOISE, NOT_AUDIO, TELEPHONE_EVENT, Decoder, Encoding
from monitor.audio.codecs.g711 import G711
from monitor.audio.codecs.l16 import L16
from monitor.errors import SourceError

STATIC_PAYLOAD_TYPES: dict[int, Encoding] = {
    0: Encoding("pcmu", 8_000),
    3: Encoding("gsm", 8_000),
    8: Encoding("pcma", 8_000),
    9: Encoding("g722", 8_000),
    10: Encoding("l16", 44_100, 2),
    11: Encoding("l16", 44_100),
    13: Encoding(COMFORT_NOISE, 8_000),
    18: Encoding("g729", 8_000),
    101: Encoding(TELEPHONE_EVENT, 8_000),
}
"""RFC 3551, tables 4 and 5; 101 is dynamic by the letter, and telephone-event wherever nothing else is said."""

_DEFAULT_CLOCKS = {
    "pcmu": 8_000,
    "pcma": 8_000,
    "g722": 8_000,
    "gsm": 8_000,
    "g729": 8_000,
    "opus": 48_000,
    COMFORT_NOISE: 8_000,
    TELEPHONE_EVENT: 8_000,
}
_ALIASES = {
    **dict.fromkeys(("ulaw", "mulaw", "mu-law", "u-law", "g711u", "g711ulaw", "g711mu", "g.711u"), "pcmu"),
    **dict.fromkeys(("alaw", "a-law", "g711a", "g711alaw", "g.711a"), "pcma"),
    **dict.fromkeys(("g729a", "g729b", "g729ab", "g.729", "g.729a"), "g729"),
    **dict.fromkeys(("slin", "slinear"), "l16"),
    "g.722": "g722",
}
"""What telephone systems and people say for the names that are registered (RFC 3551, section 6)."""
_SLIN = re.compile(r"slin([0-9]{1,3})")
"""Asterisk's name of linear sound, at so many kHz; 8 of them where it tells none."""
_PATTERN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,31})(?:/([0-9]{1,6}))?(?:/([0-9]{1,2}))?")

L16_RATES = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


def parse_encoding(text: str) -> Encoding:
    """Read an `rtpmap` encoding; the clock may be left out where there is only one. Raises `SourceError`.

    >>> parse_encoding("opus/48000/2"), str(parse_encoding("PCMU"))
    (Encoding(name='opus', clock=48000, channels=2), 'pcmu/8000')
    """
    match = _PATTERN.fullmatch(text.strip())
    if not match:
        raise SourceError(f"not an encoding: {text[:60]!r}; write it as in SDP, for instance opus/48000/2 or pcmu/8000")
    name, clock = _meant(match[1].lower())
    clock = int(match[2]) if match[2] else clock or _DEFAULT_CLOCKS.get(name, 0)
    if not clock:
        raise SourceError(f"{text!r} needs a clock rate: {name}/RATE, for instance l16/16000")
    return Encoding(name, clock, max(1, int(match[3] or 1)))


def _meant(name: str) -> tuple[str, int]:
    """The registered name, and the clock rate that the name itself tells, else 0."""
    if slin := _SLIN.fullmatch(name):
        return "l16", {11: 11_025, 22: 22_050, 44: 44_100}.get(int(slin[1]), int(slin[1]) * 1_000)
    return _ALIASES.get(name, name), 8_000 if name in ("slin", "slinear") else 0


def check_encoding(encoding: Encoding) -> None:
    """Raise `SourceError` where payloads of this encoding cannot be understood."""
    if encoding.name not in NOT_AUDIO:
        make_decoder(encoding)


def decodable(encoding: Encoding) -> bool:
    """Whether payloads of this encoding can be understood."""
    try:
        check_encoding(encoding)
    except SourceError:
        return False
    return True


def make_decoder(encoding: Encoding) -> Decoder:
    """A fresh decoder. Raises `SourceError` for an encoding that is not decoded."""
    # here, so that what a source is can be asked without it
    from monitor.audio.codecs.libav import G722, G729, LibavDecoder, Opus

    match encoding:
        case Encoding("pcmu" | "pcma" as law, clock, 1) if 8_000 <= clock <= 48_000:
            return G711(law, clock)
        case Encoding("g722", 8_000, 1):
            return G722()
        case Encoding("opus", 48_000, 1 | 2):
            return Opus()
        case Encoding("g729", 8_000, 1):
            return G729()
        case Encoding("gsm", 8_000, 1):
            return LibavDecoder("gsm", 8_000, 8_000)
        case Encoding("l16", clock, channels) if clock in L16_RATES and channels <= 8:
            return L16(clock, channels)
        case _:
            raise SourceError(
                f"cannot decode {encoding}; decoded are pcmu, pcma, g722/8000, gsm, g729, opus/48000/2, and l16 at "
                f"{', '.join(map(str, L16_RATES))} Hz"
            )
