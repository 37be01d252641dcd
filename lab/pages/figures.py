"""What a labelled call's page and the index say of how right the monitor was about it."""

from lab.calls.changes import HEADLINE, TOLERANCES
from lab.calls.eder import Eder
from lab.calls.score import CallScore
from lab.pages.document import Figures


def call_figures(score: CallScore) -> Figures:
    """Error rate of the emotion shown, alerts, and change points; what cannot be told of this call is left out."""
    shown = sum(score.shown.values(), Eder())
    true = sum(len(leg.true) for leg in score.changes)
    found = sum(leg.matched[TOLERANCES.index(HEADLINE)] for leg in score.changes)
    alerts = score.alerts
    told = {
        "EDER": round(shown.rate, 3) if shown.labelled else None,
        "anger warned of": f"{len(alerts.hits)} of {len(alerts.blocks)}" if alerts.blocks else None,
        "false alerts": len(alerts.false),
        "changes found": f"{found} of {true}" if true else None,
    }
    return {name: value for name, value in told.items() if value is not None}
