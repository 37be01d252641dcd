"""What every store does, in tests. They ask for a fixture `make_store`: how the store is opened.

It gives a function that opens the same store, empty at first, each time as another user of it would.
"""

from monitor.conformance.store_calls import *  # noqa: F403 - its tests, as those below
from monitor.conformance.store_frames import *  # noqa: F403
from monitor.conformance.store_journal import *  # noqa: F403
from monitor.conformance.store_sinks import *  # noqa: F403
from monitor.conformance.stored_calls import *  # noqa: F403 - the fixture `store`, and calls to write
