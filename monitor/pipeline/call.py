"""One call in progress: has the source's audio listened to, and puts what is heard where it belongs.

A source at which one looks is heard in rounds with all others (`rounds.py`); one that is waited for, a file or a microphone,
has a thread of its own. Both take the same steps: `take` what has come, have what the engine has `heard` worked on, `go_on`
with it, `write` it and `confirm` it; at the end `conclude`.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from monitor.audio.chunk import AudioChunk
from monitor.errors import MonitorError, SourceError
from monitor.events import CallEnded, Event, Frames, HearingChanged, Leg
from monitor.messages import FramesMessage
from monitor.pipeline.analysis import Analysed
from monitor.pipeline.in_progress import CallInProgress
from monitor.pipeline.likeness import Likeness
from monitor.pipeline.listening import MAX_AHEAD, Listening, advance
from monitor.pipeline.live import LiveFrames
from monitor.pipeline.recorder import CallRecorder
from monitor.pipeline.report import LegTally, leg_line, leg_report
from monitor.pipeline.rounds import Rounds
from monitor.pipeline.skips import Skips
from monitor.pipeline.snapshots import Snapshots
from monitor.pipeline.speaker import LegRun
from monitor.pipeline.tap import Tap
from monitor.pipeline.urgency import CallUrgency
from monitor.sources.base import PolledSource, Source
from monitor.timeline import TICK_RATE

log = structlog.get_logger(__name__)

STOPPING_PATIENCE = 10.0
"""Seconds for which a program that stops waits for a disk that refuses."""
FILE_PATIENCE = 2.0
"""The same of a call that is read from a file: it can be read again."""


class LiveCall(CallInProgress):
    """A call that is running, or has just ended. Made by `Monitor.start_call`."""

    tap: Tap

    def __init__(
        self,
        call_id: str,
        source: Source,
        *,
        started_at: datetime,
        metadata: Mapping[str, Any],
        listening: Listening,
        recorder: CallRecorder,
        snapshots: Snapshots,
        live: LiveFrames,
        speech_threshold: float,
        watched: Callable[[], bool],
        framed: Callable[[], bool],
        on_live: Callable[[FramesMessage], None],
        on_end: Callable[["LiveCall"], None],
    ) -> None:
        self.id = call_id
        self.source = source
        self.legs = tuple(listening.tracks)
        self.started_at = started_at
        self.metadata = metadata
        self.error: MonitorError | None = None
        """Why the call ended before its time; None where it did not."""
        self.reason = ""
        """Why it ended, as in `call_ended`; empty while it lasts."""
        self.wall_seconds = 0.0
        """From the first audio asked for to the last frame stored."""
        self.tap = Tap(self.legs)
        """For people who listen in."""
        self._listening = listening
        self._recorder = recorder
        self._snapshots = snapshots
        self._speech_threshold = speech_threshold
        self._tallies = {leg: LegTally(speech_threshold) for leg in self.legs}
        self._urgency = CallUrgency(self.legs, speech_threshold)
        self._watched = watched
        self._framed = framed
        self._skips = {leg: Skips(call_id, leg) for leg in self.legs}
        self._was_watched = False
        self._likeness = Likeness(self.legs)
        self._live = live
        self._on_live = on_live
        self._on_end = on_end
        self._stop_reason: str | None = None
        self._give_up_at: float | None = None
        """When a disk that refuses is waited for no longer; None while the program runs."""
        self._over = threading.Event()
        self._polled = source if isinstance(source, PolledSource) else None
        self._wants = 0
        """Samples of the timeline before which a look is for nothing."""
        self._begun = 0.0
        self._fault: Exception | None = None
        """What this program did wrong, while the call was heard or written."""

    def start(self, announce: Callable[[], object], rounds: Rounds) -> None:
        """Begin taking audio, once `announce` has said so. Where that raises, or there is no thread, nothing was begun."""
        announced, dismissed = threading.Event(), False

        def run() -> None:
            announced.wait()
            if not dismissed:
                self._wait_for_audio()

        try:
            rounds.begin()
            if self._polled is None:
                threading.Thread(target=run, name=f"call-{self.id}", daemon=True).start()
            announce()
            self._begun = time.monotonic()
            if self._polled is not None:
                rounds.add(self)
        except BaseException:
            dismissed = True
            self._over.set()
            raise
        finally:
            announced.set()

    def stop(self, reason: str) -> None:
        """End the call soon; what came is still analysed and stored."""
        if reason == "shutdown" and self._give_up_at is None:
            self._give_up_at = time.monotonic() + STOPPING_PATIENCE
        if self._stop_reason is None:
            self._stop_reason = reason
        self.ending = True
        self.source.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """See `CallInProgress`."""
        return self._over.wait(timeout)

    @property
    def seconds(self) -> float:
        """Length of the timeline analysed so far."""
        return self._listening.seconds

    def endpoints(self) -> Mapping[Leg, Mapping[str, Any]]:
        """Where each leg is to be sent; empty where nothing is sent to it."""
        return self.source.endpoints()

    @property
    def same_sound(self) -> bool:
        """Whether both legs carry the same sound, as far as is known."""
        return bool(self._likeness.same)

    @property
    def unstored(self) -> int:
        """Frames that no disk has: once the call is over, those that are lost."""
        return self._recorder.waiting

    def reports(self) -> dict[str, dict[str, Any]]:
        """The account of each leg so far."""
        source = self.source.report()
        return {leg: leg_report(source[leg], self._tallies[leg], self._recorder.blanked[leg]) for leg in self.legs}

    def summary(self) -> dict[str, Any]:
        """What an operator asks of a live call."""
        return {
            "id": self.id,
            "status": "complete" if self._over.is_set() else "live",
            "started_at": self.started_at.isoformat(),
            "seconds": self.seconds,
            "source": self.source.description,
            "legs": self.reports(),
            "same_sound": self.same_sound,
            "state": self._live.latest(),
            "pending_windows": sum(track.pending() for track in self._listening.tracks.values()),
            "store_error": self._recorder.error,
            "metadata": dict(self.metadata),
        }

    def board(self) -> dict[str, Any]:
        """The call's line on the board, but for its alerts."""
        reports, floor = self.source.report(), self._listening.analysis.floor
        return {
            "seconds": self.seconds,
            "legs": {
                leg: {
                    **self._live.recent(leg, self._speech_threshold),
                    **leg_line(reports[leg], self._tallies[leg], self._listening.tracks[leg]),
                }
                for leg in self.legs
            },
            "silence": round(floor.silence, 1),
            "overtalk": round(floor.overtalk / TICK_RATE, 1),
        }

    def trends(self) -> dict[str, dict[str, list[Any]]]:
        """What its legs were like over the last minutes (`LiveFrames.trends`)."""
        return self._live.trends(self._speech_threshold)

    def take(self) -> bool:
        """Take the audio that has come, and have the engine hear it; whether more is to come. Waits for nothing.

        Audio of which nothing can be made yet is left where it is: to take a hop at once costs half of taking it in pieces.
        """
        if self._polled is None or self._fault is not None:
            return False
        if not self.tap.listened and not self._polled.due(self._wants):
            return True
        try:
            self._hear(self._polled.look())
            self._wants = self._listening.wants
        except SourceError as error:
            self.error = error
            return False
        except Exception as error:  # noqa: BLE001 - one call's defect is not the others'
            self._fault = error
            return False
        return not self._polled.over

    def heard(self) -> Sequence[LegRun]:
        """What the engine has heard since the last time; its numbers are worked on with those of other calls."""
        try:
            return self._listening.take()
        except Exception as error:  # noqa: BLE001 - likewise
            self._fault = self._fault or error
            return ()

    def go_on(self) -> None:
        """Say what follows from it."""
        try:
            self._say(self._listening.say())
        except Exception as error:  # noqa: BLE001 - likewise
            self._fault = self._fault or error

    def write(self) -> None:
        """Have what was said written, in whatever thread; its events once this or another call has them confirmed."""
        try:
            self._recorder.write()
        except Exception as error:  # noqa: BLE001 - likewise
            self._fault = self._fault or error

    def confirm(self) -> None:
        """Have the disk confirm what was written."""
        try:
            self._recorder.confirm()
            if self._recorder.error is None:
                self._snapshots.when_due()
        except Exception as error:  # noqa: BLE001 - likewise
            self._fault = self._fault or error

    def interrupt(self) -> None:
        """See `Heard`."""
        self.stop("interrupted")

    def conclude(self) -> None:
        """The audio is over, or something failed: what is left is heard and stored, and the call closed. Waits for the disk."""
        try:
            self._hear_rest()
            if self._fault is not None:
                raise self._fault
            self.reason = self._end_reason()
            self.tap.end(self.reason)
            self._close(self.reason)
        except MonitorError as error:
            self.error = error
            log.error("call_failed", call=self.id, error=str(error), frames_not_stored=self.unstored)
        except Exception as error:
            self.error = MonitorError(f"call {self.id}: defect in this program: {type(error).__name__}: {error}")
            log.exception("call_failed", call=self.id)
            self.reason = f"error: defect: {type(error).__name__}"
            self._give_up(self.reason)
        finally:
            if self._polled is not None:
                self._polled.close()
            self._listening.close()
            self.tap.end(self.reason or "error")
            self.wall_seconds = time.monotonic() - self._begun
            try:
                self._on_end(self)
            finally:
                self._over.set()

    def _wait_for_audio(self) -> None:
        """The way of a source that is waited for."""
        try:
            for chunk in self.source.chunks():
                self._hear([chunk])
                self._say(advance([self._listening], None if self.source.realtime else MAX_AHEAD))
                self.write()
                self.confirm()
                if self._fault is not None:
                    break
        except SourceError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001 - `conclude` says it
            self._fault = error
        self.conclude()

    def _hear_rest(self) -> None:
        if self._polled is None or self._fault is not None or self.error is not None:
            return
        try:
            self._hear(self._polled.rest())
        except SourceError as error:
            self.error = error

    def _end_reason(self) -> str:
        if self.error is not None:
            return f"error: {self.error}"
        reason = self.source.end_reason()
        if self.source.bounded:
            return "interrupted" if reason == "stopped" else reason
        return self._stop_reason or reason

    def _give_up(self, reason: str) -> None:
        """Close a call that met a defect."""
        self.source.stop()
        ended = CallEnded(call=self.id, time=self.seconds, at=self.seconds, reason=reason, legs=self.reports())
        try:
            self._snapshots.finish()
            self._recorder.give_up(ended)
        except Exception as error:
            log.exception("call_not_closed", call=self.id, error=str(error))

    def _hear(self, chunks: Iterable[AudioChunk]) -> None:
        for chunk in chunks:
            self._listening.push(chunk)
            self.tap.hear(chunk)
            self._compare_legs(chunk)
            self._recorder.audio(chunk)
        for event in self.source.events():
            self._recorder.put(replace(event, call=self.id, at=self.seconds))
            if isinstance(event, HearingChanged):
                log.warning("leg_hearing", call=self.id, leg=event.leg, heard=event.heard, detail=event.detail)

    def _compare_legs(self, chunk: AudioChunk | None) -> None:
        """Say once that both legs carry the same sound; without a chunk, the audio is over."""
        known = self._likeness.same
        if chunk is None:
            self._likeness.finish()
        else:
            self._likeness.hear(chunk)
        if self._likeness.same and not known:
            log.warning(
                "legs_sound_the_same", call=self.id, say="one voice is analysed twice; name one leg, or mend the source"
            )

    def _close(self, reason: str) -> None:
        self._listening.end()
        self._compare_legs(None)
        self._say(advance([self._listening], 0))
        for leg, track in self._listening.tracks.items():
            self._put_all(self._skips[leg].rest(self._skipped(leg), track.frames))
        self._emit(self._listening.finish())
        ended = CallEnded(call=self.id, time=self.seconds, at=self.seconds, reason=reason, legs=self.reports())
        self._snapshots.finish()
        if not self.source.realtime:
            self._give_up_at = time.monotonic() + FILE_PATIENCE
        self._recorder.finish(ended, lambda: self._give_up_at is not None and time.monotonic() >= self._give_up_at)

    def _say(self, heard: Sequence[Analysed]) -> None:
        said: list[Event] = []
        for analysed in heard:
            if analysed.frames is not None:
                self._take_frames(analysed.frames)
            self._emit(analysed)
            said += analysed.events
            self._live.follow(analysed)
            if self._framed():
                for message in self._live.messages(analysed):
                    self._on_live(message)
        for leg, track in self._listening.tracks.items():
            for trace in track.take_traced():
                self._recorder.once_written(partial(trace.stored, [event for event in said if event.leg in (leg, None)]))
            if track.skipped or self._recorder.blanked:
                self._put_all(self._skips[leg].due(self._skipped(leg), track.frames))
        self._hurry(anew=bool(heard))

    def _take_frames(self, frames: Frames) -> None:
        self._tallies[frames.leg].add(frames)
        self._urgency.hear(frames)
        self._recorder.put(frames)

    def _put_all(self, events: Iterable[Event]) -> None:
        for event in events:
            self._recorder.put(event)

    def _emit(self, analysed: Analysed) -> None:
        for event in analysed.events:
            self._urgency.follow(event)
            self._recorder.put(event)

    def _hurry(self, anew: bool) -> None:
        """Tell the schedule how urgent each leg is, where that may have changed: something was heard, or somebody looks."""
        watched = self._watched()
        if not anew and watched == self._was_watched:
            return
        self._was_watched = watched
        for leg, track in self._listening.tracks.items():
            view = self._listening.analysis.live(leg)
            track.hurry(self._urgency.of(leg, valence=view.valence, arousal=view.arousal, watched=watched))

    def _skipped(self, leg: Leg) -> Counter[str]:
        """Frames of a leg without an engine result in the store, by cause."""
        return self._listening.tracks[leg].skipped + Counter(store=self._recorder.blanked[leg])
