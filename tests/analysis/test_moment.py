"""Moments of stored calls, and all else that names embeddings."""

from pathlib import Path

import numpy as np
import pytest

from monitor.analysis import Moment, load, parse_moment, references, resolve
from monitor.analysis.errors import MissingError, MomentError, NotAnArrayError, NotFiniteError
from monitor.analysis.moment import read_moment
from monitor.conformance.stored_calls import FORMATS, frames_of, record_of
from monitor.errors import ConfigError
from monitor.events import Frames, Mark
from monitor.frame_format import LegFormat
from monitor.pipeline.stitch import skipped
from monitor.store.zarr.store import ZarrStore


@pytest.mark.parametrize("text", ["call-1", "call-1/customer", "call-1@83.2-91/agent", "2026.a_b@0-0.5"])
def test_a_moment_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_moment(text)) == text


def test_a_moment_has_a_call_a_leg_and_a_stretch() -> None:
    assert parse_moment("call-1@83.2-91.0/customer") == Moment("call-1", "customer", 83.2, 91.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@1-2",
        "call-1@",
        "call-1@1",
        "call-1@2-1",
        "call-1@1-1",
        "call-1@-1-2",
        "call-1/",
        "call-1/caller",
        "a b",
        "../x",
        "call-1@1-2/customer/agent",
        "call-1@1e3-2e3",
        "call-1@nan-2",
        "-x",
        "call-1@1-" + "9" * 400,
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(MomentError):
        parse_moment(text)


def test_a_moment_is_the_frames_that_begin_in_it(store: ZarrStore) -> None:
    found = read_moment(store.open("call-1"), Moment("call-1", "customer", 1.13, 2.5))
    np.testing.assert_array_equal(found.vectors, frames_of("call-1", "customer", 0, 300).embedding[57:125])
    assert (found.start, found.times()[0], found.granularity, found.leg) == (1.14, 1.14, "frame", "customer")


def test_times_that_lie_on_a_frame_are_that_frame_whatever_binary_fractions_say(store: ZarrStore) -> None:
    found = read_moment(store.open("call-1"), Moment("call-1", "customer", 0.14, 0.58))
    assert (found.start, len(found)) == (0.14, 22)


def test_of_frames_pooled_to_10_hz_a_moment_is_rows_of_100_ms(store: ZarrStore) -> None:
    found = read_moment(store.open("call-1"), Moment("call-1", "agent", 1.0, 2.0))
    np.testing.assert_array_equal(found.vectors, frames_of("call-1", "agent", 0, 200).embedding[10:20])
    assert (found.start, found.rate, found.seconds) == (1.0, 10.0, 1.0)


def test_it_is_known_where_the_leg_speaks(store: ZarrStore) -> None:
    found = read_moment(store.open("call-1"), Moment("call-1", "customer"))
    frames = frames_of("call-1", "customer", 0, 300)
    speaks = (frames.speech >= 0.5) & ((frames.marks & Mark.SKIPPED) == 0)
    np.testing.assert_array_equal(found.speaks, speaks)
    np.testing.assert_allclose(found.mean(), frames.embedding[speaks].mean(axis=0), rtol=1e-6)


def test_the_mean_of_a_whole_leg_is_its_utterance(store: ZarrStore) -> None:
    found = read_moment(store.open("call-1"), Moment("call-1", "customer"))
    np.testing.assert_allclose(
        found.mean(), load(store.layout.snapshots("call-1") / "customer", "utterance").vectors[0], rtol=1e-6
    )


def test_a_long_moment_is_kept_in_a_file(store: ZarrStore) -> None:
    found = read_moment(store.open("call-1"), Moment("call-1", "customer"), map_beyond=1000)
    np.testing.assert_array_equal(found.vectors, frames_of("call-1", "customer", 0, 300).embedding)
    assert (isinstance(found.vectors, np.memmap), found.vectors.flags.writeable) == (True, False)


def test_a_live_call_is_read_as_far_as_it_is_committed(store: ZarrStore) -> None:
    writer = store.create(record_of("live-1"))
    writer.append(frames_of("live-1", "customer", 0, 25))
    first = read_moment(store.open("live-1"), Moment("live-1", "customer"))
    writer.append(frames_of("live-1", "customer", 25, 25))
    assert (len(first), len(read_moment(store.open("live-1"), Moment("live-1", "customer")))) == (25, 50)
    writer.finish("finished", {})


def test_a_moment_after_the_end_has_no_frames(store: ZarrStore) -> None:
    with pytest.raises(MomentError, match=r"customer of call-1 has 6\.00 s"):
        read_moment(store.open("call-1"), Moment("call-1", "customer", 6.0, 7.0))


def test_a_leg_that_is_not_there(store: ZarrStore) -> None:
    with pytest.raises(MomentError, match="it has customer, agent"):
        read_moment(store.open("call-1"), Moment("call-1", "mixed"))


def test_a_moment_in_which_no_frame_has_a_result_is_told(store: ZarrStore) -> None:
    nothing = skipped(50, FORMATS["customer"])
    writer = store.create(record_of("late"))
    marks = np.full(50, Mark.SKIPPED, np.uint8)
    writer.append(Frames("late", "customer", 0, nothing.embedding, nothing.logits, nothing.speech, marks))
    writer.finish("finished", {})
    with pytest.raises(NotFiniteError, match="no frame has a result"):
        read_moment(store.open("late"), Moment("late", "customer"))


def test_a_leg_must_be_named_where_there_are_two(store: ZarrStore) -> None:
    with pytest.raises(MomentError, match="call-1@1-2/customer or call-1@1-2/agent"):
        read_moment(store.open("call-1"), Moment("call-1", None, 1.0, 2.0))


def test_a_leg_that_may_not_be_analysed_has_no_embeddings(store: ZarrStore) -> None:
    record = record_of("quiet", legs={"customer": LegFormat(4, 3), "agent": LegFormat(0, 0)})
    store.create(record).finish("finished", {})
    with pytest.raises(MomentError, match="may not be analysed"):
        list(references(["quiet/agent"], store))
    assert [one.name for one in references(["quiet"], store)] == ["quiet/customer"]


def test_files_folders_patterns_calls_moments_and_days_are_found_in_the_order_given(store: ZarrStore, tmp_path: Path) -> None:
    many = tmp_path / "many"
    for name in ("b/outputs_1", "a"):
        (many / name).mkdir(parents=True)
    np.save(many / "b" / "outputs_1" / "embedding.npy", np.ones(4))
    np.save(many / "a" / "two.npy", np.ones(4))
    np.save(many / "a" / "one.npy", np.ones(4))
    snapshots = store.layout.snapshots("call-1")
    texts = [many, f"{many}/**/o*.npy", "call-1@1-2/customer", "call-1", "2026-03-01", snapshots, Moment("call-1", "agent")]
    assert [one.name for one in references(texts, store)] == [
        f"{many}/a/one.npy",
        f"{many}/a/two.npy",
        f"{many}/b/outputs_1",
        f"{many}/a/one.npy",
        "call-1@1-2/customer",
        *["call-1/customer", "call-1/agent"] * 2,
        f"{snapshots}/agent",
        f"{snapshots}/customer",
        "call-1/agent",
    ]


def test_a_file_comes_before_a_call_of_its_name(store: ZarrStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("call-1").write_bytes(b"no array")
    with pytest.raises(NotAnArrayError):
        list(resolve(["call-1"], store))


def test_one_that_fails_does_not_end_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(b"no array")
    np.save(tmp_path / "b.npy", np.ones(4))
    found = resolve([tmp_path])
    with pytest.raises(NotAnArrayError):
        next(found)
    assert next(found).source == str(tmp_path / "b.npy")


@pytest.mark.parametrize(
    ("text", "reason"), [("none.npy", "there is no none.npy"), ("*.npy", "nothing matches"), ("call-9", "neither a file nor")]
)
def test_what_is_not_there_is_named(
    store: ZarrStore, text: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingError, match=reason):
        list(references([text], store))


def test_an_empty_folder_holds_nothing(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"no \.npy file in"):
        list(references([tmp_path]))


def test_a_day_without_calls(store: ZarrStore) -> None:
    with pytest.raises(ConfigError, match="no call that is over"):
        list(references(["1999-01-01"], store))


def test_a_store_is_opened_only_where_a_call_is_named(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones(4))
    opened: list[str] = []
    assert len(list(references([tmp_path / "a.npy"], lambda: opened.append("opened")))) == 1
    assert opened == []


def test_what_is_hidden_in_a_folder_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / ".extract-unfinished").mkdir()
    np.save(tmp_path / ".extract-unfinished" / "embedding.npy", np.ones(4))
    np.save(tmp_path / ".hidden.npy", np.ones(4))
    np.save(tmp_path / "a.npy", np.ones(4))
    assert [one.name for one in references([tmp_path])] == [str(tmp_path / "a.npy")]
