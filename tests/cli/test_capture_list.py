"""`run capture.pcap --list`: what is in a capture, for people and as JSON."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.test_bad_input import AUDIO, CONFIG, assert_one_clear_line
from tests.sources.captures.scenes import SECOND, SECOND_AGENT, talk
from tests.sources.rtp.recording import pcap, save


@pytest.fixture
def two_calls(tmp_path: Path) -> Path:
    frames = sorted(talk() + talk(SECOND, SECOND_AGENT, start=0.5, ssrcs=(0x33, 0x44)))
    return save(tmp_path / "two.pcap", pcap(frames))


def test_the_table_has_a_row_a_stream_and_nothing_is_stored(emotion_monitor: Command, two_calls: Path) -> None:
    done = emotion_monitor("run", two_calls.name, "--list")
    assert (done.returncode, done.stderr, sorted(path.name for path in two_calls.parent.iterdir())) == (0, "", ["two.pcap"])
    assert [line.split()[1] for line in done.stdout.splitlines() if "pcmu" in line] == ["1", "2", "3", "4"]


def test_the_table_as_json_names_calls_and_legs(emotion_monitor: Command, two_calls: Path) -> None:
    rows = json.loads(emotion_monitor("run", two_calls.name, "--list", "--json", "-").stdout)
    assert [(row["stream"], row["call"], row["leg"]) for row in rows] == [
        (1, 1, "customer"),
        (2, 1, "agent"),
        (3, 2, "customer"),
        (4, 2, "agent"),
    ]


def test_a_call_of_several_is_asked_for_by_the_option_that_the_message_names(emotion_monitor: Command, two_calls: Path) -> None:
    assert_one_clear_line(emotion_monitor("run", two_calls.name), AUDIO, "2 calls", "-o call=1", "--list")
    chosen = emotion_monitor("run", two_calls.name, "-o", "call=2", "-o", "legs=customer", "--json", "r.json")
    report = json.loads((two_calls.parent / "r.json").read_text())
    assert (chosen.returncode, [*report["legs"]]) == (0, ["customer"])


@pytest.mark.parametrize(
    ("arguments", "word"), [(("call.wav", "--list"), "capture files"), (("two.pcap", "--list", "-o", "call=1"), "not -o call=")]
)
def test_what_cannot_be_listed_is_said(
    emotion_monitor: Command, two_calls: Path, arguments: tuple[str, ...], word: str
) -> None:
    assert_one_clear_line(emotion_monitor("run", *arguments), CONFIG, word)
