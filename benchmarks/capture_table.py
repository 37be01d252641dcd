"""What is in capture files: every leg's codec, packets, losses and seconds, decoded as `run` does, without an engine.

    python benchmarks/capture_table.py CAPTURE... [--pt 96=opus/48000/2]
"""

import argparse
import time
from pathlib import Path

from rich.console import Console

from monitor.cli.tables import table
from monitor.sources.pcap import PcapSource

COLUMNS = ("codec", "seconds", "packets", "lost", "reordered", "duplicates", "late", "skipped_events", "silence_seconds")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captures", type=Path, nargs="+")
    parser.add_argument("--pt", action="append", default=[])
    args = parser.parse_args()
    rows = []
    for path in args.captures:
        begun = time.perf_counter()
        source = PcapSource(path, payload_types=args.pt)
        for _ in source.chunks():
            pass
        spent = time.perf_counter() - begun
        for leg, report in source.report().items():
            values = {column: getattr(report, column) for column in COLUMNS}
            rows.append({"capture": path.name, "leg": leg, **values, "ms_a_second": 1000 * spent / max(report.seconds, 1e-9)})
    Console(width=160).print(table("captures", rows))


if __name__ == "__main__":
    main()
