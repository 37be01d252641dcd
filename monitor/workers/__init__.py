"""Calls in processes of their own: one front that the world talks to, and workers that hear, so that all cores do."""
