"""The settings of alert sinks: where events go, which, and how often that is tried. A sink's own options are its own model."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, SerializeAsAny, ValidationInfo, field_validator

from monitor.config.section import Seconds, Section
from monitor.errors import ConfigError
from monitor.plugins import Registry
from monitor.validation import worded

SINKS: Registry[Any] = Registry(
    "sink", {"jsonl": "monitor.sinks.jsonl:JsonlSink", "webhook": "monitor.sinks.webhook:WebhookSink"}
)
"""Each is a `monitor.sinks.base.Sink`, whose `Options` are what stands under `options:`."""

SinkName = Annotated[
    str,
    worded(r"(?=.{1,64}$)[a-z0-9]+([_-][a-z0-9]+)*", "the name of a sink is at most 64 small letters, digits, - or _ inside"),
]
"""A folder of the store is called so, and metrics bear it."""

EventType = Literal[
    "call_started",
    "call_ended",
    "state",
    "change_point",
    "alert",
    "alert_acknowledged",
    "alert_assigned",
    "alert_snoozed",
    "alert_judged",
    "note_written",
    "note_erased",
    "source_moved",
    "hearing",
    "frames_skipped",
]
"""Those of `monitor.events`, which this room must not load: a test compares the two."""

Word = str | int | float | bool


class SelectionSection(Section):
    """Which events go to a sink. What is left empty does not choose."""

    types: tuple[EventType, ...] = ("alert",)
    """Types of event; empty: every type."""
    statuses: tuple[Literal["raised", "updated", "cleared"], ...] = ()
    severities: tuple[Literal["info", "warning", "critical"], ...] = ()
    rules: tuple[str, ...] = ()
    """Names of rules. The three are of alerts; events of other types pass."""
    legs: tuple[Literal["customer", "agent", "mixed"], ...] = ()
    """What is about the whole call passes."""
    metadata: Mapping[str, tuple[Word, ...]] = {}
    """Key of the call's metadata -> the values that it may have; compared as text. Every key must fit."""

    @field_validator("metadata", mode="before")
    @classmethod
    def _one_value_is_a_list(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {key: (item,) if isinstance(item, Word) else item for key, item in value.items()}


class RetrySection(Section):
    """How often an event is tried."""

    attempts: int = Field(default=10, ge=1, le=1_000)
    """After so many that failed the event is given up: it goes to the dead letters, and the next has its turn."""
    first_pause: Seconds = Field(default=1.0, ge=0, le=3_600)
    """After a failure; doubled by every further one, up to ..."""
    longest_pause: Seconds = Field(default=60.0, ge=0, le=86_400)
    """... this. Each is drawn between a half and the whole of it, so that many services do not come at once."""


class SinkSection(Section):
    """One sink."""

    kind: str
    """A name of `SINKS`."""
    options: SerializeAsAny[Section] = Field(default=Section(), validate_default=True)
    """What a sink of this kind takes."""
    events: SelectionSection = SelectionSection()
    retry: RetrySection = RetrySection()

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, value: str) -> str:
        options_model(value)
        return value

    @field_validator("options", mode="plain")
    @classmethod
    def _options_of_the_kind(cls, value: Any, info: ValidationInfo) -> Section:
        if "kind" not in info.data:  # which is an error of its own
            return Section()
        model = options_model(info.data["kind"])
        return value if isinstance(value, model) else model.model_validate({} if type(value) is Section else value)


def options_model(kind: str) -> type[Section]:
    """What stands under `options:` of a sink. Raises `ValueError` where there is no such sink, or it is none."""
    try:
        model = getattr(SINKS.load(kind, "kind"), "Options", None)
    except ConfigError as error:
        raise ValueError(str(error).removeprefix("kind: ")) from None
    if not (isinstance(model, type) and issubclass(model, Section)):
        raise ValueError(f"the sink {kind!r} of another package has no Options, which must be a subclass of Section")
    return model
