"""Speech without change, simulated: what the detector is calibrated on, and what it is tested on.

What engines say of one person in one mood is neither independent nor stationary: neighbouring ticks resemble each other, each
utterance has a colour of its own, and most of the variance lies in a few directions. In embeddings of calls composed of neutral
clips (first weights of the compact engine, speakers they did not learn from) neighbouring ticks correlated by 0.6 to 0.75,
ticks half a second apart hardly, and a quarter of the variance (a third for some speakers) lay between utterances. Real voices
also have utterances that are far off: a cough, a laugh, a word to somebody else. The streams here bracket that: Gaussian
AR(1) noise plus a colour for each utterance, Gaussian or heavy-tailed, with spectra from flat to a single direction.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

WIDTH = 64
"""Of the simulated embeddings, unless another is asked for."""
UTTERANCE = 18
"""Mean ticks of speech in an utterance; at least `SHORTEST`."""
SHORTEST = 5
FREEDOM = 3
BREATH = 20
"""Mean ticks from one utterance of a speaker to the next: breaths, and the turns of the other side."""


@dataclass(frozen=True, slots=True)
class Null:
    """One kind of speech without change."""

    correlation: float
    """Of neighbouring ticks."""
    directions: float
    """Directions over which the variance decays by a factor e; the fewer, the heavier the tail of any statistic."""
    between: float
    """Share of the variance that lies between utterances."""
    restless: bool = False
    """Whether now and then an utterance is far off: colours of Student's t distribution, with `FREEDOM` degrees of freedom."""

    def stream(self, ticks: int, seed: int, width: int = WIDTH) -> NDArray[np.float64]:
        """What an engine says of so many ticks of speech, shape (ticks, width)."""
        return self.over(_utterances(ticks, seed), width, np.random.default_rng([seed, ticks]))

    def over(self, utterances: NDArray[np.int64], width: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """The same of given utterances: to which each of n ticks belongs, shape (n,), from 0 on. Shape (n, width)."""
        shocks = rng.standard_normal((len(utterances) + 200, width)) * np.sqrt(1 - self.correlation**2)
        within = lfilter([1.0], [1.0, -self.correlation], shocks, axis=0)[200:]
        colours = rng.standard_normal((int(utterances[-1]) + 1, width))
        if self.restless:
            colours *= np.sqrt((FREEDOM - 2) / rng.chisquare(FREEDOM, size=(len(colours), 1)))
        scale = np.exp(-np.arange(width) / (2 * self.directions))
        return np.asarray((np.sqrt(1 - self.between) * within + np.sqrt(self.between) * colours[utterances]) * scale)


def clock(ticks: int, seed: int) -> NDArray[np.int64]:
    """Tick numbers of the speech of `Null.stream`, shape (ticks,): there are pauses between its utterances."""
    utterances = _utterances(ticks, seed)
    pauses = np.random.default_rng([seed, ticks, 2]).geometric(1 / BREATH, size=int(utterances[-1]) + 1)
    return np.asarray(np.arange(ticks) + np.cumsum(pauses)[utterances])


def _utterances(ticks: int, seed: int) -> NDArray[np.int64]:
    """To which utterance each tick belongs."""
    rng = np.random.default_rng([seed, ticks, 1])
    lengths = SHORTEST + rng.geometric(1 / (UTTERANCE - SHORTEST), size=ticks // SHORTEST + 1)
    return np.repeat(np.arange(len(lengths)), lengths)[:ticks]


EMBEDDINGS = (
    Null(correlation=0.5, directions=1000.0, between=0.0),
    Null(correlation=0.8, directions=1000.0, between=0.2),
    Null(correlation=0.9, directions=8.0, between=0.0),
    Null(correlation=0.8, directions=4.0, between=0.35, restless=True),
    Null(correlation=0.8, directions=1.0, between=0.35, restless=True),
)
"""What the kernel detector is calibrated on: the mean rate of false alarms over these is what is set."""

LOGITS = (
    Null(correlation=0.7, directions=1.3, between=0.0),
    Null(correlation=0.8, directions=1.3, between=0.05),
    Null(correlation=0.8, directions=1000.0, between=0.15),
    Null(correlation=0.85, directions=1.3, between=0.2),
    Null(correlation=0.8, directions=1.3, between=0.1, restless=True),
)
"""The same for the Bayesian detector. On 78 neutral legs of 190 composed calls (compact-7e63c3e5, speakers it did not learn
from; `python -m lab.experiments.neutral_speech`) the correlation of neighbouring ticks was 0.70 to 0.85, the share of variance
between utterances 0 to 0.2 (medians 0.75 and 0.05; tenth to ninetieth percentile), each direction had half the variance of
the one before, and the distances of utterances from their mean had lighter tails than Gaussian ones. Weights that had learned
from less speech had correlations of 0.55 to 0.71. The last is no voice that was measured, but one with a cough and a laugh."""
