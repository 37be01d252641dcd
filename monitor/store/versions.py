"""What writes the store: its own format, and the versions of the programs."""

import platform
from importlib.metadata import version

from monitor import __version__

FORMAT = 1
"""Version of everything that is written. A store of a higher one is refused."""


_VERSIONS = {
    "emotion-monitor": __version__,
    "python": platform.python_version(),
    "zarr": version("zarr"),
    "numpy": version("numpy"),
}


def versions() -> dict[str, str]:
    """Of what writes the store; looked up once."""
    return dict(_VERSIONS)
