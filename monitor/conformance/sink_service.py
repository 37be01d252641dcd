"""A service of one sink alone, in a process that a test may kill: `python -m ... STORE KIND OPTIONS`."""

import json
import sys
import threading
from pathlib import Path

from monitor.conformance.followed_journal import Following, section, store_in

if __name__ == "__main__":
    folder, kind, options = sys.argv[1:]
    Following(store_in(Path(folder))).start(desk=section(kind, json.loads(options)))
    threading.Event().wait()
