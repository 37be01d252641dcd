"""Templates: made from examples, with a threshold learnt from other speech; and what is like them.

What a live rule measures (`monitor/learned/voice.py`) is measured here, on the same windows of speech, so that the rates that
are stated are those of the rule.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from monitor.analysis.embedding import Embedding
from monitor.analysis.errors import DifferentEnginesError, ExamplesError, MixedWidthsError
from monitor.analysis.result_file import Granularity
from monitor.analysis.space import Space
from monitor.analysis.ticks import heard_ticks
from monitor.errors import ConfigError
from monitor.learned.documents import TemplateDocument, TemplateFigures, checked
from monitor.learned.engine_key import EngineKey
from monitor.learned.speech_window import window_ticks, windows
from monitor.learned.template import Template

WINDOW = 3.0
"""Seconds of speech that are one utterance to a template, where it is not said otherwise."""
FALSE_ACCEPTS = 0.01
"""Of stretches of other speech: how many may reach the threshold."""
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a template is made."""

    name: str
    granularity: Granularity = "utterance"
    """Whether an example is one vector, its mean, or one for each 0.1 s."""
    window: float | None = None
    """Seconds of speech that are held against it at a time; None: 3 of utterances, and each 0.1 s of frames."""
    centre: bool | None = None
    """Whether the mean of other speech is subtracted first; None: where there is other speech."""
    false_accepts: float = FALSE_ACCEPTS
    same_engine: bool = False
    """What does not say its engine is of the same one as the rest."""


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    """An embedding's ticks of speech."""

    source: str
    call: str
    leg: str
    ticks: NDArray[np.float64]
    ends: NDArray[np.float64]


def make_template(wanted: Wanted, examples: Iterable[Embedding], against: Iterable[Embedding] = ()) -> Template:
    """A template of examples, with a threshold that other speech, `against`, seldom reaches.

    The threshold is the least that no more than `false_accepts` of the stretches of `against` reach, each as long as the
    window. What of `against` is within an example is left out. Without `against` there is no threshold.

    Raises `ExamplesError` where there are no examples, or nothing is left of `against`; `MixedWidthsError`,
    `DifferentEnginesError`, `NoFramesError`; `ConfigError` where the template would be too large or means nothing.
    """
    space = Space(same_engine=wanted.same_engine)
    heard = [_heard(space.take(example)) for example in examples]
    if not heard:
        raise ExamplesError(f"template {wanted.name}: no examples")
    others = [part for other in against if (part := _without(_heard(space.take(other)), heard)) is not None]
    window = wanted.window if wanted.window is not None else WINDOW if wanted.granularity == "utterance" else 0.1
    centred = bool(others) if wanted.centre is None else wanted.centre
    if centred and not others:
        raise ExamplesError(
            f"template {wanted.name}: the mean that is subtracted is that of other speech: name some with --against"
        )
    centre = np.concatenate([other.ticks for other in others]).mean(axis=0).astype(np.float32) if centred else None
    pieces = [one.ticks.mean(axis=0, keepdims=True) if wanted.granularity == "utterance" else one.ticks for one in heard]
    header = {
        "name": wanted.name,
        "engine": space.key.name,
        "engine_version": space.key.version,
        "dim": space.key.dim,
        "window": window,
        "sources": tuple(one.source for one in heard),
        "calls": tuple(dict.fromkeys(one.call for one in (*heard, *(others if centred else ())) if one.call)),
        "granularity": wanted.granularity,
        "rows": tuple(index for index, piece in enumerate(pieces) for _ in piece),
    }
    document = checked(TemplateDocument, header, f"template {wanted.name}")
    template = Template.make(document, np.concatenate(pieces).astype(np.float32), centre)
    if not others:
        return template
    threshold, figures = _learn(template, heard, others, wanted.false_accepts)
    learnt = document.model_copy(update={"threshold": threshold, "figures": figures})
    return Template.make(learnt, template.vectors, centre)


def _learn(
    template: Template,
    examples: Sequence[_Heard],
    others: Sequence[_Heard],
    false_accepts: float,
) -> tuple[float, TemplateFigures]:
    """The threshold, and how it does."""
    length = window_ticks(template.document.window)
    scores = np.sort(np.concatenate([_trials(template, other.ticks, length) for other in others]))
    allowed = int(false_accepts * len(scores))
    # The first score that may not be reached, and a digit more than similarities have.
    threshold = min(1.0, ceil(float(scores[len(scores) - 1 - allowed]) * 1e6 + 1) / 1e6) if allowed < len(scores) else -1.0
    accepted = int((scores >= threshold).sum())
    from scipy.stats import beta  # takes longer to load than a service to start

    bound = 1.0 if accepted == len(scores) else float(beta.ppf(_CONFIDENCE, accepted + 1, len(scores) - accepted))
    hits: int | None = None
    if len(examples) > 1:
        hits = sum(
            _best(_without_example(template, index), example.ticks, length) >= threshold
            for index, example in enumerate(examples)
        )
    return threshold, TemplateFigures(
        trials=len(scores),
        false_accepts=accepted,
        false_accept_rate=accepted / len(scores),
        false_accept_bound=bound,
        examples=len(examples),
        hits=hits,
    )


def _trials(template: Template, ticks: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """The best similarity within each stretch of `length` ticks, those after one another as a live call hears them."""
    means, indices = windows(ticks, length)
    similarities = template.similarities(means)
    stretches = indices // length
    return np.array([similarities[stretches == stretch].max() for stretch in np.unique(stretches)])


def _best(template: Template, ticks: NDArray[np.float64], length: int) -> float:
    return float(template.similarities(windows(ticks, length)[0]).max())


def _without_example(template: Template, source: int) -> Template:
    """What the other examples alone would be."""
    kept = [index for index, row in enumerate(template.document.rows) if row != source]
    document = template.document.model_copy(update={"rows": tuple(template.document.rows[index] for index in kept)})
    return Template.make(document, template.vectors[kept], template.centre)


def _heard(embedding: Embedding) -> _Heard:
    ticks, ends = heard_ticks(embedding)
    return _Heard(embedding.source, embedding.call, embedding.leg, ticks, ends)


def _without(other: _Heard, examples: Sequence[_Heard]) -> _Heard | None:
    """What is left of other speech without the examples; None where nothing is."""
    kept = np.ones(len(other.ticks), np.bool_)
    for example in examples:
        if other.call and (other.call, other.leg) == (example.call, example.leg):
            kept &= (other.ends < example.ends[0]) | (other.ends > example.ends[-1])
        elif not other.call and other.source == example.source:
            kept[:] = False
    return _Heard(other.source, other.call, other.leg, other.ticks[kept], other.ends[kept]) if kept.any() else None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of speech that is like a template."""

    start: float
    """Seconds of the call, as far as the source is of one: when the first window that is like it ended."""
    stop: float
    similarity: float
    """The best in it."""


@dataclass(frozen=True, slots=True)
class Match:
    """How like a template an embedding is."""

    source: str
    template: str
    similarity: float
    """The best of all windows."""
    at: float
    """Seconds of the call at which that window ended."""
    threshold: float | None
    stretches: tuple[Stretch, ...]
    """That reach the threshold, in order; none where there is no threshold."""


def match(embedding: Embedding, templates: Mapping[str, Template], at_least: float | None = None) -> list[Match]:
    """How like each template an embedding is, best first. `at_least` is the threshold in place of those learnt.

    Raises `MixedWidthsError` or `DifferentEnginesError` where a template does not compare with the embedding.
    """
    for name, template in templates.items():
        _check(embedding, template.document.key, f"template {name}")
    heard = _heard(embedding)
    return sorted(
        (_match(heard, name, template, at_least) for name, template in templates.items()), key=lambda one: -one.similarity
    )


def _match(heard: _Heard, name: str, template: Template, at_least: float | None) -> Match:
    means, indices = windows(heard.ticks, window_ticks(template.document.window))
    similarities, ends = template.similarities(means), heard.ends[indices]
    threshold = template.document.threshold if at_least is None else at_least
    best = int(similarities.argmax())
    stretches = () if threshold is None else tuple(_stretches(similarities, ends, similarities >= threshold))
    return Match(heard.source, name, float(similarities[best]), float(ends[best]), threshold, stretches)


def _stretches(similarities: NDArray[np.float64], ends: NDArray[np.float64], like: NDArray[np.bool_]) -> Iterator[Stretch]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], like, [False]]).astype(np.int8)))
    for first, stop in edges.reshape(-1, 2):
        yield Stretch(float(ends[first]), float(ends[stop - 1]), float(similarities[first:stop].max()))


def _check(embedding: Embedding, key: EngineKey, what: str) -> None:
    if embedding.dim != key.dim:
        raise MixedWidthsError(f"{embedding.source} has {embedding.dim} features, {what} {key.dim}: they do not compare")
    try:
        EngineKey.of(embedding.engine, embedding.dim).require(key, what)
    except ConfigError as error:
        if embedding.engine:
            raise DifferentEnginesError(f"{embedding.source}: {error}") from None
