"""Valence and arousal beside what people traced: the table, who counts when, and the figures."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lab.calls.affect import AffectPart, AffectScoring, Moments
from lab.calls.annotations import Annotations, read_annotations
from lab.hearing.hearing import Hearing
from monitor.errors import ConfigError
from monitor.events import Leg
from tests.lab.calls.made_hearing import hearing, leg_heard

Table = Callable[[str], Path]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    def written(text: str) -> Path:
        path = tmp_path / "traced.csv"
        path.write_text(text)
        return path

    return written


def heard(legs: Mapping[Leg, list[float]]) -> Hearing:
    """Each leg says this valence, a tick each, and an arousal of 0."""
    made = {
        leg: replace(leg_heard(["neutral"] * len(said), leg), valence=np.array(said, np.float32)) for leg, said in legs.items()
    }
    return hearing(made, [], 1.0)


def traced(values: list[float], *, annotator: str = "A", leg: str = "", later: float = 0.0, file: str = "a") -> str:
    """Rows of a value at the end of each tick."""
    return "".join(f"{file},{annotator},{(tick + 1) / 10 + later:.3f},{value},{leg}\n" for tick, value in enumerate(values))


HEAD = "file,annotator,time,valence,leg\n"


def told(annotations: Annotations, hearing: Hearing, lag: float = 0.0) -> AffectPart:
    scoring = AffectScoring(annotations, lag)
    scoring.take(Path("a.wav"), hearing, ("somebody",))
    part = scoring.part()
    assert part is not None
    return part


def test_concordance_of_a_series_that_is_always_as_much_too_high(table: Table) -> None:
    """Variances and covariance are 0.08 / 3, means are 0.1 apart: 2 * 0.08 / 3 / (2 * 0.08 / 3 + 0.01) = 16 / 19."""
    annotations = read_annotations(table(HEAD + traced([0.0, 0.2, 0.4])), -1, 1)
    valence = told(annotations, heard({"mixed": [0.1, 0.3, 0.5]})).dimensions["valence"]
    assert (valence.seconds, valence.legs) == (0.3, 1)
    assert (valence.ccc, valence.rmse, valence.pearson) == pytest.approx((16 / 19, 0.1, 1.0), rel=1e-5)


def test_a_series_that_does_the_opposite_has_a_concordance_of_minus_one(table: Table) -> None:
    annotations = read_annotations(table(HEAD + traced([-0.5, 0.0, 0.5])), -1, 1)
    assert told(annotations, heard({"mixed": [0.5, 0.0, -0.5]})).dimensions["valence"].ccc == pytest.approx(-1)


def test_values_are_put_from_their_range_onto_ours(table: Table) -> None:
    annotations = read_annotations(table(HEAD + traced([1, 3, 5, 4])), 1, 5)
    assert told(annotations, heard({"mixed": [-1.0, 0.0, 1.0, 0.5]})).dimensions["valence"].rmse == pytest.approx(0)


def test_several_annotators_count_as_their_mean_where_all_of_them_say_something(table: Table) -> None:
    text = HEAD + traced([0.2, 0.4, 0.6], annotator="A") + traced([0.4, 0.6], annotator="B")
    part = told(read_annotations(table(text), -1, 1), heard({"mixed": [0.3, 0.5, -1.0]}))
    assert (part.dimensions["valence"].seconds, part.rows[0].annotators) == (0.2, {"valence": 2})
    assert part.dimensions["valence"].rmse == pytest.approx(0, abs=1e-7)


def test_annotators_are_as_late_as_the_lag_says(table: Table) -> None:
    said = [0.0, 0.5, -0.5, 0.3, 0.1]
    annotations = read_annotations(table(HEAD + traced(said, later=0.3)), -1, 1)
    on_time, late = (told(annotations, heard({"mixed": said}), lag).dimensions["valence"] for lag in (0.3, 0.0))
    assert (on_time.ccc, on_time.seconds) == (pytest.approx(1), 0.5)
    assert late.ccc is not None
    assert late.ccc < 0.9


def test_each_leg_has_traces_of_its_own(table: Table) -> None:
    text = HEAD + traced([0.1, 0.2], leg="customer") + traced([0.3, 0.1], leg="agent")
    part = told(read_annotations(table(text), -1, 1), heard({"customer": [0.1, 0.2], "agent": [0.3, 0.1]}))
    assert [(row.leg, row.dimensions["valence"].ccc) for row in part.rows] == [
        ("customer", pytest.approx(1)),
        ("agent", pytest.approx(1)),
    ]


def test_bounds_are_of_speakers(table: Table) -> None:
    text = HEAD + traced([0.0, 0.5], file="a") + traced([0.0, 0.5], file="b")
    scoring = AffectScoring(read_annotations(table(text), -1, 1))
    scoring.take(Path("a.wav"), heard({"mixed": [0.0, 0.5]}), ("right",))
    scoring.take(Path("b.wav"), heard({"mixed": [0.5, 0.0]}), ("wrong",))
    part = scoring.part()
    assert part is not None
    assert part.dimensions["valence"].intervals["ccc"] == pytest.approx((-1, 1))
    assert part.dimensions["valence"].ccc == pytest.approx(0)


def test_two_that_are_constant_have_no_concordance_but_an_error(table: Table) -> None:
    annotations = read_annotations(table(HEAD + traced([0.5, 0.5])), -1, 1)
    valence = told(annotations, heard({"mixed": [0.5, 0.5]})).dimensions["valence"]
    assert (valence.ccc, valence.pearson, valence.rmse) == (None, None, 0.0)


SERIES = arrays(np.float64, st.tuples(st.integers(1, 20), st.just(2)), elements=st.floats(-1, 1, width=32))


@given(SERIES, SERIES)
def test_moments_add_up_to_those_of_both(one: np.ndarray, other: np.ndarray) -> None:
    added = Moments.of(one[:, 0], one[:, 1]) + Moments.of(other[:, 0], other[:, 1])
    both = np.concatenate([one, other])
    whole = Moments.of(both[:, 0], both[:, 1])
    np.testing.assert_allclose(
        [added.count, added.x, added.y, added.xx, added.yy, added.xy, added.squares],
        [whole.count, whole.x, whole.y, whole.xx, whole.yy, whole.xy, whole.squares],
        atol=1e-9,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lacks the column file, annotator, time"),
        ("file,annotator,time\n", "lacks the column valence or arousal"),
        ("file,annotator,time,valence\n", "holds no value"),
        ("file,annotator,time,valence\na,A,0.1,\n", "holds no value"),
        ("file,annotator,time,valence\n,A,0.1,0\n", r"traced\.csv:2: file is empty"),
        ("file,annotator,time,valence\na,,0.1,0\n", r"traced\.csv:2: annotator is empty"),
        ("file,annotator,time,valence\na,A,soon,0\n", "time is 'soon', not a number"),
        ("file,annotator,time,valence\na,A,0.1,nan\n", "valence is 'nan', not a number"),
        ("file,annotator,time,valence\na,A,0.1,50\n", "valence is 50, outside of -1 to 1; name the range: --affect-range"),
        ("file,annotator,time,valence\na,A,0.2,0\na,A,0.1,0\n", r"traced\.csv:3: time is 0\.1 s; .* must ascend"),
        ("file,annotator,time,valence,leg\na,A,0.2,0,boss\n", "there is no leg 'boss'"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_the_reason(table: Table, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_annotations(table(text), -1, 1)


def test_what_is_annotated_must_be_heard(table: Table) -> None:
    annotations = read_annotations(table(HEAD + traced([0.1], file="b.wav")), -1, 1)
    annotations.check([Path("calls/b.wav"), Path("calls/c.wav")])
    with pytest.raises(ConfigError, match=r"b\.wav is not among the calls and recordings"):
        annotations.check([Path("calls/c.wav")])


@pytest.mark.parametrize(
    ("leg", "said", "message"),
    [
        ("", {"customer": [0.1], "agent": [0.1]}, "column leg is '', and the recording has several; its legs: customer, agent"),
        ("agent", {"mixed": [0.1]}, "column leg is 'agent', and the recording has no such leg; its legs: mixed"),
        ("", {"mixed": []}, r"at no time of a\.wav, which is 0\.0 s long"),
    ],
)
def test_annotations_that_do_not_fit_what_was_heard_are_refused(
    table: Table, leg: str, said: dict[Leg, list[float]], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        told(read_annotations(table(HEAD + traced([0.1], leg=leg)), -1, 1), heard(said))


def test_a_leg_that_may_not_be_analysed_is_refused(table: Table) -> None:
    annotations = read_annotations(table(HEAD + traced([0.1])), -1, 1)
    with pytest.raises(ConfigError, match=r"privacy\.subjects does not allow the leg mixed"):
        told(annotations, hearing({"mixed": leg_heard(["neutral"], "mixed", classes=0)}, [], 0.1))
