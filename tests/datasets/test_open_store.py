"""What may be opened: the store in a folder, and a running service."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import monitor
from monitor.datasets import service as over_rest
from monitor.errors import ConfigError, NotFoundError, StoreError
from tests.server.service import CALM, LOUD, TOKEN, Service
from tests.server.strangers import web_server


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service with the stored call `stored`, 35 s of the customer and 2 s of the agent."""
    service = Service(tmp_path, token=TOKEN)
    service.finished_call("stored", {"customer": [CALM, LOUD] * 17 + [CALM], "agent": [0.0] * 2})
    yield service
    service.stop()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queries by which frames are asked for from now on."""
    seen: list[str] = []
    fetch = over_rest.fetch

    def noted(url: str, path: str, **options: object) -> bytes:
        seen.append(path.partition("?")[2])
        return fetch(url, path, **options)

    monkeypatch.setattr(over_rest, "fetch", noted)
    return seen


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, monitor; print({'numpy', 'xarray', 'pandas', 'pyarrow', 'zarr', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "set()\n"


def test_a_folder_without_a_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"no store at {tmp_path}/none"):
        monitor.open_store(tmp_path / "none")


def test_a_folder_takes_no_token(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a folder takes no token"):
        monitor.open_store(tmp_path, token=TOKEN)


def test_a_service_gives_what_its_store_gives(service: Service) -> None:
    here, there = monitor.open_store(service.settings.store.path), monitor.open_store(service.url, token=TOKEN)
    assert list(there) == ["stored"]
    assert there["stored"]["customer"].identical(here["stored"]["customer"])
    assert there["stored"].to_pandas(embedding="columns").equals(here["stored"].to_pandas(embedding="columns"))
    assert there.catalogue().equals(here.catalogue())


def test_a_service_gives_frames_of_calls_in_progress(service: Service) -> None:
    service.call({"customer": [CALM] * 3}, "live")
    calls = monitor.open_store(service.url, token=TOKEN)
    assert calls["live"].status == "live"
    assert calls.chosen() == ["stored"]


def test_a_service_is_asked_for_no_more_than_is_wanted(service: Service, asked: list[str]) -> None:
    leg = monitor.open_store(service.url, token=TOKEN)["stored"]["customer"]
    leg.speech.sel(time=slice(1.0, 1.5)).load()
    assert asked == ["leg=customer&first=50&count=26"]


def test_a_whole_leg_comes_30_s_at_a_time(service: Service, asked: list[str]) -> None:
    assert len(monitor.open_store(service.url, token=TOKEN)["stored"].to_pandas("customer")) == 1750
    assert asked == ["leg=customer&first=0&count=1500", "leg=customer&first=1500&count=250"]


def test_all_pages_of_the_catalogue_are_read(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.finished_call("second", {"customer": [CALM]})
    service.finished_call("third", {"customer": [CALM]})
    monkeypatch.setattr(over_rest, "PAGE", 1)
    assert list(monitor.open_store(service.url, token=TOKEN)) == ["third", "second", "stored"]


def test_a_call_that_a_service_does_not_have_is_not_found(service: Service) -> None:
    with pytest.raises(NotFoundError, match="call none is not in this store"):
        monitor.open_store(service.url, token=TOKEN)["none"]


def test_a_call_erased_meanwhile_is_not_found(service: Service) -> None:
    leg = monitor.open_store(service.url, token=TOKEN)["stored"]["customer"]
    service.monitor.store.delete("stored")
    with pytest.raises(NotFoundError, match="call stored is not in this store"):
        leg.speech.load()


def test_damage_is_told_by_the_service(service: Service) -> None:
    leg = monitor.open_store(service.url, token=TOKEN)["stored"]["customer"]
    next(service.settings.store.path.glob("calls/*/stored.zarr/customer/logits/c/1/0")).unlink()
    with pytest.raises(StoreError, match="call stored is damaged"):
        leg.load()
    assert np.isfinite(leg.logits[:1500]).all()


def test_a_service_refuses_who_has_no_token(service: Service) -> None:
    with pytest.raises(ConfigError, match="a bearer token is needed"):
        monitor.open_store(service.url)


def test_where_nothing_answers_it_is_said_so() -> None:
    with pytest.raises(ConfigError, match="no service answers there"):
        monitor.open_store("http://127.0.0.1:9")


def test_another_program_is_told_from_a_service() -> None:
    with web_server() as url, pytest.raises(ConfigError, match="another program than emotion-monitor answers there"):
        monitor.open_store(url)
