"""Follows each speaker's emotion on live calls and warns when it changes."""

__version__ = "0.2.0"
