"""The rules that the configuration names, with the templates and heads that they need."""

from collections.abc import Sequence

from monitor.alerts.rules import RuleSet, load_rules
from monitor.config.sections import Settings
from monitor.learned.configured import configured
from monitor.learned.engine_key import EngineKey
from monitor.learned.learned import Learned


def configured_rules(settings: Settings, engine: EngineKey, labels: Sequence[str]) -> RuleSet:
    """What calls are heard with by an engine of `labels`. Raises `ConfigError` where something is wrong or does not fit."""
    learned = configured(settings.analysis)
    Learned(heads=learned.heads).require(engine)
    return load_rules(settings.alerts.rules, labels).heard_with(learned, engine)
