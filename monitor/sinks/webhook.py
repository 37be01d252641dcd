"""A sink that posts each event to a web address, signed by the Standard Webhooks specification."""

import json
import ssl
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import httpx
from pydantic import Field, SecretStr, field_validator, model_validator

from monitor import __version__
from monitor.config.section import Seconds, Section
from monitor.errors import ConfigError
from monitor.loopback import is_loopback
from monitor.sinks.base import Delivery, DeliveryError, RejectedError, Sink
from monitor.sinks.signature import secret_key, signature

_AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
"""Refusals that pass."""


class WebhookOptions(Section):
    """What `webhook` takes."""

    url: str
    """https; http only to this machine, unless `plain_http`."""
    secret: SecretStr
    """`whsec_` and the base64 of 24 to 64 bytes, with which events are signed."""
    secret_file: Path | None = None
    old_secret: SecretStr | None = None
    """While a secret is replaced: events are signed with both."""
    old_secret_file: Path | None = None
    timeout: Seconds = Field(default=10.0, gt=0, le=120)
    """For the connection, and for each part of the answer."""
    ca_file: Path | None = None
    """Certificates (PEM) to be trusted beside the public ones."""
    plain_http: bool = False
    """Let events go over a network unencrypted."""

    @field_validator("url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            right = bool(parts.hostname) and parts.port != 0 and parts.username is None and not parts.fragment
        except ValueError:
            right = False
        # The value is not shown: a path or query may be as good as a password.
        if not right or parts.scheme not in ("http", "https") or not (value.isascii() and value.isprintable()) or " " in value:
            raise ValueError("not an address to post to; write for instance https://example.com/hooks/calls")
        return value

    @field_validator("secret", "old_secret")
    @classmethod
    def _fit_for_signing(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            secret_key(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _encrypted(self) -> "WebhookOptions":
        if urlsplit(self.url).scheme == "http" and not (self.plain_http or self.local):
            raise ValueError("events would cross the network unencrypted: write https, or set plain_http: true")
        return self

    @property
    def local(self) -> bool:
        """Whether the receiver is this machine: no proxy leads there."""
        return is_loopback(urlsplit(self.url).hostname or "")


class WebhookSink(Sink):
    """Posts to a web address. Follows no redirection, and reads no body of an answer."""

    Options: ClassVar[type[Section]] = WebhookOptions

    def __init__(self, options: WebhookOptions) -> None:
        self._url = options.url
        self._host = urlsplit(options.url).hostname
        self._timeout = options.timeout
        secrets = [secret for secret in (options.secret, options.old_secret) if secret is not None]
        self._keys = [secret_key(secret.get_secret_value()) for secret in secrets]
        try:
            self._client = httpx.Client(
                timeout=options.timeout,
                verify=_trusted(options) if options.url.startswith("https:") else False,
                trust_env=not options.local,
                follow_redirects=False,
                headers={"user-agent": f"emotion-monitor/{__version__}", "content-type": "application/json"},
            )
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            raise ConfigError(f"the proxy that the environment names cannot be used ({type(error).__name__})") from None

    def deliver(self, delivery: Delivery) -> None:
        """Post an event; a status of 2xx is that the other side has it."""
        body = json.dumps(delivery.message, ensure_ascii=False, separators=(",", ":")).encode()
        now = int(time.time())
        headers = {
            "webhook-id": delivery.id,
            "webhook-timestamp": str(now),
            "webhook-signature": " ".join(signature(key, delivery.id, now, body) for key in self._keys),
        }
        try:
            with self._client.stream("POST", self._url, content=body, headers=headers) as answer:
                _judge(answer)
        except httpx.TimeoutException:
            raise DeliveryError(f"{self._host} gave no answer in {self._timeout:g} s") from None
        except httpx.HTTPError as error:
            raise DeliveryError(f"{self._host} cannot be reached: {error or type(error).__name__}") from None

    def close(self) -> None:
        """Close connections."""
        self._client.close()


def _trusted(options: WebhookOptions) -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    if options.ca_file is not None:
        try:
            context.load_verify_locations(options.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"ca_file {options.ca_file}: cannot be read as certificates: {error.strerror or error}") from None
    return context


def _judge(answer: httpx.Response) -> None:
    status = answer.status_code
    if answer.is_success:
        return
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _AGAIN:
        raise DeliveryError(f"HTTP status {status}", retry_after(answer.headers.get("retry-after", "")))
    if answer.is_redirect:
        raise RejectedError(f"HTTP status {status}: redirections are not followed; name the address that it leads to")
    raise RejectedError(f"HTTP status {status}")


def retry_after(text: str) -> float | None:
    """Seconds that the header asks for (RFC 9110, section 10.2.3); None where it is not there, or says nothing sensible.

    >>> retry_after("120"), retry_after("soon")
    (120.0, None)
    """
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
