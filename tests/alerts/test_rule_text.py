"""The text of rules as a person edits it."""

from pathlib import Path

import pytest
import yaml

from monitor.alerts.rule_text import Mistake, configured_text, mistakes_in
from monitor.alerts.rules import load_rules, parse_rules
from monitor.errors import ConfigError

MINE = """\
# Ours.
rules:
# of billing
- name: mine
  severity: info
  leg: customer
  where: {language: no}
  when: {emotion: {is: angry}}
  message: |
    {leg}
    is angry
"""
IN_BRACKETS = 'rules: [{name: short, severity: info, leg: agent, when: {silence: {longer_than: 9}}, message: "quiet"}]\n'


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    return path


def test_one_file_is_edited_as_it_stands(mine: Path) -> None:
    assert configured_text([mine]) == MINE


def test_several_are_one_text_with_their_comments_and_the_same_rules(mine: Path) -> None:
    text = configured_text([Path("default"), mine, Path("retention")])
    assert parse_rules(text, "rules") == load_rules([Path("default"), mine, Path("retention")])
    assert "  # mine.yaml\n  # Ours.\n  # of billing\n  - name: mine\n" in text


def test_a_file_of_another_layout_is_written_anew(mine: Path, tmp_path: Path) -> None:
    (tmp_path / "short.yaml").write_text(IN_BRACKETS)
    files = [mine, tmp_path / "short.yaml"]
    assert parse_rules(configured_text(files), "rules") == load_rules(files)


def test_no_files_are_no_rules() -> None:
    assert yaml.safe_load(configured_text([])) == {"rules": []}


def mistakes(text: str) -> list[Mistake]:
    with pytest.raises(ConfigError) as caught:
        parse_rules(text, "rules")
    return mistakes_in(text, caught.value)


def test_every_mistake_is_told_with_its_line_and_where_that_begins() -> None:
    text = MINE.replace("severity: info", "severity: fatal").replace("leg: customer", "leg: caller")
    assert [(one.line, one.column) for one in mistakes(text)] == [(5, 3), (6, 3)]
    assert mistakes(text)[0].message.startswith("rule mine: severity: input should be 'info'")


@pytest.mark.parametrize(("text", "line"), [("rules:\n  - a: [\n", 3), ("", 1), ("x: 1\n", 1), ("rules:\n  - *x\n", 2)])
def test_what_is_no_yaml_or_no_list_of_rules_is_a_mistake_at_a_line(text: str, line: int) -> None:
    assert {one.line for one in mistakes(text)} == {line}


def test_what_is_said_of_a_rule_without_a_place_is_told_at_its_name() -> None:
    assert mistakes_in(MINE, ConfigError("rule mine names the head churn; analysis.heads has none"))[0].line == 4


def test_what_is_about_the_whole_has_no_line() -> None:
    said = "sinks.desk.events.rules: there is no rule 'x'; there are mine"
    assert mistakes_in(MINE, ConfigError(said)) == [Mistake(None, None, said)]
