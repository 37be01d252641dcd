"""Telephone lines that recordings are heard over."""
