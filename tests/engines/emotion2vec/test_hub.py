"""Finding a model: in the caches without a network, from a hub, and what is said where there is neither."""

import pwd
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.engines.catalogue import list_models
from monitor.engines.emotion2vec.cache import find_cached
from monitor.engines.emotion2vec.hub import fetch, locate
from monitor.engines.emotion2vec.models import REQUIRED, resolve
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.engines.registry import load_engine
from monitor.errors import EngineError
from tests.engines.fake_hub import FakeHub, serving

CACHES = (
    ".cache/modelscope/models/iic--emotion2vec_plus_large/snapshots/master",
    ".cache/modelscope/models/iic/emotion2vec_plus_large",
    ".cache/modelscope/hub/models/iic/emotion2vec_plus_large",
    ".cache/modelscope/hub/iic/emotion2vec_plus_large",
)
TIMEOUT = 20.0


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("place", CACHES)
def test_a_model_in_modelscopes_cache_is_found(place, no_hubs, model_dir):
    shutil.copytree(model_dir, no_hubs / place)
    assert locate(None, TIMEOUT) == no_hubs / place


def test_a_model_in_a_cache_that_the_environment_names_is_found(no_hubs, model_dir, monkeypatch, tmp_path):
    shutil.copytree(model_dir, tmp_path / "cache" / "iic" / "emotion2vec_plus_large")
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path / "cache"))
    assert find_cached(resolve("plus_large")) == tmp_path / "cache" / "iic" / "emotion2vec_plus_large"


def test_no_hub_is_asked_for_a_model_that_is_in_the_cache(fake_hub, no_hubs, model_dir, monkeypatch):
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", fake_hub.url)
    shutil.copytree(model_dir, no_hubs / CACHES[0])
    locate("plus_large", TIMEOUT)
    assert fake_hub.asked == []


@pytest.mark.parametrize("missing", REQUIRED)
def test_a_model_whose_download_broke_off_is_not_taken_from_the_cache(missing, no_hubs, model_dir):
    shutil.copytree(model_dir, no_hubs / CACHES[0])
    (no_hubs / CACHES[0] / missing).unlink()
    assert find_cached(resolve(None)) is None


def test_a_model_is_fetched_from_modelscope_and_then_cached(fake_hub, model_dir, monkeypatch):
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", fake_hub.url)
    folder = locate("plus_large", TIMEOUT)
    assert (folder / "model.pt").read_bytes() == (model_dir / "model.pt").read_bytes()
    assert find_cached(resolve("plus_large")) == folder


def test_a_model_is_fetched_from_hugging_face_where_modelscope_is_out_of_reach(fake_hub, model_dir, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", fake_hub.url)
    folder = locate("plus_large", TIMEOUT)
    assert (folder / "model.pt").read_bytes() == (model_dir / "model.pt").read_bytes()
    assert find_cached(resolve("plus_large")) == folder


@pytest.mark.parametrize("hub", ["MODELSCOPE_ENDPOINT", "HF_ENDPOINT"])
def test_a_model_is_fetched_into_a_folder(hub, fake_hub, model_dir, monkeypatch, tmp_path):
    monkeypatch.setenv(hub, fake_hub.url)
    assert fetch(resolve("plus_large"), tmp_path / "here", TIMEOUT) == tmp_path / "here"
    assert (tmp_path / "here" / "tokens.txt").read_bytes() == (model_dir / "tokens.txt").read_bytes()


def test_fetching_says_nothing_on_stdout(fake_hub, monkeypatch, capsys):
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", fake_hub.url)
    locate("plus_large", TIMEOUT)
    assert capsys.readouterr().out == ""


def test_hubs_out_of_reach_are_said_with_the_reason_and_the_remedy(no_hubs):
    with pytest.raises(EngineError) as caught:
        locate(None, TIMEOUT)
    message = str(caught.value)
    assert message.startswith("no weights for iic/emotion2vec_plus_large: ModelScope cannot be reached (")
    assert "Connection refused" in message
    assert "; Hugging Face cannot be reached (" in message
    assert "models pull iic/emotion2vec_plus_large --to emotion2vec_plus_large" in message
    assert "engine.model: /path/to/emotion2vec_plus_large" in message
    assert "engine.name: compact, which needs none" in message
    assert "\n" not in message


def test_hubs_that_do_not_answer_are_given_up_after_the_time_out(no_hubs, silent_server, monkeypatch):
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", silent_server)
    monkeypatch.setenv("HF_ENDPOINT", silent_server)
    with pytest.raises(EngineError, match=r"ModelScope did not answer in 0\.3 s; Hugging Face did not answer in 0\.3 s"):
        locate(None, 0.3)


def test_a_hub_that_answers_is_not_kept_waiting_by_one_that_does_not(fake_hub, silent_server, monkeypatch):
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", silent_server)
    monkeypatch.setenv("HF_ENDPOINT", fake_hub.url)
    assert (locate(None, 250.0) / "model.pt").is_file()


def test_a_model_that_the_hub_does_not_have_is_said_so(fake_hub, monkeypatch):
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", fake_hub.url)
    with pytest.raises(EngineError, match="no weights for acme/nothing: ModelScope has no public model acme/nothing"):
        locate("acme/nothing", TIMEOUT)


@pytest.mark.parametrize(("status", "said"), [(403, "answered 403 Forbidden"), (503, "answered 503 Service Unavailable")])
def test_a_hub_that_refuses_is_quoted(status, said, no_hubs, monkeypatch):
    with serving(FakeHub(status=status)) as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        with pytest.raises(EngineError, match=f"ModelScope {said}"):
            locate(None, TIMEOUT)


def test_a_model_of_a_hub_without_a_head_is_said_so(no_hubs, model_dir, monkeypatch, tmp_path):
    shutil.copytree(model_dir, tmp_path / "base")
    (tmp_path / "base" / "tokens.txt").unlink()
    with serving(FakeHub({"iic/emotion2vec_base": tmp_path / "base"})) as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        with pytest.raises(EngineError, match=r"no emotion2vec model with an emotion head: it has no tokens\.txt"):
            locate("iic/emotion2vec_base", TIMEOUT)


def test_a_download_that_cannot_be_written_is_said_with_its_reason(fake_hub, monkeypatch, tmp_path):
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", fake_hub.url)
    (tmp_path / "file").touch()
    with pytest.raises(EngineError, match="fetching iic/emotion2vec_plus_large from ModelScope failed"):
        fetch(resolve(None), tmp_path / "file" / "below", TIMEOUT)


def test_an_engine_whose_weights_are_nowhere_says_so(no_hubs):
    with pytest.raises(EngineError, match="no weights for iic/emotion2vec_plus_large"):
        load_engine(Emotion2vecOptions())


def test_an_engine_of_a_cached_model_loads_without_a_hub(no_hubs, model_dir):
    shutil.copytree(model_dir, no_hubs / Path(CACHES[0]))
    engine = load_engine(Emotion2vecOptions(device="cpu", threads=1))
    assert engine.info.model == "iic/emotion2vec_plus_large"
    assert engine.info.licence == "FunASR model licence (model-license)"


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "nonsense://user:hidden-word@127.0.0.1:9"])
def test_a_proxy_that_cannot_be_used_is_the_reason_that_is_given(proxy, no_hubs, monkeypatch):
    monkeypatch.setenv("http_proxy", proxy)
    with pytest.raises(EngineError, match="the proxies that the environment names") as refused:
        locate(None, TIMEOUT)
    assert "hidden-word" not in str(refused.value)


def test_a_cache_that_cannot_be_read_is_told_with_the_remedy(no_hubs, monkeypatch):
    monkeypatch.setenv("MODELSCOPE_CACHE", "/" + "x" * 300)
    with pytest.raises(EngineError, match=r"cannot be read: file name too long; .* set MODELSCOPE_CACHE and HF_HOME"):
        locate("plus_large", TIMEOUT)


def test_models_are_listed_where_a_cache_cannot_be_read(no_hubs, monkeypatch):
    monkeypatch.setenv("MODELSCOPE_CACHE", "/" + "x" * 300)
    research, small, *others = list_models()
    assert (research.problem, small.problem) == (None, None)
    assert {model.folder for model in others} == {None}
    assert all("cannot be read" in str(model.problem) for model in others)


@pytest.fixture
def homeless(monkeypatch):
    """A user without a home: HOME is not set, and the system's list does not have the user."""

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)


def test_a_user_without_a_home_is_told_what_to_set(no_hubs, homeless):
    with pytest.raises(
        EngineError, match=r"MODELSCOPE_CACHE: ~/.cache/modelscope is in the home of a user that has none: set HOME"
    ):
        locate("plus_large", TIMEOUT)
    with pytest.raises(EngineError, match=r"engine.model: ~/model is in the home of a user that has none"):
        resolve("~/model")


def test_a_user_without_a_home_may_name_a_cache(no_hubs, homeless, model_dir, monkeypatch, tmp_path):
    shutil.copytree(model_dir, tmp_path / "cache" / "iic" / "emotion2vec_plus_large")
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path / "cache"))
    assert locate("plus_large", TIMEOUT) == tmp_path / "cache" / "iic" / "emotion2vec_plus_large"


def test_a_folder_that_cannot_be_looked_at_is_told():
    with pytest.raises(EngineError, match="cannot be read: file name too long"):
        resolve("/" + "x" * 300)
