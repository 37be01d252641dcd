"""Labelled calls: what was said when in which emotion, and how right the monitor was about it.

Reading labels (`read_calls`), scoring one call (`score_call`) and adding scores up (`summarise`) are pure functions apart from
hearing: the same hearing can be scored many times, and a hearing analysed anew with other settings is scored like the first.
"""

from lab.calls.alerts import AlertAim
from lab.calls.figures import summarise
from lab.calls.labelled import LabelledCall, Segment, TrueChange
from lab.calls.read import holds_calls, read_calls
from lab.calls.report import CallsResult
from lab.calls.run import evaluate_calls
from lab.calls.score import CallScore, score_call

__all__ = [
    "AlertAim",
    "CallScore",
    "CallsResult",
    "LabelledCall",
    "Segment",
    "TrueChange",
    "evaluate_calls",
    "holds_calls",
    "read_calls",
    "score_call",
    "summarise",
]
