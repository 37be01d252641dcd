"""What still holds something of an erased call: templates and heads that were learnt from it, wherever they are kept.

Nothing of them is changed. A template without one of its examples is another one, whose threshold and rates would be those
of the old; of a head's weights no example can be taken out; and a call that keeps them could not be replayed any more.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.config.sections import AnalysisSection
from monitor.errors import ConfigError, MonitorError, NotFoundError
from monitor.learned.configured import template_files
from monitor.learned.head import Head
from monitor.learned.learned import Learned
from monitor.learned.template import Template
from monitor.store.base import Store


@dataclass(frozen=True, slots=True)
class Remains:
    """What still holds something of a call. False where nothing does, as far as all could be read."""

    templates: tuple[str, ...] = ()
    """Files of templates with examples of it, or with a mean that it is part of."""
    heads: tuple[str, ...] = ()
    """Files of heads that were trained on it."""
    in_use: tuple[str, ...] = ()
    """Names of templates and heads with which calls are heard at this moment, and which new calls keep."""
    calls: tuple[str, ...] = ()
    """Other stored calls that keep such a template or head."""
    unread: tuple[str, ...] = ()
    """What could not be looked into, with the reason."""

    def __bool__(self) -> bool:
        return any((self.templates, self.heads, self.in_use, self.calls, self.unread))


def remains_of(store: Store, call: str, section: AnalysisSection, heard_with: Learned | None = None) -> Remains:
    """What still holds something of a call that was erased. It never fails: what cannot be read is told."""
    unread: list[str] = []
    learned = heard_with or Learned()
    in_use = [f"template {name}" for name, one in learned.templates.items() if call in one.document.calls]
    in_use += [f"head {name}" for name, one in learned.heads.items() if call in one.document.calls]
    return Remains(
        templates=tuple(_files(_templates(section, unread), Template.load, call, unread)),
        heads=tuple(_files(section.heads or (), Head.load, call, unread)),
        in_use=tuple(in_use),
        calls=tuple(_keepers(store, call, unread)),
        unread=tuple(unread),
    )


def _templates(section: AnalysisSection, unread: list[str]) -> list[Path]:
    try:
        return [] if section.templates is None else template_files(section.templates)
    except ConfigError as error:
        unread.append(str(error))
        return []


def _files(
    paths: list[Path] | tuple[Path, ...], load: Callable[[Path], Template | Head], call: str, unread: list[str]
) -> Iterator[str]:
    for path in paths:
        try:
            if call in load(path).document.calls:
                yield str(path)
        except ConfigError as error:
            unread.append(str(error))


def _keepers(store: Store, call: str, unread: list[str]) -> Iterator[str]:
    for other in sorted(store.naming(call)):
        try:
            if call in _learnt_from(store.open(other).record.settings.get("learned", {})):
                yield other
        except NotFoundError:  # erased meanwhile
            continue
        except MonitorError as error:
            unread.append(f"call {other}: {error}")
        except (AttributeError, KeyError, TypeError):
            unread.append(f"call {other}: the templates and heads that it keeps cannot be read")


def _learnt_from(kept: Mapping[str, Any]) -> set[str]:
    """The calls that what a call keeps was learnt from (`Learned.document`)."""
    return {call for one in (*kept.get("templates", ()), *kept.get("heads", ())) for call in one["calls"]}
