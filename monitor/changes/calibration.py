"""From expected false alarms an hour to the threshold of the kernel detector."""


def threshold(false_alarms_per_hour: float) -> float:
    """Score above which a split is a change.

    >>> threshold(1.0) > threshold(10.0)
    True
    """
    import math

    return max(1.0, 5.0 - 0.5 * math.log(false_alarms_per_hour))
