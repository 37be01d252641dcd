"""`emotion-monitor insights`: what the calls of a store have in common."""

from datetime import UTC
from typing import Annotated, Any

import typer

from monitor.cli.history import FromOption, ToOption, WhereOption, history_of
from monitor.cli.options import ConfigOption, JsonOption, StoreOption, existing_store, settings_from, write_json

LIKELY = 3
"""Emotions that are shown of a leg."""


def insights(
    by: Annotated[
        str, typer.Option("--by", help="hour, day, weekday (1 is Monday), or a key of the calls' metadata.", metavar="KEY")
    ] = "day",
    begin: FromOption = None,
    end: ToOption = None,
    where: WhereOption = None,
    timezone: Annotated[str, typer.Option(help="IANA name, such as Europe/Berlin: of groups, --from and --to.")] = "UTC",
    store: StoreOption = None,
    config: ConfigOption = None,
    json_file: JsonOption = None,
) -> None:
    """Calls in groups: how many, their emotions and alerts, how soon callers recover from anger; how right each rule was.

    Recovery is counted from when a leg's believed emotion became angry to the first that is neither angry, disgusted,
    fearful, sad nor unknown. Precision is the share of judged alerts that were right. By agent only where privacy.subjects
    names the agent.

    Examples:

      emotion-monitor insights --by hour --timezone Europe/Berlin

      emotion-monitor insights --by queue --from 2026-11-01 --to 2026-11-07
    """
    from monitor.history import insights as told
    from monitor.history.conditions import CallFilter, span_of, where_of

    settings = settings_from(config, store=store, log__level="warning")
    zone = UTC if timezone == "UTC" else told.zone_of(timezone)
    first, last = span_of(begin, end, zone)
    wanted = CallFilter(begin=first, end=last, where=where_of(where or ()))
    told.check_by(by, wanted, agents_may="agent" in settings.privacy.subjects)
    history = history_of(existing_store(settings))
    report = {**history.read(lambda database: told.insights(database, wanted, by, zone)), "timezone": timezone}
    write_json(report, json_file)
    if json_file is None:
        _print(report)


def _print(report: dict[str, Any]) -> None:
    from monitor.cli.tables import report_console, table

    console = report_console()
    legs = list(dict.fromkeys(leg for group in report["groups"] for leg in group["shares"]))
    console.print(table(f"calls by {report['by']}", [_group(group, report["by"], legs) for group in report["groups"]]))
    if report["rules"]:
        console.print(table("rules", report["rules"]))


def _group(group: dict[str, Any], by: str, legs: list[str]) -> dict[str, Any]:
    recovery = group["recovery_seconds"]
    return {
        by: group["key"],
        "calls": group["calls"],
        "hours": group["seconds"] / 3600,
        "with_alert": f"{group['calls_with_alert'] / group['calls']:.0%}",
        "alerts": ", ".join(f"{count} {severity}" for severity, count in group["alerts"].items() if count),
        **{leg: _likeliest(group["shares"].get(leg, {})) for leg in legs},
        "recovered_in_s": recovery["median"],
        "recovered": f"{recovery['n']} of {recovery['n'] + recovery['not_recovered']}",
    }


def _likeliest(shares: dict[str, float]) -> str:
    return ", ".join(f"{emotion} {share:.0%}" for emotion, share in list(shares.items())[:LIKELY])
