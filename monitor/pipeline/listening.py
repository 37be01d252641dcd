"""The heart of a call: audio in; frames, events and live views out. No thread, no clock, no disk.

Whoever has the audio drives it: pushes chunks, and lets it advance when it likes. It never waits by itself, only where the
driver says how many windows may be pending. The second half of the way, from the frames on, is `analysis.py` alone, which
replays go through as well; that is why a replay equals the live call.
"""

from collections.abc import Iterable, Mapping

from monitor.audio.chunk import AudioChunk
from monitor.events import Frames, Leg
from monitor.pipeline.analysis import Analysed, CallAnalysis
from monitor.pipeline.leg import LegTrack
from monitor.pipeline.speaker import LegRun, sound_together
from monitor.timeline import frame_seconds

MAX_AHEAD = 8
"""Windows a leg may have in the queue where audio comes faster than real time: enough to fill batches, little memory."""


class Listening:
    """One call. One thread at a time.

    Chunks are pushed, each followed by `advance`; then `end`, `advance` until nothing is pending, `finish`, and `close`.
    """

    def __init__(self, tracks: Mapping[Leg, LegTrack], analysis: CallAnalysis) -> None:
        self.tracks = tracks
        self.analysis = analysis

    @property
    def seconds(self) -> float:
        """Length of the timeline whose frames were given out."""
        return frame_seconds(max((track.frames for track in self.tracks.values()), default=0))

    @property
    def wants(self) -> int:
        """Samples of the timeline with which some leg has something to be made of."""
        return min(track.wants for track in self.tracks.values())

    def push(self, chunk: AudioChunk) -> None:
        """Take the audio that follows of a leg; ask the engine for the windows that it completes."""
        self.tracks[chunk.leg].push(chunk)

    def ready(self, most: int | None = None) -> list[Frames]:
        """Frames that no one has seen, leg by leg; waits, where `most` is given, until no leg has more windows pending."""
        return [frames for track in self.tracks.values() for frames in track.collect(most)]

    def take(self, most: int | None = None) -> list[LegRun]:
        """Take the frames that are ready into the analysis, to be heard with those of other calls before `say`; waits as
        `ready` does."""
        return [self.analysis.take(frames) for frames in self.ready(most)]

    def say(self) -> list[Analysed]:
        """What comes of all that was taken and heard."""
        return self.analysis.say()

    def end(self) -> None:
        """The audio is over: ask for the frames still owed. Nothing is pushed after."""
        for track in self.tracks.values():
            track.finish()

    def finish(self) -> Analysed:
        """The frames are over, too: the last word."""
        return self.analysis.finish()

    def close(self) -> None:
        """Let go of what the engine keeps of the call, whether or not it has come to its end. May be called twice."""
        for track in self.tracks.values():
            track.close()


def advance(calls: Iterable[Listening], most: int | None = None) -> list[Analysed]:
    """Take calls as far as they can go, all in one step: first what is ready of all their legs, then what it says.

    Waits, where `most` is given, until no leg has more windows pending. What is said of a call does not depend on which
    others advance with it.
    """
    calls = tuple(calls)
    sound_together([run for call in calls for run in call.take(most)])
    return [said for call in calls for said in call.say()]
