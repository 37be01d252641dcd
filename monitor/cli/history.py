"""What `calls list` and `insights` have in common: conditions on the calls of a store, and its index."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from monitor.history.history import History
    from monitor.store.base import Store

FromOption = Annotated[
    str | None, typer.Option("--from", help="Calls that began on this day or at this moment, or later. UTC.", metavar="WHEN")
]
ToOption = Annotated[str | None, typer.Option("--to", help="Not later than this day, or before this moment.", metavar="WHEN")]
WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where", "-w", help="Of this metadata, such as queue:billing; may be given more than once.", metavar="KEY:VALUE"
    ),
]


def history_of(store: "Store") -> "History":
    """The history of a store, up to date. Raises `StoreError`."""
    from monitor.history.history import History

    history = History(store)
    while not history.catch_up():
        pass
    return history
