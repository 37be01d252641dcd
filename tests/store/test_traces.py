"""A proof of erasure looks at bytes: it finds a text wherever and however it stands, and takes no id for another."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.store import traces as module
from monitor.store.traces import Trace, traces


@pytest.mark.parametrize(
    ("content", "spelling"),
    [
        ('say Zoë "Q" here'.encode(), "UTF-8"),
        ('say Zoë "Q" here'.encode("utf-16-le"), "UTF-16"),
        ('say Zoë "Q" here'.encode("utf-16-be"), "UTF-16"),
        (b'{"name": "Zo\\u00eb \\"Q\\""}', "JSON"),
        ('{"name": "Zoë \\"Q\\""}'.encode(), "JSON"),
    ],
)
def test_words_are_found_however_they_are_spelt(tmp_path: Path, content: bytes, spelling: str) -> None:
    (tmp_path / "page").write_bytes(b"\0" + content)

    assert {(one.file, one.what, one.spelling) for one in traces(tmp_path, ['Zoë "Q"'])} == {("page", 'Zoë "Q"', spelling)}


def test_a_name_of_a_file_or_folder_is_a_trace(tmp_path: Path) -> None:
    (tmp_path / "audio" / "call-1").mkdir(parents=True)
    (tmp_path / "audio" / "call-1" / "agent.flac").touch()

    assert list(traces(tmp_path, ["call-1"])) == [Trace("audio/call-1/agent.flac", "call-1", "name", 0)]


def test_the_id_of_another_call_that_contains_it_is_none(tmp_path: Path) -> None:
    (tmp_path / "call-10.live").write_text("call-10 and my-call-1")
    (tmp_path / "mixed").write_text("call-10, call-1")

    found = list(traces(tmp_path, ["call-1"], others={"call-1", "call-10", "my-call-1", "other"}))

    assert found == [Trace("mixed", "call-1", "UTF-8", 9)]


@given(before=st.integers(0, 70), after=st.integers(0, 70))
def test_it_is_found_across_the_edges_of_what_is_read_together(
    tmp_path_factory: pytest.TempPathFactory, before: int, after: int
) -> None:
    folder = tmp_path_factory.mktemp("edges")
    (folder / "file").write_bytes(b"." * before + b"call-1-extended" * 2 + b"call-1" + b"." * after)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "BLOCK", 16)
        found = list(traces(folder, ["call-1"], others=["call-1-extended"]))

    assert found == [Trace("file", "call-1", "UTF-8", before + 30)]
