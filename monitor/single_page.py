"""One HTML file that needs nothing else: style, script and data are in it, and its policy lets it fetch nothing.

Whatever comes from outside (names of calls, labels, messages) is data in a JSON block that the script reads as text; it cannot
become markup or script, and the content security policy names the hashes of the only script and style that may run.
"""

import base64
import hashlib
import html
import json
from string import Template
from typing import Any


def single_page(template: str, style: str, script: str, title: str, data: Any, *, media: str = "", **more: str) -> str:
    """The page. `template` has the places `$title`, `$policy`, `$style`, `$script`, `$data` and those of `more`.

    `media`: what its policy says besides, of sound.
    """
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; "
        f"{media}base-uri 'none'; form-action 'none'"
    )
    return Template(template).substitute(
        title=html.escape(title), policy=html.escape(policy), style=style, script=script, data=_json(data), **more
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(data: Any) -> str:
    """JSON that no HTML parser takes for anything else: without `<`, `>` and `&`."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
