"""One request to a service, and its answer; whatever is at the other end, the error is one line."""

from dataclasses import dataclass
from typing import Any

import httpx

from monitor.errors import ConfigError, MonitorError, NotFoundError, StoreError
from monitor.remote.address import ServiceAddress, no_proxy_for, not_ours, service_address
from monitor.remote.token import authorization


class NoServiceError(ConfigError):
    """Nothing answers at an address, or something that is no service."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said."""

    status: int
    document: dict[str, Any]
    """Its JSON."""

    @property
    def refusal(self) -> str | None:
        """Why the service said no; None where it did not."""
        return None if self.status < 400 else str(self.document["error"]["message"])

    def error(self) -> MonitorError | None:
        """The same as an error of the kind that the service met; None where it did not refuse."""
        kinds: dict[int, type[MonitorError]] = {kind.http_status: kind for kind in (NotFoundError, StoreError)}
        return None if self.refusal is None else kinds.get(self.status, ConfigError)(self.refusal)


def ask(url: str, method: str, path: str, body: Any = None, *, token: str | None = None, timeout: float = 10.0) -> Answer:
    """Ask the service at `url`. Raises `NoServiceError`, or `ConfigError` where `url` is no address."""
    address = service_address(url)
    return _understood(address, _request(address, method, path, body, token, timeout))


def fetch(url: str, path: str, *, token: str | None = None, timeout: float = 10.0) -> bytes:
    """What the service at `url` has at a path, not looked at. Raises as `ask` does, and `Answer.error` where it refuses."""
    address = service_address(url)
    answer = _request(address, "GET", path, None, token, timeout)
    if not answer.is_success and (refusal := _understood(address, answer).error()) is not None:
        raise refusal
    return answer.content


def _request(address: ServiceAddress, method: str, path: str, body: Any, token: str | None, timeout: float) -> httpx.Response:
    headers = authorization(token)
    try:
        with httpx.Client(trust_env=not address.local, timeout=timeout, headers=headers) as client:
            return client.request(method, address.http + path, json=body)
    except httpx.RemoteProtocolError:
        raise NoServiceError(not_ours(address.http)) from None
    except httpx.HTTPError as error:
        said = str(error) or type(error).__name__
        raise NoServiceError(
            f"{address.http}: no service answers there ({said}); start one with: emotion-monitor serve"
        ) from None
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise NoServiceError(no_proxy_for(address.http, error)) from None


def _understood(address: ServiceAddress, answer: httpx.Response) -> Answer:
    try:
        document = answer.json() if answer.content else {}
        well = isinstance(document, dict) and (answer.is_success or "message" in document.get("error", ()))
    except ValueError:
        well = False
    if not well:
        raise NoServiceError(not_ours(address.http, answer.status_code, answer.headers.get("location")))
    return Answer(answer.status_code, document)
