"""Clusters of embeddings and of their stretches."""

import json
from collections import Counter

import numpy as np
import pytest

from monitor.analysis import Embedding, cluster
from monitor.analysis.clusters import NOISE
from monitor.analysis.errors import TooFewPointsError
from monitor.analysis.pictures import draw_clusters
from monitor.analysis.space_page import clusters_page
from tests.analysis.spoken import embedding, moods

CALM, ANGRY, SAD = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]


def spoken() -> Embedding:
    """20 s calm, 10 s angry, 6 s sad, labelled so."""
    vectors = np.concatenate([moods(CALM, frames=1000), moods(ANGRY, frames=500, seed=1), moods(SAD, frames=300, seed=2)])
    logits = np.repeat(np.eye(3, dtype=np.float32) * 5, (1000, 500, 300), axis=0)
    return embedding(vectors, labels=("neutral", "angry", "sad"), logits=logits)


@pytest.mark.parametrize("method", ["hdbscan", "kmeans"])
def test_moods_are_found_and_numbered_by_size(method: str) -> None:
    found = cluster([spoken()], method, seconds=1.0)
    assert [(one.number, one.size, one.labels) for one in found.clusters] == [
        (0, 20, {"neutral": 20}),
        (1, 10, {"angry": 10}),
        (2, 6, {"sad": 6}),
    ]
    assert found.silhouette > 0.8


def test_a_medoid_is_the_moment_with_the_least_distance_to_the_others() -> None:
    found = cluster([spoken()], "kmeans", k=3, seconds=1.0)
    unit = found.points.vectors / np.linalg.norm(found.points.vectors, axis=1, keepdims=True)
    angry = unit[20:30]
    nearest = 20 + int(np.linalg.norm(angry[:, None] - angry[None], axis=2).sum(axis=1).argmin())
    assert found.clusters[1].medoid == f"call-9@{nearest}.00-{nearest + 1}.00/customer"


def test_points_in_no_cluster_are_told() -> None:
    odd = embedding(moods([-1.0, -1.0, -1.0], frames=50), source="odd", call="odd")
    found = cluster([spoken(), odd], seconds=1.0)
    assert found.noise == ("odd@0.00-1.00/customer",)
    assert found.assigned[-1] == NOISE
    assert found.as_dict()["noise"] == ["odd@0.00-1.00/customer"]


def test_whole_calls_are_clustered_by_their_means() -> None:
    calls = [embedding(moods(mean, seed=at), source=f"{at}.npy") for at, mean in enumerate([CALM, ANGRY] * 5)]
    found = cluster(calls, "kmeans", k=2)
    assert found.assigned.tolist() == [0, 1] * 5


def test_the_number_of_clusters_of_kmeans_can_be_given() -> None:
    assert len(cluster([spoken()], "kmeans", k=5, seconds=1.0).clusters) == 5


def test_one_cluster_has_no_silhouette() -> None:
    found = cluster([spoken()], smallest=20, seconds=1.0)
    assert (found.silhouette, len(found.clusters)) == (None, 0)


@pytest.mark.parametrize("arguments", [{"method": "kmeans", "k": 7}, {"smallest": 7}])
def test_too_few_points_are_refused(arguments: dict) -> None:
    with pytest.raises(TooFewPointsError, match=r"6 points, 6 of them different, are too few for"):
        cluster([embedding(moods(CALM, frames=300))], seconds=1.0, **arguments)


def test_points_that_are_all_the_same_are_refused() -> None:
    with pytest.raises(TooFewPointsError, match="20 points, 1 of them different"):
        cluster([embedding(np.ones((1000, 12), np.float32))], seconds=1.0)


@pytest.mark.parametrize("arguments", [{"k": 3}, {"method": "kmeans", "k": 1}, {"smallest": 1}, {"seconds": 0.0}])
def test_arguments_that_make_no_sense_are_refused(arguments: dict) -> None:
    with pytest.raises(ValueError):
        cluster([spoken()], **arguments)


def test_the_picture_names_sizes_and_labels_and_rings_each_medoid() -> None:
    found = cluster([spoken()], seconds=1.0)
    figure = draw_clusters(found)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["0: 20 points\nneutral 100%", "1: 10 points\nangry 100%", "2: 6 points\nsad 100%"]
    assert [text.get_text() for text in figure.axes[0].texts if text.get_text().isdigit()] == ["0", "1", "2"]
    assert "% of the variance)" in figure.axes[0].get_xlabel()


def test_the_page_holds_every_point_and_fetches_nothing() -> None:
    page = clusters_page(cluster([spoken()], seconds=1.0))
    document = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    assert Counter(document["modes"]["cluster"]["groups"]) == {"cluster 0": 20, "cluster 1": 10, "cluster 2": 6}
    assert [ring["text"] for ring in document["rings"]] == ["0", "1", "2"]
    assert ("default-src &#x27;none&#x27;" in page, "http://" in page, "https://" in page) == (True, False, False)
