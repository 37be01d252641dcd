"""Speech without labels for `train compact --unlabelled`: adventure games, prompts and word lists that Debian ships.

    python -m lab.experiments.debian_speech OUT [--downloads DIR] [--share 360]

Needs Debian's `apt-get` and `dpkg-deb`. Fetches the packages below (1 GB, once), and writes OUT/DATASET/SPEAKER/NAME.flac:
14,585 utterances of 1 to 15 s, 9.5 hours in all. At most 6 minutes are taken of a speaker, 15 of the actors who play the most,
or less in proportion (--share).
A speaker is a voice where the package says whose it is, otherwise what was recorded together. Licences: docs/models/compact.md.
"""

import argparse
import io
import random
import re
import struct
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

PACKAGES = (
    "beneath-a-steel-sky",
    "flight-of-the-amazon-queen",
    "fillets-ng-data",
    "fillets-ng-data-cs",
    "fillets-ng-data-nl",
    "hedgewars-data",
    "freedroidrpg-data",
    "tuxpaint-stamps-default",
    "klettres-data",
    "ktuberling-data",
    "asterisk-core-sounds-en-g722",
    "asterisk-core-sounds-es-g722",
    "asterisk-core-sounds-fr-g722",
    "asterisk-core-sounds-it-g722",
    "asterisk-core-sounds-ru-g722",
    "asterisk-prompt-it-menardi-wav",
    "codec2-examples",
    "pocketsphinx-testdata",
)
SHORTEST, LONGEST = 1.0, 15.0
"""Seconds an utterance lasts."""
SHARE, MAIN = 360.0, 2.5
"""Seconds taken of a speaker, and how many times as much of one of the main actors."""
_RATE = 16_000
_FOLDERS = (
    ("fillets", r"fillets-ng/sound/.*/(cs|nl|en)/[^/]+$"),
    ("tuberling", r"ktuberling/sounds/(\w+)/"),
    ("lettres", r"klettres/(\w+)/"),
    ("hedge", r"hedgewars.*voices/(?!Robot/|Classic/)(\w+)/"),
    ("stamps", r"_desc_(\w+)\.ogg$"),
)
"""Datasets whose files say who speaks, or in which language."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A recording before it is resampled."""

    dataset: str
    speaker: str
    name: str
    audio: NDArray[np.float32]
    """Shape (n,)."""
    rate: int

    @property
    def group(self) -> str:
        """What is sorted by when some of all is chosen."""
        alone = self.dataset in {"asterisk", "freedroid"} or self.speaker == "sphinx"
        return self.speaker if alone else f"{self.dataset}-{self.speaker}"


def fetch(downloads: Path) -> None:
    """Unpack every package below `downloads`, which gets a folder a package."""
    downloads.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        if (downloads / package).is_dir():
            continue
        subprocess.run(["apt-get", "download", package], cwd=downloads, check=True, stdout=subprocess.DEVNULL)
        (archive,) = downloads.glob(f"{package}_*.deb")
        subprocess.run(["dpkg-deb", "-x", archive, downloads / package], check=True)
        archive.unlink()


def steel_sky(folder: Path) -> Iterator[Utterance]:
    """Beneath a Steel Sky: raw unsigned bytes at 11025 Hz after a header of 22 (as ScummVM's engines/sky reads them)."""
    table, disk = (folder / "sky.dnr").read_bytes(), (folder / "sky.dsk").read_bytes()
    for place in range(4, 4 + 8 * struct.unpack("<I", table[:4])[0], 8):
        number = struct.unpack("<H", table[place : place + 2])[0]
        offset, size = (int.from_bytes(table[place + at : place + at + 3], "little") for at in (2, 5))
        start = (offset & 0x7FFFFF) << 4 if offset & 0x800000 else offset
        if 50_000 <= number < 60_000:
            raw = np.frombuffer(disk[start + 22 : start + (size & 0x3FFFFF)], np.uint8)
            audio = (raw.astype(np.float32) - np.float32(128)) * np.float32(1 / 128)
            # Nobody says who speaks; numbers near each other are of one scene.
            yield Utterance("bass", f"{(number - 50_000) // 24:03d}", str(number), audio, 11_025)


def amazon_queen(file: Path) -> Iterator[Utterance]:
    """Flight of the Amazon Queen: MP3 in one file behind a table of names, places and sizes; J is the hero."""
    data = file.read_bytes()
    place = data.find(b"020001P2.SB")
    while re.fullmatch(rb"[A-Z0-9_\-]+\.[A-Z0-9]+", name := data[place : place + 12].rstrip(b"\0")):
        start, size = struct.unpack(">II", data[place + 13 : place + 21])
        place += 21
        if name.endswith(b".SB"):
            said = re.match(r"(\d\d)\d{4}([A-Z])", name.decode())
            speaker = ("joe" if said[2] == "J" else said[1]) if said else f"x{name[:2].decode()}"
            audio, rate = soundfile.read(io.BytesIO(data[start : start + size]), dtype="float32", always_2d=True)
            yield Utterance("queen", speaker, name.decode()[:-3], np.asarray(audio.mean(1), dtype=np.float32), rate)


def files(downloads: Path) -> Iterator[Utterance]:
    """What lies in the other packages as files."""
    for path in sorted(downloads.glob("*/usr/share/**/*")):
        inside = str(path.relative_to(downloads))
        if path.suffix not in {".ogg", ".wav", ".g722"} or not (who := _who(inside)):
            continue
        try:
            audio, rate = read_any(path)
        except (soundfile.SoundFileError, av.FFmpegError):
            continue  # some files in these packages are empty
        yield Utterance(*who, re.sub(r"\W+", "_", inside)[-60:], audio, rate)


def _who(inside: str) -> tuple[str, str] | None:
    """Dataset and speaker of a file, by its path below the downloads."""
    package, name = inside.split("/")[0], Path(inside).stem
    if package.startswith("asterisk"):
        return "asterisk", inside.split("/asterisk/sounds/")[1].split("/")[0]
    if package == "codec2-examples":
        return "codec2", name
    if package == "pocketsphinx-testdata":
        return "codec2", "sphinx"
    if package == "freedroidrpg-data":
        return ("freedroid", "freedroid") if "voice" in inside else None
    for dataset, pattern in _FOLDERS:
        if found := re.search(pattern, inside):
            # Of the two fish, m is small and v is big; whoever else talks goes by the scene.
            scene, role, *_ = [*name.split("-"), ""]
            fish = f"-{role}" if role in {"m", "v"} else f"-x-{scene}"
            return dataset, found[1] + (fish if dataset == "fillets" else "")
    return None


def read_any(path: Path) -> tuple[NDArray[np.float32], int]:
    if path.suffix != ".g722":
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
        return np.asarray(audio.mean(1), dtype=np.float32), rate
    with av.open(str(path), format="g722") as container:
        pieces = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    return np.concatenate([np.zeros(0, np.int16), *pieces]).astype(np.float32) * np.float32(1 / 32768), _RATE


def levelled(utterance: Utterance) -> NDArray[np.float32] | None:
    """At 16 kHz, its peak at 0.7; None where there is too little sound."""
    audio = utterance.audio - utterance.audio.mean() if len(utterance.audio) else utterance.audio
    if not 0.5 <= len(audio) / utterance.rate <= 25 or np.abs(audio).max() < 0.02:
        return None
    audio = np.asarray(soxr.resample(audio, utterance.rate, _RATE), dtype=np.float32)
    return np.asarray(audio / np.abs(audio).max() * 0.7, dtype=np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--downloads", type=Path, help="where packages are unpacked (default: beside OUT)")
    parser.add_argument("--share", type=float, default=SHARE, metavar="SECONDS", help="taken of a speaker at most")
    args = parser.parse_args()
    downloads = args.downloads or args.out.with_name(args.out.name + "-packages")
    fetch(downloads)
    games = downloads / "beneath-a-steel-sky/usr/share/scummvm/beneath-a-steel-sky"
    queen = downloads / "flight-of-the-amazon-queen/usr/share/scummvm/flight-of-the-amazon-queen/queen.1c"
    seconds: dict[str, dict[Path, float]] = defaultdict(dict)
    for source in (steel_sky(games), amazon_queen(queen), files(downloads)):
        for utterance in source:
            if (audio := levelled(utterance)) is not None:
                place = args.out / utterance.dataset / utterance.speaker / f"{utterance.name}.flac"
                place.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(place, audio, _RATE, subtype="PCM_16")
                seconds[utterance.group][place] = len(audio) / _RATE
    kept = choose(seconds, args.share)
    for place in {place for group in seconds.values() for place in group} - kept:
        place.unlink()
    total = sum(length for group in seconds.values() for place, length in group.items() if place in kept)
    print(f"{len(kept)} utterances, {total / 3600:.1f} hours in {args.out}")


def choose(seconds: dict[str, dict[Path, float]], of_speaker: float) -> set[Path]:
    """Of each group so much as is taken of a speaker, by chance."""
    random.seed(1)
    kept: set[Path] = set()
    for group in sorted(seconds):
        share = of_speaker * (MAIN if re.match(r"fillets-(cs|nl)-[mv]$|queen-joe|queen-xC", group) else 1)
        places = sorted(seconds[group], key=lambda place: place.name)
        random.shuffle(places)
        taken = 0.0
        for place in places:
            length = seconds[group][place]
            if SHORTEST <= length <= LONGEST and taken + length <= share:
                taken += length
                kept.add(place)
    return kept


if __name__ == "__main__":
    main()
