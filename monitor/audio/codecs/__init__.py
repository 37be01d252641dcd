"""Payload decoding: one file a codec, one registry, and the concealment of what was lost."""

from monitor.audio.codecs.base import Decoder, Encoding, PayloadError
from monitor.audio.codecs.registry import STATIC_PAYLOAD_TYPES, make_decoder, parse_encoding

__all__ = ["STATIC_PAYLOAD_TYPES", "Decoder", "Encoding", "PayloadError", "make_decoder", "parse_encoding"]
