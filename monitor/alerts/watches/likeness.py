"""Conditions on what a leg's last seconds of speech are like: a template, or a label of a head."""

from monitor.alerts.model import LabelCondition, TemplateCondition
from monitor.alerts.moment import Moment
from monitor.alerts.verdict import UNKNOWN, Measure, Verdict, unmet
from monitor.alerts.watches.base import MARGIN, STEP, Watch
from monitor.events import Leg
from monitor.learned.head import Head
from monitor.learned.template import Template

SIMILARITY_MARGIN = 0.03
"""By which thresholds of similarity are eased: embeddings of other speech may be not much further away than that."""
SIMILARITY_STEP = 0.05
"""Growth of a similarity that is worth telling."""


class TemplateWatch(Watch):
    """How like a template a leg sounds."""

    def __init__(self, condition: TemplateCondition, leg: Leg, template: Template) -> None:
        """Raises `ValueError` where neither the condition nor the template has a threshold."""
        threshold = template.document.threshold if condition.at_least is None else condition.at_least
        if threshold is None:
            raise ValueError(f"template {template.name} has learnt no threshold")
        self._threshold = threshold
        self._name = template.name
        self._leg = leg

    def update(self, moment: Moment, ease: int) -> Verdict:
        """See `Watch.update`."""
        leg = moment.legs.get(self._leg)
        similarity = None if leg is None else leg.likeness.templates.get(self._name)
        if leg is None or similarity is None:
            return UNKNOWN
        if similarity < self._threshold - ease * SIMILARITY_MARGIN:
            return unmet(leg.heard)
        text = f"like {self._name} {similarity:.2f}"
        measure = Measure(f"{self._leg}.{self._name}", similarity, similarity, SIMILARITY_STEP, text, self._leg)
        return Verdict(True, leg.heard, (measure,), moment.tick)


class LabelWatch(Watch):
    """Whether a head finds some of its labels in a leg."""

    def __init__(self, condition: LabelCondition, leg: Leg, head: Head) -> None:
        self._at_least = condition.at_least
        self._columns = [head.labels.index(label) for label in dict.fromkeys(condition.is_)]
        self._head = head.name
        self._text = " or ".join(condition.is_)
        self._name = f"{leg}.{head.name}.{'+'.join(condition.is_)}"
        self._leg = leg

    def update(self, moment: Moment, ease: int) -> Verdict:
        """See `Watch.update`."""
        leg = moment.legs.get(self._leg)
        posterior = None if leg is None else leg.likeness.heads.get(self._head)
        if leg is None or posterior is None:
            return UNKNOWN
        probability = sum(posterior[column] for column in self._columns)
        if self._at_least is None:
            holds = posterior.index(max(posterior)) in self._columns
        else:
            holds = probability >= self._at_least - ease * MARGIN
        if not holds:
            return unmet(leg.heard)
        measure = Measure(self._name, probability, probability, STEP, f"{self._text} {probability:.2f}", self._leg)
        return Verdict(True, leg.heard, (measure,), moment.tick)
