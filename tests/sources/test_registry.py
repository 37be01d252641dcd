"""Sources are opened by kind and options, and what is wrong is said by name."""

import subprocess
import sys
from collections.abc import Iterable, Mapping

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import Settings
from monitor.config.sections import RtpSection
from monitor.errors import ConfigError
from monitor.sources.base import Source
from monitor.sources.file import FileSource
from monitor.sources.options import construct
from monitor.sources.registry import SOURCES, open_source, parse_source


@pytest.mark.parametrize(
    ("text", "kind", "options"),
    [
        ("call.wav", "file", {"path": "call.wav"}),
        ("/calls/a:b.wav", "file", {"path": "/calls/a:b.wav"}),
        ("file:call.pcap", "file", {"path": "call.pcap"}),
        ("file:a=b.wav", "file", {"path": "a=b.wav"}),
        ("trace.pcapng", "pcap", {"path": "trace.pcapng"}),
        ("trace.PCAP.gz", "pcap", {"path": "trace.PCAP.gz"}),
        ("sound.gz", "file", {"path": "sound.gz"}),
        ("pcap:trace", "pcap", {"path": "trace"}),
        ("microphone", "microphone", {}),
        ("microphone:3", "microphone", {"device": "3"}),
        ("microphone:device=3,channels=2", "microphone", {"device": "3", "channels": "2"}),
        ("-", "stdin", {}),
        ("stdin", "stdin", {}),
        ("stdin:rate=8000,encoding=mulaw", "stdin", {"rate": "8000", "encoding": "mulaw"}),
        ("file", "file", {"path": "file"}),
        ("rtp", "rtp", {}),
        ("rtp:call.sdp", "rtp", {"sdp": "call.sdp"}),
        ("rtp:customer=5004", "rtp", {"legs": {"customer": {"port": "5004"}}}),
    ],
)
def test_a_source_is_named_in_one_word_on_the_command_line(text, kind, options):
    assert parse_source(text) == (kind, options)


@pytest.mark.parametrize("text", ["twillio:abc", "microfone:2"])
def test_a_kind_that_is_not_known_is_not_taken_for_a_file(text):
    with pytest.raises(ConfigError, match=r"there are: file, .*microphone, pcap, rtp, stdin"):
        parse_source(text)


def test_options_that_have_no_name_are_refused():
    with pytest.raises(ConfigError, match="name=value"):
        parse_source("stdin:8000")


@given(st.text())
def test_any_text_names_a_source_or_is_refused_clearly(text):
    try:
        kind, options = parse_source(text)
    except ConfigError:
        return
    assert kind in SOURCES.names()
    assert all(isinstance(name, str) for name in options)


def test_options_may_be_text_as_they_come_from_the_command_line(tmp_path):
    soundfile.write(tmp_path / "x.wav", np.zeros((800, 2)), 8_000)
    options = {"path": str(tmp_path / "x.wav"), "legs": "agent, customer", "realtime": "true"}
    source = open_source("file", options, Settings())
    assert isinstance(source, FileSource)
    assert source.realtime


def test_an_unknown_kind_names_those_that_are_known():
    with pytest.raises(ConfigError, match=r"no source is called 'tape'; there are: file, .*microphone"):
        open_source("tape", {}, Settings())


def test_every_wrong_option_is_named_with_what_would_be_right():
    with pytest.raises(ConfigError) as error:
        open_source("stdin", {"rate": "fast", "encoding": "opus", "sample_rate": 8}, Settings())
    assert "option rate: input should be a valid integer" in str(error.value)
    assert "option encoding: input should be 's16le'" in str(error.value)
    assert "unknown option sample_rate; it takes rate, channels, encoding, legs, realtime" in str(error.value)


def test_an_option_that_is_needed_is_named():
    with pytest.raises(ConfigError, match="option path is needed"):
        open_source("file", {}, Settings())


class Tape(Source):
    """A source that takes all that a constructor can be given."""

    kind = "tape"

    def __init__(
        self, *, names: Iterable[str] | Mapping[int, str] = (), speed: float = 1, settings: RtpSection | None = None
    ) -> None:
        self.names, self.speed, self.settings = names, speed, settings

    def chunks(self):
        yield from ()

    def stop(self):
        """Nothing to end."""

    def report(self):
        return {}


def test_a_source_is_given_the_section_of_the_settings_that_it_takes():
    settings = Settings(rtp=RtpSection(jitter_buffer=0.2))
    assert construct(Tape, {"speed": "2"}, settings).settings.jitter_buffer == 0.2


@pytest.mark.parametrize(("given", "taken"), [("a, b", ("a", "b")), (["a"], ["a"]), ({7: "a"}, {7: "a"})])
def test_lists_and_mappings_arrive_as_they_were_given_and_text_as_its_parts(given, taken):
    assert construct(Tape, {"names": given}, Settings()).names == taken


def test_naming_sources_loads_none_of_their_libraries():
    program = (
        "import sys; from monitor.sources.registry import parse_source, suffixes; "
        "[parse_source(text) for text in ('call.wav', 'trace.pcap', 'rtp:customer=5004', 'microphone', '-')]; suffixes(); "
        "print(sorted({'av', 'soundfile', 'sounddevice', 'soxr'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"
