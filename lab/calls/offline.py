"""Change points found offline, all of a leg's speech at hand at once, by the field's reference: `ruptures.KernelCPD`.

Penalised kernel segmentation (Celisse, Marot, Pierre-Jean & Rigaill 2018; Arlot, Celisse & Harchaoui 2019, JMLR 20), solved
exactly with PELT pruning (Killick, Fearnhead & Eckley 2012) by Truong, Oudre & Vayatis (2020), "Selective review of offline
change point detection methods".
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kernel = Literal["linear", "rbf"]
"""`linear` finds changes of the mean (the cost `l2`), `rbf` of the distribution (bandwidth by the median heuristic)."""
MIN_TICKS = 10
"""Speech on each side of a change: one second, as the monitor's own detector."""
MOST_TICKS = 1500
"""A longer leg is averaged down to this: time and memory grow with the square."""


def offline_changes(
    times: NDArray[np.float64], signal: NDArray[np.float64], kernel: Kernel, penalties: Sequence[float]
) -> list[list[float]]:
    """Times of the changes of a signal of shape (n, K) whose ticks begin at `times` (n,), a list for each penalty."""
    from ruptures import KernelCPD

    fold = -(-len(times) // MOST_TICKS)
    if fold > 1:
        whole = len(times) // fold * fold
        times, signal = times[:whole:fold], signal[:whole].reshape(whole // fold, fold, -1).mean(axis=1)
    smallest = max(2, MIN_TICKS // max(fold, 1))
    if len(times) < 2 * smallest or not np.ptp(signal, axis=0).any():
        return [[] for _ in penalties]
    model = KernelCPD(kernel=kernel, min_size=smallest).fit(signal)
    return [[float(times[index]) for index in model.predict(pen=penalty)[:-1]] for penalty in penalties]
