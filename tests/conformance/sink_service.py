"""A service of sinks alone, in a process that a test may kill: `python -m ... STORE KIND OPTIONS`."""

import json
import sys
import threading
from pathlib import Path

from tests.sinks.alerts import Following, section
from tests.store.call_data import store_at

if __name__ == "__main__":
    folder, kind, options = sys.argv[1:]
    Following(store_at(Path(folder))).start(desk=section(kind, json.loads(options)))
    threading.Event().wait()
