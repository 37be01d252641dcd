"""Which label a leg has, given what is believed of it: hard to enter, easier to keep, so that labels do not flicker."""

from collections.abc import Sequence

from monitor.events import ABSTAIN

NOT_EMOTIONS = frozenset({ABSTAIN, "<unk>", "unk"})
"""Classes by which a model says that it does not know; a leg never takes them as its label."""


class LabelHysteresis:
    """Schmitt trigger over labels.

    From `unknown`, the likeliest label is taken once its posterior reaches `enter`. A label that is held gives way to another
    that reaches `enter` and is ahead of it, or to `unknown` when it falls below `leave`. Each, `unknown` too, stands for at
    least `min_hold` steps, so that nothing is said on the prior alone.

    >>> label = LabelHysteresis(("angry", "neutral"), enter=0.6, leave=0.4, min_hold=0)
    >>> [label.update([p, 1 - p]) for p in (0.5, 0.6, 0.45, 0.5, 0.35)]
    ['unknown', 'angry', 'angry', 'angry', 'neutral']
    """

    def __init__(self, labels: Sequence[str], enter: float, leave: float, min_hold: int) -> None:
        if not 0 < leave <= enter < 1:
            raise ValueError(f"need 0 < leave <= enter < 1, got leave {leave}, enter {enter}")
        self._labels = tuple(labels)
        self._emotions = [index for index, label in enumerate(labels) if label not in NOT_EMOTIONS]
        self._enter = enter
        self._leave = leave
        self._min_hold = min_hold
        self.forget()

    def forget(self) -> None:
        """Back to `unknown`."""
        self._held: int | None = None
        self._steps = 0

    @property
    def label(self) -> str:
        """The label now."""
        return ABSTAIN if self._held is None else self._labels[self._held]

    def update(self, posterior: Sequence[float]) -> str:
        """Take the belief, C probabilities, after the next step of speech; the label."""
        self._steps += 1
        if self._steps >= self._min_hold:
            chosen = self._choose(posterior)
            if chosen != self._held:
                self._held, self._steps = chosen, 0
        return self.label

    def _choose(self, posterior: Sequence[float]) -> int | None:
        held = self._held
        if held is not None and posterior[held] >= self._enter and posterior[held] > 0.5:
            return held  # nothing else can be as likely
        if not self._emotions:
            return None
        best = max(self._emotions, key=posterior.__getitem__)
        if posterior[best] >= self._enter:
            return best if self._held is None or posterior[best] > posterior[self._held] else self._held
        if self._held is not None and posterior[self._held] >= self._leave:
            return self._held
        return None
