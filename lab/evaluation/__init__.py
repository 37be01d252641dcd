"""Labelled calls and clips through the whole pipeline, and what was right about what it said."""
