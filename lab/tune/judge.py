"""Scores a proposal on calls that were heard: the analysis, the rules and the counting of `evaluate`, on kept frames.

Each process keeps the frames of its own share of the calls in memory. Which process scores a call changes nothing.
"""

import signal
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType

from threadpoolctl import threadpool_limits

from lab.calls.alerts import AlertAim
from lab.calls.labelled import LabelledCall
from lab.calls.score import CallScore, score_call
from lab.hearing.hearing import Hearing, analysed_anew
from lab.hearing.listeners import deaths_told, leave_with_the_first
from lab.tune.heard import read
from lab.tune.proposal import Proposal


@dataclass(frozen=True, slots=True)
class Case:
    """A call with its frames. Small, so that it can be sent to another process."""

    call: LabelledCall
    frames: Path
    """A file of `heard.py`."""
    labels: tuple[str, ...]
    """Of the engine that made the frames."""


class Frames:
    """Files that were read, one a call: the last one, as a search turns from one setting of the engine to the next."""

    def __init__(self) -> None:
        self._of_call: dict[str, tuple[Path, Hearing]] = {}

    def of(self, case: Case) -> Hearing:
        """The frames of a case. Raises `StoreError` where the file is corrupted."""
        path, hearing = self._of_call.get(case.call.name, (None, None))
        if hearing is None or path != case.frames:
            hearing = read(case.frames)
            self._of_call[case.call.name] = case.frames, hearing
        return hearing


def score(case: Case, proposal: Proposal, alerts: AlertAim, frames: Frames) -> CallScore:
    """What `evaluate` would say of the call with the settings and rules of the proposal."""
    hearing = analysed_anew(frames.of(case), case.labels, proposal.settings, proposal.rules)
    return score_call(case.call, hearing, case.labels, alerts)


class Judge:
    """Scores proposals on `jobs` processes; in this one where `jobs` is 1. A context manager."""

    def __init__(self, alerts: AlertAim, jobs: int) -> None:
        if jobs < 1:
            raise ValueError(f"jobs must be at least 1, got {jobs}")
        self._alerts = alerts
        self._frames = Frames()
        context = get_context("spawn")
        self._pools = [ProcessPoolExecutor(1, context, _begin) for _ in range(jobs)] if jobs > 1 else []

    def scores(self, cases: Sequence[Case], proposal: Proposal) -> list[CallScore]:
        """Of all cases, in their order. Raises `StoreError` where frames cannot be read, `EngineError` where a process died."""
        proposal = proposal.only(self._alerts.rules)
        if not self._pools:
            return [score(case, proposal, self._alerts, self._frames) for case in cases]
        with deaths_told():
            waiting: list[Future[CallScore]] = [self._pool(case).submit(_score, case, proposal, self._alerts) for case in cases]
            return [future.result() for future in waiting]

    def close(self) -> None:
        """End the processes."""
        for pool in self._pools:
            pool.shutdown(cancel_futures=True)

    def __enter__(self) -> "Judge":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def _pool(self, case: Case) -> ProcessPoolExecutor:
        """A call is always scored by the same process, which has its frames."""
        return self._pools[sum(case.call.name.encode()) % len(self._pools)]


_frames = Frames()
"""Of this process, where it is one of a judge's."""


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends the others
    threading.Thread(target=leave_with_the_first, daemon=True).start()
    threadpool_limits(1)


def _score(case: Case, proposal: Proposal, alerts: AlertAim) -> CallScore:
    return score(case, proposal, alerts, _frames)
