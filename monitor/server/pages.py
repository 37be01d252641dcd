"""The page at `/`: its built files, and for every address that it draws itself the same document.

The build is `dashboards/dist` in a source checkout and `monitor/_data/dashboards` in an installed wheel. Where it was not made
(no npm registry when the package was built), the service runs all the same, and `/` says how to make it.
"""

from pathlib import Path
from typing import Any

import structlog
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

import monitor

log = structlog.get_logger(__name__)

CLIENT_PATHS = ("/", "/calls", "/calls/{call}", "/alerts", "/rules", "/insights", "/system")
"""What the page's own router knows (`dashboards/web/src/lib/router.svelte.ts`)."""

IMMUTABLE = "public, max-age=31536000, immutable"
_NOT_BUILT = Path(__file__).with_name("not_built.html")


def built_page() -> Path | None:
    """The folder of the built page; None where there is none."""
    package = Path(monitor.__file__).parent
    candidates = (package / "_data" / "dashboards", package.parent / "dashboards" / "dist")
    return next((folder for folder in candidates if (folder / "index.html").is_file()), None)


def page(folder: Path | None = None) -> ASGIApp:
    """The application that serves the page of a folder; of the built one, or what stands for it, where none is named."""
    folder = folder or built_page()
    if folder is None:
        log.warning("page_not_built", do="make web, or python dashboards/build.py; the service runs without its page")
        return Router(_documents(_NOT_BUILT))
    files = [Mount("/assets", _Hashed(directory=folder / "assets", check_dir=False)), Mount("/", StaticFiles(directory=folder))]
    return GZipMiddleware(Router([*_documents(folder / "index.html"), *files]), minimum_size=1024)


def _documents(file: Path) -> list[BaseRoute]:
    def document(_: Request) -> Response:
        return FileResponse(file, media_type="text/html")

    return [Route(path, document) for path in CLIENT_PATHS]


class _Hashed(StaticFiles):
    """Files whose names change with their contents: a browser asks for each once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Kept for good."""
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = IMMUTABLE
        return response
