"""The stores by name. A further one is a file or folder, a line here or an entry point, and passing the conformance suite."""

from typing import Any

from pydantic import ValidationError

from monitor.config.section import Section
from monitor.config.sections import StoreSection
from monitor.errors import ConfigError, StoreError
from monitor.plugins import Registry
from monitor.store.base import Store
from monitor.validation import place, sentence

STORES: Registry[type[Store]] = Registry(
    "store",
    {
        "memory": "monitor.store.memory:MemoryStore",
        "zarr": "monitor.store.zarr.store:ZarrStore",
    },
    Store,
)
"""Entry points of other packages: `emotion_monitor.stores`."""


def open_store(settings: StoreSection) -> Store:
    """The store that the settings name.

    Raises `ConfigError` where there is none of that name or its options are wrong, `StoreError` where it cannot be opened.
    """
    kind = STORES.load(settings.kind, "store.kind")
    return kind(store_options(kind, settings))


def existing_store(settings: StoreSection) -> Store:
    """The store that the settings name, to be read. Raises `StoreError` where there is none; none is made."""
    store = open_store(settings)
    if not store.lasting:
        raise StoreError(f"the store {settings.kind} is there for the service that has it alone: ask that over its API")
    if not store.exists():
        raise StoreError(
            f"no store at {store.place}; name one with --store; the first `emotion-monitor serve` or `run` makes it"
        )
    return store


def store_options(kind: type[Store], settings: StoreSection) -> Section:
    """The options of a store, checked: `store.options`, and keys of the section that are options of this store.

    Raises `ConfigError` with a line for each that is unknown, missing or wrong.
    """
    shared = {key: getattr(settings, key) for key in kind.Options.model_fields if key in StoreSection.model_fields}
    try:
        return kind.Options.model_validate({**shared, **settings.options})
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(item, kind, settings) for item in error.errors(include_input=False))) from None


def _explain(item: Any, kind: type[Store], settings: StoreSection) -> str:
    name = place(item)
    known = ", ".join(kind.Options.model_fields)
    if item["type"] == "extra_forbidden":
        return f"store.options.{name}: no option of the store {settings.kind}; it takes {known or 'none'}"
    if item["type"] == "missing":
        return f"store.options.{name}: the store {settings.kind} needs it"
    where = "store" if item["loc"][:1] and item["loc"][0] not in settings.options else "store.options"
    return f"{where}.{name}: {sentence(item)}"
