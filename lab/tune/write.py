"""Writes the settings found as a configuration file, and rules to a file beside it, with how they were found on top."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from lab.tune.tuning import Compared, Tuned
from monitor.config import Settings
from monitor.config.sections import default_detector
from monitor.errors import ConfigError
from monitor.output_file import write_text

KEPT: Mapping[str, tuple[str, ...] | None] = {
    "engine": ("name", "model", "window", "hop", "lookahead"),
    "privacy": None,
    "state": None,
    "changes": None,
    "alerts": None,
    "store": ("embedding_dtype", "embedding_rate"),
}
"""Sections, and keys of them (None: all), that bear upon what is said of a call. Others, secrets too, are not written."""


APART = "each speaker by the values that are best for the others"
"""Whom figures of people kept apart are of."""


def write_settings(tuned: Tuned, out: Path, command: str) -> list[Path]:
    """Write the settings found to `out`, and rules that were turned to a file beside it; the files, `out` first.

    What differs from the defaults is written, also where it was not searched. Raises `ConfigError` where it cannot be written.
    """
    found = tuned.best.proposal
    settings = found.settings
    header = _header(tuned, command)
    files = [out]
    if any(key.startswith("rules.") for key in tuned.keys):
        rules = out.with_name(f"{out.stem}.rules.yaml")
        _write(rules, header, {"rules": found.rules.document()})
        files.append(rules)
        alerts = settings.alerts.model_copy(update={"rules": (rules.resolve(),)})
        settings = settings.model_copy(update={"alerts": alerts})
    _write(out, header, _differing(settings))
    return files


def _differing(settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for section, keys in KEPT.items():
        values = getattr(settings, section).model_dump(mode="json", exclude_defaults=True)
        if section == "changes" and settings.changes.detector != default_detector(settings.engine):
            values = {"detector": settings.changes.detector, **values}
        if kept := {key: value for key, value in values.items() if keys is None or key in keys}:
            found[section] = kept
    return found


def _write(file: Path, header: Sequence[str], data: Mapping[str, Any]) -> None:
    text = yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True, width=120) if data else ""
    try:
        write_text(file, "".join(f"# {line}".rstrip() + "\n" for line in header) + text)
    except OSError as error:
        raise ConfigError(f"--out {file}: cannot be written: {error.strerror}") from None


def _header(tuned: Tuned, command: str) -> list[str]:
    engine, plan = tuned.engine, tuned.plan
    best = f"the best: {tuned.best.number}" if tuned.best.number else "no trial was better than what it began with"
    return [
        "Found by:",
        f"  {command}",
        f"Aim: {plan.aim.text}",
        *([] if tuned.met else ["NO TRIAL KEPT THE LIMITS: this is the one that came nearest."]),
        f"Alerts of: {', '.join(tuned.alerts.rules)}. Engine: {engine.name} {engine.model}, version {engine.version}, "
        f"licence {engine.licence or 'not stated'}.",
        f"{len(tuned.trials) - 1} trials ({best}), seed {plan.seed}, {len(tuned.keys)} values.",
        f"On the speakers that the values were chosen on, {tuned.tuning.who}; before -> after:",
        *_figures(tuned, tuned.tuning),
        f"On {APART}, in {plan.folds} sets; before -> after:",
        *_figures(tuned, tuned.apart),
        "Values, before -> after:",
        *(f"  {key}: {one} -> {other}" for key, (one, other) in tuned.values().items()),
    ]


def _figures(tuned: Tuned, compared: Compared) -> list[str]:
    before, after = compared.before, compared.after
    return [f"  {name}: {number(before[name])} -> {number(after[name])}" for name in tuned.figures]


def number(value: float | None) -> str:
    """Three digits, or a dash for what cannot be given."""
    return "-" if value is None else f"{value:.3f}"
