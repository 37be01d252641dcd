import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.conformance.stored_calls import frames_of, record_of
from monitor.server import series
from monitor.store.base import StoredCall
from monitor.store.memory import MemoryStore


@pytest.fixture(scope="module")
def stored() -> StoredCall:
    """A leg of 40 s and a little."""
    store = MemoryStore()
    store.create(record_of()).append(frames_of("call-1", "customer", 0, 2017))
    return store.open("call-1")


def test_a_chart_of_pairs_of_frames_begins_with_a_whole_pair(stored: StoredCall) -> None:
    assert series.leg_series(stored, "customer", 1.5, 2.5, 25)["time"] == 1.4


@given(begin=st.floats(0, 45), length=st.floats(0, 45), rate=st.sampled_from([50, 25, 10, 5, 2, 1]), block=st.integers(1, 9))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_chart_is_the_same_however_much_is_read_at_a_time(
    begin: float, length: float, rate: int, block: int, stored: StoredCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = series.leg_series(stored, "customer", begin, begin + length, rate)

    with monkeypatch.context() as patch:
        patch.setattr(series, "_BLOCK_FRAMES", 50 * block)
        assert series.leg_series(stored, "customer", begin, begin + length, rate) == whole
