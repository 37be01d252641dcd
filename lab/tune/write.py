"""The configuration file that a search ends in, and the rule file beside it, with how they were found on top."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from lab.tune.result import Compared, Tuned
from monitor.config import Settings
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


def write_settings(tuned: Tuned, out: Path, command: str) -> list[Path]:
    """Write the settings found to `out`, and rules that were turned to a file beside it; the files, `out` first.

    What differs from the defaults is written, also where it was not searched. Raises `ConfigError` where it cannot be written.
    """
    settings = tuned.after.settings
    header = _header(tuned, command)
    files = [out]
    if any(knob.part == "rules" for knob in tuned.knobs):
        rules = out.with_name(f"{out.stem}.rules.yaml")
        _write(rules, header, {"rules": tuned.after.rules.document()})
        files.append(rules)
        alerts = settings.alerts.model_copy(update={"rules": (rules.resolve(),)})
        settings = settings.model_copy(update={"alerts": alerts})
    _write(out, header, _differing(settings))
    return files


def _differing(settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for section, keys in KEPT.items():
        values = getattr(settings, section).model_dump(mode="json", exclude_defaults=True)
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
    engine = tuned.engine
    best = "no trial was better than what it began with" if tuned.best is None else f"the best: {tuned.best.number}"
    apart = (
        f"each of {tuned.folds} sets of speakers kept apart in turn, in a search of its own"
        if tuned.cross
        else f"one of {tuned.folds} sets of speakers, who were kept apart"
    )
    return [
        "Found by:",
        f"  {command}",
        f"Aim: {tuned.aim.text}",
        *([] if tuned.met else ["NO TRIAL KEPT THE LIMITS: this is the one that came nearest."]),
        f"Alerts of: {', '.join(tuned.alert_rules)}. Engine: {engine.name} {engine.model}, version {engine.version}.",
        f"Search: {len(tuned.search.trials)} trials ({best}), seed {tuned.seed}, {len(tuned.knobs)} values.",
        f"Tuning speakers, {_who(tuned.tuning)}; before -> after:",
        *_figures(tuned, tuned.tuning),
        f"Speakers that the settings were not tuned on, {_who(tuned.apart)}; {apart}; before -> after:",
        *_figures(tuned, tuned.apart),
        "Values, before -> after:",
        *(f"  {key}: {one} -> {other}" for key, (one, other) in tuned.turned().items()),
    ]


def _who(compared: Compared) -> str:
    return f"{compared.calls} calls, {compared.speakers} speakers, {compared.seconds / 60:.0f} min"


def _figures(tuned: Tuned, compared: Compared) -> list[str]:
    return [f"  {name}: {number(compared.before[name])} -> {number(compared.after[name])}" for name in tuned.figures]


def number(value: float | None) -> str:
    """Three digits, or a dash for what cannot be given."""
    return "-" if value is None else f"{value:.3f}"
