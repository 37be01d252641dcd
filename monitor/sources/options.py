"""Options of sources, from the command line, the configuration or the API, checked against the source's constructor."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, get_args, get_type_hints

from pydantic import BeforeValidator, ConfigDict, ValidationError, create_model

from monitor.config import Settings
from monitor.config.section import Section
from monitor.errors import ConfigError
from monitor.events import Leg
from monitor.sources.base import Source
from monitor.validation import place, sentence


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value


Legs = Annotated[tuple[Leg, ...], BeforeValidator(_split)]
"""Legs in the order of the channels; also as text, `customer,agent`."""


def construct(source: type[Source], options: Mapping[str, Any], settings: Settings) -> Source:
    """A source from its options: see `checked_options`. Raises `ConfigError`, and `SourceError` where it cannot be opened."""
    return source(**checked_options(source, options, settings))


def checked_options(source: type[Source], options: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """What a source's constructor is given for options.

    The options are the parameters of its constructor; one that takes a section of the settings (`settings: RtpSection`) is
    given that. Values may be text, as on the command line. Raises `ConfigError` naming every option that is unknown, missing
    or wrong.
    """
    hints = get_type_hints(source.__init__, include_extras=True)
    sections: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(source).parameters.items():
        section = _section(hints[name], settings)
        if section is not None:
            sections[name] = section
        else:
            fields[name] = (hints[name], ... if parameter.default is inspect.Parameter.empty else parameter.default)
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    try:
        checked = create_model("Options", __config__=config, **fields).model_validate(dict(options))
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(source.kind, item, list(fields)) for item in error.errors())) from None
    given = {name: _value(getattr(checked, name), options[name]) for name in checked.model_fields_set}
    return {**given, **sections}


def _section(hint: Any, settings: Settings) -> Section | None:
    """The section of the settings that a parameter of this type takes; None where it takes none."""
    types = get_args(hint) or (hint,)
    return next((section for _, section in settings if isinstance(section, Section) and type(section) in types), None)


def _value(checked: Any, given: Any) -> Any:
    """The checked value, unless pydantic only promises to check it while it is iterated over, which works once."""
    return _split(given) if isinstance(checked, Iterator) else checked


def _explain(kind: str, item: Any, known: list[str]) -> str:
    name = place(item)
    if item["type"] == "extra_forbidden":
        return f"source {kind}: unknown option {name}; it takes {', '.join(known)}"
    if item["type"] == "missing":
        return f"source {kind}: option {name} is needed"
    return f"source {kind}: option {name}: {sentence(item)}, got {item['input']!r}"
