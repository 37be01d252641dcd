"""The demonstration: a call made of synthetic speech, sent as RTP in real time to a service of this machine."""

from pathlib import Path

CALL = Path(__file__).with_name("call.flac")
"""Two channels at 8 kHz, customer and agent: a customer grows angry and calms down. Rendered by `make_call.py`."""
TURNS = Path(__file__).with_name("call.json")
"""What is said in it: a list of turns with start, end (seconds), leg, mood, text."""
