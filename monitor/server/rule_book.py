"""The rules of a service: which version is in force, whether a text holds, and saving one as the next version.

The last change counts, wherever it was made. The rule files of the configuration become a version when they are first used and
whenever they have changed; one that is saved on the page comes after it and stays in force over restarts, until somebody saves
another or changes the files.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

import structlog

from monitor.alerts.configured import fitting
from monitor.alerts.rule_text import NAME, configured_text
from monitor.alerts.rules import RuleSet, named_files, parse_rules, shipped_rules
from monitor.alerts.versions import FOLDER, RuleVersions, Version
from monitor.config import Settings
from monitor.errors import ConfigError, ConflictError, StoreError
from monitor.learned.engine_key import EngineKey
from monitor.pipeline.monitor import Monitor
from monitor.sinks.following import check_rules

log = structlog.get_logger(__name__)


class RuleBook:
    """The versions of one service. From any thread."""

    def __init__(self, monitor: Monitor, settings: Settings) -> None:
        """Have calls watched with the version that counts. Raises `ConfigError` where its rules do not hold, and `StoreError`
        where the versions cannot be read or written."""
        self._monitor = monitor
        self._settings = settings
        self._lock = Lock()
        folder = monitor.store.beside(FOLDER)
        self._versions = None if folder is None else RuleVersions(folder)
        self.current, self.text = self._begin()
        log.info("rules", rules=len(monitor.rules.rules), **self.current.document())

    @property
    def why_not(self) -> str | None:
        """Why nothing can be saved; None where it can."""
        if self._versions is not None:
            return None
        return f"the store ({self._monitor.store.place}) keeps no files, so there is no place for versions"

    def all(self) -> list[Version]:
        """The versions, newest first. Raises `StoreError`."""
        return [self.current] if self._versions is None else self._versions.all()[::-1]

    def get(self, number: int) -> tuple[Version, str]:
        """A version and its text. Raises `NotFoundError`, `StoreError`."""
        if number == self.current.number or self._versions is None:
            return self.current, self.text
        version = self._versions.get(number)
        return version, self._versions.text(version)

    def check(self, text: str) -> RuleSet:
        """The rules of a text, as a call would be watched with them. Raises `ConfigError` for all that is wrong with it."""
        return self._holding(text, NAME)

    def save(self, text: str, *, by: str | None, note: str, base: int) -> Version:
        """Make a text the next version, in force for all calls that begin from now on.

        Raises `ConflictError` where `base` is not the version in force any more, `ConfigError` where the rules do not hold or
        are those in force, and `StoreError` where they cannot be kept.
        """
        text = _tidy(text)
        with self._lock:
            if self._versions is None:
                raise StoreError(f"rules cannot be saved: {self.why_not}")
            if base != self.current.number:
                raise ConflictError(
                    f"version {self.current.number} of the rules{f', by {self.current.by},' if self.current.by else ''} came "
                    f"after version {base}, from which yours was made: look at what changed, and save again over that"
                )
            rules = self.check(text)
            if text == self.text:
                raise ConfigError(f"this is version {self.current.number}, which is in force: nothing to save")
            self.current = self._versions.save(text, origin="saved", by=by, note=note)
            self.text = text
            self._monitor.take_rules(rules)
        log.info("rules_changed", rules=len(rules.rules), **self.current.document())
        return self.current

    def _begin(self) -> tuple[Version, str]:
        paths = self._settings.alerts.rules
        text, made_of = _tidy(configured_text(paths)), _made_of(paths)
        if self._versions is None:
            at = datetime.now(UTC).isoformat(timespec="seconds")
            return Version(1, at, None, "", "configuration"), text
        every = self._versions.all()
        newest = every[-1] if every else None
        before = next((version for version in reversed(every) if version.origin == "configuration"), None)
        if newest is None or before is None or before.configured != made_of:
            if newest is not None and newest.origin == "saved":
                log.warning(
                    "rules_of_the_configuration_changed",
                    instead_of=newest.document(),
                    do=f"to bring these back: emotion-monitor rules use {newest.number}, or the page",
                )
            return self._versions.save(text, origin="configuration", configured=made_of), text
        if newest.origin == "configuration":
            if self._versions.text(newest) != text:  # what ships came with another release
                newest = self._versions.save(text, origin="configuration", configured=made_of)
            return newest, text
        saved = self._versions.text(newest)
        try:
            self._monitor.take_rules(self._holding(saved, str(self._versions.file(newest.number))))
        except ConfigError as error:
            raise ConfigError(
                f"{error}\nversion {newest.number} of the rules is in force and does not hold here: mend what it names, or "
                "take another one: emotion-monitor rules list, emotion-monitor rules use VERSION"
            ) from None
        return newest, saved

    def _holding(self, text: str, name: str) -> RuleSet:
        info = self._monitor.inference.info
        rules = fitting(parse_rules(text, name, info.labels), self._settings, EngineKey(info.name, info.version, info.dim))
        check_rules(self._settings.sinks, rules.names)
        return rules


def _made_of(paths: Any) -> tuple[str, ...]:
    """What tells whether the rule files of a configuration changed: rules that ship by name, for a new release of them is no
    change of the configuration; others by content."""
    shipped = shipped_rules()
    return tuple(str(path) if str(path) in shipped else _digest(Path(path)) for path in named_files(paths))


def _digest(path: Path) -> str:
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip() + "\n"
