"""The compact engine: a small streaming network on numpy, in the package with its weights.

Windows may be short, because a leg's context holds what the network needs of the past. A frame is computed once: whatever
samples a window brings beyond those already heard are taken in as far as they are certain, and what is then said of
frames not yet wanted waits in the context. So frames depend neither on the hop nor on how the audio was cut.

A leg on hold is often digital silence. Once a window of it leaves what is remembered as it was, to the bit, the next would
say the same again, and the network is not asked.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits

from monitor.engines.base import Engine, EngineInfo, Window, WindowError, WindowFrames
from monitor.engines.compact.features import MARGIN, Array, raw_frames
from monitor.engines.compact.network import STEP, STEP_INPUTS, Network, Output, to_steps
from monitor.engines.compact.normalise import Heard, normalise
from monitor.engines.compact.options import CompactOptions
from monitor.engines.compact.shipped import weights_file
from monitor.engines.compact.weights import load_weights
from monitor.engines.legs import OpenLegs
from monitor.errors import EngineError
from monitor.timeline import FRAME_RATE, FRAME_SAMPLES

_STEP_SAMPLES = STEP * FRAME_SAMPLES
_HOP = 0.4


@dataclass(slots=True)
class CompactContext:
    """What is remembered of one leg."""

    heard: Heard
    """What its speaker sounded like so far."""
    queues: list[Array]
    """Of the network, one a block."""
    position: int = 0
    """First frame whose step has not been taken in; even."""
    before: Array = field(default_factory=lambda: np.zeros(MARGIN, np.float32))
    """The samples just before `position`."""
    waiting: WindowFrames | None = None
    """What was said of frames not yet asked for."""
    first_waiting: int = 0
    """Frame of its first row; frames before it have been handed out, or were never heard."""
    at_rest: WindowFrames | None = None
    """What was last said, where it was of digital silence that changed no queue: of as much more of it the same is said."""


class CompactEngine(Engine):
    """Streaming engine of the weights that `settings.model` names, see `shipped.py`.

    `settings.threads` bounds the threads of numpy's matrix products in this process; 0 takes one, because products this small
    cost more shared than alone (twice the processor time on two cores).
    Raises EngineError where the weights cannot be used, `settings.lookahead` is less than the network's own, or another
    device than the processor is asked for.
    """

    def __init__(self, settings: CompactOptions) -> None:
        if settings.device not in ("auto", "cpu"):
            raise EngineError(
                f"engine.device is {settings.device}, but the compact engine runs on the processor: set auto or cpu"
            )
        threadpool_limits(settings.threads or 1, user_api="blas")
        weights = load_weights(weights_file(settings.model), STEP_INPUTS)
        self._network = Network(weights)
        self._prior = weights.prior
        self._delay = weights.shape.delay
        self._legs = OpenLegs(lambda: CompactContext(Heard.nothing(), self._network.blank(1)))
        lookahead = (STEP * (self._delay + 1)) / FRAME_RATE
        if settings.lookahead is not None and settings.lookahead < lookahead:
            raise EngineError(
                f"engine.lookahead is {settings.lookahead} s, but these weights hear {lookahead} s ahead; "
                f"leave it out, or set it to {lookahead} or more"
            )
        self.info = EngineInfo(
            name="compact",
            model=weights.name,
            version=weights.digest,
            labels=weights.labels,
            dim=weights.shape.dim,
            window=_HOP + lookahead,
            hop=_HOP,
            lookahead=lookahead,
            licence=weights.licence,
        )

    def open_leg(self) -> int:
        """See `Engine`."""
        return self._legs.open()

    def close_leg(self, leg_id: int) -> None:
        """See `Engine`."""
        self._legs.close(leg_id)

    def infer(self, windows: Sequence[Window]) -> list[WindowFrames]:
        """Frames of each window; see `Engine.infer`. Frames that were handed out before cannot be asked for again."""
        contexts = self._contexts(windows)
        alike: dict[int, list[tuple[CompactContext, Array]]] = defaultdict(list)
        for window, context in zip(windows, contexts, strict=True):
            if window.start > context.position:
                self._skip_to(context, window.start)
            fresh = _fresh(window, context)
            steps = (len(fresh) - 2 * MARGIN) // _STEP_SAMPLES
            fresh = fresh[: steps * _STEP_SAMPLES + 2 * MARGIN]
            said = context.at_rest
            if said is not None and len(said.speech) == STEP * steps and not fresh.any():
                self._stay(context, said)
            elif steps > 0:
                alike[steps].append((context, fresh))
        for batch in alike.values():
            self._take_in([context for context, _ in batch], [fresh for _, fresh in batch])
        return [self._hand_out(window, context) for window, context in zip(windows, contexts, strict=True)]

    def warm_up(self) -> None:
        """Run one window, so that the first real one finds every page and thread in place."""
        samples = np.zeros(round(self.info.window * FRAME_RATE) * FRAME_SAMPLES, np.float32)
        leg_id = self.open_leg()
        self.infer([Window(leg_id, 0, samples, 0, round(self.info.hop * FRAME_RATE))])
        self.close_leg(leg_id)

    def _contexts(self, windows: Sequence[Window]) -> list[CompactContext]:
        """Of windows that are all in order; raises `WindowError` before anything has changed."""
        contexts = self._legs.contexts(windows)
        for index, (window, context) in enumerate(zip(windows, contexts, strict=True)):
            if window.first < context.first_waiting:
                raise WindowError(f"frame {window.first} was handed out before; the next is {context.first_waiting}", index)
        return contexts

    def _skip_to(self, context: CompactContext, frame: int) -> None:
        """What came between was not heard: the network starts afresh, but the speaker is the same."""
        context.position, context.first_waiting = frame - frame % STEP, frame
        context.before = np.zeros(MARGIN, np.float32)
        context.queues, context.waiting = self._network.blank(1), None
        context.at_rest = None

    def _take_in(self, contexts: Sequence[CompactContext], fresh: Sequence[Array]) -> None:
        """Advance some legs by the same number of steps; `fresh`: their new samples with margins."""
        inputs, heard = self._inputs(np.stack(fresh), contexts)
        output, queues = self._network.advance(inputs, _together([context.queues for context in contexts]))
        steps = inputs.shape[1]
        for row, context in enumerate(contexts):
            said = _of(output, row)
            own = [queue[row : row + 1].copy() for queue in queues]
            context.at_rest = _part(said, 0, None) if comes_to_rest(fresh[row], context.queues, own) else None
            context.queues = own
            self._keep(context, said)
            context.heard = Heard(heard.sums[row : row + 1], heard.peak[row : row + 1])
            context.before = fresh[row][steps * _STEP_SAMPLES :][:MARGIN].copy()

    def _stay(self, context: CompactContext, said: WindowFrames) -> None:
        """Advance a leg that is at rest."""
        context.heard = context.heard.after_silence(len(said.speech))
        self._keep(context, said)

    def _keep(self, context: CompactContext, said: WindowFrames) -> None:
        """Have what was said of the next frames wait, and move on by as many."""
        wanted = self._wanted(context, said)
        context.waiting = wanted if context.waiting is None else _joined(context.waiting, wanted)
        context.position += len(said.speech)

    def _wanted(self, context: CompactContext, said: WindowFrames) -> WindowFrames:
        """What was said of the next frames, without those that were left out."""
        return _part(said, max(context.first_waiting - (context.position - STEP * self._delay), 0), None)

    def _hand_out(self, window: Window, context: CompactContext) -> WindowFrames:
        """The frames wanted; those for which the lookahead is not there are computed as if silence followed."""
        ready = context.position - STEP * self._delay
        said = context.waiting
        if window.stop > ready:
            rest = self._as_if_over(_fresh(window, context), context)
            said = rest if said is None else _joined(said, rest)
        if said is None:
            raise EngineError(f"frame {window.first} was neither waiting nor computed; this is a defect of the compact engine")
        skipped = window.first - context.first_waiting
        count = window.stop - context.first_waiting
        context.waiting = None if window.stop >= ready else _part(said, count, ready - context.first_waiting)
        context.first_waiting = window.stop
        return _part(said, skipped, count)

    def _as_if_over(self, fresh: Array, context: CompactContext) -> WindowFrames:
        """What is said of all frames from the last that is certain on. Leaves the context as it is."""
        left = len(fresh) - MARGIN
        fresh = np.pad(fresh, (0, -left % _STEP_SAMPLES + MARGIN))
        inputs, _ = self._inputs(fresh[None], [context])
        inputs = np.pad(inputs, ((0, 0), (0, self._delay), (0, 0)))
        output, _ = self._network.advance(inputs, context.queues)
        return self._wanted(context, _of(output, 0))

    def _inputs(self, fresh: Array, contexts: Sequence[CompactContext]) -> tuple[Array, Heard]:
        heard = Heard(
            np.concatenate([context.heard.sums for context in contexts]),
            np.concatenate([context.heard.peak for context in contexts]),
        )
        frames, heard = normalise(raw_frames(fresh), self._prior, heard)
        return self._network.standardised(to_steps(frames)), heard


def comes_to_rest(fresh: Array, before: Sequence[Array], after: Sequence[Array]) -> bool:
    """Whether samples are digital silence and left the queues as they were."""
    return not fresh.any() and all(map(np.array_equal, before, after))


def _fresh(window: Window, context: CompactContext) -> Array:
    """Samples of the window from `MARGIN` before the context's position on."""
    ahead = (window.start - context.position) * FRAME_SAMPLES
    return np.concatenate([context.before, np.zeros(max(ahead, 0), np.float32), window.samples[max(-ahead, 0) :]])


def _together(queues: Sequence[Sequence[Array]]) -> list[Array]:
    """Queues of many legs, block by block."""
    return [np.concatenate(block) for block in zip(*queues, strict=True)]


def _of(output: Output, row: int) -> WindowFrames:
    """What is said of one leg."""
    return WindowFrames(output.embedding[row], output.logits[row], output.speech[row])


def _joined(one: WindowFrames, other: WindowFrames) -> WindowFrames:
    return WindowFrames(
        np.concatenate([one.embedding, other.embedding]),
        np.concatenate([one.logits, other.logits]),
        np.concatenate([one.speech, other.speech]),
    )


def _part(frames: WindowFrames, start: int, stop: int | None) -> WindowFrames:
    """Rows [start, stop), in memory of their own."""
    return WindowFrames(frames.embedding[start:stop].copy(), frames.logits[start:stop].copy(), frames.speech[start:stop].copy())
