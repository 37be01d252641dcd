"""Replay equals live with rules that name templates and heads, whatever became of their files."""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor.alerts.rules import RuleSet
from monitor.errors import StoreError
from monitor.events import Alert
from monitor.frame_format import LegFormat
from monitor.learned.documents import HeadDocument, TemplateDocument
from monitor.learned.engine_key import EngineKey
from monitor.learned.head import Head
from monitor.learned.learned import Learned
from monitor.learned.template import Template
from monitor.replay.player import play, replay_events
from monitor.replay.reevaluate import judge
from tests.replay.moody_call import DIM, LABELS, MOOD_FRAMES, begun, heard, live_events, opened

FORMATS = {
    "half precision": LegFormat(DIM, len(LABELS)),
    "all bits": LegFormat(DIM, len(LABELS), dtype="float32"),
    "ten a second": LegFormat(DIM, len(LABELS), stride=5),
}
KEY = EngineKey("compact", "", DIM)
MADE: dict[str, Any] = {"engine": "compact", "engine_version": "", "dim": DIM, "sources": ("a",)}
BASE = {"severity": "info", "leg": "any", "message": "{leg}: {evidence}"}


def mean_of(mood: int) -> np.ndarray:
    """The customer's mean embedding while in a mood."""
    [frames] = heard("customer", 100_000)
    return np.nanmean(frames.embedding[mood * MOOD_FRAMES : (mood + 1) * MOOD_FRAMES], axis=0)


def template() -> Template:
    document = TemplateDocument(**MADE, name="happiness", window=3.0, granularity="utterance", rows=(0,), threshold=0.8)
    return Template.make(document, mean_of(2)[None], None)


def head(name: str = "mood") -> Head:
    document = HeadDocument(**MADE, name=name, window=2.0, labels=("cross", "sorry"), temperature=1.0)
    return Head.make(document, np.stack([mean_of(1), mean_of(3)], axis=1), np.zeros(2))


def rules(*whens: dict[str, Any], learned: Learned | None = None) -> RuleSet:
    documents = [{**BASE, "name": f"rule-{number}", "when": when} for number, when in enumerate(whens)]
    known = Learned.of([template()], [head()]) if learned is None else learned
    return RuleSet.from_document(documents).heard_with(known, KEY)


def kept(heard_with: RuleSet) -> dict[str, Any]:
    """What a call's settings have of its rules."""
    return {"rules": heard_with.document(), "learned": heard_with.learned.document()}


LIKE_HAPPINESS = {"template": {"name": "happiness"}}
CROSS = {"label": {"head": "mood", "is": "cross", "at_least": 0.9}}
NEITHER = {"not": {"any_of": [LIKE_HAPPINESS, CROSS]}}


def raised(events: Sequence[object]) -> list[tuple[str, str | None]]:
    return [(event.rule, event.leg) for event in events if isinstance(event, Alert) and event.status == "raised"]


@pytest.mark.parametrize("format_", FORMATS.values(), ids=FORMATS)
def test_a_replay_raises_what_the_live_call_raised(format_: LegFormat, tmp_path: Path) -> None:
    heard_with = rules(LIKE_HAPPINESS, CROSS, NEITHER)
    writer = begun(opened(tmp_path), format_, **kept(heard_with))
    live = live_events(writer, format_, heard_with)
    writer.finish("finished", {})

    assert list(replay_events(opened(tmp_path).open("call-1")))[1:-1] == live
    assert {("rule-0", "customer"), ("rule-1", "customer"), ("rule-2", "customer")} <= set(raised(live))


@pytest.mark.parametrize("cut", [5, 250, 1000])
def test_how_the_live_call_was_cut_does_not_matter(cut: int, tmp_path: Path) -> None:
    heard_with = rules(LIKE_HAPPINESS, CROSS)
    writer = begun(opened(tmp_path), FORMATS["half precision"], **kept(heard_with))
    live = live_events(writer, FORMATS["half precision"], heard_with, cut=cut)
    writer.finish("finished", {})

    assert list(replay_events(opened(tmp_path).open("call-1")))[1:-1] == live


def stored(tmp_path: Path, heard_with: RuleSet) -> Any:
    writer = begun(opened(tmp_path), FORMATS["half precision"], **kept(heard_with))
    live_events(writer, FORMATS["half precision"], heard_with)
    writer.finish("finished", {})
    return opened(tmp_path).open("call-1")


def test_live_frames_of_a_replay_show_what_heads_say(tmp_path: Path) -> None:
    shown = [item for _, item in play(stored(tmp_path, rules(learned=Learned.of(heads=[head()]))), 0) if item.type == "frames"]
    last = [message for message in shown if message.leg == "customer"][-1].as_message()["heads"]["mood"]
    assert list(last) == ["cross", "sorry"]
    assert last["cross"][-1] + last["sorry"][-1] == pytest.approx(1, abs=0.002)


def test_other_rules_take_templates_and_heads_that_are_kept_with_the_call(tmp_path: Path) -> None:
    other = RuleSet.from_document([{**BASE, "name": "new", "when": LIKE_HAPPINESS}])
    assert ("new", "customer") in raised(judge(stored(tmp_path, rules(LIKE_HAPPINESS)), other))


def test_templates_that_come_with_other_rules_go_before_those_that_are_kept(tmp_path: Path) -> None:
    never = template()
    never = Template.make(never.document.model_copy(update={"threshold": 1.0}), never.vectors, None)
    other = rules(LIKE_HAPPINESS, learned=Learned.of([never]))
    assert raised(judge(stored(tmp_path, rules(LIKE_HAPPINESS)), other)) == []


def test_other_rules_that_name_what_nobody_has_are_refused_by_name(tmp_path: Path) -> None:
    other = RuleSet.from_document([{**BASE, "name": "new", "when": {"template": {"name": "laughter"}}}])
    with pytest.raises(StoreError, match=r"call-1: rule new names the template laughter; analysis\.templates has happiness"):
        judge(stored(tmp_path, rules(LIKE_HAPPINESS)), other)


def test_a_call_whose_template_was_changed_is_not_replayed_as_if_it_were_the_same(tmp_path: Path) -> None:
    call = stored(tmp_path, rules(LIKE_HAPPINESS))
    changed = Template.make(template().document, -template().vectors, None)
    call.record.settings["learned"]["templates"][0]["content"] = b64encode(changed.content).decode()
    with pytest.raises(StoreError, match="template happiness is not the one of its digest"):
        list(replay_events(call))
