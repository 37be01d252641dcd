"""A port for a program that has to be told its port before it takes it, or that takes one a second time."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reserved_port() -> Iterator[int]:
    """A TCP port of 127.0.0.1, for servers alone: until the end of the block the system gives it to nobody who asks for any.

    It is bound here and not listened on. Who names it and sets SO_REUSEADDR, as servers do, may listen there.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])
