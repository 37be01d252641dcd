"""The files of a snapshot, read as any other tool reads them. How one reads what nobody vouches for: `tests/analysis/`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The snapshot of one leg."""

    embedding: NDArray[np.float32]
    utterance: NDArray[np.float32]
    result: dict[str, Any]


def load_snapshot(folder: Path) -> Snapshot:
    """The snapshot in `STORE/snapshots/CALL/LEG`."""
    embedding, utterance = (np.load(folder / name, allow_pickle=False) for name in ("embedding.npy", "utterance.npy"))
    return Snapshot(embedding, utterance, json.loads((folder / "result.json").read_text()))
