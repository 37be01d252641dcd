"""The sentence that a supervisor reads: a template with plain fields, checked when the rule is loaded."""

from collections.abc import Mapping
from string import Formatter

FIELDS = {
    "leg": "customer, agent, caller (mixed), or both",
    "since": "when the condition began, on the clock of the call",
    "evidence": "what met the condition, in words and numbers",
    "seconds": "how long the condition had lasted when this was said",
    "emotion": "the emotion that met the condition, else the leg's state",
    "probability": "how far it is believed, 0 to 1",
    "valence": "-1 to 1",
    "arousal": "-1 to 1",
    "before": "emotion before the change point that met the condition, else before the leg's last one",
    "after": "emotion after it",
    "strength": "its strength",
    "changed": "when it was, on the clock of the call",
    "silence": "seconds since anyone of the rule's leg or legs spoke",
    "overtalk": "seconds for which both have been speaking",
}
"""What a template may name."""
OF_A_LEG = frozenset({"emotion", "probability", "valence", "arousal", "before", "after", "strength", "changed"})
"""Fields that a rule for both legs has no one value for."""
RUNNING = frozenset({"seconds", "silence", "overtalk"})
"""Fields that are soon no longer true: an alert that names one is said again as they grow."""


def check_template(template: str, *, both: bool) -> None:
    """Raises `ValueError` where a template is malformed or names a field that there is not."""
    try:
        parsed = list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"not a template: {error}; write {{{{ and }}}} for braces") from None
    for _, name, spec, conversion in parsed:
        if name is None:
            continue
        if spec or conversion:
            raise ValueError(f"field {name}: a format or conversion is not allowed; write {{{name}}}")
        if name not in FIELDS:
            raise ValueError(f"unknown field {{{name}}}; there are: {', '.join(FIELDS)}")
        if both and name in OF_A_LEG:
            raise ValueError(f"{{{name}}} belongs to one leg, and this rule is about both")


def named(template: str) -> frozenset[str]:
    """The fields that a template names.

    >>> sorted(named("{leg} sounds {emotion}"))
    ['emotion', 'leg']
    """
    return frozenset(name for _, name, _, _ in Formatter().parse(template) if name)


def seconds_text(seconds: float) -> str:
    """A duration: to the tenth where it is short.

    >>> seconds_text(2.04), seconds_text(12.4)
    ('2.0', '12')
    """
    return f"{seconds:.0f}" if seconds >= 9.95 else f"{seconds:.1f}"


def fill(template: str, fields: Mapping[str, str]) -> str:
    """The sentence.

    >>> fill("{leg} sounds {emotion}", {"leg": "customer", "emotion": "angry"})
    'customer sounds angry'
    """
    return template.format_map(fields)
