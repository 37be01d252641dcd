"""What an installation may leave out: packages that some parts need, and how to get them.

The core hears calls with the compact engine. An extra is named in `pip install 'emotion-monitor[NAME]'`; an engine that needs
one bears its name.
"""

import shlex
import sys
from collections.abc import Mapping
from importlib.util import find_spec

from monitor.errors import MonitorError

EMOTION2VEC = "emotion2vec"
LAB = "lab"
ANALYSIS = "analysis"
UMAP = "umap"
OTEL = "otel"

_EMOTION2VEC = ("torch", "funasr", "numba", "huggingface_hub", "modelscope", "omegaconf")
EXTRAS: Mapping[str, tuple[str, ...]] = {
    ANALYSIS: ("matplotlib", "pandas", "pyarrow", "sklearn", "usearch", "xarray"),
    EMOTION2VEC: _EMOTION2VEC,
    LAB: (*_EMOTION2VEC, "librosa", "matplotlib", "onnx", "sklearn"),
    UMAP: ("umap",),
    OTEL: ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"),
}
"""Extra -> the modules that it brings. What is pinned of them stands in pyproject.toml; a test holds the two together."""


def lacking(extra: str) -> tuple[str, ...]:
    """Modules of `extra` that are not installed. Imports none of them."""
    return tuple(module for module in EXTRAS[extra] if not _there(module))


def _there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # what it is a part of
        return False


def install_command(extra: str) -> str:
    """What adds `extra` to the Python that runs.

    It names that Python: the pip of another does not have this program, and would take whatever an index has by its name.
    """
    return f"{shlex.quote(sys.executable)} -m pip install 'emotion-monitor[{extra}]'"


def need(extra: str, who: str, error: type[MonitorError]) -> None:
    """Raise `error`, saying what to install, where `who` needs an extra that is not there."""
    if missing := lacking(extra):
        raise error(
            f"{who} needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed: "
            f"{install_command(extra)}"
        )
