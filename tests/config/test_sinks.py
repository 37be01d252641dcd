"""Sinks in the configuration: each has options of its own, and its secrets come like the server's token."""

from pathlib import Path

import pytest

from monitor.config import Settings, load_settings
from monitor.config.sinks import RetrySection, SelectionSection
from monitor.errors import ConfigError
from monitor.sinks.following import check_rules
from monitor.sinks.jsonl import JsonlOptions
from monitor.sinks.webhook import WebhookOptions
from tests.config.test_settings import written

REPOSITORY = Path(__file__).parents[2]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_AAKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "url: https://desk.example.com/"
VARIABLE = "EMOTION_MONITOR_SINKS__DESK__OPTIONS__SECRET"


def secret_of(settings: Settings) -> str:
    options = settings.sinks["desk"].options
    assert isinstance(options, WebhookOptions)
    return options.secret.get_secret_value()


def desk(folder: Path, options: str) -> Path:
    return written(folder, f"sinks: {{desk: {{kind: webhook, options: {{{options}}}}}}}")


def test_a_wrong_option_is_named_with_its_line(tmp_path: Path) -> None:
    text = f"sinks:\n  desk:\n    kind: webhook\n    options:\n      {URL}\n      secret: {SECRET}\n      tiemout: 3\n"
    with pytest.raises(ConfigError, match=r"settings\.yaml:7: unknown key sinks\.desk\.options\.tiemout"):
        load_settings(written(tmp_path, text), environment={})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sinks:\n  desk: {kind: fax}", r":2: sinks\.desk\.kind: no sink is called 'fax'; there are: jsonl, webhook"),
        ("sinks:\n  desk: {}", r":2: sinks\.desk\.kind: field required"),
        ("sinks:\n  desk: {kind: jsonl}", r":2: sinks\.desk\.options\.path: field required"),
        ("sinks:\n  desk: {kind: jsonl, options: 3}", r":2: sinks\.desk\.options: input should be a valid dictionary"),
        ("sinks:\n  My Desk: {kind: jsonl, options: {path: x}}", r":2: sinks\.My Desk: the name of a sink is at most 64 small"),
        ("sinks:\n  a: {kind: jsonl, options: {path: x},\n   events: {types: [alerts]}}", r":3: sinks\.a\.events\.types\.0"),
        (
            "sinks:\n  a: {kind: jsonl, options: {path: x},\n   events: {severity: x}}",
            r":3: unknown key sinks\.a\.events\.severity",
        ),
        ("sinks:\n  a: {kind: jsonl, options: {path: x},\n   retry: {attempts: 0}}", r":3: sinks\.a\.retry\.attempts"),
        ("sinks: [a]", r":1: sinks: input should be a valid dictionary"),
    ],
)
def test_every_wrong_key_is_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        load_settings(written(tmp_path, text), environment={})


def test_paths_of_options_are_relative_to_the_file(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, "sinks: {log: {kind: jsonl, options: {path: out.jsonl}}}"), environment={})
    assert settings.sinks["log"].options == JsonlOptions(path=tmp_path / "out.jsonl")


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET + "\n")
    assert secret_of(load_settings(desk(tmp_path, f"{URL}, secret_file: secret"), environment={})) == SECRET


def test_a_secret_comes_from_the_environment_rather_than_the_file(tmp_path: Path) -> None:
    path = desk(tmp_path, f"{URL}, secret_file: not-even-read")
    assert secret_of(load_settings(path, environment={VARIABLE: SECRET})) == SECRET


def test_a_secret_comes_from_systemd(tmp_path: Path) -> None:
    (tmp_path / "sinks.desk.options.secret").write_text(SECRET)
    path = desk(tmp_path, f"{URL}, secret: {OTHER}")
    assert secret_of(load_settings(path, environment={"CREDENTIALS_DIRECTORY": str(tmp_path)})) == SECRET


def test_a_secret_and_its_file_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sinks\.desk\.options\.secret and .*secret_file are both given"):
        load_settings(desk(tmp_path, f"{URL}, secret: {SECRET}, secret_file: x"), environment={})


def test_a_secret_that_is_none_is_named_with_its_line_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"settings\.yaml:1: sinks\.desk\.options\.secret: a secret is whsec_") as caught:
        load_settings(desk(tmp_path, f"{URL}, secret: 00012345678"), environment={})
    assert "12345678" not in str(caught.value)


def test_no_secret_is_shown(tmp_path: Path) -> None:
    settings = load_settings(desk(tmp_path, f"{URL}, secret: {SECRET}, old_secret: {OTHER}"), environment={})
    shown = str(settings.model_dump(mode="json")) + repr(settings)
    assert (SECRET in shown, OTHER in shown) == (False, False)


def test_a_rule_that_there_is_not_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "sinks: {log: {kind: jsonl, options: {path: x}, events: {rules: [customer-angry, angre]}}}")
    with pytest.raises(ConfigError, match=r"sinks\.log\.events\.rules: there is no rule 'angre'; there are customer-angry"):
        check_rules(load_settings(path, environment={}).sinks, ["customer-angry"])


def test_the_documented_configuration_holds(tmp_path: Path) -> None:
    text = (REPOSITORY / "docs" / "sinks.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    (tmp_path / "webhook.secret").write_text(SECRET)
    assert sorted(load_settings(written(tmp_path, text), environment={}).sinks) == ["archive", "desk"]


def test_the_example_in_the_default_file_holds_and_shows_the_defaults_it_says(tmp_path: Path) -> None:
    lines = (REPOSITORY / "configs" / "default.yaml").read_text(encoding="utf-8").split("\n# sinks:\n")[1].splitlines()
    (tmp_path / "webhook.secret").write_text(SECRET)
    text = "\n".join(["sinks:", *(line.removeprefix("# ") for line in lines)])
    desk = load_settings(written(tmp_path, text), environment={}).sinks["desk"]
    assert (desk.retry, desk.events.types) == (RetrySection(), SelectionSection().types)
