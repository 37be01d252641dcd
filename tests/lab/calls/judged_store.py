"""A store of real calls whose alerts were judged: right where the customer stays loud, wrong where it was a moment."""

from pathlib import Path

from monitor.store.base import Store
from tests.server.service import CALM, LOUD, Service

RIGHT, WRONG = ("right-1", "right-2"), ("wrong-1", "wrong-2")
RULE = "customer-angry"


def judged_store(folder: Path) -> Store:
    """Four calls of half a minute, each with one judged alert of `customer-angry`; and one that nobody judged."""
    service = Service(folder)
    for call in (*RIGHT, "nobody"):
        service.finished_call(call, {"customer": [CALM] * 6 + [LOUD] * 20, "agent": [0.0] * 26})
    for call in WRONG:
        service.finished_call(call, {"customer": [CALM] * 6 + [LOUD] * 3 + [CALM] * 17, "agent": [0.0] * 26})
    for message in service.monitor.journal.read(0, types=("alert",)):
        if message["status"] == "raised" and message["rule"] == RULE and message["call"] != "nobody":
            service.monitor.handling.judge(message["id"], "Kim", message["call"] in RIGHT)
    service.stop()
    return service.monitor.store
