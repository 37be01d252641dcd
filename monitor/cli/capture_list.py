"""The table of what is in a capture file: its streams, which calls they form, and which of them cannot be heard."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monitor.cli.options import write_json
from monitor.cli.tables import report_console, table
from monitor.errors import ConfigError
from monitor.sources.captures.contents import read_contents
from monitor.sources.pcap import told_payload_types


def list_capture(kind: str, options: Mapping[str, Any], json_file: Path | None) -> None:
    """Print the table, and write it as JSON where a file is named. Raises `ConfigError` for a source that is no capture."""
    if kind != "pcap":
        raise ConfigError("--list is for capture files: emotion-monitor run capture.pcap --list (or pcap:PATH)")
    if unknown := sorted(set(options) - {"path", "sdp", "payload_types"}):
        raise ConfigError(f"--list shows all streams: it takes --pt and --sdp, not -o {unknown[0]}=")
    told = told_payload_types(options.get("sdp"), options.get("payload_types", ()))
    contents = read_contents(Path(options["path"]), told)
    rows = contents.rows()
    if str(json_file) != "-":
        shown = [key for key in (rows[0] if rows else {}) if any(row[key] not in (None, 0, "") for row in rows)]
        report_console().print(table(str(contents.path), [{key: row[key] for key in shown} for row in rows]))
    write_json(rows, json_file)
