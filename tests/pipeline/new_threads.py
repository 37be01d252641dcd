"""Which threads a test has begun: those of earlier ones in this process may still be ending."""

import threading


class NewThreads:
    """Threads that have begun since this was made."""

    def __init__(self) -> None:
        self._before = set(threading.enumerate())

    def named(self, *beginnings: str) -> list[str]:
        """The names of those that are alive whose names begin so, in alphabetical order."""
        return sorted(
            thread.name for thread in threading.enumerate() if thread not in self._before and thread.name.startswith(beginnings)
        )
