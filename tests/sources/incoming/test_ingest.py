"""Whatever a sender says, `/ws/v1/ingest` understands it or says what is wrong with it."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.sources.decode.raw import SUBTYPES, Encoding
from monitor.sources.incoming.call import Begin, Sound
from monitor.sources.incoming.ingest import IngestCall

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
LEGS = st.sampled_from(["customer", "agent", "mixed", "caller"])
HELLO = st.fixed_dictionaries(
    {"type": st.just("hello"), "legs": st.lists(LEGS, max_size=3) | JSON, "rate": st.integers(7_990, 48_010) | JSON},
    optional={"encoding": st.sampled_from(get_args(Encoding)) | JSON, "call": st.text() | JSON, "metadata": JSON, "more": JSON},
)


def begun(hello: Any) -> tuple[IngestCall, Begin]:
    call = IngestCall()
    (begin,) = call.hear(json.dumps(hello))
    assert isinstance(begin, Begin)
    return call, begin


@given(hello=HELLO)
def test_a_hello_begins_a_call_that_can_be_or_is_refused_in_one_line(hello: dict[str, Any]) -> None:
    try:
        _, begin = begun(hello)
    except ConfigError as error:
        assert "\n" not in str(error)
        return
    assert begin.legs in {("customer",), ("agent",), ("mixed",), ("customer", "agent")}
    assert (begin.legs, begin.rate, begin.encoding) == (
        tuple(leg for leg in ("customer", "agent", "mixed") if leg in hello["legs"]),
        hello["rate"],
        hello.get("encoding", "s16le"),
    )


@given(encoding=st.sampled_from(get_args(Encoding)), message=st.binary(max_size=64))
def test_a_binary_message_is_whole_samples_of_a_leg_or_refused_in_one_line(encoding: Encoding, message: bytes) -> None:
    call, _ = begun({"type": "hello", "legs": ["agent", "customer"], "rate": 8_000, "encoding": encoding})
    try:
        (sound,) = call.hear(message)
    except ConfigError as error:
        assert "\n" not in str(error)
        whole = len(message) > 1 and (len(message) - 1) % SUBTYPES[encoding][1] == 0
        assert not (whole and message[0] < 2)
        return
    assert sound == Sound("agent" if message[0] == 0 else "customer", message[1:])


def test_a_message_holds_a_second_at_most() -> None:
    call, _ = begun({"type": "hello", "legs": ["agent"], "rate": 8_000, "encoding": "mulaw"})
    assert list(call.hear(b"\x00" + bytes(8_000))) == [Sound("agent", bytes(8_000))]
    with pytest.raises(ConfigError, match="at most a second, this one 8001 samples at 8000 Hz"):
        list(call.hear(b"\x00" + bytes(8_001)))


def test_nothing_is_heard_after_the_end() -> None:
    call, _ = begun({"type": "hello", "legs": ["agent"], "rate": 8_000})
    list(call.hear('{"type": "end"}'))
    with pytest.raises(ConfigError, match="this call was ended"):
        list(call.hear(b"\x00\x00\x00"))
