"""`tokens make`: what it prints works as it stands."""

import textwrap
from pathlib import Path

from monitor.config import load_settings
from monitor.config.tokens import digest_of
from tests.cli.conftest import Command


def test_the_entry_that_is_printed_is_that_of_the_token_that_is_printed(emotion_monitor: Command, tmp_path: Path) -> None:
    done = emotion_monitor("tokens", "make", "Kim Osei", "--role", "supervisor", "--listen")
    (tmp_path / "c.yaml").write_text("server:\n" + textwrap.indent(done.stdout, "  "), encoding="utf-8")
    (made,) = load_settings(tmp_path / "c.yaml", environment={}).server.tokens
    token = done.stderr.splitlines()[0].rpartition(" ")[2]
    assert (made.name, made.role, made.listen, made.digest) == ("Kim Osei", "supervisor", True, digest_of(token))
    assert token not in done.stdout


def test_a_name_too_long_is_refused(emotion_monitor: Command) -> None:
    done = emotion_monitor("tokens", "make", "x" * 200)
    assert (done.returncode, "a name has 1 to 128 characters" in done.stderr) == (2, True)
