"""What a watch is: a condition followed through the moments of a call."""

from abc import ABC, abstractmethod

from monitor.alerts.moment import Moment
from monitor.alerts.verdict import Verdict

MARGIN = 0.1
"""By which thresholds of probability, valence, arousal and share are eased."""
STEP = 0.15
"""Growth of one of these that is worth telling."""
DOUBLED = 1.0
"""Growth, in octaves, of a duration or a strength that is worth telling."""


class Watch(ABC):
    """A condition and what it remembers."""

    @abstractmethod
    def update(self, moment: Moment, ease: int) -> Verdict:
        """Take the next moment. Every moment is offered once, in order.

        `ease` is the hysteresis of a rule: 1 while the rule's finding stands, so that thresholds are eased by `MARGIN` and a
        value that trembles around one does not raise and clear an alert again and again; 0 before; reversed inside `not`.
        """
