"""The rules that the configuration names, with the templates and heads that they need."""

from collections.abc import Sequence

from monitor.alerts.rules import RuleSet, load_rules
from monitor.config.sections import Settings
from monitor.learned.configured import configured
from monitor.learned.engine_key import EngineKey
from monitor.learned.learned import Learned


def fitting(rules: RuleSet, settings: Settings, engine: EngineKey) -> RuleSet:
    """Rules with the templates and heads that the configuration has for them. Raises `ConfigError` where one does not fit."""
    learned = configured(settings.analysis)
    Learned(heads=learned.heads).require(engine)
    return rules.heard_with(learned, engine)


def configured_rules(settings: Settings, engine: EngineKey, labels: Sequence[str]) -> RuleSet:
    """What calls are heard with by an engine of `labels`. Raises `ConfigError` where something is wrong or does not fit."""
    return fitting(load_rules(settings.alerts.rules, labels), settings, engine)
