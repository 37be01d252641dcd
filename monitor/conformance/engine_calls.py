"""Sound, and windows cut from it as the pipeline cuts them."""

import gc
import sys
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

import numpy as np

from monitor.audio.chunk import Samples
from monitor.engines.base import Engine, Window, WindowFrames
from monitor.timeline import FRAME_SAMPLES, frames_for

_SHARED = (ModuleType, type, FunctionType, BuiltinFunctionType, MethodType)


def voice(frames: int, seed: int = 0) -> Samples:
    """Something like speech: syllables of a gliding voice over a noise floor. Shape (frames * 320,), float32."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames * FRAME_SAMPLES) / 16_000
    pitch = 150 + 40 * np.sin(2 * np.pi * 0.7 * time + rng.uniform(0, 6))
    phase = 2 * np.pi * np.cumsum(pitch) / 16_000
    tone = sum(np.sin(k * phase + rng.uniform(0, 6)) / k for k in range(1, 20))
    loudness = np.clip(np.sin(2 * np.pi * 1.7 * time + rng.uniform(0, 6)), 0, 1)
    return (0.1 * loudness * tone + 0.003 * rng.standard_normal(len(time))).astype(np.float32)


def windows(
    engine: Engine,
    leg: int,
    samples: Samples,
    hop: float | None = None,
    window: float | None = None,
    lookahead: float | None = None,
) -> Iterator[Window]:
    """A call's windows in order: every frame is wanted once, with full lookahead but at the end.

    `hop`, `window` and `lookahead` in seconds; None takes the engine's own.
    """
    total = len(samples) // FRAME_SAMPLES
    step = frames_for(engine.info.hop if hop is None else hop)
    ahead = frames_for(engine.info.lookahead if lookahead is None else lookahead)
    span = max(frames_for(engine.info.window if window is None else window), step + ahead)
    first = 0
    while first < total:
        end = min(first + step + ahead, total)
        final = end == total
        stop = total if final else end - ahead
        start = max(0, min(end - span, first))
        yield Window(leg, start, samples[start * FRAME_SAMPLES : end * FRAME_SAMPLES], first, stop, final)
        first = stop


def listen(engine: Engine, leg: int, samples: Samples, hop: float | None = None) -> WindowFrames:
    """All frames of a call of one leg."""
    return joined([engine.infer([window])[0] for window in windows(engine, leg, samples, hop)])


def joined(parts: list[WindowFrames]) -> WindowFrames:
    return WindowFrames(
        np.concatenate([part.embedding for part in parts]),
        np.concatenate([part.logits for part in parts]),
        np.concatenate([part.speech for part in parts]),
    )


def whole(leg: int, samples: Samples) -> Window:
    """One final window that wants all of its frames."""
    return Window(leg, 0, samples, 0, len(samples) // FRAME_SAMPLES, final=True)


def assert_same(one: WindowFrames, other: WindowFrames, tolerance: float) -> None:
    np.testing.assert_allclose(one.embedding, other.embedding, atol=tolerance, rtol=0)
    np.testing.assert_allclose(one.logits, other.logits, atol=tolerance, rtol=0)
    np.testing.assert_allclose(one.speech, other.speech, atol=tolerance, rtol=0)


def bytes_of(engine: Engine) -> int:
    """Memory that an engine holds for itself and its legs; code, and the weights of torch's networks, are left out."""
    torch = sys.modules.get("torch")  # whose engine keeps tensors has imported it
    shared = (*_SHARED, torch.nn.Module) if torch else _SHARED
    seen: dict[int, object] = {}
    waiting: list[object] = [engine]
    while waiting:
        thing = waiting.pop()
        if id(thing) not in seen and not isinstance(thing, shared):
            seen[id(thing)] = thing
            waiting += gc.get_referents(thing)
    tensors = sum(thing.nbytes for thing in seen.values() if isinstance(thing, torch.Tensor)) if torch else 0
    return tensors + sum(map(_size, seen.values()))


def _size(thing: object) -> int:
    # A dictionary by its entries: its table also has room for those that were taken out, until it is made anew.
    return sys.getsizeof(dict.fromkeys(thing) if type(thing) is dict else thing)


def bytes_of_leg(engine: Engine, samples: Samples) -> int:
    """Memory that an engine holds of a leg after all its windows but the last, after which it may forget the leg."""
    before, leg = bytes_of(engine), engine.open_leg()
    for window in list(windows(engine, leg, samples))[:-1]:
        engine.infer([window])
    held = bytes_of(engine) - before
    engine.close_leg(leg)
    return held
