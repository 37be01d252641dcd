"""One request to a service, and its answer; whatever is at the other end, the error is one line."""

from dataclasses import dataclass
from typing import Any

import httpx

from monitor.errors import ConfigError
from monitor.server.address import no_proxy_for, not_ours, service_address
from monitor.server.token import authorization


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


def ask(url: str, method: str, path: str, body: Any = None, *, token: str | None = None, timeout: float = 10.0) -> Answer:
    """Ask the service at `url`. Raises `NoServiceError`, or `ConfigError` where `url` is no address."""
    address = service_address(url)
    headers = authorization(token)
    try:
        with httpx.Client(trust_env=not address.local, timeout=timeout, headers=headers) as client:
            answer = client.request(method, address.http + path, json=body)
    except httpx.RemoteProtocolError:
        raise NoServiceError(not_ours(address.http)) from None
    except httpx.HTTPError as error:
        said = str(error) or type(error).__name__
        raise NoServiceError(
            f"{address.http}: no service answers there ({said}); start one with: emotion-monitor serve"
        ) from None
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise NoServiceError(no_proxy_for(address.http, error)) from None
    try:
        document = answer.json() if answer.content else {}
        well = isinstance(document, dict) and (answer.is_success or "message" in document.get("error", ()))
    except ValueError:
        well = False
    if not well:
        raise NoServiceError(not_ours(address.http, answer.status_code, answer.headers.get("location")))
    return Answer(answer.status_code, document)
