"""Sections in which a name decides what else stands there: an engine's, a detector's.

What all parts of a room take is the section; what one takes beside is a model of its own, a subclass of the section in a module
that imports nothing heavy, because it is loaded with the settings.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from monitor.config.section import Section
from monitor.errors import ConfigError
from monitor.plugins import Registry

Options = TypeVar("Options", bound=Section)

UNKNOWN_OPTION = "unknown_option"
"""Type of the error of a key that no part takes."""


class Choice(Generic[Options]):
    """The parts that one section of the settings may name, and the options of each."""

    def __init__(self, room: str, section: type[Options], key: str, own: Mapping[str, str]) -> None:
        """`key` of the section names the part; `own` maps the names of those that ship to `module:options`."""
        self.registry: Registry[type[Options]] = Registry(room, own, section)
        self._section = section
        self._key = key

    def names(self) -> tuple[str, ...]:
        """All parts, sorted."""
        return self.registry.names()

    def options(self, name: str) -> type[Options]:
        """The options of the part of this name. Raises `ConfigError`."""
        return self.registry.load(name, self._key)

    def validate(self, value: Any) -> Options:
        """The options of the part that `value` names; raises pydantic's `ValidationError` with all faults.

        Keys that another part takes must be right for it and are left out, so that one file serves whichever is chosen.
        """
        if isinstance(value, self._section):
            if type(value) is not self._section:
                return value
            value = value.model_dump(exclude_unset=True)
        if not isinstance(value, Mapping):
            return self._section.model_validate(value)  # says what is wrong with it
        name = value.get(self._key, self._section.model_fields[self._key].default)
        faults: list[InitErrorDetails] = []
        model = self._model(name, faults)
        known = model is not self._section
        made = _tried(model, {**_taken(value, model), self._key: name}, faults)
        rest = [key for key in value if key not in model.model_fields]
        for other in self._others(name) if rest else ():
            if set(rest) & other.model_fields.keys():
                _tried(other, {key: item for key, item in _taken(value, other).items() if key != self._key}, faults)
                rest = [key for key in rest if key not in other.model_fields]
        if known:
            takes = f"{self.registry.room} {name} takes {', '.join(key for key in model.model_fields if key != self._key)}"
            faults += [_fault(UNKNOWN_OPTION, (str(key),), f"the {takes}") for key in rest]
        if made is None or faults:
            raise ValidationError.from_exception_data(self._section.__name__, _each_once(faults))
        return made

    def _model(self, name: Any, faults: list[InitErrorDetails]) -> type[Options]:
        """The section itself, and a fault, where there is no such part."""
        if not isinstance(name, str):
            return self._section
        try:
            return self.options(name)
        except ConfigError as error:
            faults.append(_fault("unknown_name", (self._key,), str(error).removeprefix(f"{self._key}: ")))
            return self._section

    def _others(self, name: Any) -> Iterator[type[Options]]:
        for other in self.names():
            if other != name:
                with suppress(ConfigError):  # of a part that nobody has chosen
                    yield self.options(other)


def _taken(value: Mapping[str, Any], model: type[Section]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key in model.model_fields}


def _tried(model: type[Options], data: Mapping[str, Any], faults: list[InitErrorDetails]) -> Options | None:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            faults.append({"type": item["type"], "loc": item["loc"], "input": item["input"], "ctx": item.get("ctx", {})})
        return None


def _fault(kind: str, place: tuple[str, ...], message: str) -> InitErrorDetails:
    # The message is a value of the template, because it may hold braces of its own.
    return {"type": PydanticCustomError(kind, "{message}", {"message": message}), "loc": place, "input": None}


def _each_once(faults: list[InitErrorDetails]) -> list[InitErrorDetails]:
    """What two parts say of a key that both take is said once."""
    return list({(fault["loc"], str(fault["type"])): fault for fault in faults}.values())
