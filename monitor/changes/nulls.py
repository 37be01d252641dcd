"""Speech without change, simulated: what the detector is calibrated on, and what it is tested on.

What engines say of one person in one mood is neither independent nor stationary: neighbouring ticks resemble each other, each
utterance has a colour of its own, and most of the variance lies in a few directions. On calls composed of neutral clips
(compact engine, speakers it was not trained on) neighbouring ticks correlated by 0.6 to 0.75, ticks half a second apart hardly,
and a quarter of the variance (a third for some speakers) lay between utterances. Real voices also have utterances that are far
off: a cough, a laugh, a word to somebody else. The streams here bracket that: Gaussian AR(1) noise plus a colour for each
utterance, Gaussian or heavy-tailed, with spectra from flat to a single direction.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

WIDTH = 64
"""Of the simulated embeddings."""
UTTERANCE = 18
"""Mean ticks of speech in an utterance; at least `SHORTEST`."""
SHORTEST = 5
FREEDOM = 3


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

    def stream(self, ticks: int, seed: int) -> NDArray[np.float64]:
        """Embeddings of shape (ticks, WIDTH)."""
        rng = np.random.default_rng([seed, ticks])
        shocks = rng.standard_normal((ticks + 200, WIDTH)) * np.sqrt(1 - self.correlation**2)
        within = lfilter([1.0], [1.0, -self.correlation], shocks, axis=0)[200:]
        lengths = SHORTEST + rng.geometric(1 / (UTTERANCE - SHORTEST), size=ticks // SHORTEST + 1)
        colours = rng.standard_normal((len(lengths), WIDTH))
        if self.restless:
            colours *= np.sqrt((FREEDOM - 2) / rng.chisquare(FREEDOM, size=(len(lengths), 1)))
        colours = np.repeat(colours, lengths, axis=0)[:ticks]
        scale = np.exp(-np.arange(WIDTH) / (2 * self.directions))
        return np.asarray((np.sqrt(1 - self.between) * within + np.sqrt(self.between) * colours) * scale)


FAMILY = (
    Null(correlation=0.5, directions=1000.0, between=0.0),
    Null(correlation=0.8, directions=1000.0, between=0.2),
    Null(correlation=0.9, directions=8.0, between=0.0),
    Null(correlation=0.8, directions=4.0, between=0.35, restless=True),
    Null(correlation=0.8, directions=1.0, between=0.35, restless=True),
)
"""The mean rate of false alarms over these is what is set."""
