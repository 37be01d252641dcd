"""The whole of `emotion-monitor evaluate`: all inputs through the pipeline, one report."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from lab.calls import AlertAim, CallsResult, LabelledCall, evaluate_calls
from lab.calls.affect import AffectScoring
from lab.calls.alerts import DEFAULT_RULE, about_emotion, aim_for
from lab.calls.annotations import Annotations
from lab.calls.judged import JudgedFigures
from lab.calls.score import score_call
from lab.calls.stored import StoredCalls, score_stored
from lab.clips.choice import Speakers, check_kept_apart, check_labels, chosen
from lab.clips.measure import ClipsHeard, confusions_by_person, hear_clips, tabulate
from lab.clips.probe import Folds, Probe, check_folds, probe
from lab.clips.scores import ClipScores
from lab.evaluation.degrade import points
from lab.evaluation.inputs import Inputs
from lab.evaluation.recordings import account
from lab.evaluation.report import DegradedPoint, EngineUsed, Recordings, Report, UnheardFile
from lab.hearing.hearing import Hearing
from lab.hearing.listeners import Listeners, Unheard
from lab.hearing.takes import Take
from lab.labels import Clip
from lab.lines.condition import Condition
from lab.pages import PageFolder, Renderer, figures_of
from monitor.alerts.rules import load_rules
from monitor.config import Settings
from monitor.engines.base import EngineInfo
from monitor.errors import ConfigError, SourceError
from monitor.learned.configured import configured
from monitor.learned.engine_key import EngineKey
from monitor.pipeline.windows import Geometry
from monitor.timeline import frame_seconds

Progress = Callable[[str, int, int], None]
"""Is told the stage, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of an evaluation."""

    classes: tuple[str, ...] | None = None
    """Among which clips are decided; None is all labels of the engine."""
    speakers: Speakers = "all"
    limit: int | None = None
    """Clips, calls and recordings at most, of each kind."""
    seed: int = 1
    """Of the choice under `limit`, and of simulated lines."""
    line: Condition | None = None
    """None hears what is as it is."""
    probe: Folds | None = None
    """The folds in which a linear classifier is tested on the embeddings of clips; None makes none."""
    degrade: bool = False
    noise: Path | None = None
    """Folder of recordings that `degrade` is noisy with."""
    pages: Path | None = None
    """Folder for a page of each call and recording, by which a person judges what was heard."""
    sound: bool = True
    """Whether pages hold the sound, rather than name the recording."""
    alert_rules: tuple[str, ...] = (DEFAULT_RULE,)
    """Rules whose alerts are held against the labels of calls; `any` is every rule about an angry leg."""
    baselines: bool = True
    """Whether change points of calls are also looked for by other means."""
    affect: Annotations | None = None
    """Valence and arousal of calls and recordings, as people traced them."""
    lag: float = 0.0
    """Seconds by which they are later than what they heard."""


def evaluate(inputs: Inputs, settings: Settings, plan: Plan, *, jobs: int | None = None, progress: Progress) -> Report:
    """Hear everything and say what was right.

    Raises `ConfigError` where plan, labels and engine do not fit each other, and `SourceError` where nothing could be heard.
    """
    if plan.degrade and not inputs.clips:
        raise ConfigError("--degrade needs labelled clips: a folder with labels.csv")
    if plan.probe and not inputs.clips:
        raise ConfigError("--probe needs labelled clips: a folder with labels.csv")
    if plan.pages and not (inputs.calls or inputs.recordings):
        raise ConfigError("--pages needs calls or recordings: clips have no timeline worth a page")
    if plan.affect:
        plan.affect.check([*(call.audio for call in inputs.calls), *inputs.recordings])
    renderer = Renderer() if plan.pages else None  # what it lacks is told before the long work
    begun = time.monotonic()
    judged = _judged(inputs.judged, settings) if inputs.judged else None
    if not inputs.to_hear:
        return _judged_alone(inputs.judged, judged, settings, plan, begun)
    clips = _chosen_clips(inputs, plan)
    rules = load_rules(settings.alerts.rules)
    aim = aim_for(rules, plan.alert_rules) if inputs.calls else AlertAim()
    with Listeners(settings, jobs) as listeners:
        labels = listeners.info.labels
        _check(settings, plan, clips, listeners.info)
        pages = PageFolder(plan.pages, listeners.info, renderer, embed=plan.sound) if plan.pages else None
        evaluation = _Evaluation(listeners, plan, progress, pages)
        table, languages, people, probed = evaluation.clips(clips) if clips else (None, None, None, None)
        calls = evaluation.calls(inputs.calls, settings, aim) if inputs.calls else None
        recordings = (
            evaluation.recordings(inputs.recordings, settings.state.speech_threshold, about_emotion(rules))
            if inputs.recordings
            else None
        )
        degraded = list(evaluation.degraded(clips)) if plan.degrade else None
        if pages:
            pages.close()
        return Report(
            engine=_engine_used(settings, listeners.info),
            settings=_sections(settings),
            line=plan.line.name if plan.line else "clean",
            seed=plan.seed,
            classes=list(plan.classes or labels),
            speakers=plan.speakers,
            seconds=evaluation.seconds,
            wall_seconds=time.monotonic() - begun,
            jobs=listeners.jobs,
            clips=table,
            languages=languages or None,
            people=people,
            probe=probed,
            calls=calls.calls_part() if calls else None,
            baselines=calls.baselines_part() if calls else None,
            calls_result=calls,
            affect=evaluation.affect.part() if evaluation.affect else None,
            judged=judged,
            recordings=recordings,
            degraded=degraded,
            unheard=evaluation.unheard,
        )


def _judged(stored: StoredCalls, settings: Settings) -> dict[str, JudgedFigures]:
    engine = stored.engine
    key = EngineKey(engine.name, engine.version, engine.dim)
    rules = load_rules(settings.alerts.rules).heard_with(configured(settings.analysis), key)
    return score_stored(stored, settings, rules).by_rule()


def _judged_alone(
    stored: StoredCalls | None, judged: dict[str, JudgedFigures] | None, settings: Settings, plan: Plan, begun: float
) -> Report:
    if stored is None:
        raise ConfigError("nothing to evaluate: name folders or recordings, or --judged")
    return Report(
        engine=_engine_used(settings, stored.engine),
        settings=_sections(settings),
        line="clean",
        seed=plan.seed,
        classes=list(stored.engine.labels),
        speakers=plan.speakers,
        seconds=sum(call.seconds for call, _ in stored.calls),
        wall_seconds=time.monotonic() - begun,
        jobs=1,
        judged=judged,
    )


class _Evaluation:
    """Hears part after part; counts what was heard and what was not."""

    def __init__(self, listeners: Listeners, plan: Plan, progress: Progress, pages: PageFolder | None) -> None:
        self._listeners = listeners
        self._plan = plan
        self._progress = progress
        self._pages = pages
        self.affect = AffectScoring(plan.affect, plan.lag) if plan.affect else None
        self.seconds = 0.0
        self.unheard: list[UnheardFile] = []

    def clips(
        self, clips: Sequence[Clip]
    ) -> tuple[dict[str, ClipScores], dict[str, ClipScores], dict[str, list[list[int]]], Probe | None]:
        """Scores by dataset and by language, the confusion of each person, and what a probe tells."""
        folds = self._plan.probe
        heard = self._hear_clips("clips", clips, self._plan.line, embeddings=folds is not None)
        for each in heard.unheard:
            self._note(each)
        labels, classes = self._listeners.info.labels, self._plan.classes
        people = confusions_by_person(heard, labels, classes)
        return *tabulate(heard, labels, classes), people, None if folds is None else self._probe(heard, folds)

    def _probe(self, heard: ClipsHeard, folds: Folds) -> Probe:
        return probe(heard, folds, lambda done, of: self._progress("probe", done, of))

    def calls(self, calls: Sequence[LabelledCall], settings: Settings, aim: AlertAim) -> CallsResult:
        """Labelled calls, the first of them where there is a limit."""
        wanted = calls[: self._plan.limit]
        done = count(1)

        def take(call: LabelledCall) -> Take:
            return Take(call.audio, call.legs, line=self._plan.line, seed=self._plan.seed)

        def heard(call: LabelledCall, hearing: Hearing | Unheard) -> None:
            self._progress("calls", next(done), len(wanted))
            if isinstance(hearing, Unheard):
                self._note(hearing)
                return
            self.seconds += hearing.seconds
            if self.affect:
                self.affect.take(call.audio, hearing, call.person)
            if self._pages:
                score = score_call(call, hearing, self._listeners.info.labels, aim)
                self._pages.add(take(call), hearing, truth=call, figures=figures_of(score))

        return evaluate_calls(
            wanted,
            self._listeners,
            settings,
            aim=aim,
            take=take,
            baselines=self._plan.baselines,
            heard=heard,
            stage=lambda name: self._progress(name, 0, 1),
        )

    def recordings(self, files: Sequence[Path], speech_threshold: float, emotional: Collection[str]) -> Recordings:
        """What is shown of recordings without labels."""
        return account(
            self._hear_files([Take(file, line=self._plan.line, seed=self._plan.seed) for file in files[: self._plan.limit]]),
            speech_threshold,
            emotional,
        )

    def degraded(self, clips: Sequence[Clip]) -> Iterator[DegradedPoint]:
        """The clips under every condition. Clips that could not be read are told of once, by `clips`."""
        sweep = list(points(clips, self._plan.noise))
        for number, point in enumerate(sweep, start=1):
            heard = self._hear_clips(f"{point.sweep} {point.value} ({number} of {len(sweep)})", clips, point.condition)
            table, _ = tabulate(heard, self._listeners.info.labels, self._plan.classes)
            row = table["all"]
            uar = row.uar if row.uar_mean_of_datasets is None else row.uar_mean_of_datasets
            yield DegradedPoint(sweep=point.sweep, value=point.value, clips=row.clips, uar=uar, f1=row.f1, ece=row.ece)

    def _hear_clips(self, stage: str, clips: Sequence[Clip], line: Condition | None, *, embeddings: bool = False) -> ClipsHeard:
        heard = hear_clips(
            self._listeners,
            clips,
            line,
            seed=self._plan.seed,
            embeddings=embeddings,
            progress=lambda done: self._progress(stage, done, len(clips)),
        )
        if not heard.clips:
            raise SourceError(f"none of {len(clips)} clips could be heard; the first: {heard.unheard[0].reason}")
        self.seconds += heard.seconds
        return heard

    def _hear_files(self, takes: Sequence[Take]) -> Iterator[Hearing]:
        heard = 0
        for done, (take, hearing) in enumerate(self._listeners.hear(takes), start=1):
            self._progress("recordings", done, len(takes))
            if isinstance(hearing, Unheard):
                self._note(hearing)
                continue
            heard += 1
            self.seconds += hearing.seconds
            if self.affect:
                self.affect.take(take.path, hearing, (str(take.path),))
            if self._pages:
                self._pages.add(take, hearing)
            yield hearing
        if not heard:
            raise SourceError(f"none of {len(takes)} recordings could be heard; the first: {self.unheard[-len(takes)].reason}")

    def _note(self, unheard: Unheard) -> None:
        self.unheard.append(UnheardFile(file=str(unheard.take.path), reason=unheard.reason))


def _chosen_clips(inputs: Inputs, plan: Plan) -> list[Clip]:
    if not inputs.clips:
        return []
    return chosen(inputs.clips, classes=plan.classes, speakers=plan.speakers, limit=plan.limit, seed=plan.seed)


def _check(settings: Settings, plan: Plan, clips: Sequence[Clip], engine: EngineInfo) -> None:
    if unknown := sorted(set(plan.classes or ()) - set(engine.labels)):
        raise ConfigError(f"--classes: {engine.name} does not tell {', '.join(unknown)}; it tells {', '.join(engine.labels)}")
    check_labels(clips, engine.labels, engine.name)
    if plan.probe:
        check_folds(clips, plan.probe)
    if clips and plan.speakers == "held":
        check_kept_apart(settings.engine)
    if clips and "customer" not in settings.privacy.subjects:
        raise ConfigError("clips are heard as the leg customer, which privacy.subjects does not allow to be analysed")


def _sections(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name).model_dump(mode="json") for name in ("state", "changes", "alerts")}


def _engine_used(settings: Settings, info: EngineInfo) -> EngineUsed:
    geometry = Geometry.of(settings.engine, info)
    return EngineUsed(
        name=info.name,
        model=info.model,
        version=info.version,
        licence=info.licence,
        labels=list(info.labels),
        window=frame_seconds(geometry.window),
        hop=frame_seconds(geometry.hop),
        lookahead=frame_seconds(geometry.lookahead),
    )
