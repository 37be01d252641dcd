"""Templates: made of examples, with a threshold from other speech; and what is like them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from monitor.analysis import resolve
from monitor.analysis.embedding import Embedding
from monitor.analysis.errors import DifferentEnginesError, ExamplesError, MixedWidthsError, NoFramesError
from monitor.analysis.matcher import Wanted, make_template, match
from monitor.store.zarr.store import ZarrStore

ENGINE = {"name": "compact", "version": "ab12"}
FLAT = Wanted("threat", window=1.0, centre=False)


def speech(source: str, direction: list[float], seconds: float = 10.0, noise: float = 0.3, **known: Any) -> Embedding:
    """Frames around a direction."""
    rng = np.random.default_rng(sum(source.encode()))
    vectors = np.array(direction) + noise * rng.standard_normal((round(seconds * 50), len(direction)))
    return of_frames(source, vectors, **known)


def of_frames(source: str, vectors: np.ndarray, engine: Mapping[str, Any] = ENGINE, **known: Any) -> Embedding:
    vectors = np.asarray(vectors, np.float32)
    return Embedding(vectors, "frame", source, stored_shape=vectors.shape, stored_dtype="float32", engine=engine, **known)


def utterance(source: str, vector: list[float], engine: Mapping[str, Any] = ENGINE) -> Embedding:
    array = np.array([vector], np.float32)
    return Embedding(array, "utterance", source, stored_shape=array.shape, stored_dtype="float32", engine=engine)


THREATS = [speech(f"threat-{n}", [0.0, 4.0, 1.0, 0.0]) for n in range(3)]
OTHERS = [speech(f"other-{n}", [4.0, 0.5 * n, 0.0, 0.0]) for n in range(4)]


def test_the_threshold_is_one_that_other_speech_reaches_no_more_often_than_asked() -> None:
    scarce = make_template(FLAT, THREATS, OTHERS).document
    often = make_template(Wanted("threat", window=1.0, centre=False, false_accepts=0.25), THREATS, OTHERS).document
    assert (scarce.figures.trials, scarce.figures.false_accepts) == (40, 0)
    assert (often.figures.false_accepts, often.figures.false_accept_rate) == (10, 0.25)
    assert scarce.threshold > often.threshold


def test_the_bound_of_the_rate_is_that_of_so_many_trials() -> None:
    figures = make_template(FLAT, THREATS, OTHERS).document.figures
    assert figures.false_accept_bound == pytest.approx(1 - 0.05 ** (1 / 40))


def test_examples_are_held_against_the_others_alone() -> None:
    stranger = speech("stranger", [0.0, 0.0, 0.0, 5.0])
    figures = make_template(FLAT, [*THREATS, stranger], OTHERS).document.figures
    assert (figures.examples, figures.hits) == (4, 3)


def test_of_one_example_nobody_can_say_how_often_it_is_found() -> None:
    assert make_template(FLAT, THREATS[:1], OTHERS).document.figures.hits is None


def test_without_other_speech_there_is_no_threshold_and_no_mean() -> None:
    made = make_template(Wanted("threat"), THREATS)
    assert (made.document.threshold, made.centre, made.document.figures.trials) == (None, None, 0)


def test_the_mean_of_other_speech_is_subtracted_where_there_is_some() -> None:
    made = make_template(Wanted("threat"), THREATS, OTHERS)
    np.testing.assert_allclose(made.centre, np.concatenate([other.vectors for other in OTHERS]).mean(axis=0), atol=1e-5)


def test_what_of_other_speech_is_within_an_example_is_left_out() -> None:
    call = np.concatenate([OTHERS[0].vectors, THREATS[0].vectors])
    example = of_frames("call-1@10-20/customer", THREATS[0].vectors, call="call-1", leg="customer", start=10.0)
    whole = of_frames("call-1/customer", call, call="call-1", leg="customer")
    figures = make_template(FLAT, [example], [whole]).document.figures
    assert (figures.trials, figures.false_accepts) == (10, 0)


def test_sources_and_calls_are_named_so_that_an_erased_call_is_found() -> None:
    example = of_frames("call-1@10-20/customer", THREATS[0].vectors, call="call-1", leg="customer", start=10.0)
    document = make_template(FLAT, [example, THREATS[1]], OTHERS).document
    assert (document.sources, document.calls) == (("call-1@10-20/customer", "threat-1"), ("call-1",))


def test_frames_of_an_example_are_its_tenths_of_a_second() -> None:
    made = make_template(Wanted("threat", granularity="frame"), THREATS[:2], OTHERS)
    assert (made.vectors.shape, made.document.rows.count(1), made.document.window) == ((200, 4), 100, 0.1)


def test_an_utterance_is_a_vector_as_it_is() -> None:
    made = make_template(Wanted("threat"), [utterance("a.npy", [1.0, 2.0])])
    assert made.vectors.tolist() == [[1.0, 2.0]]


def test_where_nobody_speaks_counts_for_nothing() -> None:
    vectors = np.concatenate([np.full((50, 2), [1.0, 0.0]), np.full((50, 2), [0.0, 9.0])])
    example = of_frames("call-1/customer", vectors, speaks=np.arange(100) < 50)
    assert make_template(Wanted("threat"), [example]).vectors.tolist() == [[1.0, 0.0]]


def test_what_is_like_a_template_is_found_with_its_moments() -> None:
    made = make_template(FLAT, THREATS[1:], OTHERS)
    call = of_frames("call-1/customer", np.concatenate([OTHERS[0].vectors, THREATS[0].vectors, OTHERS[1].vectors]), start=5.0)
    [found] = match(call, {"threat": made})
    assert found.similarity > 0.95
    [stretch] = found.stretches
    assert (15.0 < stretch.start < 16.0, 25.0 <= stretch.stop < 26.0) == (True, True)


def test_the_best_template_comes_first() -> None:
    templates = {name: make_template(Wanted(name), [each]) for name, each in (("other", OTHERS[0]), ("threat", THREATS[0]))}
    assert [found.template for found in match(THREATS[1], templates)] == ["threat", "other"]


@pytest.mark.parametrize(
    ("examples", "against", "error", "said"),
    [
        ([], [], ExamplesError, "template threat: no examples"),
        ([utterance("a", [1.0]), utterance("b", [1.0, 2.0])], [], MixedWidthsError, "b has 2 features, a has 1"),
        (
            [utterance("a", [1.0]), utterance("b", [1.0], {"name": "compact", "version": "cd34"})],
            [],
            DifferentEnginesError,
            "b is of compact cd34 .1 features., a of compact ab12",
        ),
        ([utterance("a", [1.0])], [utterance("b", [1.0], {})], DifferentEnginesError, "b does not say which engine"),
        ([of_frames("a", np.zeros((10, 2)))], [], NoFramesError, "a: nobody speaks in it"),
        ([of_frames("a", np.ones((10, 2)), speaks=np.zeros(10, bool))], [], NoFramesError, "a: nobody speaks in it"),
    ],
)
def test_what_makes_no_template_is_said(examples: list, against: list, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        make_template(FLAT, examples, against)


def test_a_mean_cannot_be_subtracted_without_other_speech() -> None:
    with pytest.raises(ExamplesError, match="name some with --against"):
        make_template(Wanted("threat", centre=True), THREATS)


def test_files_that_do_not_say_their_engine_are_taken_for_the_same_on_request() -> None:
    examples = [utterance("a", [1.0, 0.0], {}), utterance("b", [1.0, 0.0])]
    assert make_template(Wanted("threat", same_engine=True), examples).document.engine == "compact"


def test_what_is_of_another_engine_than_a_template_is_not_held_against_it() -> None:
    made = make_template(FLAT, THREATS)
    with pytest.raises(DifferentEnginesError, match="template threat was learnt from embeddings of compact ab12"):
        match(utterance("a", [1.0, 0.0, 0.0, 0.0], {"name": "compact", "version": "cd34"}), {"threat": made})
    with pytest.raises(MixedWidthsError, match="a has 1 features, template threat 4"):
        match(utterance("a", [1.0]), {"threat": made})


def test_moments_of_stored_calls_are_examples_and_other_speech(store: ZarrStore) -> None:
    examples = resolve(["call-1@1-2/customer"], store)
    made = make_template(Wanted("threat", window=1.0), examples, resolve(["call-1/customer"], store))
    assert (made.document.calls, made.document.engine_version, made.document.dim) == (("call-1",), "0", 16)
    assert match(next(resolve(["call-1@1-2/customer"], store)), {"threat": made})[0].similarity == pytest.approx(1, abs=0.01)
