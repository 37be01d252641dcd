"""Model folders that are not what they should be: said which file, and nothing in them is run."""

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from monitor.engines.emotion2vec.engine import Emotion2vecEngine
from monitor.engines.emotion2vec.folder import read_folder
from monitor.engines.emotion2vec.model import checked_architecture, needed
from monitor.errors import EngineError
from tests.engines.emotion2vec.conftest import tiny_settings


@pytest.fixture
def folder(tmp_path: Path, model_dir: Path) -> Path:
    """A model folder that a test may spoil."""
    return Path(shutil.copytree(model_dir, tmp_path / "model"))


def change_config(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    config = yaml.safe_load((folder / "config.yaml").read_text())
    change(config)
    (folder / "config.yaml").write_text(yaml.safe_dump(config))


def change_weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    state = torch.load(folder / "model.pt", weights_only=True)
    change(state["model"])
    torch.save(state, folder / "model.pt")


def load(folder: Path) -> Emotion2vecEngine:
    return Emotion2vecEngine(tiny_settings(folder))


class RunsOnLoading:
    """Pickles to a call that makes a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("name", ["model.pt", "config.yaml", "tokens.txt"])
def test_a_missing_file_is_named(name, folder):
    (folder / name).unlink()
    with pytest.raises(EngineError, match=f"has no {name}"):
        load(folder)


def test_a_folder_without_configuration_json_loads(folder):
    (folder / "configuration.json").unlink()
    assert load(folder).info.dim == 64


def test_a_model_of_another_architecture_is_said_to_be_that(folder):
    change_config(folder, lambda config: config.update(model="SenseVoiceSmall"))
    with pytest.raises(EngineError, match=r"config\.yaml describes SenseVoiceSmall, not Emotion2vec"):
        load(folder)


@pytest.mark.parametrize(
    "text", ["", "[1, 2", "- a\n- b\n", "model: [", "\x00", "model: Emotion2vec\n", "model: Emotion2vec\nmodel_conf: 3\n"]
)
def test_a_damaged_configuration_is_named(text, folder):
    (folder / "config.yaml").write_text(text)
    with pytest.raises(EngineError, match=r"config\.yaml"):
        load(folder)


def test_a_configuration_that_funasr_cannot_build_is_named(folder):
    change_config(folder, lambda config: config["model_conf"].pop("embed_dim"))
    with pytest.raises(EngineError, match=r"config\.yaml does not describe a network"):
        load(folder)


def test_a_configuration_with_another_frame_rate_is_refused(folder):
    audio = {"feature_encoder_spec": "[(64, 10, 5)] + [(64, 3, 2)] * 4"}
    change_config(folder, lambda config: config["model_conf"]["modalities"]["audio"].update(audio))
    with pytest.raises(EngineError, match="frames are 80 samples apart"):
        load(folder)


@pytest.mark.parametrize(
    "code",
    [
        "__import__('os').mkdir({trace!r})",
        "[(64, 10, 5)] + [__import__('os').mkdir({trace!r})]",
        "[(64, 10, 5)] * 9 ** 9 ** 9",
        "[]",
    ],
)
def test_an_expression_in_the_configuration_is_refused_and_not_run(code, folder, tmp_path):
    audio = {"feature_encoder_spec": code.format(trace=str(tmp_path / "trace"))}
    change_config(folder, lambda config: config["model_conf"]["modalities"]["audio"].update(audio))
    with pytest.raises(EngineError, match="feature_encoder_spec is not a list"):
        load(folder)
    assert not (tmp_path / "trace").exists()


def test_remote_code_of_a_configuration_is_not_run(folder, tmp_path):
    (folder / "model.py").write_text(f"import os; os.mkdir({str(tmp_path / 'trace')!r})")
    change_config(folder, lambda config: config.update(trust_remote_code=True, remote_code=str(folder / "model.py")))
    assert load(folder).info.dim == 64
    assert not (tmp_path / "trace").exists()


def test_an_environment_variable_in_a_configuration_is_not_read(folder, monkeypatch):
    monkeypatch.setenv("SECRET", "Emotion2vec")
    change_config(folder, lambda config: config.update(model="${oc.env:SECRET}"))
    with pytest.raises(EngineError, match=r"describes \$\{oc\.env:SECRET\}"):
        load(folder)


@pytest.mark.parametrize(("protocol", "said"), [(2, "asks for posix.mkdir when loaded"), (4, "is damaged")])
def test_a_pickle_that_would_run_code_is_refused_and_not_run(protocol, said, folder, tmp_path):
    torch.save({"model": RunsOnLoading(tmp_path / "trace")}, folder / "model.pt", pickle_protocol=protocol)
    with pytest.raises(EngineError, match=rf"model\.pt {said}"):
        load(folder)
    assert not (tmp_path / "trace").exists()


def test_a_bare_pickle_that_would_run_code_is_refused_and_not_run(folder, tmp_path):
    (folder / "model.pt").write_bytes(pickle.dumps(RunsOnLoading(tmp_path / "trace")))
    with pytest.raises(EngineError, match=r"model\.pt"):
        load(folder)
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 5000, b"not weights", b"PK\x03\x04" + b"\x00" * 100, b"<!DOCTYPE html>" * 50]
)
def test_a_file_that_is_no_checkpoint_is_named(content, folder):
    (folder / "model.pt").write_bytes(content)
    with pytest.raises(EngineError, match=r"model\.pt is damaged"):
        load(folder)


@pytest.mark.parametrize("part", [0.01, 0.5, 0.999])
def test_half_a_download_is_named(part, folder):
    whole = (folder / "model.pt").read_bytes()
    (folder / "model.pt").write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(EngineError, match=r"model\.pt is damaged.*Pull the model again"):
        load(folder)


def test_a_git_lfs_pointer_is_told_from_weights(folder):
    (folder / "model.pt").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    with pytest.raises(EngineError, match=r"Git LFS pointer.*git lfs pull"):
        load(folder)


def test_weights_that_are_no_dictionary_are_refused(folder):
    torch.save(torch.zeros(3), folder / "model.pt")
    with pytest.raises(EngineError, match=r"model\.pt holds no weights by name"):
        load(folder)


def test_missing_tensors_are_not_filled_with_random_ones(folder):
    change_weights(folder, lambda state: state.pop("d2v_model.blocks.1.mlp.fc1.weight"))
    with pytest.raises(EngineError, match=r"lacks 1 of the network's \d+ tensors, blocks\.1\.mlp\.fc1\.weight"):
        load(folder)


def test_a_model_without_an_emotion_head_is_said_so(folder):
    change_weights(folder, lambda state: (state.pop("proj.weight"), state.pop("proj.bias")))
    with pytest.raises(EngineError, match="no emotion head, take a plus model"):
        load(folder)


def test_labels_that_do_not_fit_the_head_are_said_so(folder):
    (folder / "tokens.txt").write_text("angry\nhappy\n<unk>\n")
    with pytest.raises(EngineError, match=r"does not fit config\.yaml and tokens\.txt.*proj"):
        load(folder)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"", b"<unk>\n", "开心/happy\n高兴/happy\n".encode()])
def test_damaged_labels_are_named(content, folder):
    (folder / "tokens.txt").write_bytes(content)
    with pytest.raises(EngineError, match=r"tokens\.txt is damaged"):
        load(folder)


def test_weights_that_are_not_finite_are_refused(folder):
    change_weights(folder, lambda state: state["proj.bias"].fill_(float("nan")))
    with pytest.raises(EngineError, match=r"model\.pt is damaged: proj\.bias"):
        load(folder)


def test_other_weights_have_another_version(folder, model_dir):
    change_weights(folder, lambda state: state["proj.bias"].add_(1))
    assert read_folder(folder).version != read_folder(model_dir).version


def test_the_decoder_of_training_is_neither_needed_nor_kept(folder, model_dir):
    decoder = "d2v_model.modality_encoders.AUDIO.decoder.proj.weight"
    change_weights(folder, lambda state: state.update({decoder: torch.zeros(3)}))
    model = read_folder(folder)
    assert needed(model, checked_architecture(model)).keys() == read_folder(model_dir).weights.keys()


@pytest.mark.parametrize("wrapper", ["{}", "module.{}"])
def test_weights_are_found_by_the_names_that_training_gave_them(wrapper, folder, model_dir):
    state = torch.load(model_dir / "model.pt", weights_only=True)["model"]
    torch.save({"state_dict": {wrapper.format(name): value for name, value in state.items()}}, folder / "model.pt")
    assert read_folder(folder).weights.keys() == read_folder(model_dir).weights.keys()
