"""All sources by their kind: those that ship, and those of other packages (`emotion_monitor.sources`, `monitor/plugins.py`).

A new one is one file or folder, one line here, and passing the conformance suite.
"""

import inspect
from collections.abc import Mapping
from typing import Any

from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.plugins import Registry
from monitor.sources.base import Source, SourceKind
from monitor.sources.options import checked_options, construct

SOURCES: Registry[type[SourceKind]] = Registry(
    "source",
    {
        "file": "monitor.sources.file:FileSource",
        "ingest": "monitor.sources.incoming.ingest:IngestCall",
        "microphone": "monitor.sources.microphone:MicrophoneSource",
        "pcap": "monitor.sources.pcap:PcapSource",
        "rtp": "monitor.sources.rtp.source:RtpSource",
        "stdin": "monitor.sources.stdin:StdinSource",
    },
    SourceKind,
)
PLAIN = "file"
"""What a path is whose ending no source claims."""


def source_of(kind: str, key: str = "source") -> type[Source]:
    """The class of the sources of a kind, which `key` asks for.

    Raises `ConfigError` where there is none, or it is one whose calls come to the server.
    """
    found = SOURCES.load(kind, key)
    if not issubclass(found, Source):
        raise ConfigError(f"{key}: {kind} is not opened: its calls come to a running service (emotion-monitor serve)")
    return found


def open_source(kind: str, options: Mapping[str, Any], settings: Settings) -> Source:
    """Open a source. Raises `ConfigError` for an unknown kind or wrong options, `SourceError` where it cannot be opened."""
    return construct(source_of(kind), options, settings)


def check_source(number: int, kind: str, options: Mapping[str, Any], settings: Settings) -> None:
    """Raise `ConfigError` where the entry of `sources:` with this number could never be opened. Opens nothing."""
    source = source_of(kind, f"sources.{number}.kind")
    try:
        checked_options(source, options, settings)
    except ConfigError as error:
        raise ConfigError("\n".join(f"sources.{number}: {line}" for line in str(error).splitlines())) from None


def suffixes() -> Mapping[str, str]:
    """Endings of files that sources take, each with the source's kind."""
    claimed: dict[str, str] = {}
    for kind in SOURCES.names():
        found = SOURCES.load(kind, "source")
        if issubclass(found, Source):
            claimed.update(dict.fromkeys(found.suffixes, kind))
    return claimed


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
    if kind not in SOURCES.names():
        return _plain_path(text)
    source = source_of(kind)
    if not colon and _needs_its_main_option(source):
        return _plain_path(text)
    return kind, source.options_of(rest) if rest else {}


def _needs_its_main_option(source: type[Source]) -> bool:
    parameter = inspect.signature(source).parameters.get(source.main_option or "")
    return parameter is not None and parameter.default is inspect.Parameter.empty


def _plain_path(text: str) -> tuple[str, dict[str, Any]]:
    kind, colon, _ = text.partition(":")
    if colon and kind.isidentifier() and len(kind) > 1:
        known = ", ".join(SOURCES.names())
        raise ConfigError(f"no source is called {kind!r}, in {text!r}; there are: {known}; a file of that name is ./{text}")
    name = text.lower()
    taken_by = next((kind for ending, kind in suffixes().items() if name.endswith(ending)), PLAIN)
    return taken_by, source_of(taken_by).options_of(text)
