"""A damaged call says so in one line, leaves the others alone, and is never read as if it were whole."""

import json
import shutil
from pathlib import Path

import pytest

from monitor.conformance.stored_calls import assert_as_written, frames_of, record_of
from monitor.errors import MonitorError, NotFoundError, StoreError
from monitor.store.zarr.layout import live_folder, tail_path
from monitor.store.zarr.store import ZarrStore
from tests.store.zarr_folder import store_at


@pytest.fixture(scope="session")
def sound_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a finished call of 2000 frames."""
    store = store_at(tmp_path_factory.mktemp("sound") / "store")
    writer = store.create(record_of())
    writer.append(frames_of("call-1", "customer", 0, 2000))
    writer.append(frames_of("call-1", "agent", 0, 2000))
    writer.finish("finished", {})
    return store.layout.root


@pytest.fixture
def call(store: ZarrStore, sound_store: Path) -> Path:
    """The frames of the call, to be damaged."""
    shutil.copytree(sound_store, store.layout.root)
    return store.open("call-1").path


def complaint(store: ZarrStore, call: str = "call-1") -> str:
    """What opening and reading all of a call says."""
    with pytest.raises(MonitorError) as caught:
        list(store.open(call).blocks())
    assert caught.type in (StoreError, NotFoundError)
    return str(caught.value)


@pytest.mark.parametrize("array", ["embedding", "logits", "speech", "marks"])
@pytest.mark.parametrize("harm", ["removed", "empty", "truncated", "garbage"])
def test_a_damaged_chunk_is_told(array: str, harm: str, store: ZarrStore, call: Path):
    chunk = sorted(path for path in (call / "customer" / array / "c").rglob("*") if path.is_file())[1]
    content = chunk.read_bytes()
    harms = {"empty": b"", "truncated": content[: len(content) // 2], "garbage": bytes(reversed(content))}
    if harm == "removed":
        chunk.unlink()
    else:
        chunk.write_bytes(harms[harm])

    message = complaint(store)

    assert message.startswith("call call-1 is damaged: ")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("zarr.json", b"", "zarr.json cannot be read"),
        ("zarr.json", b"{", "zarr.json cannot be read"),
        ("zarr.json", b"[]", "zarr.json cannot be read"),
        ("zarr.json", b'{"attributes": 3}', "zarr.json: attributes"),
        ("zarr.json", b'{"attributes": {"format": 1}}', "zarr.json: call: field required"),
        ("zarr.json", b"\xff\xfe\x00", "zarr.json cannot be read"),
        ("customer/zarr.json", b"", "cannot be opened"),
        ("customer/zarr.json", b"{}", "cannot be opened"),
        ("customer/logits/zarr.json", b"garbage", "cannot be opened"),
        ("customer/logits/zarr.json", b'{"zarr_format": 3, "node_type": "array"}', "logits is missing or"),
        ("customer/logits/zarr.json", None, "logits is missing or"),
        ("customer/zarr.json", None, "cannot be opened"),
    ],
)
def test_damaged_metadata_is_told(file: str, content: bytes | None, expected: str, store: ZarrStore, call: Path):
    if content is None:
        (call / file).unlink()
    else:
        (call / file).write_bytes(content)

    message = complaint(store)

    assert message.startswith("call call-1 is damaged: ")
    assert expected in message
    assert "\n" not in message


def test_an_array_of_another_shape_is_told(store: ZarrStore, call: Path):
    path = call / "customer" / "embedding" / "zarr.json"
    path.write_text(path.read_text().replace("2000", "1999"))

    assert complaint(store) == ("call call-1 is damaged: array customer/embedding has 1999 rows, too few for 2000 frames")


def test_an_array_of_another_dtype_is_told(store: ZarrStore, call: Path):
    path = call / "customer" / "embedding" / "zarr.json"
    path.write_text(path.read_text().replace('"float16"', '"float64"'))

    assert "array customer/embedding holds float64" in complaint(store)


def test_a_damaged_call_is_left_out_of_the_catalogue_and_harms_no_other(store: ZarrStore, call: Path):
    writer = store.create(record_of("call-2"))
    writer.append(frames_of("call-2", "customer", 0, 50))
    writer.finish("finished", {})
    (call / "zarr.json").write_bytes(b"garbage")

    assert [line.id for line in store.catalogue()] == ["call-2"]
    assert_as_written(store.open("call-2"))


def test_a_damaged_call_can_be_deleted(store: ZarrStore, call: Path):
    (call / "zarr.json").write_bytes(b"garbage")

    store.delete("call-1")

    assert not call.exists()


@pytest.mark.parametrize("harm", ["header", "emptied", "removed"])
def test_a_damaged_tail_is_told_and_not_recovered_over(harm: str, store: ZarrStore):
    writer = store.create(record_of())
    writer.append(frames_of("call-1", "customer", 0, 50))
    writer.abandon()
    tail = tail_path(store.layout.find_frames("call-1"), "customer")  # type: ignore[arg-type]
    if harm == "removed":
        tail.unlink()
    else:
        tail.write_bytes({"header": b"garbage" * 20, "emptied": b""}[harm])

    assert store.recover() == []
    assert "damaged" in complaint(store)


def test_a_record_cut_short_ends_the_tail(store: ZarrStore):
    writer = store.create(record_of())
    writer.append(frames_of("call-1", "customer", 0, 50))
    writer.append(frames_of("call-1", "customer", 50, 50))
    writer.abandon()
    tail = tail_path(store.layout.find_frames("call-1"), "customer")  # type: ignore[arg-type]
    tail.write_bytes(tail.read_bytes()[:-1])

    assert store.recover() == ["call-1"]
    assert store.open("call-1").committed("customer") == 50
    assert_as_written(store.open("call-1"))


def test_a_store_of_a_newer_version_says_so(store: ZarrStore, call: Path):
    (store.layout.root / "format.json").write_text(json.dumps({"format": 3}))

    with pytest.raises(StoreError, match=r"written by a newer emotion-monitor \(format 3\); this one reads up to 1$"):
        store_at(store.layout.root)


def test_a_call_of_a_newer_version_says_so(store: ZarrStore, call: Path):
    path = call / "zarr.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))

    assert complaint(store) == "call call-1 was written by a newer emotion-monitor (format 2); this one reads up to 1"


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": "x"}', "\x00"])
def test_a_damaged_version_file_says_so(content: str, tmp_path: Path):
    (tmp_path / "format.json").write_text(content)

    with pytest.raises(StoreError, match=r"^cannot open store [^\n]*$"):
        store_at(tmp_path)


def test_what_a_dead_process_left_of_a_call_it_created_is_removed(store: ZarrStore, call: Path):
    half = call.with_name("half.zarr")
    live_folder(half).mkdir()
    half.with_suffix(".new").mkdir()

    assert store.recover() == []
    assert sorted(path.name for path in call.parent.iterdir()) == ["call-1.zarr"]


def test_results_are_read_without_the_embeddings(store: ZarrStore, call: Path):
    shutil.rmtree(call / "customer" / "embedding" / "c")

    found = store.open("call-1").results("customer")

    assert (len(found), found.embedding.shape) == (2000, (2000, 0))


def test_a_document_of_another_call_is_damage_and_the_other_calls_are_listed(store: ZarrStore, call: Path):
    shutil.copytree(call, call.with_name("call-2.zarr"))
    document = call / "zarr.json"
    document.write_text(document.read_text().replace('"call-1"', '"../call-1"'))
    other = call.with_name("call-2.zarr") / "zarr.json"
    other.write_text(other.read_text().replace('"call-1"', '"call-2"'))

    assert [line.id for line in store.catalogue()] == ["call-2"]
    assert complaint(store).endswith("is the document of another call")
