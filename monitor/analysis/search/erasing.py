"""Erases calls: from the store, and from what was made of it."""

from monitor.analysis.search.index import index_of
from monitor.store.base import Store


def erase_call(store: Store, call: str) -> None:
    """Remove every trace of a call, from the index as from the store. Raises as `Store.delete` does.

    The index comes first: where the store then refuses, the call can still be erased, and the next update takes it in again.
    """
    index = index_of(store)
    if index is None:
        store.delete(call)
        return
    with index.erasing(call):
        store.delete(call)
