"""How right a head of one's own is after so many labels: labelled clips of a set stand in for a company's own callers.

    python -m lab.experiments.own_labels CLIPS --features DIR [--model open] [--datasets nemo,es_class] [--draws 3]

A third of a set's speakers are kept apart. Of the others so many labels are drawn, as the labels come: some speakers more than
others, emotions as frequent as they are. `heads train` makes a head of them, and what is printed is the mean recall of the
four emotions on the speakers kept apart, the mean over the draws; beside it what the weights say by themselves. The weights
must never have heard the set. Clips are heard as they are.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lab.experiments.anchors.task import CLASSES
from lab.labels import Clip, held_out, read_clips
from lab.training.clips import read_audio
from lab.training.measure import recall
from monitor.analysis import load
from monitor.analysis.labels import Labelled, LabelledExample
from monitor.analysis.training import Plan, train_head
from monitor.engines.base import Window
from monitor.engines.compact.engine import CompactEngine
from monitor.engines.compact.features import Array
from monitor.engines.compact.network import STEP_INPUTS
from monitor.engines.compact.options import CompactOptions
from monitor.engines.compact.shipped import weights_file
from monitor.engines.compact.weights import Weights, load_weights
from monitor.timeline import FRAME_SAMPLES

COUNTS = (50, 200, 1000)
APART = 1 / 3


def heard(clips: Sequence[Clip], model: str, features: Path) -> list[Labelled]:
    """The clips with the mean embedding of what is said in each, in their order; kept in `features`."""
    engine = CompactEngine(CompactOptions(model=model))
    found = []
    for line, clip in enumerate(clips):
        file = features / engine.info.version / f"{clip.dataset}-{clip.path.stem}.npy"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            np.save(file, _mean(engine, read_audio(clip.path)))
        found.append(Labelled(LabelledExample(line, clip.emotion, str(file), file, "", clip.speaker), load(file)))
    return found


def _mean(engine: CompactEngine, voice: Array) -> Array:
    """Over speech, shape (D,)."""
    samples = np.pad(voice, (0, -len(voice) % FRAME_SAMPLES))
    leg = engine.open_leg()
    frames = engine.infer([Window(leg, 0, samples, 0, len(samples) // FRAME_SAMPLES, final=True)])[0]
    engine.close_leg(leg)
    share = frames.speech[:, None] + np.float32(1e-6)
    return np.asarray((frames.embedding * share).sum(0) / share.sum(), dtype=np.float32)


def own_words(weights: Weights, labelled: Sequence[Labelled]) -> float:
    """Mean recall of what the weights say without any label of one's own."""
    classes = [weights.labels.index(name) for name in CLASSES]
    matrix, bias = weights.tensors["head.weight"][:, classes], weights.tensors["head.bias"][classes]
    said = [int(np.argmax(one.embedding.mean() @ matrix + bias)) for one in labelled]
    return recall(np.array([CLASSES.index(one.example.label) for one in labelled]), np.array(said))


def after(labelled: Sequence[Labelled], apart: Sequence[Labelled]) -> float:
    """Mean recall, on speakers kept apart, of a head trained on these labels."""
    speakers = len({one.example.speaker for one in labelled})
    head, _ = train_head(labelled, Plan("own", group="speaker", folds=min(5, speakers), same_engine=True), "drawn clips")
    said = [head.labels[int(np.argmax(head.posterior(np.asarray(one.embedding.mean(), np.float64))))] for one in apart]
    return recall(np.array([CLASSES.index(one.example.label) for one in apart]), np.array([CLASSES.index(one) for one in said]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, help="folder with labels.csv")
    parser.add_argument("--features", type=Path, required=True, help="folder in which embeddings are kept")
    parser.add_argument("--model", default="open", help="weights: a name or a file")
    parser.add_argument("--datasets", default="nemo,es_class", help="sets that stand in for a company, by commas")
    parser.add_argument("--draws", type=int, default=3, help="over which the mean is taken")
    parser.add_argument("--limit", type=int, default=2000, help="clips of a set at most")
    args = parser.parse_args()
    weights = load_weights(weights_file(args.model), STEP_INPUTS)
    generator = np.random.default_rng(1)
    print(f"{weights.name}\n\n| set | people, clips kept apart | no label | " + " | ".join(map(str, COUNTS)) + " |")
    print("|---|---:|" + "---:|" * (1 + len(COUNTS)))
    for dataset in args.datasets.split(","):
        clips = [clip for clip in read_clips(args.clips) if clip.dataset == dataset and clip.emotion in CLASSES]
        clips = [clips[place] for place in sorted(generator.permutation(len(clips))[: args.limit])]
        held = {speaker for _, speaker in held_out(clips, APART)}
        everyone = heard(clips, args.model, args.features)
        apart = [one for one in everyone if one.example.speaker in held]
        mine = [one for one in everyone if one.example.speaker not in held]
        row = [f"{dataset}", f"{len(held)}, {len(apart)}", f"{own_words(weights, apart):.3f}"]
        for count in COUNTS:
            drawn = [[mine[place] for place in generator.permutation(len(mine))[:count]] for _ in range(args.draws)]
            fits = count <= len(mine)
            row.append(f"{np.mean([after(labels, apart) for labels in drawn]):.3f}" if fits else f"({len(mine)} there)")
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
