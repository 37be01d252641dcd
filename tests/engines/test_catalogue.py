"""Models to choose from: listed, checked, pulled."""

import shutil

import pytest

from monitor.engines.catalogue import check_model, list_models, models_of
from monitor.engines.compact.shipped import DEFAULT, SHIPPED
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.errors import ConfigError, EngineError


def test_every_model_is_listed_with_its_licence_the_default_of_the_weights_that_ship_first(no_hubs):
    models = list_models()
    shipped = [DEFAULT, *sorted(set(SHIPPED) - {DEFAULT})]
    assert [model.model for model in models] == [*shipped, "plus_large", "plus_base", "plus_seed"]
    assert [model.engine for model in models] == [*["compact"] * len(shipped), *["emotion2vec"] * 3]
    assert all(model.licence for model in models)


@pytest.mark.needs("emotion2vec")
def test_a_model_on_this_machine_is_listed_with_its_folder(no_hubs, model_dir):
    folder = no_hubs / ".cache/modelscope/models/iic--emotion2vec_plus_base/snapshots/master"
    shutil.copytree(model_dir, folder)
    assert [model.folder for model in list_models() if model.engine == "emotion2vec"] == [None, folder, None]


@pytest.mark.needs("emotion2vec")
def test_a_whole_model_passes_every_check(model_dir):
    rows = check_model(models_of("emotion2vec", str(model_dir), "cpu"))
    whats = ["folder", "config.yaml", "model.pt", "tokens.txt", "architecture", "labels", "weights", "inference"]
    assert [row.what for row in rows] == whats
    assert all(row.ok for row in rows)
    assert "100 frames of 64 from 2 s of noise" in rows[-1].found


def test_the_embedded_model_passes_its_check():
    assert [(row.what, row.ok) for row in check_model(models_of("compact"))] == [("inference", True)]


@pytest.mark.needs("emotion2vec")
@pytest.mark.parametrize("name", ["config.yaml", "model.pt", "tokens.txt"])
def test_a_check_ends_at_the_first_missing_file(name, model_dir, tmp_path):
    shutil.copytree(model_dir, tmp_path / "model")
    (tmp_path / "model" / name).unlink()
    last = check_model(models_of("emotion2vec", str(tmp_path / "model")))[-1]
    assert (last.what, last.ok) == (name, False)
    assert "is missing" in last.found


@pytest.mark.needs("emotion2vec")
def test_a_check_names_damaged_weights(model_dir, tmp_path):
    shutil.copytree(model_dir, tmp_path / "model")
    (tmp_path / "model" / "model.pt").write_bytes(b"no weights")
    last = check_model(models_of("emotion2vec", str(tmp_path / "model")))[-1]
    assert (last.what, last.ok) == ("weights", False)
    assert "model.pt is damaged" in last.found


@pytest.mark.needs("emotion2vec")
def test_a_check_of_a_model_that_is_not_here_says_how_to_get_it_and_asks_no_hub(fake_hub, monkeypatch):
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", fake_hub.url)
    (row,) = check_model(models_of("emotion2vec", "plus_large"))
    assert (row.what, row.ok) == ("folder", False)
    assert "models pull iic/emotion2vec_plus_large" in row.found
    assert fake_hub.asked == []


@pytest.mark.needs("emotion2vec")
def test_a_check_of_what_is_no_model_says_so(no_hubs):
    (row,) = check_model(models_of("emotion2vec", "plus_huge"))
    assert not row.ok
    assert "'plus_huge' is no model" in row.found


@pytest.mark.needs("emotion2vec")
def test_a_pulled_model_passes_its_check(fake_hub, monkeypatch, tmp_path):
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", fake_hub.url)
    folder = Emotion2vecOptions(model="plus_large", hub_timeout=20).models().pull(tmp_path / "model")
    assert folder == tmp_path / "model"
    assert all(row.ok for row in check_model(models_of("emotion2vec", str(folder), "cpu")))


@pytest.mark.needs("emotion2vec")
def test_pulling_without_a_hub_says_so(no_hubs):
    with pytest.raises(EngineError, match="no weights for iic/emotion2vec_plus_seed: ModelScope cannot be reached"):
        Emotion2vecOptions(model="plus_seed", hub_timeout=20).models().pull()


@pytest.mark.needs("emotion2vec")
def test_a_folder_cannot_be_pulled(model_dir):
    with pytest.raises(EngineError, match="is a folder on this machine"):
        models_of("emotion2vec", str(model_dir)).pull()


@pytest.mark.needs("emotion2vec")
def test_a_model_cannot_be_pulled_into_a_file(fake_hub, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EngineError, match="is a file; name a folder"):
        models_of("emotion2vec", "plus_large").pull(tmp_path / "file")
    assert fake_hub.asked == []


def test_the_models_of_an_engine_that_is_not_there_are_refused_with_those_that_are():
    with pytest.raises(ConfigError, match="--engine: no engine is called 'psychic'; there are: compact, emotion2vec"):
        models_of("psychic")


def test_an_engine_with_its_weights_in_its_package_has_none_to_fetch_or_prepare():
    with pytest.raises(EngineError, match="the engine compact has no models to fetch"):
        models_of("compact").pull()
    with pytest.raises(EngineError, match="models of the engine compact need no preparing"):
        models_of("compact").prepare()
