"""The embedded default: a small streaming network on numpy."""
