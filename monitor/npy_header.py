"""Headers of `.npy` files are read one at a time.

numpy reads one as a Python literal, and CPython 3.11 makes a syntax tree in two threads at once into `SystemError: AST constructor
recursion depth mismatch` (python/cpython issue 106905): its counter of the depth belongs to the interpreter, not to a thread.
"""

import threading

HEADERS = threading.Lock()
"""Held while numpy reads a header."""
