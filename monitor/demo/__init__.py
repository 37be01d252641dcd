"""The sound of the demonstration: a call in which a customer grows angry, rendered by `make_call.py` and kept beside it."""

from pathlib import Path

CALL = Path(__file__).with_name("call.flac")
"""Two channels at 8 kHz: customer, agent."""
TURNS = Path(__file__).with_name("call.json")
"""What is said in it: a list of turns with start, end (seconds), leg, mood, text."""
