"""From expected false alarms an hour to the posterior odds at which the Bayesian detector confirms a change.

Posterior odds need no calibration where the model is true. Speech is not Gaussian, ticks are not independent and utterances
have colours of their own, so the threshold comes from simulations of speech without change (`lab/calibration`, on the
streams of `nulls.LOGITS`). There the Bayes factor that a rate of alarms takes is, in logarithms, a power of the rate and of
the settings; the posterior odds are the Bayes factor times the prior odds.
"""

import math

from monitor.changes.segments import Model
from monitor.timeline import TICK_RATE

COEFFICIENTS = (1.943, -0.452, 1.996, -0.204)
LEAST = 0.5
"""A change is confirmed at odds above even, whatever rate is asked for."""


def prior_log_odds(model: Model) -> float:
    """Log odds of a change within three seconds, about an utterance."""
    return math.log(model.hazard * 3 * TICK_RATE)


def terms(model: Model, false_alarms_per_hour: float) -> tuple[float, ...]:
    """What the coefficients are for; all but the first are 0 at the default settings and two alarms an hour."""
    return (
        1.0,
        math.log(false_alarms_per_hour / 2.0),
        math.log(model.weight / 0.025),
        math.log(model.contrast / 4.0),
    )


def log_odds(model: Model, false_alarms_per_hour: float) -> float:
    """Log posterior odds above which a change is confirmed.

    >>> model = Model(weight=0.04, contrast=4.0, hazard=0.001, memory=300)
    >>> log_odds(model, 1.0) > log_odds(model, 10.0) > 0
    True
    """
    evidence = sum(c * term for c, term in zip(COEFFICIENTS, terms(model, false_alarms_per_hour), strict=True))
    return max(prior_log_odds(model) + math.exp(evidence), LEAST)
