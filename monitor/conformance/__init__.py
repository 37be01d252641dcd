"""What every part must do: a suite a room, for the parts that ship and for those of other packages.

A package that brings a part runs the room's suite in a test file of its own. It says how the part is made, in a fixture:

    import pytest
    from monitor.conformance.stores import *

    @pytest.fixture
    def make_store(tmp_path):
        return lambda: PostgresStore(PostgresOptions(schema=tmp_path.name))

Each suite says in its first lines which fixture it asks for. Importing this package needs pytest.
"""

import pytest

_SUITES = (
    "stores",
    "stored_calls",
    "store_calls",
    "store_frames",
    "store_journal",
    "store_sinks",
    "sinks",
    "sources",
    "incoming",
    "engines",
    "engine_calls",
    "streaming_engines",
    "windowed_engines",
    "detectors",
)
pytest.register_assert_rewrite(*(f"{__name__}.{suite}" for suite in _SUITES))
