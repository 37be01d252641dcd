"""What a webhook's receiver gets, and what its answers mean."""

import base64
import hashlib
import hmac
import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.conformance.followed_journal import AT_ONCE, FOR_HOURS, Following, alert, section
from monitor.errors import ConfigError
from monitor.sinks.base import Delivery, DeliveryError, RejectedError
from monitor.sinks.webhook import WebhookOptions, WebhookSink, retry_after
from monitor.store.zarr.store import ZarrStore
from tests.server.service import wait_until
from tests.sinks.receiver import SECRET, Receiver, Request, running_receiver

OLD_SECRET = "whsec_" + base64.b64encode(b"another key of enough bytes").decode()


def options(receiver: Receiver, **changes: Any) -> dict[str, Any]:
    return {"url": receiver.url, "secret": SECRET, **changes}


def delivered(receiver: Receiver, delivery: Delivery | None = None, **changes: Any) -> None:
    """Deliver a message by a sink of its own."""
    sink = WebhookSink(WebhookOptions(**options(receiver, **changes)))
    try:
        sink.deliver(delivery or Delivery.test("desk"))
    finally:
        sink.close()


def expected_signature(request: Request, secret: str) -> str:
    """Worked out as a receiver does by the text of the Standard Webhooks specification."""
    signed = b".".join([request.headers["webhook-id"].encode(), request.headers["webhook-timestamp"].encode(), request.body])
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def test_a_request_is_signed_with_the_secret_over_id_time_and_body(receiver: Receiver) -> None:
    delivered(receiver)
    request = receiver.requests[0]
    assert request.headers["webhook-signature"] == expected_signature(request, SECRET)
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 300
    assert request.headers["content-type"] == "application/json"


def verification() -> Callable[[Mapping[str, str], bytes, str], bool]:
    """What docs/sinks.md gives to receivers."""
    text = (Path(__file__).parents[2] / "docs" / "sinks.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[0], names)
    found: Callable[[Mapping[str, str], bytes, str], bool] = names["is_genuine"]
    return found


def test_the_documented_verification_tells_what_is_genuine_from_what_is_not(receiver: Receiver) -> None:
    delivered(receiver, old_secret=OLD_SECRET)
    request, is_genuine = receiver.requests[0], verification()
    late = {**request.headers, "webhook-timestamp": str(int(time.time()) - 3600)}
    assert is_genuine(request.headers, request.body, SECRET)
    assert is_genuine(request.headers, request.body, OLD_SECRET)
    assert not is_genuine(request.headers, request.body + b" ", SECRET)
    assert not is_genuine(request.headers, request.body, "whsec_AAAA" + SECRET[10:])
    assert not is_genuine(late, request.body, SECRET)


def test_while_a_secret_is_replaced_both_sign(receiver: Receiver) -> None:
    delivered(receiver, old_secret=OLD_SECRET)
    request = receiver.requests[0]
    assert request.headers["webhook-signature"].split(" ") == [
        expected_signature(request, SECRET),
        expected_signature(request, OLD_SECRET),
    ]


def test_the_body_is_the_event_as_the_journal_has_it(receiver: Receiver, store: ZarrStore) -> None:
    message = alert(store.journal, "Anrufer-ü", message="grün & <laut>")
    delivered(receiver, Delivery.of(message))
    assert json.loads(receiver.requests[0].body) == message


def test_an_event_has_one_id_at_every_attempt_and_after_a_restart(
    receiver: Receiver, store: ZarrStore, following: Following
) -> None:
    receiver.status = 500
    often = section("webhook", options(receiver), {"attempts": 1_000, "first_pause": 0.01, "longest_pause": 0.01})
    follower = following.start(desk=often)["desk"]
    alert(store.journal)
    wait_until(lambda: follower.counts.failed > 2)
    following.close()
    receiver.status = 200
    following.start(desk=often)
    wait_until(lambda: len(receiver.received) == 1)
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1


def test_no_two_events_share_an_id(store: ZarrStore) -> None:
    messages = [alert(store.journal), alert(store.journal), alert(store.journal, "call-2")]
    elsewhere = {**messages[0], "recorded_at": "2026-01-01T00:00:00.000+00:00"}
    ids = {Delivery.of(message).id for message in [*messages, elsewhere]}
    assert len(ids) == 4
    assert not any("." in name for name in ids)  # which is what parts an id from the time in what is signed


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_status_of_success_is_that_it_arrived(status: int, receiver: Receiver) -> None:
    receiver.status = status
    delivered(receiver)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
def test_a_refusal_is_given_up_at_once(status: int, receiver: Receiver, store: ZarrStore, following: Following) -> None:
    receiver.status = status
    follower = following.start(desk=section("webhook", options(receiver), FOR_HOURS))["desk"]
    alert(store.journal)
    wait_until(lambda: follower.counts.dead_lettered == 1)
    letters = store.sink_state("desk").letters.read()
    assert [(letter.attempts, letter.reason) for letter in letters] == [(1, f"HTTP status {status}")]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(status: int, receiver: Receiver, store: ZarrStore, following: Following) -> None:
    receiver.status = status
    often = {"attempts": 3, **AT_ONCE}
    follower = following.start(desk=section("webhook", options(receiver), often))["desk"]
    alert(store.journal)
    wait_until(lambda: follower.counts.dead_lettered == 1)
    assert (follower.counts.failed, follower.counts.retried, len(receiver.requests)) == (3, 2, 3)


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry-after": "120"}, 120, 120),
        ({"retry-after": "Fri, 01 Jan 2100 00:00:00 GMT"}, 3600 * 24 * 365, 3600 * 24 * 365 * 100),
        ({"retry-after": "Fri, 01 Jan 1999 00:00:00 GMT"}, 0, 0),
    ],
)
def test_retry_after_is_passed_on(headers: Mapping[str, str], least: float, most: float, receiver: Receiver) -> None:
    receiver.status, receiver.answer_headers = 503, dict(headers)
    with pytest.raises(DeliveryError) as caught:
        delivered(receiver)
    assert caught.value.retry_after is not None
    assert least <= caught.value.retry_after <= most


@pytest.mark.parametrize("text", ["", "soon", "-3", "1e9", "9" * 30])
def test_a_retry_after_that_says_nothing_is_none(text: str, receiver: Receiver) -> None:
    receiver.status, receiver.answer_headers = 503, {"retry-after": text}
    with pytest.raises(DeliveryError) as caught:
        delivered(receiver)
    assert caught.value.retry_after is None


DATES = r"(Fri, )?\d{1,3} [A-Z][a-z]{2} \d{1,11} \d{1,3}:\d{1,3}(:\d{1,3})?( GMT| [+-]\d{1,11})?"


@given(st.text() | st.from_regex(DATES, fullmatch=True))
@example("0 Jan 3000000000 0:0 GMT")
def test_any_retry_after_is_a_time_to_wait_or_none(text: str) -> None:
    found = retry_after(text)
    assert found is None or found >= 0


def test_a_receiver_that_asks_for_time_is_left_alone(receiver: Receiver, store: ZarrStore, following: Following) -> None:
    receiver.status, receiver.answer_headers = 429, {"retry-after": "3000"}
    follower = following.start(desk=section("webhook", options(receiver), AT_ONCE))["desk"]
    alert(store.journal)
    wait_until(lambda: follower.counts.failed == 1)
    alert(store.journal)
    following.close(farewell=3_000)
    assert len(receiver.requests) == 1


def test_a_redirection_is_not_followed(receiver: Receiver) -> None:
    with running_receiver() as other:
        receiver.status, receiver.answer_headers = 307, {"location": other.url}
        with pytest.raises(RejectedError, match="HTTP status 307: redirections are not followed"):
            delivered(receiver)
        assert other.requests == []


def test_a_receiver_that_does_not_answer_is_told_by_its_host_alone(receiver: Receiver) -> None:
    receiver.gate.clear()
    with pytest.raises(DeliveryError, match=r"^127\.0\.0\.1 gave no answer in 0\.05 s$"):
        delivered(receiver, timeout=0.05)


def test_a_receiver_that_is_not_there_is_told() -> None:
    gone = Receiver()
    with socket.socket() as unheard:  # holds a port at which nobody listens
        unheard.bind(("127.0.0.1", 0))
        gone.url = f"http://127.0.0.1:{unheard.getsockname()[1]}/"
        with pytest.raises(DeliveryError, match=r"^127\.0\.0\.1 cannot be reached: .*refused"):
            delivered(gone)


def test_a_receiver_that_holds_a_request_holds_up_neither_the_end_nor_the_event(
    receiver: Receiver, store: ZarrStore, following: Following
) -> None:
    receiver.gate.clear()
    slow = section("webhook", options(receiver, timeout=120))
    following.start(desk=slow)
    told = alert(store.journal)
    assert receiver.waiting.wait(60)
    following.close(farewell=0)
    assert store.sink_state("desk").position() == told["seq"] - 1


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="making a certificate needs: apt install openssl")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with a key and a certificate of 127.0.0.1 that nobody trusts."""
    path = tmp_path / "own.pem"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", str(path), "-out", str(tmp_path / "cert.pem")]
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(["openssl", "req", "-x509", *kind, *files, *name], check=True, capture_output=True)
    path.write_text(path.read_text() + (tmp_path / "cert.pem").read_text())
    return path


@needs_openssl
def test_a_certificate_that_nobody_trusts_is_refused(certificate: Path) -> None:
    with running_receiver(certificate) as secure, pytest.raises(DeliveryError, match="certificate verify failed"):
        delivered(secure)


@needs_openssl
def test_a_certificate_of_ones_own_is_trusted_where_it_is_named(certificate: Path) -> None:
    with running_receiver(certificate) as secure:
        delivered(secure, ca_file=certificate.with_name("cert.pem"))
        assert len(secure.received) == 1


def test_a_file_of_certificates_that_holds_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("none")
    with pytest.raises(ConfigError, match=r"ca_file .*ca\.pem: cannot be read as certificates"):
        WebhookSink(WebhookOptions(url="https://example.com/", secret=SECRET, ca_file=tmp_path / "ca.pem"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "desk",
        "ftp://example.com/",
        "https://",
        "https://user:word@example.com/",
        "https://example.com:0/",
        "https://a b/",
        "//x",
    ],
)
def test_what_is_no_address_to_post_to_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="not an address to post to"):
        WebhookOptions(url=url, secret=SECRET)  # type: ignore[arg-type]


def test_events_do_not_cross_a_network_in_the_clear_unless_that_is_wanted() -> None:
    with pytest.raises(ValidationError, match="unencrypted: write https, or set plain_http: true"):
        WebhookOptions(url="http://desk.internal/", secret=SECRET)  # type: ignore[arg-type]
    assert WebhookOptions(url="http://desk.internal/", secret=SECRET, plain_http=True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64 at all!!!!!!!!!!"]
)
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    with pytest.raises(ValidationError, match="openssl rand -base64 32"):
        WebhookOptions(url="https://example.com/", secret=secret)  # type: ignore[arg-type]


PROXIES = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]


def proxied(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Have the environment name a proxy for everything."""
    for name in PROXIES:
        monkeypatch.setenv(name, address)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)


def test_a_proxy_of_the_environment_leads_to_others_and_not_to_this_machine(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_receiver() as proxy:
        proxied(monkeypatch, proxy.url.removesuffix("/hooks/calls"))
        delivered(receiver)
        sink = WebhookSink(WebhookOptions(url="http://desk.example/", secret=SECRET, plain_http=True))  # type: ignore[arg-type]
        sink.deliver(Delivery.test("desk"))
        sink.close()
        assert (len(receiver.received), len(proxy.received)) == (1, 1)
        assert proxy.requests[0].headers["host"] == "desk.example"


def test_a_proxy_that_cannot_be_used_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    proxied(monkeypatch, "gopher://proxy:1/")
    with pytest.raises(ConfigError, match="the proxy that the environment names cannot be used"):
        WebhookSink(WebhookOptions(url="https://desk.example/", secret=SECRET))  # type: ignore[arg-type]
