"""Change points that the monitor told while it heard a call."""

from monitor.analysis.embedding import Embedding
from monitor.store.journal import Journal


def told_changes(journal: Journal, embedding: Embedding) -> tuple[float, ...]:
    """Seconds of the change points that were confirmed within a moment of a call, first to last."""
    last = {message["id"]: message for message in journal.read(0, call=embedding.call, types={"change_point"})}
    times = (
        message["time"] for message in last.values() if message["status"] == "confirmed" and message["leg"] == embedding.leg
    )
    end = embedding.start + (embedding.seconds or 0.0)
    return tuple(sorted(time for time in times if embedding.start <= time < end))
