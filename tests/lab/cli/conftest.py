"""The laboratory's commands run as the monitor's do."""

from tests.cli.conftest import emotion_monitor

__all__ = ["emotion_monitor"]
