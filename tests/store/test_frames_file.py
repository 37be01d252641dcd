"""Frames as a file of arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from monitor.conformance.stored_calls import FORMATS, assert_same_frames, frames_of
from monitor.events import Leg
from monitor.frame_format import LegFormat
from monitor.store.frames_file import pack, unpack


@pytest.mark.parametrize("leg", FORMATS)
@pytest.mark.parametrize("count", [0, 1, 7, 250])
def test_what_is_packed_is_what_is_unpacked(leg: Leg, count: int) -> None:
    frames = frames_of("call-1", leg, 10, count)
    assert_same_frames(unpack(pack(frames, FORMATS[leg]), "call-1", leg, 10, FORMATS[leg]), frames)


def test_a_leg_that_may_not_be_analysed_has_no_width() -> None:
    form = LegFormat(dim=0, classes=0)
    frames = frames_of("call-1", "customer", 0, 20, form)
    assert_same_frames(unpack(pack(frames, form), "call-1", "customer", 0, form), frames)


@given(st.binary(max_size=200))
def test_what_is_no_such_file_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        unpack(content, "call-1", "customer", 0, FORMATS["customer"])


@given(st.data())
def test_a_file_that_is_cut_or_changed_is_refused_or_holds_frames_of_this_format(data: st.DataObject) -> None:
    content = bytearray(pack(frames_of("call-1", "customer", 0, 5), FORMATS["customer"]))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    del content[data.draw(st.integers(place, len(content))) :]
    assert refused_or_sound(bytes(content))


def refused_or_sound(content: bytes) -> bool:
    try:
        frames = unpack(content, "call-1", "customer", 0, FORMATS["customer"])
    except ValueError:
        return True
    return frames.embedding.shape == (len(frames), 16) and frames.marks.dtype == np.uint8


def test_values_that_no_store_has_are_refused() -> None:
    frames = frames_of("call-1", "customer", 0, 5)
    frames.logits[2, 1] = np.nan
    with pytest.raises(ValueError, match="logits that are not finite in frames 0 to 5"):
        unpack(pack(frames, FORMATS["customer"]), "call-1", "customer", 0, FORMATS["customer"])


def test_arrays_of_other_names_are_refused() -> None:
    with pytest.raises(ValueError, match="no frames: arrays"):
        unpack(save({"weights": np.zeros(3, np.float32)}), "call-1", "customer", 0, FORMATS["customer"])
