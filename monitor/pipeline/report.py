"""The account of a leg: what its source says of the audio, and what its frames say of the speech."""

from dataclasses import asdict
from typing import Any

from monitor.events import Frames, LegReport, Mark
from monitor.pipeline.leg import LegTrack
from monitor.timeline import FRAME_RATE, sample_seconds


class LegTally:
    """Counts a leg's frames as they are stored."""

    def __init__(self, speech_threshold: float) -> None:
        self._threshold = speech_threshold
        self.frames = 0
        self.gaps = 0
        """Frames without an engine result."""
        self.lost = 0
        """Frames whose audio was concealed."""
        self.speech = 0

    def add(self, frames: Frames) -> None:
        """Count a run."""
        self.frames += len(frames)
        if frames.marks.any():
            self.gaps += int((frames.marks & Mark.SKIPPED != 0).sum())
            self.lost += int((frames.marks & Mark.LOST != 0).sum())
        self.speech += int((frames.speech >= self._threshold).sum())


def leg_report(source: LegReport, tally: LegTally, blanked: int) -> dict[str, Any]:
    """One leg's line of `run --json` and of `CallEnded`; `blanked`: frames that the store did not get."""
    own = {
        "frames": tally.frames,
        "gaps": tally.gaps + blanked,
        "blanked": blanked,
        "lost_frames": tally.lost,
        "speech_seconds": round(tally.speech / FRAME_RATE, 2),
    }
    return own | asdict(source)


def leg_line(source: LegReport, tally: LegTally, track: LegTrack) -> dict[str, Any]:
    """What the board says of a leg's audio."""
    due = source.packets + source.lost
    return {
        "talk": round(tally.speech / FRAME_RATE, 1),
        "lost": round(source.lost / due, 4) if due else None,
        "late": source.late,
        "overflow": source.overflow_seconds,
        "backlog": round(max(0.0, sample_seconds(track.heard) - track.frames / FRAME_RATE), 2),
    }
