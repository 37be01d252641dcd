"""Every option that names something to write is looked at before work begins."""

import pytest

from tests.cli.conftest import Command

CONFIG = 2


@pytest.mark.parametrize(
    "command",
    [
        "run x.wav --json",
        "replay c --json",
        "watch --json",
        "calls list --json",
        "calls show c --json",
        "calls export c --to",
        "config show --json",
        "models list --json",
        "models pull plus_base --to",
        "models prepare plus_base --to",
        "evaluate x --json",
        "evaluate x --plots",
        "evaluate x --pages",
        "tune x --out",
        "tune x --json",
        "train compact --clips x --out",
        "train compact --clips x --cache",
        "benchmark --json",
        "capacity --json",
    ],
)
def test_what_cannot_be_written_is_refused_at_once(emotion_monitor: Command, command: str) -> None:
    done = emotion_monitor(*command.split(), "none/here")
    flag = command.split()[-1]
    assert done.returncode == CONFIG
    assert done.stderr == f"emotion-monitor: {flag} none/here: cannot be written: there is no folder none\n"
