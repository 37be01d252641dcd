"""Templates as files, and how like them an embedding is."""

import pickle
from base64 import b64encode
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.learned.documents import TemplateDocument
from monitor.learned.engine_key import EngineKey
from monitor.learned.file import LARGEST, write_content
from monitor.learned.learned import Learned
from monitor.learned.template import Template


def template(vectors: list[list[float]], centre: list[float] | None = None, name: str = "threat") -> Template:
    document = TemplateDocument(
        name=name,
        engine="compact",
        engine_version="ab12",
        dim=len(vectors[0]),
        window=3.0,
        sources=("call-1@2-5/customer",),
        calls=("call-1",),
        granularity="utterance",
        rows=(0,) * len(vectors),
        threshold=0.8,
    )
    return Template.make(document, np.array(vectors, np.float32), None if centre is None else np.array(centre, np.float32))


def test_an_embedding_is_as_like_as_the_nearest_vector_whatever_its_length() -> None:
    made = template([[1.0, 0.0], [0.0, 3.0]])
    assert made.similarities(np.array([[5.0, 0.0], [3.0, 4.0], [-1.0, 0.0]])).tolist() == [1.0, 0.8, 0.0]


def test_what_has_no_direction_is_like_nothing() -> None:
    assert template([[1.0, 0.0]]).similarity(np.zeros(2)) == 0.0


def test_the_mean_is_subtracted_from_both_sides() -> None:
    made = template([[11.0, 10.0]], centre=[10.0, 10.0])
    assert made.similarity(np.array([10.0, 12.0])) == 0.0
    assert made.similarity(np.array([12.0, 10.0])) == 1.0


def test_a_template_is_the_same_after_it_was_written_and_read(tmp_path: Path) -> None:
    made = template([[1.0, 0.25]], centre=[0.5, 0.5])
    write_content(tmp_path / "threat.safetensors", made.content)
    found = Template.load(tmp_path / "threat.safetensors")
    assert (found, found.document, found.digest) == (made, made.document, made.digest)
    np.testing.assert_array_equal(found.vectors, made.vectors)
    np.testing.assert_array_equal(found.centre, made.centre)


def test_the_same_examples_give_the_same_bytes() -> None:
    assert template([[1.0, 0.25]], centre=[0.5, 0.5]).content == template([[1.0, 0.25]], centre=[0.5, 0.5]).content


@pytest.mark.parametrize(
    ("vectors", "centre"), [([[0.0, 0.0]], None), ([[1.0, 2.0]], [1.0, 2.0])], ids=["zero", "no different from the mean"]
)
def test_an_example_without_direction_is_refused(vectors: list[list[float]], centre: list[float] | None) -> None:
    with pytest.raises(ConfigError, match="it has no direction"):
        template(vectors, centre)


def test_a_template_too_large_to_be_kept_with_calls_is_refused() -> None:
    with pytest.raises(ConfigError, match="fewer or shorter examples"):
        template(np.ones((LARGEST // 4096 + 1, 1024)).tolist())


def test_no_pickle_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(pickle.dumps({"vectors": [1.0]}))
    with pytest.raises(ConfigError, match=r"x\.safetensors is no emotion-monitor template"):
        Template.load(tmp_path / "x.safetensors")


@given(st.binary(max_size=200))
def test_whatever_a_file_holds_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(ConfigError):
        Template.read(content, "x")


@given(st.data())
def test_a_damaged_template_is_read_rightly_or_refused(data: st.DataObject) -> None:
    content = bytearray(template([[1.0, 0.25]]).content)
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = Template.read(bytes(content), "x")
    except ConfigError:
        return
    assert found.vectors.shape == (1, 2)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"there is no template {tmp_path}/x"):
        Template.load(tmp_path / "x.safetensors")


def test_what_is_kept_with_a_call_is_what_it_was_heard_with() -> None:
    learned = Learned.of([template([[1.0, 0.25]])])
    document = learned.document()
    assert Learned.from_document(document) == learned
    assert (document["templates"][0]["name"], document["templates"][0]["calls"]) == ("threat", ["call-1"])


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"templates": [{}]},
        {"templates": [{"name": "x", "content": "%"}]},
        {"templates": 3},
        {"heads": [{"name": "x", "content": 4}]},
    ],
)
def test_what_was_not_kept_so_is_refused(document: object) -> None:
    with pytest.raises(ConfigError):
        Learned.from_document(document)


def test_content_that_is_not_that_of_its_digest_is_refused() -> None:
    document = Learned.of([template([[1.0, 0.25]])]).document()
    document["templates"][0]["content"] = b64encode(template([[1.0, 0.5]]).content).decode()
    with pytest.raises(ConfigError, match="template threat is not the one of its digest"):
        Learned.from_document(document)


def test_two_templates_of_one_name_are_refused_unless_they_are_the_same() -> None:
    assert Learned.of([template([[1.0, 0.0]]), template([[1.0, 0.0]])]).templates
    with pytest.raises(ConfigError, match="two templates are called threat"):
        Learned.of([template([[1.0, 0.0]]), template([[0.0, 1.0]])])


@pytest.mark.parametrize(
    "other", [EngineKey("compact", "cd34", 2), EngineKey("emotion2vec", "ab12", 2), EngineKey("compact", "ab12", 3)]
)
def test_a_template_of_another_engine_version_or_width_is_refused_by_name(other: EngineKey) -> None:
    with pytest.raises(ConfigError, match=r"template threat was learnt from embeddings of compact ab12 \(2 features\)"):
        Learned.of([template([[1.0, 0.0]])]).require(other)
