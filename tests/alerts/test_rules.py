"""Rule files: what is read, and what is said of mistakes."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.rules import RuleSet, load_rules, shipped_rules
from monitor.errors import ConfigError
from monitor.yaml_document import parse

RULE = """\
rules:
  - name: angry
    severity: critical
    leg: customer
    when:
      emotion: {is: angry, at_least: 0.5}
    message: "{leg} sounds angry"
"""


def load(tmp_path: Path, text: str) -> RuleSet:
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    return load_rules([path])


def mistake(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    return str(caught.value).replace(f"{tmp_path}/", "")


def test_the_rules_that_ship_load_without_being_named():
    assert {"customer-angry", "customer-turned", "dead-air", "overtalk"} <= {rule.name for rule in load_rules().rules}


@pytest.mark.parametrize("path", shipped_rules().values(), ids=lambda path: path.name)
def test_every_example_loads_and_survives_being_stored(path):
    rules = load_rules([path])
    assert rules.rules
    assert RuleSet.from_document(rules.document()) == rules


def test_every_rule_in_the_documentation_loads(tmp_path):
    text = (shipped_rules()["default"].parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    blocks = [block.split("```")[0] for block in text.split("```yaml\n")[1:]]
    whole = [parse(block, "docs/rules.md").data for block in blocks if block.startswith("rules:")]
    assert len(whole) >= 3
    assert RuleSet.from_document([rule for document in whole for rule in document["rules"]]).rules


def test_no_files_is_no_rules():
    assert load_rules([]) == RuleSet(())


def test_a_label_alone_is_a_list_of_one(tmp_path):
    rule = load(tmp_path, RULE).rules[0]
    assert rule.when.emotion is not None
    assert (rule.leg, rule.when.emotion.is_) == (("customer",), ("angry",))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("severity: critical", "severity: fatal"), "rules.yaml:3: rule angry: severity: input should be 'info', 'warning' or"),
        (("severity: critical", "severty: info"), "rules.yaml:3: rule angry: severty: unknown key"),
        (("    severity: critical\n", ""), "rules.yaml:2: rule angry: severity: field required"),
        (
            ("leg: customer", "leg: caller"),
            "rules.yaml:4: rule angry: leg.0: input should be 'customer', 'agent', 'mixed', 'any'",
        ),
        (("leg: customer", "leg: [customer, any]"), "rules.yaml:4: rule angry: leg: any and both stand alone"),
        (("0.5", "50"), "rules.yaml:6: rule angry: when.emotion.at_least: input should be less than or equal to 1"),
        (("0.5", "'0.5'"), "rules.yaml:6: rule angry: when.emotion.at_least: input should be a valid number"),
        (("0.5", ".nan"), "rules.yaml:6: rule angry: when.emotion.at_least: input should be a finite number"),
        (
            ("emotion:", "emotions:"),
            "rules.yaml:6: rule angry: when.emotions: unknown key; a condition is one of emotion, affect",
        ),
        (("    when:\n", "    hold: yes\n    when:\n"), "rules.yaml:5: rule angry: hold: input should be a valid number"),
        (("sounds angry", "sounds {mood}"), "rules.yaml:7: rule angry: message: unknown field {mood}; there are: leg, since"),
        (("sounds angry", "sounds {leg.__class__}"), "unknown field {leg.__class__}"),
        (("sounds angry", "sounds {"), "not a template"),
        (("sounds angry", "for {seconds:.9f}"), "field seconds: a format or conversion is not allowed"),
        (("sounds angry", "is {}"), "unknown field {}"),
        (
            ("name: angry", "name: Angry!"),
            "rules.yaml:2: rule Angry!: name: a name is at most 64 small letters, digits, - and _",
        ),
        (("angry, at", "[], at"), "rules.yaml:6: rule angry: when.emotion.is: value should have at least 1 item"),
        (("rules:", "rule:"), "rules.yaml:1: a rule file is a list under the key rules:"),
        (("rules:\n", "x: 1\nrules:\n"), "rules.yaml:1: unknown key x; a rule file has the key rules alone"),
        (("    leg:", "    name: b\n    leg:"), "rules.yaml:4: name is given twice"),
        (("    leg:", "    on: 1\n    leg:"), "rules.yaml:4: a key must be a plain word, found 'on'"),
        (("    leg:", "   leg:"), "rules.yaml:4: not valid YAML"),
        (
            ("    when:\n", "    where: billing\n    when:\n"),
            "rules.yaml:5: rule angry: where: input should be a valid",
        ),
        (("    when:\n", "    where:\n      queue: []\n    when:\n"), "rules.yaml:6: rule angry: where.queue: "),
        (
            ("    when:\n", "    where: {queue: }\n    when:\n"),
            "rules.yaml:5: rule angry: where.queue.0: input should",
        ),
        (
            ("    when:\n", "    where: {queue: {a: b}}\n    when:\n"),
            "rules.yaml:5: rule angry: where.queue.0: input should",
        ),
        (("    leg: customer", "    leg: *x"), "rules.yaml:4: YAML aliases (*name) are not allowed"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path, change, expected):
    assert expected in mistake(tmp_path, RULE.replace(*change))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("{}", "a condition is exactly one of emotion, affect"),
        ("{silence: {longer_than: 1}, emotion: {is: sad}}", "found emotion and silence"),
        ("{silence: {longer_than: 0}}", "greater than 0"),
        ("{overtalk: {share: 0.5}}", "share and window go together"),
        ("{overtalk: {}}", "give either longer_than, or share and window"),
        ("{overtalk: {longer_than: 1}, leg: agent}", "overtalk takes no leg; it is about both"),
        ("{all_of: [{silence: {longer_than: 1}}], leg: agent}", "all_of takes no leg; put it inside"),
        ("{affect: {}}", "give valence, arousal or both"),
        ("{affect: {valence: {}}}", "give either above or below"),
        ("{affect: {valence: {above: 0, below: 0}}}", "give either above or below"),
        ("{any_of: []}", "at least 1 item"),
        ("{not: {emotion: {is: sad, atleast: 1}}}", "when.not.emotion.atleast: unknown key"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(tmp_path, condition, expected):
    assert expected in mistake(tmp_path, RULE.replace("\n      emotion: {is: angry, at_least: 0.5}", f" {condition}"))


def test_a_rule_for_both_may_not_name_what_belongs_to_one_leg(tmp_path):
    text = RULE.replace("leg: customer", "leg: both")
    assert "{emotion} belongs to one leg" in mistake(tmp_path, text.replace("sounds angry", "sounds {emotion}"))
    assert "other has no meaning" in mistake(tmp_path, text.replace("at_least: 0.5}", "at_least: 0.5}\n      leg: other"))


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path):
    assert len(mistake(tmp_path, RULE.replace("critical", "fatal").replace("customer", "caller")).splitlines()) == 2


def test_mistakes_of_every_kind_and_of_every_file_are_told_at_once(tmp_path):
    text = RULE.replace("critical", "fatal").replace("sounds angry", "sounds {mood}").replace("is: angry", "is: angrey")
    (tmp_path / "a.yaml").write_text(text.replace("    leg: customer", "    leg: customer\n    leg: caller") + "extra: 1\n")
    (tmp_path / "b.yaml").write_text(RULE.replace("leg: customer", "leg: [customer, any]"))
    with pytest.raises(ConfigError) as caught:
        load_rules([tmp_path / "a.yaml", tmp_path / "none.yaml", tmp_path / "b.yaml"], ())
    told = str(caught.value).replace(f"{tmp_path}/", "").splitlines()
    assert [line.split(": ")[0] for line in told] == [
        "a.yaml:5",
        "a.yaml:9",
        "a.yaml:3",
        "a.yaml:5",
        "a.yaml:8",
        "a.yaml:7",
        "none.yaml",
        "b.yaml:4",
    ]


def test_an_emotion_that_no_engine_names_is_refused_with_what_was_meant(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(RULE.replace("{is: angry, at_least: 0.5}", "\n        is:\n          - angry\n          - frustratd"))
    with pytest.raises(ConfigError, match=r"r.yaml:9: no engine names the emotion 'frustratd'; there are: angry, "):
        load_rules([path], ())
    with pytest.raises(ConfigError, match=r"'frustratd'; did you mean frustrated\?"):
        load_rules([path], ("angry", "frustrated"))
    assert load_rules([path], ("frustratd",)).labels == {"angry", "frustratd"}


@pytest.mark.parametrize("key", ["from", "to"])
def test_the_emotions_of_a_change_are_looked_at_too(tmp_path, key):
    path = tmp_path / "r.yaml"
    when = f"all_of: [{{change_point: {{{key}: happpy}}}}, {{silence: {{longer_than: 3.0}}}}]"
    path.write_text(RULE.replace("emotion: {is: angry, at_least: 0.5}", when))
    with pytest.raises(ConfigError, match=r"r.yaml:6: no engine names the emotion 'happpy'; did you mean happy\?"):
        load_rules([path], ())


def test_an_emotion_of_an_engine_that_ships_may_be_named_whichever_is_in_use(tmp_path):
    assert load_rules(None, ("angry", "neutral")).rules


def test_names_may_not_repeat_in_a_file_or_across_files(tmp_path):
    again = RULE + RULE.removeprefix("rules:\n")
    assert mistake(tmp_path, again).startswith("rules.yaml:8: a rule called angry is already at")
    other = tmp_path / "other.yaml"
    other.write_text(RULE)
    with pytest.raises(ConfigError, match=r"rules.yaml:2: a rule called angry is already at .*other.yaml:2"):
        load_rules([other, tmp_path / "rules.yaml"]) if load(tmp_path, RULE) else None


@pytest.mark.parametrize(
    ("content", "expected"),
    [(None, "no such rule file"), (b"\xff\xfe\x00", "cannot be read"), (b"", "a list under the key rules:")],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path, content, expected):
    path = tmp_path / "rules.yaml"
    path.write_bytes(content) if content is not None else None
    with pytest.raises(ConfigError, match=expected):
        load_rules([path])


def test_nesting_without_end_is_refused():
    with pytest.raises(ConfigError, match="deep"):
        parse("[" * 5_000 + "]" * 5_000, "x.yaml")


def test_a_huge_file_is_refused():
    with pytest.raises(ConfigError, match="too long"):
        parse("#" * 2_000_000, "x.yaml")


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_in_one_line_a_mistake(text):
    try:
        document = parse(text, "x.yaml")
    except ConfigError as error:
        assert str(error).startswith("x.yaml")
    else:
        assert document.where(()).startswith("x.yaml")


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-99, 99)
    | st.sampled_from(["angry", "customer", "other", "both", "{leg}"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "when",
                    "leg",
                    "emotion",
                    "is",
                    "at_least",
                    "affect",
                    "valence",
                    "all_of",
                    "not",
                    "silence",
                    "within",
                    "x",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(PLAIN)
def test_any_data_is_a_rule_or_a_mistake_with_a_line(data):
    rule = {"name": "a", "severity": "info", "leg": "any", "message": "m"}
    text = json.dumps({"rules": [data, {**rule, "when": data}]})
    document = parse(text, "x.yaml")
    with pytest.raises(ConfigError, match=r"stored rules"):
        RuleSet.from_document(document.data["rules"])


def test_labels_that_an_engine_does_not_have_are_named(tmp_path):
    rules = load(tmp_path, RULE.replace("angry, at", "[angry, angrey, unknown], at"))
    assert rules.unknown_labels(("angry", "neutral")) == ["angrey"]


@pytest.mark.parametrize("document", [None, {}, "rules", [3], [None], [{"name": "a"}], [[]]])
def test_stored_rules_that_are_none_are_refused(document):
    with pytest.raises(ConfigError, match="stored rules"):
        RuleSet.from_document(document)


def test_rules_that_ship_are_named_beside_files_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text("rules:\n  - {name: mine, severity: info, leg: customer, when: {emotion: {is: angry}}, message: x}\n")
    names = [rule.name for rule in load_rules([Path("default"), own]).rules]
    assert names == [rule.name for rule in load_rules().rules] + ["mine"]


def test_a_name_under_which_no_rules_ship_is_told_those_that_do() -> None:
    with pytest.raises(ConfigError, match=r"defualt: no rules of this name ship \(default, early-warning, retention do\)"):
        load_rules([Path("defualt")])


def for_queues(tmp_path: Path, where: str) -> RuleSet:
    return load(tmp_path, RULE.replace("    when:\n", f"    where: {where}\n    when:\n"))


@pytest.mark.parametrize(
    ("where", "metadata", "watched"),
    [
        ("{queue: billing}", {"queue": "billing", "team": 3}, True),
        ("{queue: billing}", {"queue": "Billing"}, False),
        ("{queue: billing}", {}, False),
        ("{queue: [billing, sales]}", {"queue": "sales"}, True),
        ("{queue: billing, team: 3}", {"queue": "billing", "team": 3}, True),
        ("{queue: billing, team: 3}", {"queue": "billing", "team": 4}, False),
        ("{team: 3}", {"team": "3"}, True),
        ("{language: no}", {"language": "no"}, True),
        ("{number: [0123, 2026-11-01]}", {"number": "0123"}, True),
        ("{vip: true}", {"vip": True}, True),
        ("{queue: billing}", {"queue": ["billing"]}, False),
    ],
)
def test_a_rule_watches_the_calls_whose_metadata_have_the_values_that_it_names(tmp_path, where, metadata, watched):
    rules = for_queues(tmp_path, where)
    assert bool(rules.of_call(metadata).rules) == watched
    assert RuleSet.from_document(rules.document()) == rules


def test_a_rule_without_where_watches_every_call(tmp_path):
    assert load(tmp_path, RULE).of_call({"queue": "sales"}).names == ("angry",)
