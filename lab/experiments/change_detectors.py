"""Which detector finds the changes of emotion in labelled calls: all of them on the same frames, in one run.

    python -m lab.experiments.change_detectors CALLS [CALLS ...] [--model WEIGHTS] [--rates 1,6,12] [--json FILE]

CALLS are folders that `emotion-monitor evaluate` reads. Each detector is run at a ladder of thresholds. Rows are shown at the
lowest threshold that has no more false alarms an hour than each of `--rates`, counted on the legs whose emotion never changes,
so that detectors are compared at the same run length; and at the threshold with the best F1 at 2 s, chosen in hindsight for
each.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lab.calls.changes import DetectedChange, LegChanges, score_leg
from lab.calls.read import read_calls
from lab.calls.run import plain_take
from lab.experiments.detectors.class_cusum import ClassCusum
from lab.experiments.detectors.kernel_cusum import KernelCusum
from lab.hearing.hearing import LegHeard
from lab.hearing.listeners import Listener, Unheard
from monitor.changes.base import Detection, Detector
from monitor.changes.bayes import BayesDetector
from monitor.changes.bayes_options import BayesOptions
from monitor.changes.kernel import KernelDetector
from monitor.changes.procedure import Procedure
from monitor.config import Settings, load_settings
from monitor.events import Leg
from monitor.timeline import FRAME_RATE, TICK_RATE

Make = Callable[[float], Detector]


@dataclass(frozen=True)
class Speech:
    """The speech of one leg, and its true changes."""

    leg: Leg
    seconds: float
    ticks: NDArray[np.int64]
    embedding: NDArray[np.float64]
    logits: NDArray[np.float64]
    true: tuple[float, ...]


@dataclass(frozen=True)
class Row:
    """One detector at one threshold."""

    detector: str
    at: str
    threshold: float
    f1_1s: float
    f1_2s: float
    f1_4s: float
    precision_2s: float
    recall_2s: float
    delay_median: float
    delay_p95: float
    false_alarms_per_hour: float
    """Of time on legs without change, speech or not."""


def ladders(labels: Sequence[str], settings: Settings) -> dict[str, tuple[Make, Sequence[float]]]:
    """The detectors and the thresholds at which each is run."""
    changes = settings.changes
    model = (changes if isinstance(changes, BayesOptions) else BayesOptions()).segment_model()
    return {
        "bayes": (lambda odds: BayesDetector(model, odds), (0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 9.0)),
        "kernel (ruptures, online)": (lambda score: KernelDetector(Procedure(), score), (6, 8, 10, 13, 16)),
        "kernel CUSUM": (KernelCusum, np.geomspace(8, 30, 8).round(2).tolist()),
        "class CUSUM": (lambda sum_: ClassCusum(labels, sum_), np.geomspace(40, 400, 8).round(1).tolist()),
    }


def speech(folders: Sequence[Path], settings: Settings) -> tuple[tuple[str, ...], list[Speech]]:
    """Labels of the engine, and the speech of every labelled leg, heard through the whole pipeline."""
    listener = Listener(settings)
    legs = []
    try:
        for call in (call for folder in folders for call in read_calls(folder)):
            heard = listener.hear(plain_take(call), embeddings=True)
            if isinstance(heard, Unheard):
                raise SystemExit(f"{call.name}: {heard.reason}")
            legs += [_speech(leg, heard.legs[leg], call.changes_of(leg), settings) for leg in call.labelled_legs]
    finally:
        listener.close()
    return listener.info.labels, legs


def _speech(leg: Leg, heard: LegHeard, true: tuple[float, ...], settings: Settings) -> Speech:
    ticks = [tick for tick in heard.ticks() if tick.heard and tick.speech >= settings.state.speech_threshold]
    return Speech(
        leg,
        len(heard) / FRAME_RATE,
        np.array([tick.index for tick in ticks]),
        np.array([tick.embedding for tick in ticks]),
        np.array([tick.logits for tick in ticks]),
        true,
    )


def detect(detector: Detector, leg: Speech) -> Iterator[DetectedChange]:
    """The confirmed changes of a leg; each known at the end of the tick of speech that settled it."""
    suspected: dict[int, float] = {}
    vectors = leg.logits if detector.looks_at == "logits" else leg.embedding
    for tick, vector in zip(leg.ticks.tolist(), vectors, strict=True):
        for found in detector.update(tick, vector):
            suspected.setdefault(found.number, (tick + 1) / TICK_RATE)
            if found.status == "confirmed":
                yield _detected(found, (tick + 1) / TICK_RATE, suspected[found.number])
    for found in detector.finish():
        if found.status == "confirmed":
            yield _detected(found, leg.seconds, suspected[found.number])


def _detected(found: Detection, known: float, suspected: float) -> DetectedChange:
    return DetectedChange(found.tick / TICK_RATE, known, suspected)


def measure(name: str, make: Make, threshold: float, legs: Sequence[Speech]) -> Row:
    """One detector at one threshold on all legs."""
    scores = [score_leg(leg.leg, leg.true, list(detect(make(threshold), leg)), leg.seconds) for leg in legs]
    true, found = sum(len(one.true) for one in scores), sum(len(one.found) for one in scores)
    pairs = np.sum([one.matched for one in scores], axis=0)
    delays = [delay for one in scores for delay in one.delays] or [float("nan")]
    still = [one for one in scores if not one.true]
    hours = sum(one.seconds for one in still) / 3600
    near, close, about = (2 * int(pair) / max(true + found, 1) for pair in pairs)
    return Row(
        detector=name,
        at="",
        threshold=threshold,
        f1_1s=near,
        f1_2s=close,
        f1_4s=about,
        precision_2s=int(pairs[1]) / max(found, 1),
        recall_2s=int(pairs[1]) / max(true, 1),
        delay_median=float(np.median(delays)),
        delay_p95=float(np.quantile(delays, 0.95)),
        false_alarms_per_hour=_alarms(still) / max(hours, 1e-9),
    )


def _alarms(still: Sequence[LegChanges]) -> int:
    return sum(len(one.found) for one in still)


def chosen(rows: Sequence[Row], rates: Sequence[float]) -> list[Row]:
    """A detector's rows at each rate of false alarms, and at its best."""
    kept = []
    for rate in rates:
        quiet = [row for row in rows if row.false_alarms_per_hour <= rate]
        if quiet:
            kept.append(Row(**{**asdict(min(quiet, key=lambda row: row.threshold)), "at": f"<= {rate:g}/h"}))
    return [*kept, Row(**{**asdict(max(rows, key=lambda row: row.f1_2s)), "at": "best F1"})]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("calls", type=Path, nargs="+")
    parser.add_argument("--model", help="compact weights [those that ship]")
    parser.add_argument("--rates", default="1,6,12", help="false alarms an hour at which detectors are compared")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    settings = load_settings(flags={"engine.model": arguments.model, "log.level": "warning"})
    labels, legs = speech(arguments.calls, settings)
    rates = [float(rate) for rate in arguments.rates.split(",")]
    still = sum(leg.seconds for leg in legs if not leg.true) / 3600
    print(f"{len(legs)} legs, {sum(len(leg.true) for leg in legs)} changes, {still:.2f} h of legs without change\n")
    print("| detector | at | threshold | F1 1 s | 2 s | 4 s | precision | recall | delay | p95 | false/h |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    kept = []
    for name, (make, thresholds) in ladders(labels, settings).items():
        rows = [measure(name, make, threshold, legs) for threshold in thresholds]
        for row in chosen(rows, rates):
            print(
                f"| {row.detector} | {row.at} | {row.threshold:g} | {row.f1_1s:.2f} | {row.f1_2s:.2f} | {row.f1_4s:.2f} | "
                f"{row.precision_2s:.2f} | {row.recall_2s:.2f} | {row.delay_median:.1f} s | {row.delay_p95:.1f} s | "
                f"{row.false_alarms_per_hour:.1f} |",
                flush=True,
            )
            kept.append(asdict(row))
    if arguments.json:
        arguments.json.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
