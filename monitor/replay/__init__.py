"""Stored frames again: played as they came, or judged by other rules."""
