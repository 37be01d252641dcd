"""How much context emotion2vec needs: what window, hop and lookahead cost, and how far their frames are from full context.

Run from the repository's root:  python -m lab.experiments.emotion2vec_context [--model FOLDER | --size large] [--audio FILE]

Every frame of a stretch of sound is computed twice: once in one window over the whole stretch (full context), and once as the
pipeline does it, in windows. Compared are the embeddings, by cosine, plain and centred (the mean frame of the stretch taken off
both, because all frames share a large common part that flatters the plain one), and how often the strongest class is the same.
Cost is the CPU time for a second of sound of one leg, windows run one at a time on one thread.

Without `--model` the weights are random, of the true architecture: costs are real, closeness is weak evidence, because training
shapes how far attention reaches. Run it again with real weights.

Measured with random weights of plus_large's size on 10 s of an 8 kHz telephone call, one AVX2 core (busy: cost within 30 %):

    window  hop  lookahead | cosine mean   min | centred mean   min | same class | CPU ms a second
       1.0  0.5        0.5 |      0.9371 0.817 |       0.7771 0.292 |      0.790 |             743
       1.5  0.5        0.5 |      0.9928 0.841 |       0.9701 0.373 |      0.900 |             970
       2.0  0.5        0.0 |      0.9372 0.764 |       0.7744 0.161 |      0.718 |            1218
       2.0  0.5        0.1 |      0.9633 0.795 |       0.8586 0.286 |      0.790 |            1214
       2.0  0.5        0.3 |      0.9891 0.847 |       0.9543 0.369 |      0.902 |            1222
       2.0  0.5        0.5 |      0.9932 0.820 |       0.9714 0.271 |      0.918 |            1183
       2.0  0.5        1.0 |      0.9954 0.871 |       0.9799 0.464 |      0.912 |            1146
       2.0  1.0        0.5 |      0.9935 0.820 |       0.9722 0.271 |      0.908 |             613
       3.0  0.5        0.5 |      0.9971 0.972 |       0.9874 0.880 |      0.936 |            1617
       4.0  0.5        0.5 |      0.9975 0.972 |       0.9894 0.896 |      0.936 |            2011

Lookahead is worth its delay up to 0.5 s and little beyond. A window of 2 s is close on average; 3 s brings the worst frames
close too, at a third more cost, and nothing is won beyond. The hop changes cost and delay alone.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from monitor.audio.chunk import Samples
from monitor.conformance.engine_calls import joined, voice, windows
from monitor.engines.base import WindowFrames
from monitor.engines.emotion2vec.engine import Emotion2vecEngine
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.engines.emotion2vec.random_model import SIZES
from monitor.timeline import FRAME_SAMPLES, SAMPLE_RATE, frames_for
from tests.engines.emotion2vec_dir import write_model

Embedding = NDArray[np.float32]

SETTINGS = (
    # window, hop, lookahead in seconds
    (1.0, 0.5, 0.5),
    (1.5, 0.5, 0.5),
    (2.0, 0.5, 0.0),
    (2.0, 0.5, 0.1),
    (2.0, 0.5, 0.3),
    (2.0, 0.5, 0.5),
    (2.0, 0.5, 1.0),
    (2.0, 1.0, 0.5),
    (3.0, 0.5, 0.5),
    (4.0, 0.5, 0.5),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="folder of real weights")
    parser.add_argument("--size", choices=SIZES, default="large", help="of random weights")
    parser.add_argument("--audio", type=Path, help="sound to listen to (first channel); default: a synthetic voice")
    parser.add_argument("--seconds", type=float, default=15.0)
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        model = arguments.model or write_model(Path(folder), arguments.size)
        engine = Emotion2vecEngine(Emotion2vecOptions(model=str(model), threads=1, gate=0, normalise="window"))
    samples = sound(arguments.audio, arguments.seconds)
    engine.warm_up()
    full = run(engine, samples, len(samples) / SAMPLE_RATE, len(samples) / SAMPLE_RATE, 0.0)[0]
    common = full.embedding.mean(axis=0)
    print("window  hop  lookahead | cosine mean   min | centred mean   min | same class | CPU ms a second")
    for window, hop, lookahead in SETTINGS:
        frames, seconds = run(engine, samples, window, hop, lookahead)
        plain, centred = cosine(frames.embedding, full.embedding), cosine(frames.embedding - common, full.embedding - common)
        same = float((frames.logits.argmax(axis=1) == full.logits.argmax(axis=1)).mean())
        print(
            f"{window:6.1f} {hop:4.1f} {lookahead:10.1f} | {plain.mean():11.4f} {plain.min():5.3f} "
            f"| {centred.mean():12.4f} {centred.min():5.3f} | {same:10.3f} | {1000 * seconds:15.0f}",
            flush=True,
        )


def sound(path: Path | None, seconds: float) -> Samples:
    """16 kHz, whole frames."""
    if path is None:
        return voice(frames_for(seconds))
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    first = soxr.resample(samples[:, 0], rate, SAMPLE_RATE)
    loudest = (
        int(np.convolve(np.abs(first), np.ones(round(seconds * SAMPLE_RATE)), "valid")[::SAMPLE_RATE].argmax()) * SAMPLE_RATE
    )
    return np.asarray(first[loudest : loudest + frames_for(seconds) * FRAME_SAMPLES], np.float32)


def run(engine: Emotion2vecEngine, samples: Samples, window: float, hop: float, lookahead: float) -> tuple[WindowFrames, float]:
    """All frames as the pipeline would have them, and the CPU time for a second of sound."""
    cut = list(windows(engine, engine.open_leg(), samples, hop, window, lookahead))
    began = process_time()
    frames = joined([engine.infer([one])[0] for one in cut])
    return frames, (process_time() - began) / (len(samples) / SAMPLE_RATE)


def cosine(one: Embedding, other: Embedding) -> Embedding:
    """Of each frame, shape (n,)."""
    return np.asarray((one * other).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1))


if __name__ == "__main__":
    main()
