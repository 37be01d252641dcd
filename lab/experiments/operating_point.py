"""Where weights may be put to work: what alerts catch on labelled calls, and how often they come on real ones, by two values.

    python -m lab.experiments.operating_point CALLS... --real FOLDER [--model open] [--correlation 1.35,3,5]
        [--at-least 0.5,0.7] [--seed 1]

CALLS are folders of composed calls, heard over a telephone line; FOLDER holds recordings without labels, heard as they are. All
are heard once, and their frames analysed anew with each `state.correlation_time` and each least belief of `customer-angry`, by
the rules that ship. A table for a person to choose from: unlike `tune` it draws nothing by chance and keeps nobody apart.
"""

import argparse
from pathlib import Path

from lab.calls.alerts import DEFAULT_RULE, aim_for
from lab.calls.figures import summarise
from lab.calls.read import read_calls
from lab.hearing.hearing import Hearing
from lab.hearing.listeners import Listeners, Unheard
from lab.hearing.takes import Take, read_recordings
from lab.lines.condition import TELEPHONE
from lab.tune.judge import Heard
from lab.tune.proposal import Proposal
from monitor.alerts.rules import load_rules
from monitor.config import Settings, load_settings

HEAD = "| correlation time | at least | angry stretches found | false | precision | recall | delay | EDER | real calls/h |"


def heard(calls: list[Path], real: Path, settings: Settings, seed: int) -> Heard:
    """All of it. Raises `SystemExit` where one cannot be heard."""
    labelled = [call for folder in calls for call in read_calls(folder)]
    takes = [Take(call.audio, call.legs, line=TELEPHONE, seed=seed) for call in labelled]
    with Listeners(settings, jobs=1) as listeners:
        of_calls = [_whole(hearing) for _, hearing in listeners.hear(takes, embeddings=True)]
        of_real = [_whole(hearing) for _, hearing in listeners.hear(map(Take, read_recordings([real])), embeddings=True)]
        labels = listeners.info.labels
    aim = aim_for(load_rules(settings.alerts.rules), [DEFAULT_RULE])
    return Heard(tuple(zip(labelled, of_calls, strict=True)), labels, aim, tuple(of_real))


def _whole(hearing: Hearing | Unheard) -> Hearing:
    if isinstance(hearing, Unheard):
        raise SystemExit(f"{hearing.take.path}: {hearing.reason}")
    return hearing


def row(known: Heard, proposal: Proposal, correlation: float, at_least: float) -> str:
    """What these two values give."""
    tried = proposal.varied({"state.correlation_time": correlation, f"rules.{DEFAULT_RULE}.when.emotion.at_least": at_least})
    figures = summarise(known.scores(tried))
    alerts = figures.alerts
    hours = sum(hearing.seconds for hearing in known.real) / 3600
    shares = [alerts.precision, alerts.recall, alerts.delay_median, figures.eder, known.alarms(tried) / hours]
    shown = " | ".join("-" if share is None else f"{share:.2f}" for share in shares)
    return f"| {correlation:g} s | {at_least:g} | {alerts.hits} of {alerts.blocks} | {alerts.false} | {shown} |"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("calls", type=Path, nargs="+")
    parser.add_argument("--real", type=Path, required=True, help="folder of recordings without labels")
    parser.add_argument("--model", default="open")
    parser.add_argument("--correlation", default="1.35,3,5", help="values of state.correlation_time, separated by commas")
    parser.add_argument("--at-least", default="0.5", help="values of the rule's least belief")
    parser.add_argument("--seed", type=int, default=1, help="of the lines")
    args = parser.parse_args()
    settings = load_settings(flags={"engine.name": "compact", "engine.model": args.model, "log.level": "warning"})
    known = heard(args.calls, args.real, settings, args.seed)
    proposal = Proposal(settings, load_rules(settings.alerts.rules))
    print(f"{HEAD}\n|{'---|' * (HEAD.count('|') - 1)}")
    for correlation in map(float, args.correlation.split(",")):
        for at_least in map(float, args.at_least.split(",")):
            print(row(known, proposal, correlation, at_least), flush=True)


if __name__ == "__main__":
    main()
