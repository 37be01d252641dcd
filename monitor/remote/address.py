"""Where a service is: how people write its address, and how programs reach it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from monitor.errors import ConfigError
from monitor.loopback import is_loopback

EVENTS_PATH = "/ws/v1/events"
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_HTTP = {"ws": "http", "wss": "https"}


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """The address of a service."""

    http: str
    """Its beginning, to which paths are added: no slash at the end."""
    websocket: str
    """Of the events."""
    local: bool
    """On this machine's loopback: no proxy leads there."""


def service_address(url: str) -> ServiceAddress:
    """Read what a person may write: with or without scheme, port, a slash at the end, or the path of the websocket.

    Raises `ConfigError` where it is no address.

    >>> service_address("localhost:8765/").http, service_address("https://host/monitor").websocket
    ('http://localhost:8765', 'wss://host/monitor/ws/v1/events')
    """
    try:
        parts = urlsplit(url.strip() if "://" in url else f"http://{url.strip()}")
        host, usable = parts.hostname or "", parts.port != 0
    except ValueError:
        host, usable = "", False
    if not (host and usable and parts.scheme in _SCHEMES) or parts.username is not None or parts.query or parts.fragment:
        shown = "what is given" if {"@", "?", "#"} & {*url} else repr(url)  # it may hold a secret
        raise ConfigError(f"not the address of a server: {shown}; write for instance http://127.0.0.1:8765")
    scheme, place = _SCHEMES[parts.scheme], parts.netloc + parts.path.rstrip("/").removesuffix(EVENTS_PATH).rstrip("/")
    return ServiceAddress(f"{_HTTP[scheme]}://{place}", f"{scheme}://{place}{EVENTS_PATH}", is_loopback(host))


def url_of(host: str, port: int) -> str:
    """Where a program on this machine finds a service that listens on a host and port.

    >>> url_of("::1", 8765), url_of("0.0.0.0", 80)
    ('http://[::1]:8765', 'http://127.0.0.1:80')
    """
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def not_ours(url: str, status: int | None = None, location: str | None = None) -> str:
    """What to say where something else than this program answers at an address."""
    if location:
        return f"{url}: sends on to {location}; name that address"
    answer = f"HTTP status {status}" if status else "no HTTP"
    return f"{url}: another program than emotion-monitor answers there ({answer}); name the address of the service"


def no_proxy_for(url: str, error: Exception) -> str:
    """What to say where the proxy that the environment names for an address cannot be used; its own may hold a password."""
    why = str(error) if isinstance(error, ImportError) else "not understood"
    named = "the proxies that the environment names (http_proxy, all_proxy, no_proxy)"
    return f"{url}: {named} cannot be used: {why}; name the host in no_proxy"
