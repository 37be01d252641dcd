"""What whoever started a call said of it, and what it is asked for: by rules, by sinks, by lists of calls."""

import json
from collections.abc import Collection, Mapping
from typing import Any


def text_of(value: Any) -> str:
    """A value of a call's metadata as it is compared: text as it stands, everything else as JSON writes it.

    >>> text_of("billing"), text_of(7), text_of(True), text_of(["de", "en"])
    ('billing', '7', 'true', '["de", "en"]')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def fits(wanted: Mapping[str, Collection[str]], metadata: Mapping[str, Any]) -> bool:
    """Whether a call has every key that is wanted, with one of its values, letter by letter.

    >>> fits({"queue": ("billing", "sales")}, {"queue": "billing"}), fits({"queue": ("billing",)}, {})
    (True, False)
    """
    return all(key in metadata and text_of(metadata[key]) in values for key, values in wanted.items())
