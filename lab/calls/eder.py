"""Emotion diarization error rate over 20 ms frames.

Wang, Ravanelli & Yacoubi (2023), "Speech Emotion Diarization: Which Emotion Appears When?", arXiv:2306.12991; the same number
as `speechbrain.utils.EDER`: one minus the share of the labelled time that is covered by frames of the right label,

    EDER = (missed + false + confused) / labelled time.

The denominator is *all* labelled time, neutral too, and neutral that is shown as neutral is right: neutral is a label like
others, but an error between neutral and an emotion has a name of its own.

- missed: an emotion is true, and neutral, `unknown` or nothing is shown; or neutral is true, and `unknown` or nothing is shown;
- false: neutral is true, and an emotion is shown;
- confused: an emotion is true, and another emotion is shown.

Time that no label covers (the pauses of composed calls, in which the leg listens) is not scored. In the format of ZED there is
none. Frames and labels are intersected as intervals of continuous time, so a frame that a boundary cuts counts for both.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lab.calls.labelled import Segment
from monitor.affect.baseline import NEUTRAL
from monitor.events import ABSTAIN

NOTHING = ""
"""Label of a frame of which nothing is shown."""


@dataclass(frozen=True, slots=True)
class Eder:
    """Seconds of each kind of error. Can be added."""

    labelled: float = 0.0
    missed: float = 0.0
    false: float = 0.0
    confused: float = 0.0

    @property
    def rate(self) -> float:
        """The error rate, 0 to 1; NaN where nothing is labelled."""
        return (self.missed + self.false + self.confused) / self.labelled if self.labelled else float("nan")

    def __add__(self, other: "Eder") -> "Eder":
        return Eder(
            self.labelled + other.labelled,
            self.missed + other.missed,
            self.false + other.false,
            self.confused + other.confused,
        )


def eder(segments: Iterable[Segment], shown: Sequence[str], step: float) -> Eder:
    """Errors of `shown`, whose item `i` is the label over `[i * step, (i + 1) * step)` seconds, against one leg's segments.

    >>> talk = [Segment("mixed", *stretch) for stretch in ((0, 0.39, "neutral"), (0.39, 1.1, "angry"), (1.1, 1.22, "neutral"))]
    >>> found = eder(talk, ["neutral"] * 3 + ["angry"] * 3, step=0.2)
    >>> round(found.rate, 6), round(found.missed, 2), round(found.false, 2)
    (0.270492, 0.23, 0.1)
    """
    labels = np.array(shown, dtype=np.str_)
    total = Eder()
    for segment in segments:
        first = int(segment.start / step)
        over = labels[first : int(np.ceil(segment.end / step))]
        begin = (first + np.arange(len(over))) * step
        seconds = np.clip(np.minimum(begin + step, segment.end) - np.maximum(begin, segment.start), 0.0, None)
        length = segment.end - segment.start
        right = float(seconds[over == segment.emotion].sum())
        nothing = np.isin(over, (NEUTRAL, ABSTAIN, NOTHING)) & (over != segment.emotion)
        missed = float(seconds[nothing].sum()) + max(length - float(seconds.sum()), 0.0)
        wrong = max(length - right - missed, 0.0)
        neutral = segment.emotion == NEUTRAL
        total += Eder(length, missed, wrong if neutral else 0.0, 0.0 if neutral else wrong)
    return total
