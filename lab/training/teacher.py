"""A larger speech model to learn from: what it hears in a clean voice, the network learns to hear over a telephone line.

There are two. One is the encoder of Smart Turn v3.2 (Daily, BSD 2-Clause): a Whisper tiny encoder (Radford et al., arXiv
2212.04356) tuned on the rhythm of turns in 23 languages; it comes in the wheel of pipecat-ai 1.14.0, and is heard after its
second block. The other is the encoder of Whisper base (OpenAI, MIT), see `whisper.py`, heard after its third. There the plain
mean over an utterance separates emotions of unheard speakers far better than what a network learns from a few hours of
labelled clips alone (docs/evaluation.md), and the small network is given that as a second thing to predict, frame by frame
(knowledge distillation, Hinton et al., arXiv 1503.02531; of hidden states, Chang et al., arXiv 2110.01900).
"""

import zipfile
from abc import ABC, abstractmethod
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import onnx
import onnxruntime
from librosa.filters import mel as mel_filters

from lab.training.lesson import PLACES
from lab.training.whisper import Encoder, read_parts, trimmed
from monitor.engines.compact.features import Array
from monitor.errors import ConfigError
from monitor.timeline import FRAME_SAMPLES, SAMPLE_RATE

MEMBER = "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx"
"""Of the wheel."""
WIDTH = 384
"""Of what Smart Turn hears."""
BLOCK = 3
"""After which Whisper base is heard."""
_INPUT, _HEARD = "input_features", "add_268"
"""Tensors of Smart Turn's graph: log mel energies, and what has passed the second block."""
_TRANSFORM, _HOP, _BANDS = 400, 160, 80
_MEL = mel_filters(sr=SAMPLE_RATE, n_fft=_TRANSFORM, n_mels=_BANDS).T
_HANN = np.hanning(_TRANSFORM + 1)[:-1]


class TeacherModel(NamedTuple):
    """A teacher as a file: plain data, for worker processes and digests."""

    kind: Literal["smart turn", "whisper base"]
    content: bytes


class Teacher(ABC):
    """Hears clean voices."""

    def pieces(self, voice: Array) -> list[Array]:
        """What is heard of a clean voice, shape (n * 320,) at 16 kHz: pieces of at most 400 frames, each (k, width)."""
        longest = PLACES * FRAME_SAMPLES
        return [self._hear(voice[start : start + longest]) for start in range(0, len(voice), longest)]

    @abstractmethod
    def _hear(self, voice: Array) -> Array:
        """Of at most `PLACES` frames."""


class SmartTurn(Teacher):
    """The first two blocks of its encoder; silence comes before the voice, since that is how it was trained."""

    def __init__(self, content: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def _hear(self, voice: Array) -> Array:
        quiet = np.pad(voice, (PLACES * FRAME_SAMPLES - len(voice), 0))
        heard = self._session.run([_HEARD], {_INPUT: log_mel(quiet)[None]})[0]
        return np.asarray(heard[0, PLACES - len(voice) // FRAME_SAMPLES :], dtype=np.float32)


class WhisperBase(Teacher):
    """The first three blocks of its encoder, on the voice alone: nothing is put before or after it."""

    def __init__(self, content: bytes) -> None:
        self._encoder = Encoder(content, BLOCK)

    def _hear(self, voice: Array) -> Array:
        return self._encoder(log_mel(voice))[-1]


def open_teacher(model: TeacherModel) -> Teacher:
    """The teacher that a model is of."""
    return SmartTurn(model.content) if model.kind == "smart turn" else WhisperBase(model.content)


def log_mel(audio: Array) -> Array:
    """What a Whisper encoder takes, of audio at 16 kHz, shape (n * 320,) to (80, 2 n); the waveform is standardised first."""
    audio = (audio - audio.mean()) / np.sqrt(audio.var() + 1e-7)
    padded = np.pad(audio.astype(np.float64), _TRANSFORM // 2, mode="reflect")
    views = np.lib.stride_tricks.sliding_window_view(padded, _TRANSFORM)[::_HOP][:-1]
    power = np.abs(np.fft.rfft(views * _HANN)) ** 2
    log = np.log10(np.maximum(power @ _MEL, 1e-10))
    return np.ascontiguousarray((np.maximum(log, log.max() - 8).T + 4) / 4, dtype=np.float32)


def read_teacher(path: Path) -> TeacherModel:
    """A teacher: the wheel of pipecat-ai or the ONNX file that it holds, or a folder with the two wheels of Whisper base.

    Raises ConfigError where it is none of these.
    """
    if path.is_dir():
        return TeacherModel("whisper base", trimmed(read_parts(path), BLOCK))
    return TeacherModel("smart turn", _first_blocks(path))


def _first_blocks(path: Path) -> bytes:
    remedy = "give the wheel: pip download --no-deps pipecat-ai==1.14.0"
    try:
        whole = zipfile.ZipFile(path).read(MEMBER) if path.suffix == ".whl" else path.read_bytes()
        model = onnx.load(BytesIO(whole))
        model.graph.output.append(onnx.helper.make_tensor_value_info(_HEARD, onnx.TensorProto.FLOAT, ["batch", PLACES, WIDTH]))
        trimmed: onnx.ModelProto = onnx.utils.Extractor(model).extract_model([_INPUT], [_HEARD])
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ConfigError(f"cannot read a teacher from {path}: {error}; {remedy}") from error
    except Exception as error:  # what onnx raises on a file that is no ONNX is not of one kind
        raise ConfigError(f"{path} is not the encoder that compact learns from: {error}; {remedy}") from error
    return bytes(trimmed.SerializeToString())
