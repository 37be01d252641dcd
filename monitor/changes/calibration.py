"""From expected false alarms an hour to the threshold of the kernel detector.

The logarithm of the threshold is a polynomial in the logarithms of the alarm rate and of the detector's settings, fitted to
simulations of speech without change (`lab/calibration`, on its streams). What holds: over that family the measured
mean rate of confirmed alarms is within a factor of three of the one asked for (a test). What does not: a single voice may lie
at either end of the family, and a speaker who changes in ways that are not emotional (turns from the phone, reads out a
number) is no stream without change. So the setting is an order of magnitude, and a scale: half of it is half the alarms.

Measured on 60 calls composed of acted clips (compact engine, speakers it was not trained on; 90 changes, 0.38 h of neutral
speech): asked for 6, 12 and 30 false alarms an hour, neutral legs had 0, 3 and 48 an hour; recall 0.48, 0.54 and 0.66;
precision 0.90, 0.68 and 0.46; confirmed 7.8, 5.4 and 4.7 s after the change (median), its place within 0.2 s.
"""

import math

from monitor.changes.procedure import Procedure

COEFFICIENTS = (2.764, -0.6816, 0.0628, -0.0146, -0.0341, -0.0074, -0.1359)


def terms(procedure: Procedure, false_alarms_per_hour: float) -> tuple[float, ...]:
    """What the coefficients are for; all but the first are 0 at the default settings and 6 alarms an hour."""
    rate = math.log(false_alarms_per_hour / 6.0)
    return (
        1.0,
        rate,
        rate * rate,
        math.log(procedure.dimensions / 24),
        math.log(procedure.buffer / 200),
        math.log(procedure.min_segment / 10),
        math.log(procedure.confirm / 15),
    )


def threshold(procedure: Procedure, false_alarms_per_hour: float) -> float:
    """Score above which a split is a change.

    >>> threshold(Procedure(), 1.0) > threshold(Procedure(), 10.0) > 1
    True
    """
    return math.exp(sum(c * term for c, term in zip(COEFFICIENTS, terms(procedure, false_alarms_per_hour), strict=True)))
