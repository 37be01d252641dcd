"""How the posterior of anger lies over the labelled segments of calls; for clips, and all else, there is `evaluate`.

    python -m lab.experiments.compact_accuracy --calls DIR [--weights FILE]

Calls: two-channel WAV files with a JSON beside each: {"segments": [{"channel", "start", "end", "emotion"}]}.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import soundfile
import soxr

from lab.training.clips import LABELS
from monitor.engines.base import Window, WindowFrames
from monitor.engines.compact.engine import CompactEngine
from monitor.engines.compact.features import Array
from monitor.engines.compact.options import CompactOptions

ANGRY = LABELS.index("angry")


def hear(engine: CompactEngine, samples: Array) -> WindowFrames:
    """All frames of a recording."""
    samples = np.pad(samples, (0, -len(samples) % 320)).astype(np.float32)
    frames = len(samples) // 320
    return engine.infer([Window(engine.open_leg(), 0, samples, 0, frames, final=True)])[0]


def calls(engine: CompactEngine, folder: Path) -> None:
    """Print how the smoothed posterior of anger lies over angry and over other segments of the customer."""
    angry, neutral, other = [], [], []
    peaks: dict[bool, list[float]] = {True: [], False: []}
    for about in sorted(folder.glob("*.json")):
        call = json.loads(about.read_text())
        audio, rate = soundfile.read(about.with_suffix(".wav"), dtype="float32", always_2d=True)
        heard = hear(engine, soxr.resample(audio[:, 0], rate, 16_000))
        smooth = smoothed(posterior(heard.logits)[:, ANGRY], heard.speech)
        truth = np.full(len(smooth), "", dtype="U16")
        for segment in call["segments"]:
            if segment["channel"] == "customer":
                truth[round(segment["start"] * 50) : round(segment["end"] * 50)] = segment["emotion"]
        late = truth.copy()
        late[75:][truth[75:] != truth[:-75]] = ""
        angry.append(smooth[late == "angry"])
        neutral.append(smooth[late == "neutral"])
        other.append(smooth[(late != "angry") & (late != "neutral") & (late != "")])
        peaks[bool((truth == "angry").any())].append(float(smooth.max()))
    for name, values in (("angry", angry), ("neutral", neutral), ("other emotions", other)):
        print(f"{name}: quantiles .1 .5 .9 {np.quantile(np.concatenate(values), [0.1, 0.5, 0.9]).round(3)}")
    print(f"area under the curve, angry against neutral frames: {area(np.concatenate(angry), np.concatenate(neutral)):.3f}")
    print(f"area under the curve, angry against other emotions: {area(np.concatenate(angry), np.concatenate(other)):.3f}")
    print(f"largest value of a call, with anger against without: {area(np.array(peaks[True]), np.array(peaks[False])):.3f}")
    print(f"  median with {np.median(peaks[True]):.3f} ({len(peaks[True])} calls), without {np.median(peaks[False]):.3f}")


def posterior(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True), dtype=np.float32)


def smoothed(values: Array, speech: Array, seconds: float = 1.5) -> Array:
    """Exponential smoothing whose time passes in speech alone."""
    state, out = 0.0, np.zeros(len(values), np.float32)
    for index, share in enumerate(speech / (seconds * 50)):
        state += share * (values[index] - state)
        out[index] = state
    return out


def area(high: Array, low: Array) -> float:
    """Probability that a value of `high` exceeds one of `low`."""
    order = np.searchsorted(np.sort(low), high)
    return float(order.mean() / len(low))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=Path, required=True)
    parser.add_argument("--weights", type=Path)
    args = parser.parse_args()
    engine = CompactEngine(CompactOptions(model=str(args.weights) if args.weights else None))
    print(f"{engine.info.model}, version {engine.info.version}")
    calls(engine, args.calls)


if __name__ == "__main__":
    main()
