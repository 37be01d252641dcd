"""What every streaming engine keeps to, in tests: what all engines do, and that its frames come of the sound alone.

They ask for a fixture `engine`, as `engines.py` does.
"""

import pytest

from monitor.conformance.engine_calls import assert_same, joined, listen, voice, windows
from monitor.conformance.engines import *  # noqa: F403 - what all engines keep to
from monitor.engines.base import Engine


@pytest.mark.parametrize("hop", [0.1, 0.3, 1.0])
def test_frames_of_a_streaming_engine_do_not_depend_on_the_hop(hop: float, engine: Engine) -> None:
    reference = listen(engine, engine.open_leg(), voice(180))
    assert_same(listen(engine, engine.open_leg(), voice(180), hop=hop), reference, 1e-4)


def test_frames_of_a_streaming_engine_do_not_depend_on_the_window(engine: Engine) -> None:
    reference = listen(engine, engine.open_leg(), voice(180))
    leg = engine.open_leg()
    long_windows = [engine.infer([window])[0] for window in windows(engine, leg, voice(180), window=3.0)]
    assert_same(joined(long_windows), reference, 1e-4)
