"""Options of the emotion2vec engine."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from monitor.config.section import Seconds
from monitor.engines.options import EngineOptions
from monitor.errors import EngineError
from monitor.extras import EMOTION2VEC, need

if TYPE_CHECKING:
    from monitor.engines.base import Engine
    from monitor.engines.catalogue import Models


class Emotion2vecOptions(EngineOptions):
    """`model` is a hub id, a directory or a prepared file; None takes iic/emotion2vec_plus_large."""

    name: Literal["emotion2vec"] = "emotion2vec"
    precision: Literal["auto", "fp32", "int8", "bf16", "fp16"] = "auto"
    """Of the matrix products; auto: fp32 on a processor, bf16 on a GPU."""
    gate: float = Field(default=0.2, ge=0, lt=1)
    """Nothing is computed where the probability of speech stays below this; 0 computes everything."""
    normalise: Literal["leg", "window"] = "leg"
    """Samples are put in relation to their leg so far, or to their window, as FunASR does: nothing can be kept then."""
    hub_timeout: Seconds = Field(default=5.0, gt=0, le=600)
    """For the model hub's first answer."""

    def check_speech(self, threshold: float) -> None:
        """See `EngineSection`."""
        if self.gate > threshold:
            raise ValueError(
                f"engine.gate ({self.gate}) must not be above state.speech_threshold ({threshold}): "
                f"what counts as speech would not be computed"
            )

    def load(self) -> "Engine":
        """See `EngineOptions`."""
        need(EMOTION2VEC, "the engine emotion2vec", EngineError)
        from monitor.engines.emotion2vec.engine import Emotion2vecEngine

        return Emotion2vecEngine(self)

    def models(self) -> "Models":
        """See `EngineOptions`."""
        from monitor.engines.emotion2vec.catalogue import Emotion2vecModels

        return Emotion2vecModels(self)
