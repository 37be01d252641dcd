"""The sentence that a supervisor reads: a template with plain fields, checked when the rule is loaded."""

from collections.abc import Mapping
from string import Formatter

FIELDS = {
    "leg": "customer, agent, caller (mixed), or both",
    "seconds": "how long the condition has lasted",
    "emotion": "the leg's emotion state",
    "probability": "how far it is believed, 0 to 1",
    "valence": "-1 to 1",
    "arousal": "-1 to 1",
    "before": "emotion before the last change point",
    "after": "emotion after it",
    "strength": "its strength",
    "silence": "seconds since anyone of the rule's leg or legs spoke",
    "overtalk": "seconds for which both have been speaking",
}
"""What a template may name."""
OF_A_LEG = frozenset({"emotion", "probability", "valence", "arousal", "before", "after", "strength"})
"""Fields that a rule for both legs has no one value for."""


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


def fill(template: str, fields: Mapping[str, str]) -> str:
    """The sentence.

    >>> fill("{leg} sounds {emotion}", {"leg": "customer", "emotion": "angry"})
    'customer sounds angry'
    """
    return template.format_map(fields)
