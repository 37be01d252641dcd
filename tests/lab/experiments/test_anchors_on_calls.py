"""Rows of the benchmark for those who decide on whole utterances: they are told where each begins and ends, and what they make
of it counts from its first sample, but is known when it is over."""

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lab.calls.labelled import LabelledCall, Segment, changes_between
from lab.experiments.anchors import on_calls
from lab.experiments.anchors.on_calls import SHORTEST, Judge, score
from monitor.audio.chunk import Samples
from monitor.timeline import SAMPLE_RATE
from tests.engines.compact.conftest import voice

CUSTOMER = ((0.5, 2.0, "neutral"), (3.0, 4.5, "angry"), (5.0, 7.0, "angry"), (8.0, 9.0, "neutral"))
AGENT = ((2.1, 2.9, "neutral"), (7.1, 7.2, "neutral"))
SECONDS = 10.0


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> LabelledCall:
    """A customer who is angry for two of four utterances, and an agent whose second is a tenth of a second."""
    audio = tmp_path_factory.mktemp("call") / "call.wav"
    sound = np.zeros((round(SECONDS * SAMPLE_RATE), 2), np.float32)
    segments = [Segment("customer", *part) for part in CUSTOMER] + [Segment("agent", *part) for part in AGENT]
    for number, part in enumerate(segments):
        said = voice(part.end - part.start + 0.02, 120 + 30 * number, seed=number)
        first = round(part.start * SAMPLE_RATE)
        sound[first : first + len(said), int(part.leg == "agent")] = said
    soundfile.write(audio, sound, SAMPLE_RATE)
    ordered = tuple(sorted(segments, key=lambda part: part.start))
    return LabelledCall("call", audio, SECONDS, ("customer", "agent"), ordered, changes_between(ordered))


def says(customer: Iterable[str], agent: Iterable[str] = ("neutral", "neutral")) -> Judge:
    """Somebody who says these of the utterances, whatever he hears: leg by leg, in their order."""
    coming = iter([*customer, *agent])
    return lambda audio: next(coming)


TRUTH = [emotion for *_, emotion in CUSTOMER]


def test_who_is_right_of_every_utterance_errs_nowhere(call: LabelledCall) -> None:
    found = score(call, says(TRUTH), seed=1)
    assert [found.shown[leg].rate for leg in ("customer", "agent")] == pytest.approx([0, 0])
    assert len(found.alerts.hits) == 1
    assert found.alerts.false == ()


def test_a_change_is_where_an_utterance_begins_and_known_when_it_is_over(call: LabelledCall) -> None:
    changes = dict(zip(("customer", "agent"), score(call, says(TRUTH), seed=1).changes, strict=True))
    assert changes["customer"].delays == pytest.approx((1.5, 1.0))
    assert changes["customer"].misplaced == pytest.approx((0, 0))
    assert changes["agent"].found == ()


def test_anger_is_alerted_once_when_its_first_utterance_is_over(call: LabelledCall) -> None:
    alerts = score(call, says(TRUTH), seed=1).alerts
    assert alerts.delays == pytest.approx((1.5,))
    assert alerts.repeats == ()


def test_who_always_says_neutral_finds_nothing(call: LabelledCall) -> None:
    found = score(call, says(["neutral"] * 4), seed=1)
    assert found.alerts.hits == found.alerts.false == ()
    assert all(leg.found == () for leg in found.changes)
    assert found.shown["customer"].rate == pytest.approx(3.5 / 6.0)


def test_who_hears_anger_in_the_first_words_cries_wolf_even_without_a_change(call: LabelledCall) -> None:
    alerts = score(call, says(["angry"] * 4), seed=1).alerts
    assert [alert.at for alert in alerts.false] == [pytest.approx(2.0)]
    assert alerts.hits == ()


def test_an_angry_agent_is_no_alert_of_the_customer(call: LabelledCall) -> None:
    alerts = score(call, says(TRUTH, agent=("angry", "angry")), seed=1).alerts
    assert alerts.false == ()


def test_each_utterance_is_heard_by_itself_over_the_line_and_for_a_fifth_of_a_second_at_least(call: LabelledCall) -> None:
    heard: list[Samples] = []

    def judge(audio: Samples) -> str:
        heard.append(audio)
        return "neutral"

    score(call, judge, seed=1)
    lengths = [max(round((end - start) * SAMPLE_RATE), SHORTEST) for start, end, _ in (*CUSTOMER, *AGENT)]
    assert [len(audio) for audio in heard] == pytest.approx(lengths, abs=1)
    assert all(np.abs(audio).max() > 0.01 for audio in heard)
    assert not np.array_equal(heard[0], soundfile.read(call.audio, dtype="float32")[0][8000:32000, 0])


def test_the_plain_network_learns_and_has_its_row(
    clips_folder: Path, call: LabelledCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = tmp_path / "calls"
    calls.mkdir()
    (calls / "call.json").write_text(
        f'{{"seconds": {SECONDS}, "channels": ["customer", "agent"], "segments": ['
        + ",".join(
            f'{{"channel": "{part.leg}", "start": {part.start}, "end": {part.end}, "emotion": "{part.emotion}"}}'
            for part in call.segments
        )
        + "]}"
    )
    (calls / "call.wav").write_bytes(call.audio.read_bytes())
    command = ["on_calls", str(calls), "--clips", str(clips_folder), "--cache", str(tmp_path / "cache"), "--only", "plain"]
    monkeypatch.setattr(sys, "argv", [*command, "--epochs", "1"])
    on_calls.main()
    head, _, row = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert row.startswith("| plain network, utterance by utterance |")
    assert row.count("|") == head.count("|")
