"""The weights file: what ships is whole, and what is wrong is said with a remedy."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import monitor
from lab.clips.choice import TWIN
from monitor.engines.compact.network import STEP_INPUTS
from monitor.engines.compact.shipped import DEFAULT, SHIPPED, named, weights_file
from monitor.engines.compact.weights import Shape, Weights, load_weights, save_weights
from monitor.errors import EngineError
from tests.engines.compact.conftest import random_weights


@pytest.fixture(params=sorted(SHIPPED))
def shipped(request: pytest.FixtureRequest) -> Weights:
    return load_weights(SHIPPED[request.param], STEP_INPUTS)


def test_the_shipped_weights_say_what_they_are(shipped):
    assert shipped.labels == ("angry", "disgusted", "fearful", "happy", "neutral", "other", "sad", "surprised")
    assert shipped.licence
    assert shipped.about["measured"]
    assert shipped.about["datasets"]
    assert 0.3 <= shipped.about["temperature"] <= 4


def test_the_shipped_weights_kept_people_apart_or_have_a_twin_in_the_repository_that_did(shipped):
    measured = shipped
    if name := shipped.about["twin"]:
        measured = load_weights(Path(monitor.__file__).parents[1] / TWIN.format(name), STEP_INPUTS)
    assert measured.kept_apart
    assert (measured.name, measured.shape, measured.labels) == (name or shipped.name, shipped.shape, shipped.labels)
    assert shipped.about["temperature"] == measured.about["temperature"]


def test_the_shipped_weights_are_small():
    assert all(file.stat().st_size <= 2_000_000 for file in SHIPPED.values())


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_shipped_weights_have_two_names_and_without_one_the_default_is_meant(name):
    assert weights_file(name) == weights_file(f"compact-{name}") == SHIPPED[name]
    assert weights_file(None) == SHIPPED[DEFAULT]


def test_the_open_weights_may_be_used_by_a_company_and_learned_from_nothing_that_their_card_does_not_list():
    weights = load_weights(SHIPPED["open"], STEP_INPUTS)
    assert weights.licence == "Apache-2.0"
    assert weights.about["datasets"] == ["emodb"]
    assert weights.about["unlabelled"] == ["calls", "emodb", "spoken"]
    assert weights.about["start"] is None
    assert (weights.about["speech"]["music"], weights.about["speech"]["lines"]) == (0, 1)


def test_any_other_name_is_a_file():
    assert weights_file("ours/research") == Path("ours/research")
    assert named("ours.safetensors") is None


def test_weights_come_back_as_they_were_saved(tmp_path):
    weights = random_weights()
    save_weights(tmp_path / "w.safetensors", weights)
    back = load_weights(tmp_path / "w.safetensors", STEP_INPUTS)
    assert (back.shape, back.labels, back.about) == (weights.shape, weights.labels, weights.about)
    np.testing.assert_allclose(back.tensors["head.weight"], weights.tensors["head.weight"], atol=1e-3)


def test_other_weights_have_another_digest(tmp_path):
    save_weights(tmp_path / "a", random_weights(seed=1))
    save_weights(tmp_path / "b", random_weights(seed=2))
    assert load_weights(tmp_path / "a", STEP_INPUTS).digest != load_weights(tmp_path / "b", STEP_INPUTS).digest


def test_a_missing_file_is_said_with_the_remedy(tmp_path):
    with pytest.raises(EngineError, match=r"No such file.*set engine\.model to open or research"):
        load_weights(tmp_path / "none.safetensors", STEP_INPUTS)


@pytest.mark.parametrize("size", [0, 4, 100, 5000])
def test_a_truncated_file_is_said_with_the_remedy(tmp_path, size):
    save_weights(tmp_path / "whole", random_weights())
    (tmp_path / "cut").write_bytes((tmp_path / "whole").read_bytes()[:size])
    with pytest.raises(EngineError, match=r"cannot read the compact weights.*set engine\.model to open or research"):
        load_weights(tmp_path / "cut", STEP_INPUTS)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(EngineError, match="cannot read the compact weights"):
        load_weights(tmp_path, STEP_INPUTS)


def test_other_safetensors_are_refused(tmp_path):
    save_file({"encoder.weight": np.zeros((2, 2), np.float32)}, tmp_path / "other.safetensors")
    with pytest.raises(EngineError, match="does not hold compact weights"):
        load_weights(tmp_path / "other.safetensors", STEP_INPUTS)


def test_a_tensor_of_the_wrong_shape_is_named(tmp_path):
    weights = random_weights()
    tensors = {**weights.tensors, "head.bias": np.zeros(3, np.float32)}
    save_weights(tmp_path / "w", replace(weights, tensors=tensors))
    with pytest.raises(EngineError, match=r"wrong shape: head\.bias"):
        load_weights(tmp_path / "w", STEP_INPUTS)


def test_values_that_are_not_finite_are_refused(tmp_path):
    weights = random_weights()
    tensors = {**weights.tensors, "head.bias": np.full(9, np.nan, np.float32)}
    save_weights(tmp_path / "w", replace(weights, tensors=tensors))
    with pytest.raises(EngineError, match=r"not finite: head\.bias"):
        load_weights(tmp_path / "w", STEP_INPUTS)


@pytest.mark.parametrize("key", ["labels", "shape", "prior", "about"])
def test_a_damaged_header_is_refused(tmp_path, key):
    save_weights(tmp_path / "w", random_weights())
    content = (tmp_path / "w").read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"][key] = "nonsense"
    changed = json.dumps(header).encode()
    (tmp_path / "bad").write_bytes(len(changed).to_bytes(8, "little") + changed + content[8 + length :])
    with pytest.raises(EngineError, match=r"header of .* is damaged"):
        load_weights(tmp_path / "bad", STEP_INPUTS)


def test_the_tensors_of_a_shape_number_as_the_card_says():
    assert sum(int(np.prod(size)) for size in Shape().tensors(STEP_INPUTS).values()) == 967_425
