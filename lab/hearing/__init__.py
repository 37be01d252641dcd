"""Recordings through the monitor's pipeline, and what it said of them."""
