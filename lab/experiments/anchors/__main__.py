"""Unweighted average recall of four emotions a dataset, clean and over a telephone line: an engine beside its anchors.

    python -m lab.experiments.anchors --clips DIR --cache DIR [--only egemaps,plain,engine,open] [--epochs 12] [--trial 200]
        [--learn 1600]

The engine is measured by `evaluate`, and the anchors hear the very sound that it hears; they are trained on the people that the
compact engine's training hears, and tested on those that it keeps apart. `engine` is the research weights, and where these
learned from everyone, their twin in `lab/experiments/weights`; `open` the open ones. Anchors know four classes alone, and each
is trained on clean sound for the clean test and over the line for the telephone test; an engine has one set of weights for
both.
eGeMAPS needs `pip install "emotion-monitor[anchors]"`, and openSMILE's licence: research only, no commercial use.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from lab.clips.choice import TWIN, check_kept_apart
from lab.evaluation.evaluate import Plan, evaluate
from lab.evaluation.inputs import Inputs
from lab.experiments.anchors.task import CLASSES, LINES, SEED, Task, read_task, recalls
from lab.lines.condition import Condition
from monitor.config import load_settings
from monitor.engines.compact.network import STEP_INPUTS
from monitor.engines.compact.shipped import SHIPPED
from monitor.engines.compact.weights import load_weights

_TWIN = load_weights(SHIPPED["research"], STEP_INPUTS).about["twin"]
KEPT_APART = Path(__file__).parents[3] / TWIN.format(_TWIN) if _TWIN else SHIPPED["research"]
"""The research weights, or their twin where they learned from everyone."""
ANCHORS = {"egemaps": "eGeMAPS + SVM", "plain": "plain network + GRU"}


def engine(task: Task, line: Condition | None, args: argparse.Namespace, model: str | None) -> tuple[str, dict[str, float]]:
    """Name and recalls of the engine: the rows of `emotion-monitor evaluate`."""
    settings = load_settings(flags={"engine.name": args.engine, "engine.model": model, "log.level": "warning"})
    check_kept_apart(settings.engine)
    plan = Plan(classes=CLASSES, line=line, seed=SEED)
    report = evaluate(Inputs(clips=list(task.held)), settings, plan, jobs=args.threads, progress=lambda *_: None)
    table = report.clips or {}
    found = {name: row.uar for name, row in table.items() if name != "all"}
    return report.engine.model, found | {"mean": sum(found.values()) / len(found)}


def decide(anchor: str, task: Task, line: str, args: argparse.Namespace) -> Sequence[str]:
    """What an anchor says of the clips kept apart. Its libraries are loaded when it is asked for."""
    if anchor == "egemaps":
        from lab.experiments.anchors import egemaps

        return egemaps.decide(task, line, args.cache)
    from lab.experiments.anchors import plain_network

    return plain_network.decide(task, line, args.cache, args.epochs, args.seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, required=True, help="folder with labels.csv")
    parser.add_argument("--cache", type=Path, required=True, help="folder in which features are kept")
    parser.add_argument("--only", default="egemaps,plain,engine,open", help="systems, separated by commas")
    parser.add_argument("--line", choices=[*LINES, "both"], default="both")
    parser.add_argument("--engine", default="compact")
    parser.add_argument("--model", help=f"compact weights, or a folder or hub id of emotion2vec [compact: {KEPT_APART.name}]")
    parser.add_argument("--open", default="open", help="other weights in the place of the open ones")
    parser.add_argument("--epochs", type=int, default=12, help="of the plain network")
    parser.add_argument("--seed", type=int, default=1, help="of the plain network")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--trial", type=int, help="so many clips of each side alone, to see that all runs")
    parser.add_argument("--learn", type=int, help="so many clips for the anchors to learn from [as many as --trial]")
    args = parser.parse_args()
    systems = args.only.split(",")
    engines = {"engine": args.model or (str(KEPT_APART) if args.engine == "compact" else None), "open": args.open}
    if unknown := set(systems) - {*ANCHORS, *engines}:
        parser.error(f"--only: there is no {', '.join(sorted(unknown))}; there are {', '.join([*ANCHORS, *engines])}")
    torch.set_num_threads(args.threads)
    task = read_task(args.clips, args.trial, args.learn)
    people = len({(clip.dataset, clip.speaker) for clip in task.held})
    print(f"{len(task.heard)} clips to learn from, {len(task.held)} of {people} people kept apart", flush=True)
    rows: list[tuple[str, str, dict[str, float]]] = []
    for line in LINES if args.line == "both" else (args.line,):
        for system in systems:
            if system in engines:
                rows.append((line, *engine(task, LINES[line], args, engines[system])))
            else:
                rows.append((line, ANCHORS[system], recalls(task.held, decide(system, task, line, args))))
            print(f"  {rows[-1][1]}, {line}: mean {rows[-1][2]['mean']:.3f}", flush=True)
    columns = list(rows[0][2])
    print("\n| line | system | " + " | ".join(columns) + " |\n|---|---|" + "---:|" * len(columns))
    for line, name, found in rows:
        print(f"| {line} | {name} | " + " | ".join(f"{found[column]:.3f}" for column in columns) + " |")


if __name__ == "__main__":
    main()
