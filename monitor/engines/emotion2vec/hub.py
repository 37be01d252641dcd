"""Models from the hubs, ModelScope and Hugging Face, where this machine has them nowhere.

FunASR, asked for a model without a hub in reach, retries for 22 seconds and then says that the model "is not registered". Here
each hub is asked once, both at the same time, and within the time-out it is known whether one has the model, and if not, why.
"""

import os
import sys
import threading
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from time import monotonic

import httpx

from monitor.engines.emotion2vec.cache import find_cached, modelscope_cache
from monitor.engines.emotion2vec.models import REQUIRED, HubId, resolve
from monitor.errors import EngineError

_WANTED = [*REQUIRED, "configuration.json", "README.md"]


@dataclass(frozen=True, slots=True)
class _Hub:
    name: str
    id: str
    endpoint: str
    question: str
    """Path that, followed by the id, answers 200 where the hub has the model."""
    fetch: Callable[[str, Path | None, str], str]
    """(id, folder or None for the hub's own cache, endpoint) -> folder."""


def locate(model: str | None, timeout: float) -> Path:
    """The folder of a model, fetched from a hub if it is nowhere here.

    `model` as in `resolve`; `timeout` bounds the seconds until it is known whether a hub has it (fetching then takes as long as
    it takes). Raises `EngineError` with the reason and the remedy.
    """
    what = resolve(model)
    if isinstance(what, Path):
        return what
    return find_cached(what) or fetch(what, None, timeout)


def fetch(model: HubId, to: Path | None, timeout: float) -> Path:
    """Fetch a model's files, into the folder `to` or the hub's own cache. Raises `EngineError` as `locate` does."""
    offers = _offers(model)
    reasons = _ask(offers, timeout)
    for offer in offers:
        if reasons[offer.name] is None:
            return _complete(offer, _fetch(offer, to))
    said = "; ".join(f"{name} {reason}" for name, reason in reasons.items())
    raise EngineError(f"no weights for {model}: {said}. {remedy(model)}")


def remedy(model: HubId) -> str:
    """What a person can do whose machine reaches no hub."""
    name = str(model).rpartition("/")[2]
    return (
        f"On a machine that reaches a hub run `emotion-monitor models pull {model} --to {name}`, put that folder anywhere here "
        f"and name it: engine.model: /path/to/{name}; or use engine.name: compact, which needs none."
    )


def _offers(model: HubId) -> list[_Hub]:
    offers = []
    if model.modelscope:
        endpoint = os.environ.get("MODELSCOPE_ENDPOINT") or "https://modelscope.cn"
        offers.append(_Hub("ModelScope", model.modelscope, endpoint.rstrip("/"), "/api/v1/models/", _from_modelscope))
    if model.huggingface:
        endpoint = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
        offers.append(_Hub("Hugging Face", model.huggingface, endpoint.rstrip("/"), "/api/models/", _from_huggingface))
    return offers


def _ask(offers: list[_Hub], timeout: float) -> dict[str, str | None]:
    """Why each hub cannot give the model, or None where it can.

    Threads, because a name server that does not answer holds a look-up for longer than any time-out of a request.
    """
    answers: Queue[tuple[str, str | None]] = Queue()
    reasons: dict[str, str | None] = {offer.name: f"did not answer in {timeout:g} s" for offer in offers}
    for offer in offers:
        threading.Thread(target=lambda hub=offer: answers.put((hub.name, _refusal(hub, timeout))), daemon=True).start()
    deadline = monotonic() + timeout
    for _ in offers:
        try:
            name, reason = answers.get(timeout=max(0.0, deadline - monotonic()))
        except Empty:
            break
        reasons[name] = reason
        if reason is None:
            break
    return reasons


def _refusal(hub: _Hub, timeout: float) -> str | None:
    try:
        answer = httpx.get(hub.endpoint + hub.question + hub.id, timeout=timeout, follow_redirects=True)
    except httpx.TimeoutException:
        return f"did not answer in {timeout:g} s"
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return f"cannot be reached ({error})"
    except (ImportError, ValueError) as error:  # SOCKS without its package, or what is no address
        why = str(error) if isinstance(error, ImportError) else "not understood"
        return f"cannot be reached (the proxies that the environment names, http_proxy, all_proxy, no_proxy: {why})"
    if answer.status_code in (401, 404):
        return f"has no public model {hub.id}"
    return None if answer.is_success else f"answered {answer.status_code} {answer.reason_phrase}"


def _fetch(hub: _Hub, to: Path | None) -> Path:
    try:
        with redirect_stdout(sys.stderr):  # their progress belongs beside the output, not in it
            return Path(hub.fetch(hub.id, to, hub.endpoint))
    except Exception as error:  # the hubs' clients raise whatever their many layers raise
        reason = " ".join(str(error).split())
        raise EngineError(f"fetching {hub.id} from {hub.name} failed: {reason}. Run it again to go on.") from error


def _complete(hub: _Hub, folder: Path) -> Path:
    missing = [name for name in REQUIRED if not (folder / name).is_file()]
    if missing:
        raise EngineError(
            f"{hub.id} on {hub.name} is no emotion2vec model with an emotion head: it has no {', '.join(missing)}"
        )
    return folder


def _from_modelscope(name: str, to: Path | None, endpoint: str) -> str:
    from modelscope.hub.snapshot_download import snapshot_download  # type: ignore[import-untyped]

    where = {"cache_dir": str(modelscope_cache())} if to is None else {"local_dir": str(to)}
    return str(snapshot_download(name, allow_patterns=_WANTED, endpoint=endpoint, **where))


def _from_huggingface(name: str, to: Path | None, endpoint: str) -> str:
    from huggingface_hub import snapshot_download

    return str(snapshot_download(name, local_dir=to, allow_patterns=_WANTED, endpoint=endpoint))
