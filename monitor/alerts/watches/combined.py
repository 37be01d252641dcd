"""Conditions made of conditions."""

from collections.abc import Callable, Sequence

from monitor.alerts.moment import Moment
from monitor.alerts.verdict import Verdict, negated
from monitor.alerts.watches.base import Watch
from monitor.timeline import TICK_RATE

Combine = Callable[[Sequence[Verdict]], Verdict]


class Combined(Watch):
    """Several conditions."""

    def __init__(self, combine: Combine, inner: Sequence[Watch]) -> None:
        self._combine = combine
        self._inner = tuple(inner)

    def update(self, moment: Moment, ease: int) -> Verdict:
        """See `Watch.update`."""
        return self._combine([watch.update(moment, ease) for watch in self._inner])


class Not(Watch):
    """A condition that must not hold."""

    def __init__(self, inner: Watch) -> None:
        self._inner = inner

    def update(self, moment: Moment, ease: int) -> Verdict:
        """See `Watch.update`."""
        return negated(self._inner.update(moment, -ease), moment.tick)


class Within(Watch):
    """A condition that counts for some time after it was last met."""

    def __init__(self, inner: Watch, seconds: float) -> None:
        self._inner = inner
        self._ticks = round(seconds * TICK_RATE)
        self._met: tuple[int, Verdict] | None = None

    def update(self, moment: Moment, ease: int) -> Verdict:
        """See `Watch.update`."""
        verdict = self._inner.update(moment, ease)
        if verdict.holds:
            self._met = (moment.tick, verdict)
        elif self._met is not None and moment.tick - self._met[0] <= self._ticks:
            return self._met[1]
        return verdict
