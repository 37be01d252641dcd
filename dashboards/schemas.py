"""Writes the schemas of what the service says, from which `npm run types` makes the types of the page.

`python dashboards/schemas.py FOLDER`, where the program is installed.
"""

import json
import sys
from pathlib import Path

from monitor.server.app import described_app
from monitor.server.schemas import messages_schema


def write_schemas(folder: Path) -> None:
    """Put `messages.json` and `openapi.json` into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in (("messages", messages_schema()), ("openapi", described_app().openapi())):
        (folder / f"{name}.json").write_text(json.dumps(document), "utf-8")


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
