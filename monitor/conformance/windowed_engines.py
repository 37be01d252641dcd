"""What every windowed engine keeps to, in tests: what all engines do, and that its frames come of their window alone.

They ask for a fixture `engine`, as `engines.py` does.
"""

import numpy as np

from monitor.conformance.engine_calls import voice, whole
from monitor.conformance.engines import *  # noqa: F403 - what all engines keep to
from monitor.engines.base import Engine, Window


def test_frames_of_a_windowed_engine_depend_on_the_window_alone(engine: Engine) -> None:
    reference = engine.infer([whole(engine.open_leg(), voice(100))])[0]
    part = engine.infer([Window(engine.open_leg(), 0, voice(100), 30, 55)])[0]
    np.testing.assert_allclose(part.embedding, reference.embedding[30:55], atol=1e-5)
    np.testing.assert_allclose(part.logits, reference.logits[30:55], atol=1e-5)
