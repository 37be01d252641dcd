"""The licence of the weights in force is said before they hear anybody."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from monitor.engines.base import EngineInfo
from monitor.engines.licence import warn_of_licence

INFO = EngineInfo("compact", "ours", "1", ("neutral",), dim=1, window=1, hop=1, lookahead=0)


@pytest.mark.parametrize(
    ("licence", "level", "event"),
    [
        ("Apache-2.0", "info", "weights_licence"),
        ("Proprietary, Example Ltd", "info", "weights_licence"),
        ("CC BY-NC-SA 4.0", "warning", "weights_not_for_commercial_use"),
        ("", "warning", "weights_licence_not_stated"),
    ],
)
def test_a_licence_is_logged_and_one_that_forbids_commercial_use_is_a_warning(licence, level, event):
    with capture_logs() as logs:
        warn_of_licence(replace(INFO, licence=licence))
    assert [(line["log_level"], line["event"], line["model"]) for line in logs] == [(level, event, "ours")]
    assert logs[0]["licence"] == (licence or "not stated")
