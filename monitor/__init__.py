"""Follows each speaker's emotion on live calls and warns when it changes.

`monitor.open_store(path)` gives stored calls as datasets (docs/embeddings.md); it is imported when it is asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monitor.datasets import open_store as open_store

__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    if name != "open_store":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return import_module("monitor.datasets").open_store
