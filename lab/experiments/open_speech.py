"""Speech without labels for weights that a company may use: every source permits commercial use, with no share-alike.

    python -m lab.experiments.open_speech OUT [--downloads DIR] [--calls DIR] [--clips DIR [--everyone]] [--throats 2]

Needs Debian's `apt-get` and `dpkg-deb`. Writes OUT/DATASET/SPEAKER/NAME.flac:

- `spoken`: telephone prompts in Russian and French and read English that Debian ships (CC BY 3.0, BSD);
- `calls`: utterances of the recorded service calls in the folder that --calls names, as Silero finds them;
- of each of these, and of the clips in the folder that --clips names, as many copies as --throats says, each as another
  throat would make it (`lab/training/throats.py`). Of people whom training keeps apart there are none, unless --everyone is
  learned from.

Licences, and where each is stated: docs/models/compact-open.md.
"""

import argparse
import re
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from lab.experiments.debian_speech import read_any
from lab.labels import HELD_SHARE, held_out, read_clips
from lab.training.clips import read_audio
from lab.training.throats import draw_throat, spoken_by
from monitor.audio.speech import SpeechDetector
from monitor.engines.compact.features import Array
from monitor.output_file import replacement
from monitor.timeline import FRAME_SAMPLES, SAMPLE_RATE

PACKAGES = ("asterisk-core-sounds-ru-g722", "asterisk-prompt-fr-armelle", "pocketsphinx-testdata")
"""Of Debian."""
SHORTEST, LONGEST = 1.0, 15.0
"""Seconds an utterance lasts."""


def spoken(downloads: Path) -> Iterator[tuple[str, str, Array]]:
    """Speaker, name and sound, at 16 kHz, of what the packages of Debian hold."""
    for package in PACKAGES:
        if not (folder := downloads / package).is_dir():
            subprocess.run(["apt-get", "download", package], cwd=downloads, check=True, stdout=subprocess.DEVNULL)
            (archive,) = downloads.glob(f"{package}_*.deb")
            subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".g722", ".gsm", ".wav"} and path.is_file():
                audio, rate = read_any(path)
                speaker = path.stem[:6] if "sense_and" in path.stem else package
                yield speaker, re.sub(r"\W+", "_", str(path.relative_to(folder)))[-60:], _at_16_khz(audio, rate)


def utterances(call: Path) -> Iterator[tuple[str, Array]]:
    """Name and sound of what is said in a recorded call: between pauses of half a second, at most 8 s long."""
    audio, rate = soundfile.read(call, dtype="float32", always_2d=True)
    for channel, leg in enumerate(audio.T):
        samples = _at_16_khz(np.ascontiguousarray(leg), rate)
        samples = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES]
        detector = SpeechDetector()
        said = np.concatenate([detector.update(samples), detector.finish()]) >= 0.5
        for start, stop in _stretches(said, pause=25, longest=400):
            yield f"{channel}-{start:06d}", samples[start * FRAME_SAMPLES : stop * FRAME_SAMPLES]


def _stretches(said: Any, pause: int, longest: int) -> Iterator[tuple[int, int]]:
    """Frames [start, stop) of speech, with pauses shorter than `pause` in them, cut after `longest` frames."""
    places = np.flatnonzero(said)
    for stretch in np.split(places, np.flatnonzero(np.diff(places) > pause) + 1):
        if len(stretch):
            for start in range(int(stretch[0]), int(stretch[-1]) + 1, longest):
                yield start, min(start + longest, int(stretch[-1]) + 1)


def _at_16_khz(audio: Array, rate: int) -> Array:
    return np.asarray(soxr.resample(audio, rate, SAMPLE_RATE), np.float32)


def keep(file: Path, audio: Array) -> None:
    """Write an utterance, its peak at 0.7, unless it is too short, too long or silent."""
    peak = float(np.abs(audio).max(initial=0))
    if SHORTEST <= len(audio) / SAMPLE_RATE <= LONGEST and peak > 0.02:
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacement(file) as part:
            soundfile.write(part, audio / peak * 0.7, SAMPLE_RATE, format="FLAC")


def others(file: Path, folder: Path, speaker: str, throats: int) -> None:
    """What `file` holds, spoken by so many other throats: FOLDER/SPEAKER-NUMBER/NAME.flac."""
    generator = np.random.default_rng(zlib.crc32(f"{speaker}/{file.stem}".encode()))
    for number in range(throats):
        keep(folder / f"{speaker}-{number}" / f"{file.stem}.flac", spoken_by(draw_throat(generator), read_audio(file)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--downloads", type=Path, help="where packages are kept (default: beside OUT)")
    parser.add_argument("--calls", type=Path, help="folder of recorded calls")
    parser.add_argument("--clips", type=Path, help="folder with labels.csv: clips to be spoken by other throats")
    parser.add_argument("--everyone", action="store_true", help="of --clips those too whom training keeps apart")
    parser.add_argument("--throats", type=int, default=0, help="copies of each utterance, each by another throat")
    args = parser.parse_args()
    downloads = args.downloads or args.out.with_name(args.out.name + "-packages")
    downloads.mkdir(parents=True, exist_ok=True)
    for speaker, name, audio in spoken(downloads):
        keep(args.out / "spoken" / speaker / f"{name}.flac", audio)
    for call in sorted(args.calls.iterdir()) if args.calls else ():
        for name, audio in utterances(call):
            keep(args.out / "calls" / call.stem / f"{name}.flac", audio)
    for file in sorted(args.out.glob("*/*/*.flac")):
        others(file, file.parent.parent, file.parent.name, args.throats)
    clips = read_clips(args.clips) if args.clips else []
    apart = set() if args.everyone else held_out(clips, HELD_SHARE)
    for clip in clips:
        if clip.person not in apart:
            others(clip.path, args.out / clip.dataset, clip.speaker, args.throats)


if __name__ == "__main__":
    main()
