"""Pages of what was heard, each one HTML file that needs nothing else (`monitor/single_page.py`)."""

import base64
import re
from importlib.resources import files
from typing import Any

from monitor.single_page import single_page

_MODULES = re.compile(r"^import .*;\n|^export (?=\w)", re.MULTILINE)
"""What ties modules together. A page opened from a file may not load others, so they are put into one."""


def render(template: str, style: str, scripts: tuple[str, ...], title: str, data: Any, sound: bytes = b"") -> str:
    """The page. `scripts` are files of `assets/` in the order in which they depend on each other."""
    assets = files(__package__) / "assets"
    sheet = (assets / "theme.css").read_text("utf-8") + (assets / style).read_text("utf-8")
    sources = [(assets / name).read_text("utf-8") for name in ("palette.js", *scripts)]
    return single_page(
        (assets / template).read_text("utf-8"),
        sheet,
        "\n".join(_MODULES.sub("", source) for source in sources),
        title,
        data,
        media="media-src blob: 'self' file:; ",
        sound=base64.b64encode(sound).decode(),
    )
