"""A sink that puts each event into a file of its own, for another program to take."""

import json
from pathlib import Path

from monitor.config.section import Section
from monitor.sinks.base import Delivery, DeliveryError, Sink


class SpoolOptions(Section):
    """What stands under `options:`."""

    folder: Path
    """Where the files go."""


class SpoolSink(Sink):
    """Spools events."""

    Options = SpoolOptions

    def __init__(self, options: SpoolOptions) -> None:
        self._folder = options.folder

    def deliver(self, delivery: Delivery) -> None:
        """Write a file that appears whole, and once however often it is delivered."""
        part = self._folder / f"{delivery.id}.part"
        try:
            part.write_text(json.dumps(delivery.message), encoding="utf-8")
            part.replace(part.with_suffix(".json"))
        except OSError as error:
            raise DeliveryError(f"{self._folder}: {error.strerror}") from None
