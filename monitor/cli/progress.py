"""What a long command shows while it works."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


@contextmanager
def followed(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar, a line a stage, that goes when it is over. It is told the stage, how much is done, and of how much."""
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("loading the engine", total=None)
        stage = ""

        def tell(now: str, done: int, total: int) -> None:
            nonlocal stage
            if now != stage:
                bars.reset(task, description=now, total=total)
                stage = now
            bars.update(task, completed=done)

        yield tell
