"""A protocol by which calls come to the server: the media streams of a vendor."""

import base64
import json
from collections.abc import Iterator, Sequence

from monitor.errors import ConfigError
from monitor.sources.incoming.call import Begin, End, Heard, IncomingCall, Message, Sound


class AcmeCall(IncomingCall):
    """The media streams of Acme telephones: JSON with mu-law in base64."""

    kind = "acme"
    route = "acme"

    def __init__(self) -> None:
        self._begun = False

    def hear(self, message: Message) -> Iterator[Heard]:
        """See `IncomingCall`."""
        try:
            match json.loads(message):
                case {"event": "start", "callId": str(call)} if not self._begun:
                    self._begun = True
                    yield Begin(("customer",), rate=8_000, encoding="mulaw", call=call)
                case {"event": "media", "payload": str(payload)} if self._begun and 0 < len(payload) <= 10_000:
                    yield Sound("customer", base64.b64decode(payload, validate=True))
                case {"event": "stop"} if self._begun:
                    yield End()
                case _:
                    raise ConfigError("expected the event start, then media, then stop")
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"not a message of Acme: {error}") from None

    def started(self, call: str) -> Sequence[Message]:
        """See `IncomingCall`."""
        return []

    def ended(self, call: str, reason: str) -> Sequence[Message]:
        """See `IncomingCall`."""
        return [json.dumps({"event": "stopped", "reason": reason})]

    def wrong(self, code: str, message: str) -> Sequence[Message]:
        """See `IncomingCall`."""
        return [json.dumps({"event": "error", "text": message})]
