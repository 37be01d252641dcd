"""The anchors' rows of the streaming benchmark: told where every utterance begins and ends, they judge each when it is over.

    python -m lab.experiments.anchors.on_calls CALLS --clips DIR --cache DIR [--only egemaps,plain] [--learn 1600] [--seed 1]

CALLS is what `lab.experiments.streaming_benchmark` composed, heard over the same line; the anchors learn from the people that
training hears, over that line. They know four classes, so somebody afraid is always taken for another. What is said of an
utterance is shown for all of it; where it differs from what was said before of the same leg there is a change at its first
sample; anger after none is an alert of the customer. Both are known when the utterance is over. True boundaries are more than a
stream has.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from lab.calls.alerts import AlertAim, RaisedAlert, blocks, score_alerts
from lab.calls.changes import DetectedChange, LegChanges, score_leg
from lab.calls.eder import NOTHING, Eder, eder
from lab.calls.figures import summarise
from lab.calls.labelled import LabelledCall, Segment
from lab.calls.read import read_calls
from lab.calls.score import CallScore
from lab.experiments.anchors.task import Task, read_task
from lab.experiments.streaming_benchmark import HEAD, row
from lab.hearing.takes import Take
from lab.lines.condition import TELEPHONE
from lab.sound import legs_of
from monitor.audio.chunk import Samples
from monitor.events import Leg
from monitor.timeline import FRAME_RATE, SAMPLE_RATE

Judge = Callable[[Samples], str]
Judged = list[tuple[Segment, str]]
"""The utterances of a leg, and what is said of each."""
NAMES = {"egemaps": "eGeMAPS + SVM, utterance by utterance", "plain": "plain network, utterance by utterance"}
SHORTEST = SAMPLE_RATE // 5
"""Samples that an anchor must be given."""


def score(call: LabelledCall, judge: Judge, seed: int) -> CallScore:
    """What an anchor makes of a call."""
    sound = legs_of(Take(call.audio, call.legs, line=TELEPHONE, seed=seed).open())
    judged = {leg: [(part, judge(_said(sound[leg], part))) for part in call.of_leg(leg)] for leg in call.labelled_legs}
    shown = {leg: _shown(call, leg, of_leg) for leg, of_leg in judged.items()}
    aim = AlertAim()
    return CallScore(
        call=call,
        legs=tuple(judged),
        shown=shown,
        argmax=shown,
        changes=tuple(_changes(call, leg, of_leg) for leg, of_leg in judged.items()),
        alerts=score_alerts(blocks(call, aim), _alerts(judged, aim), aim.grace),
    )


def _said(leg: Samples, part: Segment) -> Samples:
    start = round(part.start * SAMPLE_RATE)
    return leg[start : max(round(part.end * SAMPLE_RATE), start + SHORTEST)]


def _shown(call: LabelledCall, leg: Leg, judged: Judged) -> Eder:
    frames = [NOTHING] * (int(call.seconds * FRAME_RATE) + 1)
    for part, said in judged:
        first, stop = int(part.start * FRAME_RATE), int(part.end * FRAME_RATE) + 1
        frames[first:stop] = [said] * (stop - first)
    return eder(call.of_leg(leg), frames, 1 / FRAME_RATE)


def _turns(judged: Judged) -> list[tuple[Segment, str]]:
    """The utterances that are taken for something else than the one before."""
    before = [judged[0][1], *(said for _, said in judged)] if judged else []
    return [(part, said) for (part, said), last in zip(judged, before, strict=False) if said != last]


def _changes(call: LabelledCall, leg: Leg, judged: Judged) -> LegChanges:
    found = [DetectedChange(part.start, part.end, part.end) for part, _ in _turns(judged)]
    return score_leg(leg, call.changes_of(leg), found, call.seconds)


def _alerts(judged: dict[Leg, Judged], aim: AlertAim) -> list[RaisedAlert]:
    watched = {leg: of_leg for leg, of_leg in judged.items() if leg in aim.legs and of_leg}
    raised = [(leg, turn) for leg, of_leg in watched.items() for turn in [of_leg[0], *_turns(of_leg)]]
    return [RaisedAlert(aim.rules[0], leg, part.end) for leg, (part, said) in raised if said == aim.emotion]


def judge_of(anchor: str, task: Task, args: argparse.Namespace) -> Judge:
    """An anchor that has learned. Its libraries are loaded when it is asked for."""
    if anchor == "egemaps":
        from lab.experiments.anchors import egemaps

        return egemaps.judge(task, "telephone", args.cache)
    from lab.experiments.anchors import plain_network

    return plain_network.judge(task, "telephone", args.cache, args.epochs, args.seed)


def main() -> None:
    """Prints the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("calls", type=Path)
    parser.add_argument("--clips", type=Path, required=True, help="folder with labels.csv")
    parser.add_argument("--cache", type=Path, required=True, help="folder in which features are kept")
    parser.add_argument("--only", default="egemaps,plain", help="anchors, separated by commas")
    parser.add_argument("--epochs", type=int, default=12, help="of the plain network")
    parser.add_argument("--seed", type=int, default=1, help="of the line and the plain network")
    parser.add_argument("--learn", type=int, help="so many clips to learn from [all]")
    args = parser.parse_args()
    task = read_task(args.clips, learn=args.learn)
    calls = read_calls(args.calls)
    print(HEAD)
    print(f"|{'---|' * (HEAD.count('|') - 1)}")
    for anchor in args.only.split(","):
        judge = judge_of(anchor, task, args)
        figures = summarise([score(call, judge, args.seed) for call in calls])
        print(row(NAMES[anchor], figures, None), flush=True)


if __name__ == "__main__":
    main()
