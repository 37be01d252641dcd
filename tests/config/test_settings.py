"""Settings: YAML < environment < flags, and every wrong key is named with where it stands."""

from collections import ChainMap
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import Settings, load_settings
from monitor.config.sections import DETECTORS, ENGINES
from monitor.engines.compact.network import STEP_INPUTS
from monitor.engines.compact.shipped import weights_file
from monitor.engines.compact.weights import load_weights
from monitor.errors import ConfigError

CONFIGS = Path(__file__).parents[2] / "configs"


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_the_defaults_hold() -> None:
    assert load_settings(environment={}) == Settings()


def test_the_default_file_documents_every_key_with_its_default() -> None:
    text = yaml.safe_load((CONFIGS / "default.yaml").read_text(encoding="utf-8"))
    engines = [ENGINES.options(name)().model_dump(mode="json") for name in ENGINES.names()]
    detectors = [DETECTORS.options(name)().model_dump(mode="json") for name in DETECTORS.names()]
    every = {"engine": {**ChainMap(*engines), "name": "compact"}, "changes": {**ChainMap(*detectors), "detector": "auto"}}
    assert text == {**Settings().model_dump(mode="json"), **every}


def test_the_default_file_is_that_of_whichever_engine_and_detector_is_chosen() -> None:
    chosen = {"engine.name": "emotion2vec", "changes.detector": "kernel"}
    written, bare = (load_settings(path, environment={}, flags=chosen) for path in (CONFIGS / "default.yaml", None))
    assert (written.engine, written.changes) == (bare.engine, bare.changes)


def test_flags_override_the_environment_and_that_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "server: {port: 1, host: a}\nengine: {hop: 0.2}\n")
    environment = {"EMOTION_MONITOR_SERVER__PORT": "2", "EMOTION_MONITOR_ENGINE__HOP": "0.3"}
    settings = load_settings(path, environment=environment, flags={"server.port": 3, "engine.name": None})
    assert (settings.server.port, settings.server.host, settings.engine.hop, settings.engine.name) == (3, "a", 0.3, "compact")


def test_an_unknown_key_is_an_error_with_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"settings\.yaml:3: unknown key store\.paths; .*config show"):
        load_settings(written(tmp_path, "store:\n  path: here\n  paths: 1\n"), environment={})


def test_every_wrong_key_is_named_not_only_the_first(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, "engine: {hop: 0.25}\nstore: {audio: mp3}\n"), environment={})
    assert len(str(caught.value).splitlines()) == 2


def test_a_key_given_twice_is_told_with_whatever_else_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, "engine: {name: compact}\nengine: {nmae: x}\nstore: {audio: mp3}\n"), environment={})
    assert [line.split(": ")[0][-2:] for line in str(caught.value).splitlines()] == [":2", ":2", ":3"]


def test_a_key_given_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r":2: engine is given twice"):
        load_settings(written(tmp_path, "engine: {}\nengine: {}\n"), environment={})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("store: &x {}\nrtp: *x\n", r"settings\.yaml:2: YAML aliases \(\*name\) are not allowed"),
        ("server:\n  token: *a-secret-that-is-not-quoted\n", r"settings\.yaml:2: YAML aliases .* put quotes around a text"),
        (f"sources: {'[' * 5_000}{']' * 5_000}\n", r"settings\.yaml:1: nested more than 40 deep"),
        (f"# {'x' * 1_000_000}\n", r"settings\.yaml: too long"),
    ],
    ids=["alias", "secret", "depth", "length"],
)
def test_what_exhausts_a_machine_is_refused_where_it_stands(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load_settings(written(tmp_path, text), environment={})
    assert "a-secret" not in str(caught.value)


def test_a_wrong_environment_variable_is_named() -> None:
    with pytest.raises(ConfigError, match=r"environment variable EMOTION_MONITOR_SERVER__PORT: server\.port"):
        load_settings(environment={"EMOTION_MONITOR_SERVER__PORT": "many"})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such configuration file"):
        load_settings(tmp_path / "none.yaml", environment={})


def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected sections"):
        load_settings(written(tmp_path, "- a\n- b\n"), environment={})


def test_the_configuration_for_a_company_takes_weights_that_permit_it():
    engine = load_settings(CONFIGS / "commercial.yaml", environment={}).engine
    weights = load_weights(weights_file(engine.model), STEP_INPUTS)
    assert (engine.name, weights.licence) == ("compact", "Apache-2.0")


def test_the_eu_profile_infers_from_the_customer_alone_and_refuses_mixed_sources() -> None:
    privacy = load_settings(CONFIGS / "eu.yaml", environment={}).privacy
    assert (privacy.subjects, privacy.refuse_mixed) == (("customer",), True)


def test_a_wrong_flag_is_named_once() -> None:
    with pytest.raises(
        ConfigError, match=r"^flag for engine\.name: no engine is called 'compakt'; there are: compact, emotion2vec$"
    ):
        load_settings(environment={}, flags={"engine.name": "compakt"})


def test_a_short_token_is_refused_with_the_remedy() -> None:
    with pytest.raises(ConfigError, match="openssl rand"):
        load_settings(environment={}, flags={"server.token": "secret"})


def test_a_buffer_too_short_for_both_sides_of_a_change_is_refused() -> None:
    with pytest.raises(ConfigError, match="min_segment"):
        load_settings(environment={}, flags={"changes.buffer": 5, "changes.min_segment": 3})


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_clear_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = written(tmp_path_factory.mktemp("any"), text)
    try:
        assert isinstance(load_settings(path, environment={}), Settings)
    except ConfigError as error:
        assert str(path) in str(error)


def test_paths_in_a_file_are_relative_to_that_file(tmp_path: Path) -> None:
    settings = load_settings(
        written(tmp_path, "store: {path: data}\nalerts: {rules: [default, mine.yaml, rules/x, /etc/y.yaml]}"), environment={}
    )
    named = (Path("default"), tmp_path / "mine.yaml", tmp_path / "rules" / "x", Path("/etc/y.yaml"))
    assert (settings.store.path, settings.alerts.rules) == (tmp_path / "data", named)


def test_paths_from_flags_and_environment_are_relative_to_where_one_is(tmp_path: Path) -> None:
    path = written(tmp_path, "store: {path: data}")
    environment = {"EMOTION_MONITOR_ALERTS__RULES": "[mine.yaml]"}
    settings = load_settings(path, environment=environment, flags={"store.path": Path("here")})
    assert (settings.store.path, settings.alerts.rules) == (Path("here"), (Path("mine.yaml"),))


@pytest.mark.parametrize(
    ("model", "read"), [("./w.safetensors", "FOLDER/w.safetensors"), ("iic/emotion2vec", "iic/emotion2vec"), ("/w", "/w")]
)
def test_a_model_in_a_file_is_relative_to_it_where_it_is_written_as_a_path(model: str, read: str, tmp_path: Path) -> None:
    found = load_settings(written(tmp_path, f"engine: {{model: {model}}}"), environment={}).engine.model
    assert found == read.replace("FOLDER", str(tmp_path))


def test_paths_in_the_options_of_a_source_are_relative_to_the_file(tmp_path: Path) -> None:
    sources = (
        "[{kind: file, options: {path: a.wav, realtime: true}}, {kind: rtp, options: {sdp: ./b.sdp, legs: {}}}, {kind: stdin}]"
    )
    found = load_settings(written(tmp_path, f"sources: {sources}"), environment={}).sources
    first = {"path": str(tmp_path / "a.wav"), "realtime": True}
    assert [source.options for source in found] == [first, {"sdp": str(tmp_path / "b.sdp"), "legs": {}}, {}]


def test_paths_in_the_options_of_a_store_are_relative_to_the_file(tmp_path: Path) -> None:
    store = "{kind: other, options: {path: calls, keys: ./k.pem, table: calls}}"
    found = load_settings(written(tmp_path, f"store: {store}"), environment={}).store.options
    assert found == {"path": str(tmp_path / "calls"), "keys": str(tmp_path / "k.pem"), "table": "calls"}
