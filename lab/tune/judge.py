"""Scores a proposal on calls that were heard: the analysis, the rules and the counting of `evaluate`, on kept frames.

Each process keeps the frames of its own share of the calls in memory. Which process scores a call changes nothing.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from types import TracebackType

from threadpoolctl import threadpool_limits

from lab.calls.alerts import AlertAim, about_emotion, raised_rules
from lab.calls.judged import rules_for
from lab.calls.labelled import LabelledCall
from lab.calls.score import CallScore, score_call
from lab.hearing.hearing import Hearing, analysed_anew
from lab.tune.proposal import Proposal
from monitor.pipeline.engine_processes import deaths_told, follow_the_first


@dataclass(frozen=True, slots=True)
class Heard:
    """Labelled calls and what was heard of them; enough to score any proposal on them."""

    calls: tuple[tuple[LabelledCall, Hearing], ...]
    """Hearings with their embeddings."""
    labels: tuple[str, ...]
    """Of the engine that heard."""
    alerts: AlertAim
    real: tuple[Hearing, ...] = ()
    """Of calls without labels, which bound how often one is warned of emotion."""

    def scores(self, proposal: Proposal) -> list[CallScore]:
        """What `evaluate` would say of each call with the settings and rules of the proposal."""
        settings, rules = proposal.settings, proposal.only(self.alerts.rules).rules
        anew = (
            (call, analysed_anew(hearing, self.labels, settings, rules_for(call.judged, rules))) for call, hearing in self.calls
        )
        return [score_call(call, hearing, self.labels, self.alerts) for call, hearing in anew]

    def alarms(self, proposal: Proposal) -> int:
        """Alerts of all rules about emotion in the calls without labels, with the settings and rules of the proposal."""
        settings, rules = proposal.settings, proposal.only(about_emotion(proposal.rules)).rules
        return sum(len(raised_rules(analysed_anew(hearing, self.labels, settings, rules).events)) for hearing in self.real)


class Judge:
    """Scores proposals on `jobs` processes; in this one where `jobs` is 1. A context manager."""

    def __init__(self, heard: Heard, jobs: int) -> None:
        if jobs < 1:
            raise ValueError(f"jobs must be at least 1, got {jobs}")
        self._heard = heard
        jobs = min(jobs, len(heard.calls))
        shares = [replace(heard, calls=heard.calls[n::jobs], real=heard.real[n::jobs]) for n in range(jobs)] if jobs > 1 else []
        self._pools = [ProcessPoolExecutor(1, get_context("spawn"), _begin, (share,)) for share in shares]

    @property
    def real_hours(self) -> float:
        """Of calls without labels."""
        return sum(hearing.seconds for hearing in self._heard.real) / 3600

    def scores(self, proposal: Proposal) -> tuple[list[CallScore], int]:
        """Of all calls, in their order, and alarms in calls without labels. Raises `EngineError` where a process died."""
        if not self._pools:
            return self._heard.scores(proposal), self._heard.alarms(proposal)
        with deaths_told():
            waiting = [pool.submit(_scores, proposal) for pool in self._pools]
            shares = [future.result() for future in waiting]
        scores = [shares[index % len(shares)][0][index // len(shares)] for index in range(len(self._heard.calls))]
        return scores, sum(alarms for _, alarms in shares)

    def __enter__(self) -> "Judge":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        for pool in self._pools:
            pool.shutdown(cancel_futures=True)


_share: Heard | None = None
"""Of this process, where it is one of a judge's."""


def _begin(share: Heard) -> None:
    global _share
    follow_the_first()
    threadpool_limits(1)
    _share = share


def _scores(proposal: Proposal) -> tuple[Sequence[CallScore], int]:
    if _share is None:
        raise RuntimeError("this process was not begun by a judge")
    return _share.scores(proposal), _share.alarms(proposal)
