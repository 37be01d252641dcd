from pathlib import Path

import pytest

from monitor.engines.emotion2vec.models import KNOWN, resolve
from monitor.errors import EngineError


@pytest.mark.parametrize("known", KNOWN, ids=[known.short for known in KNOWN])
@pytest.mark.parametrize("form", ["{0.short}", "emotion2vec_{0.short}", "{0.modelscope}", "{0.huggingface}"])
def test_a_published_model_is_known_by_each_of_its_names(form, known):
    assert resolve(form.format(known)).known is known


def test_plus_large_is_the_default():
    assert str(resolve(None)) == "iic/emotion2vec_plus_large"


def test_a_folder_wins_over_a_hub_id_of_the_same_spelling(tmp_path, monkeypatch):
    (tmp_path / "acme" / "model").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert resolve("acme/model") == Path("acme/model")


def test_a_home_folder_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "model").mkdir()
    assert resolve("~/model") == tmp_path / "model"


def test_an_id_that_is_not_known_is_one_of_modelscope_alone():
    """The same name on another hub may be anybody's."""
    hub_id = resolve("acme/model")
    assert (hub_id.modelscope, hub_id.huggingface) == ("acme/model", None)


def test_hf_names_a_model_of_hugging_face_alone():
    hub_id = resolve("hf:acme/model")
    assert (hub_id.modelscope, hub_id.huggingface) == (None, "acme/model")


@pytest.mark.parametrize("model", ["/no/such/folder", "./nothing", "~/nothing/here"])
def test_a_folder_that_is_not_there_is_said_so(model):
    with pytest.raises(EngineError, match=r"there is no folder .*nothing|there is no folder /no/such"):
        resolve(model)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "model.pt").touch()
    with pytest.raises(EngineError, match="is a file; name the folder"):
        resolve(str(tmp_path / "model.pt"))


@pytest.mark.parametrize("model", ["", "plus_huge", "a/b/c", "https://example.org/model", "iic/../../etc", "hf:plus", "a b/c"])
def test_what_is_no_model_is_refused_with_the_ways_to_name_one(model):
    with pytest.raises(EngineError, match=r"plus_large, plus_base, plus_seed"):
        resolve(model)
