"""Erases calls: from the store, and from what was made of it."""

from monitor.analysis.remains import Remains, remains_of
from monitor.analysis.search.index import index_of
from monitor.config.sections import AnalysisSection
from monitor.history.history import History, forget_call
from monitor.learned.learned import Learned
from monitor.store.base import Store


def erase_call(
    store: Store, call: str, section: AnalysisSection, heard_with: Learned | None = None, history: History | None = None
) -> Remains:
    """Remove every trace of a call, from the search index and the history as from the store. Raises as `Store.delete` does.

    The search index comes first: where the store then refuses, the call can still be erased, and the next update takes it in
    again. `history` is that of who asks, where they have it open.
    What was learnt from the call stays and is told: the templates and heads of `section`, those in use (`heard_with`), and
    the calls that keep some.
    """
    index = index_of(store)
    if index is None:
        store.delete(call)
    else:
        with index.erasing(call):
            store.delete(call)
    if history is None:
        forget_call(store, call)
    else:
        history.forget(call)
    return remains_of(store, call, section, heard_with)
