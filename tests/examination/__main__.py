"""The examinations, all or by name; exit code 1 where one fell short.

python -m tests.examination --list
python -m tests.examination stall flood --short
python -m tests.examination journal --tree ../older-checkout     # the same against another version
"""

import argparse
import importlib
import signal
import sys
import time
from pathlib import Path

from tests.examination.row import HEAD, fell_short
from tests.examination.service import HERE

NAMES = (
    "journal",
    "stall",
    "full_disk",
    "unfinished",
    "flood",
    "strangers",
    "acknowledgements",
    "tokens",
    "pings",
    "laughs",
    "kills",
    "memory",
    "churn",
)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--list", action="store_true", help="say what there is")
    parser.add_argument("--short", action="store_true", help="seconds in place of minutes")
    parser.add_argument("--tree", type=Path, default=HERE, help="a checkout of the version that is examined")
    args = parser.parse_args()
    if unknown := set(args.names) - set(NAMES):
        parser.error(f"no examination is called {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    modules = {name: importlib.import_module(f"tests.examination.{name}") for name in args.names or NAMES}
    if args.list:
        print("\n".join(f"{name:17} {module.TRIED}" for name, module in modules.items()))
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no service is left behind
    print(HEAD, flush=True)
    short = False
    for name, module in modules.items():
        began = time.monotonic()
        rows = module.examine(args.tree.resolve(), args.short)
        print("\n".join(row.line() for row in rows), flush=True)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        short |= fell_short(rows)
    sys.exit(short)


if __name__ == "__main__":
    main()
