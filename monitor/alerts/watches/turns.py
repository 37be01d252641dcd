"""Conditions on who speaks: silence and overtalk."""

from collections import deque
from math import log2

from monitor.alerts.message import seconds_text
from monitor.alerts.model import OvertalkCondition
from monitor.alerts.moment import Moment
from monitor.alerts.verdict import UNKNOWN, Measure, Verdict, unmet
from monitor.alerts.watches.base import DOUBLED, MARGIN, STEP, Watch
from monitor.events import Leg
from monitor.timeline import TICK_RATE


class SilenceWatch(Watch):
    """A leg has not spoken for some time."""

    def __init__(self, longer_than: float, leg: Leg) -> None:
        self._ticks = longer_than * TICK_RATE
        self._leg = leg

    def update(self, moment: Moment, ease: int) -> Verdict:
        """See `Watch.update`."""
        leg = moment.legs.get(self._leg)
        if leg is None:
            return UNKNOWN
        return _lasting("silence", leg.silent, self._ticks, leg.known, moment.tick, self._leg)


class OvertalkWatch(Watch):
    """Customer and agent speak at once."""

    def __init__(self, condition: OvertalkCondition) -> None:
        self._condition = condition
        self._window: deque[bool] = deque(maxlen=round((condition.window or 1) * TICK_RATE))
        self._together = 0

    def update(self, moment: Moment, ease: int) -> Verdict:
        """See `Watch.update`."""
        if "customer" not in moment.legs or "agent" not in moment.legs:
            return UNKNOWN
        known = moment.legs["customer"].known and moment.legs["agent"].known
        if self._condition.longer_than is not None:
            return _lasting("overtalk", moment.overtalk, self._condition.longer_than * TICK_RATE, known, moment.tick)
        if len(self._window) == self._window.maxlen:
            self._together -= self._window[0]
        self._window.append(moment.overtalk > 0)
        self._together += self._window[-1]
        share = self._together / (self._window.maxlen or 1)
        holds = share >= (self._condition.share or 0.0) - ease * MARGIN
        if not holds:
            return unmet(known)
        began = max(0, moment.tick - len(self._window) + 1)
        text = f"{share:.0%} of {(self._window.maxlen or 1) / TICK_RATE:g} s".replace("%", " %")
        return Verdict(True, known, (Measure("overtalk_share", share, share, STEP, text),), began)


def _lasting(kind: str, ticks: int, limit: float, known: bool, now: int, leg: Leg | None = None) -> Verdict:
    """Whether something that has lasted for `ticks` has done so for longer than `limit`."""
    if ticks <= limit:
        return unmet(known)
    name = kind if leg is None else f"{leg}.{kind}"
    seconds = seconds_text(ticks / TICK_RATE)
    intensity = log2(max(ticks, 1))
    measure = Measure(name, ticks / TICK_RATE, intensity, DOUBLED, f"{kind} of {seconds} s", leg, {kind: seconds})
    return Verdict(True, known, (measure,), max(0, now - ticks + 1))
