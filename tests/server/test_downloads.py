"""What is kept of a call, over REST: its sound, and its frames as files for other programs."""

import csv
import json
from collections.abc import Iterator
from io import BytesIO, StringIO
from typing import Any

import numpy as np
import pytest
import soundfile

from monitor.config.sections import PrivacySection
from monitor.extras import lacking
from tests.server.service import CALM, LOUD, Service

EXPORT = "/api/v1/calls/c1/export"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a call of two legs, of which the agent's may not be analysed, and one of a single leg."""
    service = Service(tmp_path_factory.mktemp("downloads"), audio="flac", privacy=PrivacySection(subjects=("customer",)))
    service.finished_call("c1", {"customer": [LOUD] * 4, "agent": [CALM] * 4})
    service.finished_call("alone", {"customer": [LOUD] * 2})
    yield service
    service.stop()


def get(service: Service, path: str, status: int = 200) -> Any:
    answer = service.http().get(path)
    assert answer.status_code == status, answer.text
    return answer


def sound(service: Service, query: str = "", call: str = "c1") -> np.ndarray:
    samples, _ = soundfile.read(BytesIO(get(service, f"/api/v1/calls/{call}/sound{query}").content), always_2d=True)
    return np.asarray(samples)


def test_a_call_says_of_which_legs_there_is_sound(service: Service, shared: Service) -> None:
    assert get(service, "/api/v1/calls/c1").json()["sound"] == ["customer", "agent"]
    assert get(shared, "/api/v1/calls/stored").json()["sound"] == []


def test_the_sound_has_the_customer_left_and_the_agent_right(service: Service) -> None:
    samples = sound(service)
    assert samples.shape == (64_000, 2)
    assert np.abs(samples).max(axis=0) == pytest.approx([LOUD, CALM], abs=0.01)
    np.testing.assert_array_equal(samples, sound(service, "?leg=both"))


def test_one_leg_or_a_stretch_may_be_asked_for(service: Service) -> None:
    whole = sound(service)
    np.testing.assert_array_equal(sound(service, "?leg=agent&from=1&to=2.5"), whole[16_000:40_000, 1:])
    assert sound(service, call="alone").shape == (32_000, 1)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("leg=mixed", 404, "not_found"),
        ("leg=left", 422, "request"),
        ("from=3&to=2", 422, "config"),
        ("from=-1", 422, "request"),
    ],
)
def test_what_cannot_be_heard_is_refused_with_the_reason(service: Service, query: str, status: int, code: str) -> None:
    assert get(service, f"/api/v1/calls/c1/sound?{query}", status).json()["error"]["code"] == code


def test_where_no_sound_was_kept_the_answer_says_so(shared: Service) -> None:
    error = get(shared, "/api/v1/calls/stored/sound", 404).json()["error"]
    assert (error["code"], "store.audio" in error["message"]) == ("no_sound", True)


def test_arrays_are_those_of_the_store(service: Service) -> None:
    frames = service.monitor.store.open("c1").read("customer")
    for name in ("embedding", "logits"):
        np.testing.assert_array_equal(
            np.load(BytesIO(get(service, f"{EXPORT}/{name}.npy?leg=customer").content)), getattr(frames, name)
        )
    folder = service.settings.store.path / "snapshots" / "c1" / "customer"
    assert get(service, f"{EXPORT}/utterance.npy?leg=customer").content == (folder / "utterance.npy").read_bytes()


def test_result_json_is_that_of_the_store(service: Service) -> None:
    folder = service.settings.store.path / "snapshots" / "c1" / "customer"
    written, told = json.loads((folder / "result.json").read_text()), get(service, f"{EXPORT}/result.json?leg=customer").json()
    assert {**told, "written_at": ""} == {**written, "written_at": ""}


def test_csv_has_a_row_a_frame_and_leaves_empty_what_may_not_be_known(service: Service) -> None:
    rows = list(csv.DictReader(StringIO(get(service, f"{EXPORT}/frames.csv").text)))
    customer = service.monitor.store.open("c1").read("customer")
    chances = np.exp(customer.logits[120]) / np.exp(customer.logits[120]).sum()
    assert [row["leg"] for row in rows] == ["customer"] * 200 + ["agent"] * 200
    assert float(rows[120]["time"]) == 2.4
    assert [float(rows[120][label]) for label in service.monitor.inference.info.labels] == pytest.approx(chances, abs=1e-4)
    assert (rows[320]["speech"] != "", rows[320]["angry"], rows[320]["valence"]) == (True, "", "")


@pytest.mark.skipif(bool(lacking("analysis")), reason="needs the extra analysis")
def test_parquet_has_the_rows_of_an_export(service: Service) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(BytesIO(get(service, f"{EXPORT}/frames.parquet?leg=customer").content))
    assert (table.num_rows, set(table["leg"].to_pylist())) == (200, {"customer"})


def test_without_what_parquet_needs_the_answer_says_how_to_get_it(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.extras.lacking", lambda _: ("pyarrow",))
    error = get(service, f"{EXPORT}/frames.parquet", 422).json()["error"]
    assert "pip install 'emotion-monitor[analysis]'" in error["message"]


@pytest.mark.parametrize("path", ["embedding.npy?leg=mixed", "result.json?leg=mixed", "frames.csv?leg=mixed"])
def test_a_leg_that_there_is_not_is_refused(service: Service, path: str) -> None:
    assert get(service, f"{EXPORT}/{path}", 404).json()["error"]["code"] == "not_found"
