"""The one clock of a call: sample counts at 16 kHz, and what frames and seconds are in them.

After capture, time is a sample index from the start of the call. Frame `i` covers samples `[320 i, 320 i + 320)`.
Nothing past a source reads a wall clock to place audio or emotion in time.
"""

SAMPLE_RATE = 16_000
"""Samples a second on the timeline."""
FRAME_SAMPLES = 320
"""Samples a frame: 20 ms, the frame of emotion2vec (a convolution stem of total stride 320)."""
FRAME_RATE = SAMPLE_RATE // FRAME_SAMPLES
"""Frames a second."""
TICK_FRAMES = 5
"""Frames a tick: the step (100 ms) in which a call's legs are analysed side by side."""
TICK_RATE = FRAME_RATE // TICK_FRAMES
"""Ticks a second."""


def whole_frames(samples: int) -> int:
    """Frames that `samples` samples fill completely.

    >>> whole_frames(16_000), whole_frames(319)
    (50, 0)
    """
    return samples // FRAME_SAMPLES


def frame_start(frame: int) -> int:
    """First sample of a frame."""
    return frame * FRAME_SAMPLES


def frame_seconds(frame: int) -> float:
    """Seconds from the start of the call to the start of a frame, exact to the millisecond.

    >>> frame_seconds(7)
    0.14
    """
    return frame * 20 / 1000


def sample_seconds(sample: int) -> float:
    """Seconds from the start of the call to a sample."""
    return sample / SAMPLE_RATE


def clock(seconds: float) -> str:
    """A moment of a call for people: minutes and whole seconds, as far as they have passed.

    >>> clock(61.9), clock(3600)
    ('1:01', '60:00')
    """
    minutes, rest = divmod(int(round(seconds, 3)), 60)
    return f"{minutes}:{rest:02d}"


def frames_for(seconds: float) -> int:
    """Frames nearest to a duration in seconds.

    >>> frames_for(0.5)
    25
    """
    return round(seconds * FRAME_RATE)
