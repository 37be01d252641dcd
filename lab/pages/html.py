"""One HTML file that needs nothing else: style, script, data and sound are in it, and its policy lets it fetch nothing.

Whatever comes from outside (names of calls, labels, messages) is data in a JSON block that the script reads as text; it cannot
become markup or script, and the content security policy names the hashes of the only script and style that may run.
"""

import base64
import hashlib
import html
import json
import re
from importlib.resources import files
from string import Template
from typing import Any

from monitor.server.pages import dashboard_folder

_MODULES = re.compile(r"^import .*;\n|^export (?=\w)", re.MULTILINE)
"""What ties modules together. A page opened from a file may not load others, so they are put into one."""


def render(template: str, style: str, scripts: tuple[str, ...], title: str, data: Any, sound: bytes = b"") -> str:
    """The page. `scripts` are files of `assets/` in the order in which they depend on each other.

    The palette and theme are the dashboard's own. Raises `ConfigError` where the installation lacks them.
    """
    dashboard, assets = dashboard_folder(), files(__package__) / "assets"
    sheet = (dashboard / "theme.css").read_text("utf-8") + (assets / style).read_text("utf-8")
    sources = [(dashboard / "palette.js").read_text("utf-8"), *((assets / name).read_text("utf-8") for name in scripts)]
    script = "\n".join(_MODULES.sub("", source) for source in sources)
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(sheet)}; img-src data:; "
        "media-src blob: 'self' file:; base-uri 'none'; form-action 'none'"
    )
    return Template((assets / template).read_text("utf-8")).substitute(
        title=html.escape(title),
        policy=html.escape(policy),
        style=sheet,
        script=script,
        data=_json(data),
        sound=base64.b64encode(sound).decode(),
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(data: Any) -> str:
    """JSON that no HTML parser takes for anything else: without `<`, `>` and `&`."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
