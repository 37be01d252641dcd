"""Consecutive windows of one leg as one: how the hop grows without a frame moving.

Two windows of a hop each, joined, are one window of two hops: it wants the frames of both, and is computed at the cost of one
where a window sees that far. What the engine says of it is handed to each of the windows in its part.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from monitor.engines.base import Window, WindowFrames
from monitor.timeline import FRAME_SAMPLES


def joined(windows: Sequence[Window]) -> Window:
    """One window for the frames of some that follow each other.

    Where the last one reaches back to the first frame wanted it is enough: the joined window has its length. Otherwise (a
    streaming engine, whose windows hold nothing but what is new) the joined window is as long as all together.
    """
    first, last = windows[0], windows[-1]
    if last.start <= first.first:
        return replace(last, first=first.first)
    pieces, end = [first.samples], first.start + len(first.samples) // FRAME_SAMPLES
    for window in windows[1:]:
        pieces.append(window.samples[(end - window.start) * FRAME_SAMPLES :])
        end = window.start + len(window.samples) // FRAME_SAMPLES
    return replace(last, start=first.start, samples=np.concatenate(pieces), first=first.first)


def parts(result: WindowFrames, windows: Sequence[Window]) -> list[WindowFrames]:
    """What was said of the joined window, window by window. Raises `ValueError` where it is not all of their frames."""
    total = windows[-1].stop - windows[0].first
    shapes = {len(result.embedding), len(result.logits), len(result.speech)}
    if shapes != {total}:
        raise ValueError(f"{total} frames were wanted, the engine gave {', '.join(map(str, sorted(shapes)))}")
    origin = windows[0].first
    return [
        WindowFrames(
            result.embedding[window.first - origin : window.stop - origin],
            result.logits[window.first - origin : window.stop - origin],
            result.speech[window.first - origin : window.stop - origin],
        )
        for window in windows
    ]
