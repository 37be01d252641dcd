"""Where the dashboard's files are: beside the package in a source checkout, inside it in an installed wheel."""

from pathlib import Path

import monitor
from monitor.errors import ConfigError


def dashboard_folder() -> Path:
    """The folder of the page at `/`. Raises `ConfigError` where the installation lacks it."""
    package = Path(monitor.__file__).parent
    candidates = (package / "_data" / "dashboards", package.parent / "dashboards")
    for folder in candidates:
        if (folder / "index.html").is_file():
            return folder
    raise ConfigError(f"the dashboard's files are not in {' or '.join(map(str, candidates))}: install the program again")
