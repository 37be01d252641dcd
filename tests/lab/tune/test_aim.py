"""An aim is a line of text that a person can write and check."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.tune.aim import NAMED, UNTOLD, figures_of, parse_aim
from monitor.errors import ConfigError

FIGURES = sorted(figures_of([]))


@pytest.mark.parametrize("name", NAMED)
def test_an_aim_may_be_named(name: str) -> None:
    assert parse_aim(name) == parse_aim(NAMED[name])


def test_figures_are_weighed_and_limited() -> None:
    aim = parse_aim("alerts.f1 - 0.5*eder + 2 * changes.f1_2s where alerts.false_per_hour <= 2 and alerts.recall >= 0.5")
    figures = {"alerts.f1": 0.5, "eder": 0.4, "changes.f1_2s": 0.25, "alerts.false_per_hour": 3.0, "alerts.recall": 0.6}
    assert aim.value(figures) == pytest.approx(0.5 - 0.2 + 0.5)
    assert aim.excess(figures) == pytest.approx({"alerts.false_per_hour <= 2": 0.5, "alerts.recall >= 0.5": -0.2})


def test_a_figure_that_cannot_be_given_adds_nothing_and_keeps_no_limit() -> None:
    aim = parse_aim("alerts.recall + alerts.precision where alerts.delay_median <= 3")
    figures = {"alerts.recall": 0.5, "alerts.precision": None, "alerts.delay_median": None}
    assert (aim.value(figures), set(aim.excess(figures).values())) == (0.5, {UNTOLD})


def test_figures_that_the_labels_cannot_give_are_told_before_the_search() -> None:
    figures = {**figures_of([]), "alerts.blocks": 3.0, "alerts.neutral_hours": 0.0}
    with pytest.raises(ConfigError, match="no call stays neutral"):
        parse_aim("alerts").check(figures)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not understood"),
        ("alerts.f1 alerts.recall", "not understood from 'alerts.recall' on"),
        ("alerts.f1 * 2", r"not understood from '\* 2' on"),
        ("alerts.fame", "no figure alerts.fame; there are: alerts.blocks"),
        ("eder where", "no figure|not understood"),
        ("eder where alerts.f1 < 2", "a limit is FIGURE <= NUMBER"),
        ("eder where alerts.f1 <= 2 or eder <= 1", "a limit is FIGURE <= NUMBER"),
    ],
)
def test_what_is_not_understood_is_told(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_aim(text)


@given(st.text(max_size=60))
def test_any_text_is_an_aim_or_a_configuration_error(text: str) -> None:
    try:
        parse_aim(text)
    except ConfigError as error:
        assert "--aim" in str(error)


@given(
    st.lists(st.tuples(st.integers(1, 9), st.sampled_from(FIGURES)), min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from(FIGURES), st.sampled_from(["<=", ">="]), st.integers(-9, 9)), max_size=3),
)
def test_every_aim_that_follows_the_grammar_is_understood(
    terms: list[tuple[int, str]], limits: list[tuple[str, str, int]]
) -> None:
    wanted = " + ".join(f"{weight}*{figure}" for weight, figure in terms)
    limited = " and ".join(f"{figure} {sign} {bound}" for figure, sign, bound in limits)
    aim = parse_aim(f"{wanted} where {limited}" if limits else wanted)
    assert aim.terms == tuple((float(weight), figure) for weight, figure in terms)
    assert [(limit.figure, limit.sign, limit.bound) for limit in aim.limits] == limits
