"""Parts by name: those that ship, and those of other packages, which come by entry points.

A package that brings a store says so in its `pyproject.toml`; the other rooms do it alike:

    [project.entry-points."emotion_monitor.stores"]
    postgres = "their_package.postgres:PostgresStore"
"""

import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar, cast

from monitor.errors import ConfigError

Part = TypeVar("Part")


class Registry(Generic[Part]):
    """The parts of one room. Names are read without loading anything; a part is imported when it is asked for.

    >>> Registry[type]("store", {"zarr": "monitor.store.zarr.store:ZarrStore"}).names()
    ('zarr',)
    """

    def __init__(self, room: str, own: Mapping[str, str], base: type | None = None) -> None:
        """`own` maps the names of those that ship to `module:object`. Where `base` is given, what others bring is one of it."""
        self.room = room
        self.group = f"emotion_monitor.{room}s"
        self._own = dict(own)
        self._base = base

    def add(self, name: str, place: str) -> None:
        """Have one more, at `module:object`, in this process alone."""
        self._own[name] = place

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(sorted({*self._own, *(entry.name for entry in _installed(self.group, tuple(sys.path)))}))

    def load(self, name: str, key: str) -> Part:
        """The part of this name, which the setting `key` asks for.

        Raises `ConfigError` where there is none, where two are called so, or where another package's cannot be loaded.
        """
        entries = tuple(entry for entry in _installed(self.group, tuple(sys.path)) if entry.name == name)
        makers = [*(["emotion-monitor"] if name in self._own else []), *map(_package, entries)]
        if not makers:
            raise ConfigError(f"{key}: no {self.room} is called {name!r}; there are: {', '.join(self.names())}")
        if len(makers) > 1:
            raise ConfigError(
                f"{key}: there are {self.room}s called {name!r} of {' and of '.join(makers)}: uninstall all but one"
            )
        if not entries:
            module, _, attribute = self._own[name].partition(":")
            return cast("Part", getattr(import_module(module), attribute))
        return self._brought(entries[0], key)

    def _brought(self, entry: EntryPoint, key: str) -> Part:
        which = f"{key}: the {self.room} {entry.name!r} of {_package(entry)} ({entry.value})"
        try:
            part = entry.load()
        except Exception as error:
            raise ConfigError(f"{which} cannot be loaded: {type(error).__name__}: {error}") from error
        if self._base is not None and not (isinstance(part, type) and issubclass(part, self._base)):
            raise ConfigError(f"{which} is no {self._base.__name__}: it must be a subclass of it")
        return cast("Part", part)


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else "an unnamed package"


@lru_cache(maxsize=64)
def _installed(group: str, path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """What packages bring to a room. Found in 10 ms and more, because the metadata of each is read: once for a `sys.path`."""
    del path
    return tuple(entry_points(group=group))
