"""Training on a dozen clips that the test makes: it runs, learns, resumes to the bit, and gives what the engine loads."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from typer.testing import CliRunner

from lab.cli.train import app
from lab.labels import EMOTIONS, held_out, read_clips
from lab.training.loop import train
from lab.training.measure import fit_temperature, recall
from lab.training.model import Model
from lab.training.recipe import Recipe
from monitor.engines.base import Window
from monitor.engines.compact.engine import CompactEngine
from monitor.engines.compact.network import STEP_INPUTS, Network
from monitor.engines.compact.options import CompactOptions
from monitor.engines.compact.shipped import weights_file
from monitor.engines.compact.weights import Shape, load_weights
from monitor.errors import ConfigError
from tests.engines.compact.conftest import SMALL, voice

RECIPE = Recipe(epochs=2, versions=1, batch=4, shape=SMALL, rate=3e-3)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    rows = ["file,dataset,speaker,emotion"]
    for speaker in range(3):
        for take in range(4):
            emotion = ("angry", "neutral")[take % 2]
            name = f"{speaker}-{take}.wav"
            soundfile.write(folder / name, voice(1.2, 120 + 40 * speaker + 90 * (take % 2 == 0), take), 16_000)
            rows.append(f"{name},made,{speaker},{emotion}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="module")
def trained(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "weights.safetensors"
    train(clips, out, progress=silent, cache=clips / "cache", recipe=RECIPE, licence="own")
    return out


def silent(stage: str, done: int, total: int, note: str = "") -> None:
    """Progress that nobody reads."""


def test_trained_weights_run_in_the_engine(trained):
    engine = CompactEngine(CompactOptions(model=str(trained)))
    said = engine.infer([Window(engine.open_leg(), 0, voice(1.0), 0, 50, final=True)])[0]
    assert said.logits.shape == (50, len(EMOTIONS))
    assert engine.info.licence == "own"


def test_the_header_tells_how_they_were_made(trained):
    about = load_weights(trained, STEP_INPUTS).about
    assert about["recipe"]["seed"] == 1
    assert [entry["epoch"] for entry in about["log"]] == [1, 2]
    assert set(about["measured"]["made"]) >= {"clips", "uar4", "uar"}


def test_a_resumed_run_gives_the_very_weights_of_an_unbroken_one(clips, trained, tmp_path):
    out = tmp_path / "weights.safetensors"

    def interrupt(stage: str, done: int, total: int, note: str = "") -> None:
        if stage == "training":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(clips, out, progress=interrupt, cache=clips / "cache", recipe=RECIPE, licence="own")
    assert not out.exists()
    train(clips, out, progress=silent, cache=clips / "cache", recipe=RECIPE, licence="own", resume=True)
    one, other = (load_weights(path, STEP_INPUTS) for path in (out, trained))
    assert one.digest == other.digest
    assert one.about == other.about


def test_half_precision_learns_the_same_within_its_rounding(clips, trained, tmp_path):
    out = tmp_path / "half.safetensors"

    weights = train(clips, out, progress=silent, cache=clips / "cache", recipe=replace(RECIPE, precision="bf16"))

    whole = load_weights(trained, STEP_INPUTS)
    assert weights.name != whole.name
    np.testing.assert_allclose(weights.about["log"][-1]["loss"], whole.about["log"][-1]["loss"], rtol=0.05)


def test_a_checkpoint_of_another_recipe_is_refused(clips, trained, tmp_path):
    out = tmp_path / "weights.safetensors"
    (tmp_path / "weights.checkpoint.pt").write_bytes(trained.with_name("weights.checkpoint.pt").read_bytes())
    with pytest.raises(ConfigError, match="another recipe"):
        train(clips, out, progress=silent, cache=clips / "cache", recipe=Recipe(seed=2, epochs=2, versions=1), resume=True)


def test_training_can_begin_from_weights(clips, trained, tmp_path):
    recipe = Recipe(epochs=1, versions=1, batch=4, rate=1e-9, average=0.0)
    out = tmp_path / "further.safetensors"
    train(clips, out, progress=silent, cache=clips / "cache", recipe=recipe, start=trained)
    before, after = (load_weights(path, STEP_INPUTS) for path in (trained, out))
    assert after.about["start"] == before.name
    assert after.licence == before.licence
    assert after.shape == before.shape
    np.testing.assert_allclose(after.tensors["0.taps.weight"], before.tensors["0.taps.weight"], atol=1e-3)


def test_weights_that_learned_from_everyone_are_as_sure_as_their_measured_twin(clips, trained, tmp_path):
    weights = train(clips, tmp_path / "all.safetensors", progress=silent, cache=clips / "cache", recipe=RECIPE, twin=trained)

    measured = load_weights(trained, STEP_INPUTS)
    assert measured.kept_apart
    assert not weights.kept_apart
    assert weights.name != measured.name
    assert weights.about["twin"] == measured.name
    assert [weights.about[key] for key in ("temperature", "measured")] == [
        measured.about[key] for key in ("temperature", "measured")
    ]


def test_for_everyone_only_those_are_rendered_whom_the_twin_kept_apart(clips, tmp_path):
    common = {"progress": silent, "cache": tmp_path / "cache", "recipe": replace(RECIPE, epochs=1)}
    twin = train(clips, tmp_path / "twin.safetensors", **common)
    rendered = set((tmp_path / "cache").rglob("*.npz"))
    train(clips, tmp_path / "all.safetensors", twin=tmp_path / "twin.safetensors", **common)
    everyone = read_clips(clips, EMOTIONS)
    apart = held_out(everyone, twin.about["recipe"]["held_share"])
    assert len(set((tmp_path / "cache").rglob("*.npz")) - rendered) == len(apart) > 0


def test_a_twin_of_another_recipe_cannot_vouch(clips, trained, tmp_path):
    other = replace(RECIPE, epochs=1, dropout=0.0)
    with pytest.raises(ConfigError, match=r"another recipe \(dropout, epochs\)"):
        train(clips, tmp_path / "all.safetensors", progress=silent, cache=clips / "cache", recipe=other, twin=trained)


def test_a_twin_that_heard_everyone_cannot_vouch(clips, trained, tmp_path):
    everyone = tmp_path / "all.safetensors"
    train(clips, everyone, progress=silent, cache=clips / "cache", recipe=RECIPE, twin=trained)
    with pytest.raises(ConfigError, match="kept nobody apart"):
        train(clips, tmp_path / "more.safetensors", progress=silent, cache=clips / "cache", recipe=RECIPE, twin=everyone)


def test_a_twin_that_began_with_other_weights_cannot_vouch(clips, trained, tmp_path):
    common = {"progress": silent, "cache": clips / "cache", "recipe": RECIPE}
    with pytest.raises(ConfigError, match="began with random weights; give both the same --start, or starts that are twins"):
        train(clips, tmp_path / "all.safetensors", start=trained, twin=trained, **common)


def test_twins_of_twins_can_vouch(clips, trained, tmp_path):
    common = {"progress": silent, "cache": clips / "cache", "recipe": RECIPE}
    everyone, twin = tmp_path / "all.safetensors", tmp_path / "twin.safetensors"
    train(clips, everyone, twin=trained, **common)
    measured = train(clips, twin, start=trained, **common)
    weights = train(clips, tmp_path / "further.safetensors", start=everyone, twin=twin, **common)
    assert weights.about["measured"] == measured.about["measured"]
    assert weights.about["start"] == load_weights(everyone, STEP_INPUTS).name
    assert not weights.kept_apart


def test_weights_that_began_with_some_that_heard_everyone_kept_nobody_apart(clips, trained, tmp_path):
    common = {"progress": silent, "cache": clips / "cache", "recipe": RECIPE}
    everyone = tmp_path / "all.safetensors"
    train(clips, everyone, twin=trained, **common)
    assert not train(clips, tmp_path / "more.safetensors", start=everyone, **common).kept_apart
    assert train(clips, tmp_path / "further.safetensors", start=trained, **common).kept_apart


def test_a_twin_of_other_datasets_cannot_vouch(clips, trained, tmp_path):
    table = (clips / "labels.csv").read_text().replace(",made,", ",other,")
    for file in clips.glob("*.wav"):
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "labels.csv").write_text(table)
    with pytest.raises(ConfigError, match="learned from made"):
        train(tmp_path, tmp_path / "all.safetensors", progress=silent, recipe=RECIPE, twin=trained)


def test_numpy_and_torch_run_the_same_network():
    torch.manual_seed(0)
    shape = Shape(channels=24, dim=64, dilations=(1, 2, 4))
    generator = np.random.default_rng(0)
    mean, scale = generator.standard_normal((2, STEP_INPUTS)).astype(np.float32)
    model = Model(shape, mean, scale, 0.1).eval()
    weights = load_from(model, shape)
    steps = generator.standard_normal((2, 30, STEP_INPUTS)).astype(np.float32)
    embedding, logits, spoken = model(torch.from_numpy(steps))
    network = Network(weights)
    inputs = np.pad(network.standardised(steps), ((0, 0), (0, shape.delay), (0, 0)))
    output, _ = network.advance(inputs, network.blank(2))
    after = slice(2 * shape.delay, None)
    np.testing.assert_allclose(output.embedding[:, after], embedding.detach().numpy(), atol=1e-5)
    np.testing.assert_allclose(output.logits[:, after], logits.detach().numpy(), atol=1e-5)
    np.testing.assert_allclose(output.speech[:, after], torch.sigmoid(spoken).detach().numpy(), atol=1e-5)


def load_from(model: Model, shape: Shape):
    from tests.engines.compact.conftest import random_weights

    weights = random_weights(shape)
    return type(weights)(model.tensors(), shape, weights.prior, weights.labels, "torch", "none")


def test_held_speakers_are_in_no_training_set_and_do_not_change(clips):
    everyone = read_clips(clips)
    held = held_out(everyone, 0.3)
    assert len(held) == 1
    assert held == held_out(reversed(everyone), 0.3)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "names no clip"),
        ("file,speaker\na.wav,1\n", "lacks the column emotion"),
        ("file,speaker,emotion\na.wav,1,furious\n", r"labels\.csv:2: unknown emotion 'furious'"),
        ("file,speaker,emotion\nnone.wav,1,angry\n", r"labels\.csv:2: there is no file"),
    ],
)
def test_labels_that_cannot_be_used_are_refused_with_the_reason(tmp_path, table, message):
    (tmp_path / "labels.csv").write_text(table)
    with pytest.raises(ConfigError, match=message):
        read_clips(tmp_path, EMOTIONS)


def test_a_folder_without_labels_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"labels\.csv: cannot be read"):
        read_clips(tmp_path)


def test_a_temperature_makes_bold_logits_honest():
    generator = np.random.default_rng(0)
    logits = generator.standard_normal((4000, 4))
    powers = np.exp(logits)
    labels = np.array([generator.choice(4, p=row / row.sum()) for row in powers])
    assert fit_temperature(3 * logits, labels) == pytest.approx(3, rel=0.1)


def test_recall_is_the_mean_over_classes():
    assert recall(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])) == 0.5


def test_the_command_begins_with_weights_that_ship_by_their_name(clips, tmp_path):
    out = tmp_path / "ours.safetensors"
    few = ["--epochs", "1", "--versions", "1", "--rate", "1e-9", "--cache", str(clips / "cache"), "--threads", "1"]
    done = CliRunner().invoke(app, ["compact", "--clips", str(clips), "--start", "open", "--out", str(out), *few])
    assert done.exit_code == 0, done.output
    before, after = load_weights(weights_file("open"), STEP_INPUTS), load_weights(out, STEP_INPUTS)
    assert (after.about["start"], after.licence) == (before.name, before.licence)
    assert after.shape == replace(before.shape, speech=0)
