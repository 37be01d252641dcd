"""All sources by their kind. A new one is one file or folder, one line here, and passing the conformance suite."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.events import LEGS
from monitor.sources.base import Source

KINDS: Mapping[str, str] = {
    "file": "monitor.sources.file:FileSource",
    "microphone": "monitor.sources.microphone:MicrophoneSource",
    "pcap": "monitor.sources.pcap:PcapSource",
    "rtp": "monitor.sources.rtp.source:RtpSource",
    "stdin": "monitor.sources.stdin:StdinSource",
}
"""Module and class of each kind; imported when it is first opened, since some need libraries that take seconds to load."""

MAIN_OPTION: Mapping[str, str] = {"file": "path", "pcap": "path", "microphone": "device", "rtp": "sdp"}
"""What the text after `KIND:` names where it is not an option by name."""
CAPTURES = tuple(ending + packed for ending in (".pcap", ".pcapng", ".cap") for packed in ("", ".gz"))
"""Endings by which a plain path is taken for a capture file."""


def open_source(kind: str, options: Mapping[str, Any], settings: Settings) -> Source:
    """Open a source. Raises `ConfigError` for an unknown kind or wrong options, `SourceError` where it cannot be opened."""
    if kind not in KINDS:
        raise ConfigError(f"unknown source {kind!r}: known are {', '.join(KINDS)}")
    # Imported here so that naming sources (`parse_source`, KINDS) loads nothing of them.
    from monitor.sources.options import construct

    module, name = KINDS[kind].split(":")
    return construct(getattr(import_module(module), name), options, settings)


def parse_source(text: str) -> tuple[str, dict[str, Any]]:
    """The kind and options that a source on the command line names.

    >>> parse_source("call.flac"), parse_source("trace.pcap"), parse_source("-")
    (('file', {'path': 'call.flac'}), ('pcap', {'path': 'trace.pcap'}), ('stdin', {}))
    >>> parse_source("microphone:USB headset"), parse_source("microphone")
    (('microphone', {'device': 'USB headset'}), ('microphone', {}))
    >>> parse_source("stdin:rate=8000,legs=customer,agent,channels=2")
    ('stdin', {'rate': '8000', 'legs': 'customer,agent', 'channels': '2'})
    >>> parse_source("rtp:customer=5004,agent=5006"), parse_source("rtp:session.sdp")
    (('rtp', {'legs': {'customer': {'port': '5004'}, 'agent': {'port': '5006'}}}), ('rtp', {'sdp': 'session.sdp'}))

    Raises `ConfigError` for a kind that is not known.
    """
    if text == "-":
        return "stdin", {}
    kind, colon, rest = text.partition(":")
    if kind not in KINDS or (not colon and kind in ("file", "pcap")):
        return _plain_path(text)
    if not rest:
        return kind, {}
    main = MAIN_OPTION.get(kind)
    if main == "path" or (main and "=" not in rest):
        return kind, {main: rest}
    return kind, _ports(_named_options(kind, rest)) if kind == "rtp" else _named_options(kind, rest)


def _plain_path(text: str) -> tuple[str, dict[str, Any]]:
    kind, colon, _ = text.partition(":")
    if colon and kind.isidentifier() and len(kind) > 1:
        raise ConfigError(f"unknown source {kind!r} in {text!r}: known are {', '.join(KINDS)}; a file of that name is ./{text}")
    return "pcap" if text.lower().endswith(CAPTURES) else "file", {"path": text}


def _named_options(kind: str, text: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    name = ""
    for part in text.split(","):
        before, equals, value = part.partition("=")
        if equals:
            name = before.strip()
            options[name] = value
        elif name:  # a list within a value: legs=customer,agent
            options[name] += f",{part}"
        else:
            raise ConfigError(f"source {kind}: expected options as name=value, got {part!r}")
    return options


def _ports(options: dict[str, Any]) -> dict[str, Any]:
    """`customer=5004` for RTP: the leg's port."""
    legs = {leg: {"port": options.pop(leg)} for leg in LEGS if leg in options}
    return {**options, "legs": legs} if legs else options
