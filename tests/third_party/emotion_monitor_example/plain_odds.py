"""The Bayesian detector at odds that a person gives, in place of a rate of false alarms. And its options."""

import math
from typing import Literal

from pydantic import Field

from monitor.changes.base import Detector
from monitor.changes.bayes import BayesDetector
from monitor.changes.bayes_options import BayesOptions
from monitor.changes.options import DetectorOptions


class PlainOddsOptions(DetectorOptions):
    """What stands under `changes:` beside what every detector takes."""

    detector: Literal["plain_odds"] = "plain_odds"
    odds: float = Field(default=100.0, gt=1)
    """By which a change must be more probable than none."""

    def open(self) -> Detector:
        """See `DetectorOptions`."""
        return BayesDetector(BayesOptions(buffer=self.buffer).segment_model(), math.log(self.odds))
