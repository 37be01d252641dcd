"""Headers of `.npy` files are read one at a time.

numpy reads one as a Python literal, and CPython 3.11 makes of syntax trees in two threads at once `SystemError: AST constructor
recursion depth mismatch` (python/cpython issue 106905): its counter of the depth is the interpreter's, not a thread's.
"""

import threading

HEADERS = threading.Lock()
"""Held while numpy reads a header."""
