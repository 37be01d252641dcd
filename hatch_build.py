"""Puts the built page into wheel and sdist, and builds it where it is not.

What cannot be built is left out, with a warning: the service runs without, and its page says how to build it. An editable
installation takes the page of the checkout, which `make web` builds. EMOTION_MONITOR_WITHOUT_PAGE=1 builds nothing.
"""

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "dashboards"))

import build as page  # noqa: E402

INSIDE = {"wheel": "monitor/_data/dashboards", "sdist": "dashboards/dist"}


class PageHook(BuildHookInterface[Any]):
    """Hatch's hook (https://hatch.pypa.io/latest/plugins/build-hook/custom/)."""

    def dependencies(self) -> list[str]:
        """Node as a package, where it is needed and the system has none."""
        return [] if self._leave() or page.is_built() or page.node_folder() else [page.NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page, and name its place in what is built."""
        if version == "editable" or self._leave():
            return
        try:
            page.build()
        except page.BuildError as error:
            self.app.display_warning(f"without the page: {error}")
        if page.is_built():
            build_data["force_include"][str(page.DIST)] = INSIDE[self.target_name]

    def _leave(self) -> bool:
        return os.environ.get("EMOTION_MONITOR_WITHOUT_PAGE", "") not in ("", "0")
