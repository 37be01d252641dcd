"""Conditions on a leg's change points."""

from math import log2

from monitor.alerts.model import ChangePointCondition
from monitor.alerts.moment import Moment
from monitor.alerts.verdict import UNKNOWN, Measure, Verdict, unmet
from monitor.alerts.watches.base import DOUBLED, Watch
from monitor.events import ChangePoint, Leg
from monitor.timeline import TICK_RATE, clock


class ChangePointWatch(Watch):
    """A leg's change points of the last seconds."""

    def __init__(self, condition: ChangePointCondition, leg: Leg) -> None:
        self._condition = condition
        self._leg = leg
        self._last = round(condition.last * TICK_RATE)
        self._kept: dict[str, tuple[int, ChangePoint]] = {}

    def update(self, moment: Moment, ease: int) -> Verdict:
        """See `Watch.update`."""
        leg = moment.legs.get(self._leg)
        if leg is None or leg.affect is None:
            return UNKNOWN
        for change in leg.changes:
            self._kept.pop(change.id, None)
            if self._matches(change):
                self._kept[change.id] = (moment.tick, change)
        if self._kept:
            self._kept = {key: kept for key, kept in self._kept.items() if moment.tick - kept[0] < self._last}
        if not self._kept:
            return unmet(fresh=True)
        clearest = max((change for _, change in self._kept.values()), key=lambda change: change.strength)
        words = {
            "before": clearest.before,
            "after": clearest.after,
            "strength": f"{clearest.strength:.1f}",
            "changed": clock(clearest.time),
        }
        text = f"{clearest.before} to {clearest.after} at {clock(clearest.time)}, strength {clearest.strength:.1f}"
        intensity = log2(max(clearest.strength, 1e-3))
        measure = Measure(f"{self._leg}.change", clearest.strength, intensity, DOUBLED, text, self._leg, words)
        return Verdict(True, True, (measure,), min(round(change.time * TICK_RATE) for _, change in self._kept.values()))

    def _matches(self, change: ChangePoint) -> bool:
        want = self._condition
        if change.status == "retracted" or (change.status == "provisional" and want.confirmed):
            return False
        into_itself = change.before in (want.from_ or ()) and change.after in (want.to or ())
        return (
            change.strength >= want.strength
            and (want.from_ is None or change.before in want.from_)
            and (want.to is None or change.after in want.to)
            and (change.before != change.after or into_itself)
        )
