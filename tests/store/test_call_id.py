from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.store.call_id import check_call_id, new_call_id

ALLOWED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"


def accepted(text: str) -> bool:
    try:
        return check_call_id(text) == text
    except ConfigError:
        return False


@given(st.text(alphabet=st.one_of(st.sampled_from(ALLOWED + "/\\\0\n~:%"), st.characters()), max_size=140))
def test_an_accepted_id_is_the_name_of_one_file(text: str):
    if accepted(text):
        assert 1 <= len(text) <= 128
        assert set(text) <= set(ALLOWED)
        assert text[0].isalnum()
        assert ".." not in text
        assert PurePosixPath("/store/calls", f"{text}.zarr").parent == PurePosixPath("/store/calls")


@given(st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9_-]|\.(?!\.)){0,127}", fullmatch=True))
def test_whatever_has_the_form_of_an_id_is_accepted(text: str):
    assert accepted(text)


@pytest.mark.parametrize(
    "text", ["", ".", "..", "../x", "a/b", "a\\b", "a\n", "-a", "a" * 129, "é", "a..b", "a b", "a\0", "١٢٣"]
)
def test_what_could_leave_the_folder_is_refused_in_one_line(text: str):
    with pytest.raises(ConfigError, match=r"^not a call id: [^\n]*$"):
        check_call_id(text)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2999, 1, 1)))
def test_new_ids_are_ids_and_sort_by_the_second_of_their_start(naive: datetime):
    started_at = naive.replace(tzinfo=UTC)

    first, later = new_call_id(started_at), new_call_id(started_at + timedelta(seconds=1))

    assert accepted(first)
    assert first < later
    assert new_call_id(started_at) != first
