"""The sound of a call as one FLAC file: aligned to the call, sample for sample, in pieces."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile

from monitor.conformance.stored_calls import frames_of, record_of
from monitor.errors import ConfigError, StoreError
from monitor.store.base import StoredCall
from monitor.store.sound import BLOCK, Cut, NoSoundError, legs_with_sound, sound_of
from monitor.store.zarr.store import ZarrStore
from tests.store.zarr_folder import open_in, store_at

CUSTOMER = np.random.default_rng(1).integers(-9_000, 9_000, 90_000).astype(np.int16)
AGENT = np.random.default_rng(2).integers(-9_000, 9_000, 70_000).astype(np.int16)


def call_of(store: ZarrStore) -> StoredCall:
    writer = store.create(record_of())
    for leg, samples in (("customer", CUSTOMER), ("agent", AGENT)):
        writer.append(frames_of("call-1", leg, 0, 200))
        for piece in np.array_split(samples, 7):
            writer.append_audio(leg, piece.astype(np.float32) / 32768)
    writer.finish("finished", {})
    return store.open("call-1")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> StoredCall:
    return call_of(store_at(tmp_path_factory.mktemp("sound"), audio="flac"))


def heard(pieces: list[bytes]) -> np.ndarray:
    samples, rate = soundfile.read(BytesIO(b"".join(pieces)), dtype="int16", always_2d=True)
    assert rate == 16_000
    return np.asarray(samples)


def test_both_legs_lie_side_by_side_and_the_shorter_ends_in_silence(stored: StoredCall):
    samples = heard(list(sound_of(stored, ("customer", "agent"), Cut())))
    np.testing.assert_array_equal(samples[:, 0], CUSTOMER)
    np.testing.assert_array_equal(samples[:, 1], np.pad(AGENT, (0, 20_000)))


@pytest.mark.parametrize(("begin", "end"), [(0.0, 1.0), (1.5, 2.25), (4.3, 5.0), (1.0, None), (5.6, 99.0)])
def test_a_stretch_is_that_of_the_whole(stored: StoredCall, begin: float, end: float | None):
    whole = np.stack([CUSTOMER, np.pad(AGENT, (0, 20_000))], axis=1)
    cut = whole[round(begin * 16_000) : None if end is None else round(end * 16_000)]
    np.testing.assert_array_equal(heard(list(sound_of(stored, ("customer", "agent"), Cut.of(begin, end)))), cut)


@pytest.mark.parametrize(("begin", "end"), [(90.0, 99.0), (2.0, 2.0), (2.0, 1.0)])
def test_a_stretch_of_nothing_is_refused(stored: StoredCall, begin: float, end: float):
    with pytest.raises(ConfigError, match=r"nothing is heard from .* the sound ends at 5\.625 s"):
        sound_of(stored, ("customer", "agent"), Cut.of(begin, end))


def test_a_file_comes_in_pieces_and_says_how_long_it_is_at_its_beginning(stored: StoredCall):
    pieces = list(sound_of(stored, ("customer",), Cut()))
    assert len(pieces) == -(-len(CUSTOMER) // BLOCK) + 1
    assert soundfile.info(BytesIO(pieces[0])).frames == len(CUSTOMER)


def test_opus_is_heard_as_flac(tmp_path: Path):
    stored = call_of(store_at(tmp_path / "store", audio="opus"))
    assert len(heard(list(sound_of(stored, ("agent",), Cut())))) == len(AGENT)


def test_without_sound_there_is_none(tmp_path: Path):
    stored = call_of(store_at(tmp_path / "store"))
    assert legs_with_sound(stored) == ()
    with pytest.raises(NoSoundError, match=r"no sound was kept of leg agent .*store\.audio"):
        sound_of(stored, ("agent",), Cut())


def test_of_a_call_in_progress_there_is_none_yet(tmp_path: Path):
    store = store_at(tmp_path / "store", audio="flac")
    _writer = store.create(record_of())
    assert legs_with_sound(store.open("call-1")) == ()
    with pytest.raises(NoSoundError, match="once it is over"):
        sound_of(store.open("call-1"), ("agent",), Cut())


def test_the_sound_of_a_process_that_died_is_heard_once_it_is_mended(tmp_path: Path):
    store = store_at(tmp_path / "store", audio="flac")
    writer = store.create(record_of())
    writer.append_audio("agent", AGENT.astype(np.float32) / 32768)
    writer.append(frames_of("call-1", "agent", 0, 200))
    writer.abandon()
    with pytest.raises(StoreError, match="was cut off"):
        sound_of(store.open("call-1"), ("agent",), Cut())
    store.recover()
    samples = heard(list(sound_of(store.open("call-1"), ("agent",), Cut())))
    np.testing.assert_array_equal(samples[:, 0], AGENT[: len(samples)])
    assert len(AGENT) - len(samples) <= 4096


def test_a_damaged_file_is_refused_before_anything_is_sent(tmp_path: Path):
    stored = call_of(store_at(tmp_path / "store", audio="flac"))
    (tmp_path / "store" / "audio" / "call-1" / "agent.flac").write_bytes(b"no sound")
    with pytest.raises(StoreError, match="leg agent of call call-1 cannot be read"):
        sound_of(stored, ("customer", "agent"), Cut())
    assert legs_with_sound(stored) == ("customer", "agent")


def test_every_file_is_let_go_of_when_the_listener_leaves(tmp_path: Path):
    stored = call_of(store_at(tmp_path, audio="flac"))
    before = open_in(tmp_path)
    sound = sound_of(stored, ("customer", "agent"), Cut())
    next(sound)
    assert len(open_in(tmp_path)) == len(before) + 2
    sound.close()  # type: ignore[attr-defined]
    assert open_in(tmp_path) == before
