"""A prepared model: one file that is the original, starts without FunASR, and is read with as much distrust."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from monitor.conformance.engine_calls import assert_same, voice, whole
from monitor.engines.catalogue import check_model, models_of
from monitor.engines.emotion2vec.engine import Emotion2vecEngine
from monitor.engines.emotion2vec.folder import read_folder
from monitor.engines.emotion2vec.prepared import read_prepared, write_prepared
from monitor.errors import EngineError
from tests.engines.emotion2vec.conftest import tiny_settings

STARTS_WITHOUT_FUNASR = """
import json, sys
import numpy as np
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.engines.base import Window
from monitor.engines.registry import load_engine
engine = load_engine(Emotion2vecOptions(model=sys.argv[1], device="cpu", threads=1, gate=0))
frames = engine.infer([Window(engine.open_leg(), 0, np.ones(3200, np.float32), 0, 10, final=True)])[0]
print(json.dumps([len(frames.speech), sorted({name.partition(".")[0] for name in sys.modules})]))
"""


@pytest.fixture(scope="module")
def prepared(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("prepared") / "tiny.safetensors"
    write_prepared(read_folder(model_dir, licence="theirs"), file)
    return file


def changed(prepared: Path, to: Path, **metadata: str) -> Path:
    with safe_open(prepared, framework="pt") as file:
        save_file({name: file.get_tensor(name) for name in file.keys()}, to, metadata=file.metadata() | metadata)  # noqa: SIM118
    return to


def test_preparing_says_how_far_the_file_is_from_funasr(model_dir, tmp_path):
    file, deviation = models_of("emotion2vec", str(model_dir)).prepare(tmp_path / "model.safetensors")
    assert file == tmp_path / "model.safetensors"
    assert deviation.frames == 288
    assert 0 < deviation.embedding < 1e-4
    assert 0 < deviation.logits < 1e-4


def test_a_prepared_model_gives_the_frames_of_its_folder(prepared, engine):
    ready = Emotion2vecEngine(tiny_settings(prepared))
    assert_same(ready.infer([whole(ready.open_leg(), voice(60))])[0], engine.infer([whole(engine.open_leg(), voice(60))])[0], 0)


def test_a_prepared_model_is_the_same_version_with_the_same_labels_and_licence(prepared, engine):
    info = Emotion2vecEngine(tiny_settings(prepared)).info
    assert (info.version, info.labels, info.licence) == (engine.info.version, engine.info.labels, "theirs")


def test_a_prepared_model_starts_without_funasr(prepared, environment):
    command = [sys.executable, "-c", STARTS_WITHOUT_FUNASR, str(prepared)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    frames, modules = json.loads(run.stdout.splitlines()[-1])
    assert frames == 10
    assert not {"funasr", "modelscope", "omegaconf", "huggingface_hub"} & set(modules)


def test_a_prepared_model_passes_its_checks(prepared):
    rows = check_model(models_of("emotion2vec", str(prepared), "cpu"))
    assert [(row.what, row.ok) for row in rows] == [("folder", True), ("prepared", True), ("inference", True)]


def test_a_file_of_other_weights_is_refused(tmp_path):
    save_file({"x": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(EngineError, match=r"other\.safetensors is no prepared emotion2vec model.*models prepare"):
        read_prepared(tmp_path / "other.safetensors")


@pytest.mark.parametrize("metadata", [{"config": "{"}, {"config": "3"}, {"tokens": "[]"}, {"tokens": "{}"}])
def test_a_damaged_header_is_named(metadata, prepared, tmp_path):
    with pytest.raises(EngineError, match=r"damaged\.safetensors is damaged"):
        read_prepared(changed(prepared, tmp_path / "damaged.safetensors", **metadata))


@pytest.mark.parametrize("part", [0.0, 0.001, 0.5, 0.999])
def test_half_a_file_is_named(part, prepared, tmp_path):
    whole_file = prepared.read_bytes()
    (tmp_path / "half.safetensors").write_bytes(whole_file[: int(len(whole_file) * part)])
    with pytest.raises(EngineError, match=r"half\.safetensors is damaged.*Prepare the model again"):
        read_prepared(tmp_path / "half.safetensors")


def test_labels_that_do_not_fit_the_head_are_refused(prepared, tmp_path):
    file = changed(prepared, tmp_path / "model.safetensors", tokens='["angry", "happy"]')
    with pytest.raises(EngineError, match=r"model\.safetensors does not fit"):
        Emotion2vecEngine(tiny_settings(file))


def test_a_prepared_file_replaces_an_older_one_and_leaves_nothing_beside_it(prepared, model_dir, tmp_path):
    (tmp_path / "model.safetensors").write_text("older")
    write_prepared(read_folder(model_dir, licence="theirs"), tmp_path / "model.safetensors")
    assert read_prepared(tmp_path / "model.safetensors").version == read_prepared(prepared).version
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_file_that_cannot_be_written_is_said_so(model_dir, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EngineError, match="cannot be written"):
        write_prepared(read_folder(model_dir), tmp_path / "file" / "model.safetensors")


def test_a_prepared_file_must_be_named_as_one(model_dir, tmp_path):
    with pytest.raises(EngineError, match=r"name ends in \.safetensors"):
        models_of("emotion2vec", str(model_dir)).prepare(tmp_path / "model.bin")


def test_the_weights_of_a_prepared_model_are_those_of_the_folder(prepared, model_dir):
    folder, file = read_folder(model_dir).weights, read_prepared(prepared).weights
    assert file.keys() == folder.keys()
    assert all(np.array_equal(file[name], folder[name]) for name in file)
