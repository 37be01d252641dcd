"""Decodes capture files and prints what each leg's packets were.

    python -m lab.experiments.captures FILE... [--pt 96=opus/48000/2]

A payload type given with `--pt` holds for all files.
"""

import argparse
import sys

from rich.console import Console
from rich.table import Table

from monitor.errors import SourceError
from monitor.sources.account import HEADINGS, account_rows
from monitor.sources.pcap import PcapSource


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--pt", action="append", default=[], metavar="NUMBER=ENCODING")
    options = parser.parse_args()
    table = Table("file", *HEADINGS, box=None)
    failed = 0
    for path in options.files:
        try:
            source = PcapSource(path, payload_types=options.pt)
            for _ in source.chunks():
                pass
        except SourceError as error:
            print(error, file=sys.stderr)
            failed = error.exit_code
            continue
        for row in account_rows(source.report()):
            table.add_row(path.rsplit("/", 1)[-1], *row)
    Console(width=140).print(table)
    return failed


if __name__ == "__main__":
    sys.exit(main())
