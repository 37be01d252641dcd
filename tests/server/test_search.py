"""Searching over REST: by moment, clip and array; the index follows the calls of a service, and forgets what is erased."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from monitor.analysis.search import index_of, update
from monitor.config.sections import AnalysisSection, PrivacySection
from monitor.errors import ConfigError
from tests.server.conftest import StartService
from tests.server.service import CALM, LOUD, Service, wait_until


def npy(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def wav(seconds: float, channels: int = 1) -> bytes:
    file = io.BytesIO()
    sound = np.full((int(16_000 * seconds), channels), 0.5) * np.sign(np.sin(np.arange(int(16_000 * seconds))))[:, None]
    soundfile.write(file, sound, 16_000, format="WAV", subtype="PCM_16")
    return file.getvalue()


def found(service: Service, query: str) -> Any:
    return service.http().get(f"/api/v1/search?{query}").json()


@pytest.fixture
def indexed(start_service: StartService) -> Service:
    """A service that keeps an index, with two calls in it."""
    service = start_service(analysis=AnalysisSection(index=True))
    service.finished_call("one", {"customer": [LOUD] * 4})
    service.finished_call("two", {"customer": [LOUD] * 4, "agent": [CALM] * 4})
    wait_until(lambda: found(service, "like=one@0-4/customer").get("indexed", {}).get("calls") == 2)
    return service


def test_a_call_is_found_once_it_ended(indexed: Service) -> None:
    answer = found(indexed, "like=one@0-4/customer")
    assert {(one["call"], one["leg"]) for one in answer["found"]} == {("two", "customer"), ("two", "agent")}
    assert indexed.http().get(answer["found"][0]["frames"]).json()["leg"] == answer["found"][0]["leg"]


def test_an_erased_call_is_found_no_more(indexed: Service) -> None:
    assert indexed.http().delete("/api/v1/calls/two/data").status_code == 200
    assert found(indexed, "like=one@0-4/customer")["found"] == []


def test_a_clip_is_heard_by_the_engine_in_use(indexed: Service) -> None:
    answer = indexed.http().post("/api/v1/search?k=2", content=wav(4.0)).json()
    assert {one["call"] for one in answer["found"]} <= {"one", "two"}
    assert (answer["like"], len(answer["found"])) == ("the body", 2)


def test_an_array_is_searched_where_it_is_said_to_be_of_the_same_engine(indexed: Service) -> None:
    array = npy(np.ones(4, np.float32))
    assert len(indexed.http().post("/api/v1/search?k=1&same_engine=true", content=array).json()["found"]) == 1
    refused = indexed.http().post("/api/v1/search", content=array)
    assert (refused.status_code, "the body does not say" in refused.json()["error"]["message"]) == (422, True)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the body is empty"),
        (b"no sound at all" * 20, "the body"),
        (npy(np.ones(4))[:-3], "the body is cut short"),
        (npy(np.ones(5, np.float32)), "5 features"),
        (wav(61.0), "lasts longer than 60 s"),
        (wav(1.0, channels=2), "2 channel"),
        (wav(0.01), "the body"),
    ],
)
def test_a_body_that_cannot_be_searched_for_is_refused_with_its_reason(indexed: Service, body: bytes, said: str) -> None:
    answer = indexed.http().post("/api/v1/search?same_engine=true", content=body)
    assert answer.status_code == 422
    assert said in answer.json()["error"]["message"]
    assert "/tmp" not in answer.text


def test_a_body_that_is_too_large_is_refused(indexed: Service) -> None:
    assert indexed.http().post("/api/v1/search", content=b"\0" * (16 * 2**20 + 1)).status_code == 413


def test_a_clip_of_a_leg_that_may_not_be_analysed_is_refused(start_service: StartService) -> None:
    service = start_service(privacy=PrivacySection(subjects=("customer",)))
    answer = service.http().post("/api/v1/search?leg=agent", content=wav(1.0))
    assert (answer.status_code, "may not be analysed" in answer.json()["error"]["message"]) == (422, True)


def test_an_index_that_another_process_made_is_searched(service: Service) -> None:
    service.finished_call("one", {"customer": [LOUD] * 8})
    index = index_of(service.monitor.store)
    assert index is not None
    update(index, service.monitor.store)
    assert [one["start"] for one in found(service, "like=one@0-4/customer")["found"]] == [4.0]


def test_without_an_index_the_answer_says_how_to_make_one(service: Service) -> None:
    service.finished_call("one", {"customer": [LOUD] * 2})
    answer = service.http().get("/api/v1/search?like=one/customer")
    assert (answer.status_code, "search build" in answer.json()["error"]["message"]) == (404, True)


def test_a_store_without_files_keeps_no_index(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="keeps no files"):
        Service(tmp_path, store="memory", analysis=AnalysisSection(index=True))


def test_what_ended_before_the_service_began_is_taken_in(start_service: StartService) -> None:
    first = start_service()
    first.finished_call("before", {"customer": [LOUD] * 8})
    first.stop()
    second = start_service(analysis=AnalysisSection(index=True))
    wait_until(lambda: len(found(second, "like=before@0-4/customer").get("found", [])) == 1)
