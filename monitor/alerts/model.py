"""What a rule says: the keys of a rule file, each checked by itself and against the others. Explained in docs/rules.md."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationInfo,
    field_validator,
    model_validator,
)

from monitor.alerts.message import check_template
from monitor.events import Leg
from monitor.metadata import fits, text_of
from monitor.validation import worded

Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Seconds = Annotated[Number, Field(ge=0, le=86_400)]
Probability = Annotated[Number, Field(gt=0, le=1)]
Coordinate = Annotated[Number, Field(ge=-2, le=2)]

RuleLeg = Literal["customer", "agent", "mixed", "any", "both"]
ConditionLeg = Literal["customer", "agent", "mixed", "other", "either", "both"]

KINDS = ("emotion", "affect", "change_point", "silence", "overtalk", "template", "label", "all_of", "any_of", "not")


def _as_list(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Label = Annotated[str, Field(pattern=r"^[a-z<][a-z0-9_<> -]{0,39}$")]
Labels = Annotated[tuple[Label, ...], BeforeValidator(_as_list), Field(min_length=1, max_length=20)]
"""One label or a list of them."""


def _as_texts(value: object) -> object:
    """One value or a list of them, as a call's metadata are compared."""
    values = value if isinstance(value, list | tuple) else (value,)
    return tuple(text_of(item) if isinstance(item, int | float) else item for item in values)


MetadataKey = Annotated[str, Field(min_length=1, max_length=200)]
Texts = Annotated[
    tuple[Annotated[str, Field(max_length=1_000)], ...], BeforeValidator(_as_texts), Field(min_length=1, max_length=200)
]


class RulePart(BaseModel):
    """Base of all parts of a rule: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class EmotionCondition(RulePart):
    """A leg shows one of some emotions."""

    is_: Labels = Field(alias="is")
    at_least: Probability | None = None
    """Smoothed posterior of the labels together; without it, the leg's emotion state must be one of them."""


class Bounds(RulePart):
    """A value lies outside of a bound."""

    above: Coordinate | None = None
    below: Coordinate | None = None

    @model_validator(mode="after")
    def _one(self) -> "Bounds":
        if (self.above is None) == (self.below is None):
            raise ValueError("give either above or below")
        return self


class AffectCondition(RulePart):
    """A leg's valence, arousal or both are beyond bounds."""

    valence: Bounds | None = None
    arousal: Bounds | None = None
    relative: Annotated[bool, Strict()] = False
    """Bounds are differences from the speaker's own normal, instead of places on the scale."""

    @model_validator(mode="after")
    def _some(self) -> "AffectCondition":
        if self.valence is None and self.arousal is None:
            raise ValueError("give valence, arousal or both")
        return self


class ChangePointCondition(RulePart):
    """A leg's emotion changed in the last seconds."""

    from_: Labels | None = Field(default=None, alias="from")
    to: Labels | None = None
    strength: Annotated[Number, Field(ge=0, le=1000)] = 0.0
    """At least this."""
    confirmed: Annotated[bool, Strict()] = True
    """Wait for confirmation; false takes provisional ones too, and gives up those that are retracted."""
    last: Annotated[Seconds, Field(gt=0)] = 10.0
    """Seconds for which a change counts, from when it was known."""


class SilenceCondition(RulePart):
    """Nobody of the leg or legs speaks."""

    longer_than: Annotated[Seconds, Field(gt=0)]


class OvertalkCondition(RulePart):
    """Both speak at once: without a pause for a time, or for a share of a window."""

    longer_than: Annotated[Seconds, Field(gt=0)] | None = None
    share: Probability | None = None
    window: Annotated[Seconds, Field(ge=1, le=600)] | None = None

    @model_validator(mode="after")
    def _one(self) -> "OvertalkCondition":
        if (self.longer_than is None) == (self.share is None):
            raise ValueError("give either longer_than, or share and window")
        if (self.share is None) != (self.window is None):
            raise ValueError("share and window go together")
        return self


LearnedName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class TemplateCondition(RulePart):
    """A leg sounds like a template."""

    name: LearnedName
    at_least: Annotated[Number, Field(gt=0, le=1)] | None = None
    """Cosine similarity; without it, the threshold that the template learnt."""


class LabelCondition(RulePart):
    """A head finds one of its labels in a leg's last seconds of speech."""

    head: LearnedName
    is_: Labels = Field(alias="is")
    at_least: Probability | None = None
    """Probability of the labels together; without it, the most probable label must be one of them."""


class Condition(RulePart):
    """One condition of the kinds in `KINDS`, with the leg that it is about and how long it counts."""

    emotion: EmotionCondition | None = None
    affect: AffectCondition | None = None
    change_point: ChangePointCondition | None = None
    silence: SilenceCondition | None = None
    overtalk: OvertalkCondition | None = None
    template: TemplateCondition | None = None
    label: LabelCondition | None = None
    all_of: tuple["Condition", ...] | None = Field(default=None, min_length=1, max_length=50)
    any_of: tuple["Condition", ...] | None = Field(default=None, min_length=1, max_length=50)
    not_: "Condition | None" = Field(default=None, alias="not")
    leg: ConditionLeg | None = None
    within: Annotated[Seconds, Field(gt=0, le=3_600)] | None = None
    """Holds if it held at any moment of the last seconds."""

    @property
    def kind(self) -> str:
        """Which of `KINDS` it is."""
        return next(kind for kind in KINDS if getattr(self, "not_" if kind == "not" else kind) is not None)

    @model_validator(mode="after")
    def _one_kind(self) -> "Condition":
        given = [kind for kind in KINDS if getattr(self, "not_" if kind == "not" else kind) is not None]
        if len(given) != 1:
            found = " and ".join(given) if given else "none"
            raise ValueError(f"a condition is exactly one of {', '.join(KINDS)}; found {found}")
        if self.leg is not None and given[0] in ("overtalk", "all_of", "any_of", "not"):
            raise ValueError(f"{given[0]} takes no leg; {'it is about both' if given[0] == 'overtalk' else 'put it inside'}")
        return self

    def walk(self) -> Iterator["Condition"]:
        """This condition and all inside it."""
        yield self
        for inner in (*(self.all_of or ()), *(self.any_of or ()), *((self.not_,) if self.not_ else ())):
            yield from inner.walk()


class Rule(RulePart):
    """What to warn about."""

    name: Annotated[str, worded(r"[a-z0-9][a-z0-9_-]{0,63}", "a name is at most 64 small letters, digits, - and _")]
    """Letters, digits, - and _; part of the ids of its alerts."""
    description: str = Field(default="", max_length=1_000)
    severity: Literal["info", "warning", "critical"]
    leg: Annotated[tuple[RuleLeg, ...], BeforeValidator(_as_list), Field(min_length=1)]
    """Watched for each of these by itself; `both` watches the call as a whole."""
    where: Mapping[MetadataKey, Texts] = Field(default_factory=dict, max_length=20)
    """Only calls whose metadata have each of these keys, with one of its values."""
    when: Condition
    hold: Seconds = 0.0
    """The condition must have been met for so long."""
    release: Seconds = 2.0
    """The condition must have been gone for so long before the alert is cleared."""
    cool_down: Seconds = 30.0
    """No new alert of this rule for so long after one was cleared."""
    message: str = Field(min_length=1, max_length=300)

    # Each key is held against those before it, not the rule as a whole: so that what is wrong with one is told with the rest.

    @field_validator("leg")
    @classmethod
    def _legs(cls, leg: tuple[RuleLeg, ...]) -> tuple[RuleLeg, ...]:
        if len(set(leg)) != len(leg):
            raise ValueError(f"names the same twice: {', '.join(leg)}")
        if len(leg) > 1 and {"any", "both"} & set(leg):
            raise ValueError("any and both stand alone")
        return leg

    @field_validator("when")
    @classmethod
    def _no_other_of_both(cls, when: Condition, info: ValidationInfo) -> Condition:
        if "both" in info.data.get("leg", ()) and any(condition.leg == "other" for condition in when.walk()):
            raise ValueError("leg: other has no meaning in a rule for both; name the leg")
        return when

    @field_validator("message")
    @classmethod
    def _template(cls, message: str, info: ValidationInfo) -> str:
        check_template(message, both="both" in info.data.get("leg", ()))
        return message

    def is_for(self, metadata: Mapping[str, Any]) -> bool:
        """Whether calls of such metadata are watched."""
        return fits(self.where, metadata)

    def subjects(self, legs: tuple[Leg, ...]) -> tuple[Leg | None, ...]:
        """For whom of a call's `legs` the rule is watched; None is the call as a whole."""
        if "both" in self.leg:
            return (None,)
        return tuple(leg for leg in legs if "any" in self.leg or leg in self.leg)
