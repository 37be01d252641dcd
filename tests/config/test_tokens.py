"""Tokens of people: one each, by hash, file or word, and never shown."""

import hashlib
from pathlib import Path

import pytest
import yaml

from monitor.config import load_settings
from monitor.config.secrets import masked
from monitor.errors import ConfigError
from tests.config.test_settings import written

KIM, ANA = "0123456789abcdef-kim", "0123456789abcdef-ana"


def listed(folder: Path, *entries: str, token: str = "null") -> Path:
    lines = "".join(f"    - {entry}\n" for entry in entries)
    return written(folder, f"server:\n  token: {token}\n  tokens:\n{lines}")


def entry(name: str, token: str) -> str:
    return f"{{name: {name}, role: viewer, token: {token}}}"


def test_a_token_is_given_by_its_word_its_file_or_its_hash(tmp_path: Path) -> None:
    digest = hashlib.sha256(KIM.encode())
    (tmp_path / "kim").write_text(KIM + "\n")
    ways = [f"token: {KIM}", "token_file: kim", f"token_sha256: '{digest.hexdigest()}'"]
    read = [
        load_settings(listed(tmp_path, f"{{name: Kim, role: supervisor, {way}}}"), environment={}).server.tokens for way in ways
    ]
    assert [(one.name, one.role, one.listen, one.digest) for (one,) in read] == [
        ("Kim", "supervisor", False, digest.digest())
    ] * 3


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([entry("Kim", KIM), entry("kim", ANA)], r"tokens: 'kim' is named twice"),
        ([entry("Kim", KIM), entry("Ana", KIM)], r"tokens: 'Ana' has the same token as 'Kim'"),
        ([f"{{name: Kim, role: chief, token: {KIM}}}"], r"settings.yaml:4: server.tokens.0.role: input should be 'viewer'"),
        (["{name: Kim, role: viewer}"], r"server.tokens.0: give one of token, token_file and token_sha256"),
        ([f"{{name: Kim, role: viewer, token: {KIM}, token_sha256: '{'0' * 64}'}}"], r"give one of token, token_file"),
        (["{name: Kim, role: viewer, token_sha256: abc}"], r"server.tokens.0.token_sha256: expected the 64 hexadecimal"),
        (["{name: Kim, role: viewer, token: short}"], r"server.tokens.0.token: a token needs at least 16 characters"),
        (
            ["{name: Kim, role: viewer, token_file: none}"],
            r"settings.yaml:4: server.tokens.0.token_file: .*: cannot be",
        ),
        (
            [f"{{name: Kim, role: viewer, token: {KIM}, token_file: x}}"],
            r"0.token and .*token_file are both given",
        ),
        ([f"{{name: Kim, role: viewer, token: {KIM}, tokens: 1}}"], r"unknown key server.tokens.0.tokens"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_without_the_token(tmp_path: Path, entries: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        load_settings(listed(tmp_path, *entries), environment={})
    assert KIM not in str(refused.value)


def test_a_person_has_another_token_than_the_service(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'Kim' has the same token as server\.token"):
        load_settings(listed(tmp_path, entry("Kim", KIM), token=KIM), environment={})


def test_names_and_roles_are_shown_and_tokens_and_hashes_are_not(tmp_path: Path) -> None:
    digest = hashlib.sha256(ANA.encode()).hexdigest()
    (tmp_path / "eve").write_text("0123456789abcdef-eve")
    path = listed(
        tmp_path,
        entry("Kim", KIM),
        f"{{name: Ana, role: viewer, token_sha256: '{digest}'}}",
        "{name: Eve, role: engineer, token_file: eve, listen: true}",
    )
    settings = load_settings(path, environment={})
    shown = masked(settings.model_dump(mode="json"))["server"]["tokens"]
    assert [(one["name"], one["role"], one["listen"]) for one in shown] == [
        ("Kim", "viewer", False),
        ("Ana", "viewer", False),
        ("Eve", "engineer", True),
    ]
    assert Path(shown[2]["token_file"]).name == "eve"
    assert [secret for secret in (KIM, ANA, "-eve", digest) if secret in yaml.safe_dump(shown) + repr(settings)] == []
