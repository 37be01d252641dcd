"""Unweighted average recall of four emotions a dataset, clean and over a telephone line: the compact engine beside its anchors.

    python -m benchmarks.anchors --clips DIR --cache DIR [--only egemaps,plain,compact] [--epochs 12] [--trial 200]

Every system is trained on the people that the compact engine's training hears and tested on those that it keeps apart. The
line is that of `compact_accuracy.py`, the same for each test clip whoever hears it. The anchors know four classes alone and
are trained for each condition on sound of that condition; the compact engine has eight classes and one set of weights for both.
eGeMAPS needs `pip install "emotion-monitor[benchmarks]"`, and openSMILE's licence: research only, no commercial use.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from benchmarks.anchors.task import CONDITIONS, Condition, Decided, Task, read_task, recalls
from benchmarks.compact_accuracy import hear
from monitor.config.sections import EngineSection
from monitor.engines.compact.engine import CompactEngine
from monitor.engines.compact.training.measure import FOUR

SYSTEMS = {"egemaps": "eGeMAPS + SVM", "plain": "plain network + GRU", "compact": "compact engine"}


def compact(task: Task, condition: Condition, weights: Path | None) -> Decided:
    """What the compact engine says, each clip a call of its own: the mean of its logits over speech, among the four."""
    engine = CompactEngine(EngineSection(model=str(weights) if weights else None))
    decided = []
    for utterance in task.held:
        heard = hear(engine, utterance.sound(condition))
        decided.append(FOUR[int((heard.logits * (heard.speech[:, None] + 1e-6)).sum(0)[list(FOUR)].argmax())])
    return np.array(decided, dtype=np.int64)


def decide(system: str, task: Task, condition: Condition, args: argparse.Namespace) -> Decided:
    """One cell of the table: a system in a condition. An anchor's libraries are loaded when it is asked for."""
    if system == "compact":
        return compact(task, condition, args.weights)
    if system == "egemaps":
        from benchmarks.anchors import egemaps

        return egemaps.decide(task, condition, args.cache)
    from benchmarks.anchors import plain_network

    return plain_network.decide(task, condition, args.cache, args.epochs, args.seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, required=True, help="folder with labels.csv")
    parser.add_argument("--cache", type=Path, required=True, help="folder in which features are kept")
    parser.add_argument("--only", default=",".join(SYSTEMS), help="systems, separated by commas")
    parser.add_argument("--condition", choices=[*CONDITIONS, "both"], default="both")
    parser.add_argument("--weights", type=Path, help="of the compact engine; default those that ship")
    parser.add_argument("--epochs", type=int, default=12, help="of the plain network")
    parser.add_argument("--seed", type=int, default=1, help="of the plain network")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--trial", type=int, default=0, help="about so many clips of each side alone, to see that all runs")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    task = read_task(args.clips, args.trial)
    people = len({utterance.clip.person for utterance in task.held})
    print(f"{len(task.heard)} clips to learn from, {len(task.held)} of {people} people kept apart")
    rows = []
    for condition in CONDITIONS if args.condition == "both" else (args.condition,):
        for system in args.only.split(","):
            rows.append((condition, SYSTEMS[system], recalls(task.held, decide(system, task, condition, args))))
    columns = list(rows[0][2])
    print("\n| | system | " + " | ".join(columns) + " |\n|---|---|" + "---:|" * len(columns))
    for condition, name, found in rows:
        print(f"| {condition} | {name} | " + " | ".join(f"{found[column]:.3f}" for column in columns) + " |")


if __name__ == "__main__":
    main()
