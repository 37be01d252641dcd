"""Secrets are text, come from environment, file or systemd, and are never shown."""

from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from monitor.config import Settings, load_settings
from monitor.config.secrets import masked
from monitor.errors import ConfigError
from tests.config.test_settings import written

VARIABLE = "EMOTION_MONITOR_SERVER__TOKEN"
AWKWARD = [
    "0123456789abcdef #and more",
    "@123456789abcdef",
    "!123456789abcdef",
    "*123456789abcdef",
    "{123456789abcdef",
    "%123456789abcdef",
    "'123456789abcdef",
    "&123456789abcdef",
    "1234567890123456",
    "0x12345678901234567",
    "[::1], 1234567890",
]
TOKENS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=16, max_size=64)


def token_of(settings: Settings) -> str | None:
    return settings.server.token.get_secret_value() if settings.server.token else None


@pytest.mark.parametrize("token", AWKWARD)
def test_a_token_from_the_environment_is_taken_as_it_is(token: str) -> None:
    assert token_of(load_settings(environment={VARIABLE: token})) == token


@pytest.mark.parametrize("token", AWKWARD)
def test_a_token_from_a_file_of_its_own_is_taken_as_it_is(token: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(token + "\n")
    path = written(tmp_path, "server: {token_file: token}")
    assert token_of(load_settings(path, environment={})) == token


@pytest.mark.parametrize("token", AWKWARD)
def test_a_token_from_systemd_is_taken_as_it_is(token: str, tmp_path: Path) -> None:
    (tmp_path / "server.token").write_text(token)
    assert token_of(load_settings(environment={"CREDENTIALS_DIRECTORY": str(tmp_path)})) == token


def test_a_token_of_digits_in_the_configuration_keeps_them(tmp_path: Path) -> None:
    assert (
        token_of(load_settings(written(tmp_path, "server: {token: 00001234567890123456}"), environment={}))
        == "00001234567890123456"
    )


def test_a_token_that_is_null_in_the_configuration_is_none(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, "server: {token: null}"), environment={}).server.token is None


def test_systemd_overrides_the_configuration_and_the_environment_overrides_both(tmp_path: Path) -> None:
    path = written(tmp_path, "server: {token: token-of-the-configuration}")
    (tmp_path / "server.token").write_text("token-of-systemd")
    systemd = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    layers = [{}, systemd, {**systemd, VARIABLE: "token-of-the-environment"}]
    found = [token_of(load_settings(path, environment=environment)) for environment in layers]
    assert found == ["token-of-the-configuration", "token-of-systemd", "token-of-the-environment"]


def test_a_token_file_in_the_environment_overrides_a_token_in_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("token-of-the-file")
    path = written(tmp_path, "server: {token: token-of-the-configuration}")
    assert token_of(load_settings(path, environment={VARIABLE + "_FILE": str(tmp_path / "token")})) == "token-of-the-file"


def test_a_token_in_the_environment_overrides_a_token_file_in_the_configuration(tmp_path: Path) -> None:
    path = written(tmp_path, "server: {token_file: not-even-read}")
    assert token_of(load_settings(path, environment={VARIABLE: "token-of-the-environment"})) == "token-of-the-environment"


def test_a_token_and_its_file_in_one_place_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"settings.yaml:3: server.token and server.token_file are both given"):
        load_settings(written(tmp_path, "server:\n  token: 0123456789abcdef\n  token_file: x\n"), environment={})


def test_a_token_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"settings.yaml:1: server.token_file: .*none: cannot be read: No such file"):
        load_settings(written(tmp_path, "server: {token_file: none}"), environment={})


@pytest.mark.parametrize("token", ["", "short", "0123456789 abcdef ", "0123456789abcdef\u00e9", "0123456789\nabcdef"])
def test_a_token_that_no_header_carries_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(ConfigError, match=f"environment variable {VARIABLE}: server.token: a token") as refused:
        load_settings(environment={VARIABLE: token})
    assert not token or token not in str(refused.value)


@given(TOKENS)
@example("&0123456789abcdef")
@example("!0123456789abcdef")
@example("*0123456789abcdef")
@example("{0123456789abcdef")
@example("{a,a,0123456789abcdef}")
@example("%0123456789abcdef")
@example("'0123456789abcdef")
@example("0123456789abcdef:")
@example("[0123456789abcdef]")
def test_an_unquoted_token_in_the_configuration_is_read_or_refused_without_being_shown(
    tmp_path_factory: pytest.TempPathFactory, token: str
) -> None:
    assume(token[1:-1] not in repr(Settings()))  # a word that is shown anyway, such as the name of a setting
    path = written(tmp_path_factory.mktemp("any"), f"server:\n  token: {token}\n")
    try:
        said = repr(load_settings(path, environment={})) + str(load_settings(path, environment={}).server.token is None)
    except ConfigError as error:
        said = str(error)
    assert token[1:-1] not in said
    assert not said.endswith("True") or token.startswith("#")


@pytest.mark.parametrize("token", ["12345678901234567", "*0123456789abcdef", "!0123456789abcdef", "{0123456789abcdef", "short"])
def test_a_section_in_the_environment_is_read_or_refused_without_its_token_being_shown(token: str) -> None:
    try:
        said = repr(load_settings(environment={"EMOTION_MONITOR_SERVER": "{token: " + token + "}"}))
    except ConfigError as error:
        said = str(error)
    assert token not in said


def test_what_is_shown_of_the_settings_has_no_secret() -> None:
    token = "0123456789abcdef"
    settings = load_settings(
        environment={VARIABLE: token, "EMOTION_MONITOR_SOURCES": "[{kind: rtp, options: {password: hidden-word}}]"}
    )
    shown = str(masked(settings.model_dump(mode="json"))) + repr(settings)
    assert (token in shown, "hidden-word" in str(masked(settings.model_dump(mode="json")))) == (False, False)


@pytest.mark.parametrize("path", ["/data #1", "2024", "[store]", "no"])
def test_text_from_the_environment_is_not_read_as_yaml(path: str) -> None:
    assert load_settings(environment={"EMOTION_MONITOR_STORE__PATH": path}).store.path == Path(path)


def test_an_address_of_colons_from_the_environment_is_text() -> None:
    assert load_settings(environment={"EMOTION_MONITOR_RTP__BIND": "::"}).rtp.bind == "::"
