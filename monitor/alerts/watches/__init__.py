"""Conditions as they are followed through a call. One family a file; `build.py` makes them of a rule."""
