"""What the compact engine hears: labelled clips of held-out speakers, clean and over a telephone line, and labelled calls.

    python benchmarks/compact_accuracy.py --clips DIR [--everyone] [--weights FILE]
    python benchmarks/compact_accuracy.py --calls DIR [--weights FILE]

Clips: `labels.csv` and the files that it names; those of the speakers that training keeps apart, each as a call of its own.
The line: 300 to 3400 Hz, -29 to -21 dBFS, noise 18 to 35 dB below, G.711.
Calls: two-channel WAV files with a JSON beside each: {"segments": [{"channel", "start", "end", "emotion"}]}.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import soundfile
import soxr

from monitor.audio.line import Line, coloured, through_line
from monitor.config.sections import EngineSection
from monitor.engines.base import Window, WindowFrames
from monitor.engines.compact.engine import CompactEngine
from monitor.engines.compact.features import Array
from monitor.engines.compact.training.clips import LABELS, held_out, read_audio, read_labels
from monitor.engines.compact.training.measure import FOUR, Measured, calibration_error, fit_temperature

ANGRY = LABELS.index("angry")


def hear(engine: CompactEngine, samples: Array) -> WindowFrames:
    """All frames of a recording."""
    samples = np.pad(samples, (0, -len(samples) % 320)).astype(np.float32)
    frames = len(samples) // 320
    return engine.infer([Window(engine.open_leg(), 0, samples, 0, frames, final=True)])[0]


def telephone(samples: Array, generator: np.random.Generator) -> Array:
    """Over a telephone line as most calls have it."""
    line = Line(
        speed=1.0,
        low=300.0,
        high=3400.0,
        level=float(generator.uniform(-29, -21)),
        noise="-2",
        snr=float(generator.uniform(18, 35)),
        echo=0.0,
        tilt=0.0,
        codec="pcmu" if generator.random() < 0.6 else "pcma",
        loss=0.0,
        clipping=0.0,
    )
    return through_line(samples, line, coloured(-2, len(samples), generator), generator)


def clips(engine: CompactEngine, folder: Path, everyone: bool) -> None:
    """Print a table a dataset, clean and telephone."""
    read = read_labels(folder)
    held = {clip.person for clip in read} if everyone else held_out(read, 0.2)
    chosen = [clip for clip in read if clip.person in held]
    for condition in ("clean", "telephone"):
        logits = []
        for index, clip in enumerate(chosen):
            sound = read_audio(clip.path)
            heard = hear(engine, sound if condition == "clean" else telephone(sound, np.random.default_rng([1, index])))
            weight = heard.speech[:, None] + 1e-6
            logits.append((heard.logits * weight).sum(0) / weight.sum())
        found = Measured(
            np.array(logits, np.float64),
            np.array([clip.label for clip in chosen]),
            np.array([clip.dataset for clip in chosen]),
        )
        print(f"\n{condition}\n\n| dataset | clips | UAR of 4 | UAR of all | ECE |\n|---|---:|---:|---:|---:|")
        for name, row in found.table().items():
            mine = found.datasets == name
            error = calibration_error(found.logits[mine], found.labels[mine])
            print(f"| {name} | {row['clips']} | {row['uar4']:.3f} | {row['uar']:.3f} | {error:.3f} |")
        mean = found.summary()
        error = calibration_error(found.logits, found.labels)
        print(f"| mean | {len(chosen)} | {mean['uar4']:.3f} | {mean['uar']:.3f} | {error:.3f} (all clips) |")
        print(f"\ntemperature that would be best here: {fit_temperature(found.logits, found.labels):.2f}")
        print(confusion(found))


def confusion(found: Measured) -> str:
    """Among the four classes, in percent of the true class."""
    four = np.isin(found.labels, FOUR)
    decided = np.array(FOUR)[found.logits[four][:, FOUR].argmax(1)]
    rows = ["", "| true \\ heard | " + " | ".join(LABELS[k] for k in FOUR) + " |", "|---|---:|---:|---:|---:|"]
    for truth in FOUR:
        mine = decided[found.labels[four] == truth]
        rows.append(f"| {LABELS[truth]} | " + " | ".join(f"{100 * (mine == k).mean():.0f}" for k in FOUR) + " |")
    return "\n".join(rows)


def calls(engine: CompactEngine, folder: Path) -> None:
    """Print how the smoothed posterior of anger lies over angry and over other segments of the customer."""
    angry, neutral, other, peaks = [], [], [], {True: [], False: []}
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
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--calls", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--everyone", action="store_true", help="all speakers, not only those kept apart")
    args = parser.parse_args()
    engine = CompactEngine(EngineSection(model=str(args.weights) if args.weights else None))
    print(f"{engine.info.model}, version {engine.info.version}")
    if args.clips:
        clips(engine, args.clips, args.everyone)
    if args.calls:
        calls(engine, args.calls)


if __name__ == "__main__":
    main()
