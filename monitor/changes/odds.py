"""From expected false alarms an hour to the posterior odds at which the Bayesian detector confirms a change.

Posterior odds need no calibration where the model is true. Speech is not Gaussian, and utterances have colours of their own, so
the threshold is fitted, as a polynomial in the logarithms of the alarm rate and of the settings, to simulations of speech
without change (`calibrate_odds.py`, on the streams of `nulls.py`).
"""

import math

from monitor.changes.segments import Model

COEFFICIENTS = (3.5, -1.0, 0.0, 0.0, 0.0)
LEAST = 0.5
"""A change is confirmed at odds above even, whatever rate is asked for."""


def terms(model: Model, false_alarms_per_hour: float) -> tuple[float, ...]:
    """What the coefficients are for; all but the first are 0 at the default settings and 3 alarms an hour."""
    return (
        1.0,
        math.log(false_alarms_per_hour / 3.0),
        math.log(model.weight / 0.04),
        math.log(model.contrast / 4.0),
        math.log(model.hazard / 0.001),
    )


def log_odds(model: Model, false_alarms_per_hour: float) -> float:
    """Log posterior odds above which a change is confirmed.

    >>> model = Model(weight=0.04, contrast=4.0, hazard=0.001, memory=300)
    >>> log_odds(model, 1.0) > log_odds(model, 10.0) > 0
    True
    """
    return max(sum(c * term for c, term in zip(COEFFICIENTS, terms(model, false_alarms_per_hour), strict=True)), LEAST)
