"""What `config` prints and complains of never shows a token."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command

TOKENS = ["hidden-word-0123456 #rest", "@hidden-word-0123456", "{hidden-word-0123456"]
VARIABLE = "EMOTION_MONITOR_SERVER__TOKEN"


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("command", ["show", "check"])
def test_a_token_of_the_environment_is_taken_and_not_printed(
    command: str, token: str, emotion_monitor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, token)
    done = emotion_monitor("config", command)
    assert (done.returncode, "hidden-word" in done.stdout + done.stderr) == (0, False), done.stderr


def test_a_token_file_is_shown_by_its_name(emotion_monitor: Command, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hidden-word-0123456\n")
    (tmp_path / "c.yaml").write_text("server: {token_file: token}")
    done = emotion_monitor("config", "show", "-c", "c.yaml")
    shown = [line for line in done.stdout.splitlines() if "token" in line and "tokens" not in line]
    assert shown == ["  token: '**********'", "  token_file: token"]


def test_a_token_that_is_too_short_is_refused_without_being_printed(
    emotion_monitor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "hidden-word")
    done = emotion_monitor("config", "check")
    assert (done.returncode, "openssl rand" in done.stderr, "hidden-word" in done.stdout + done.stderr) == (2, True, False)
