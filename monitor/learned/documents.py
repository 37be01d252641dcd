"""What the header of a file of something learnt says, checked."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from monitor.errors import ConfigError
from monitor.learned.engine_key import EngineKey
from monitor.validation import first_sentence

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""Of a template or head: letters, digits, - and _, as rules name it."""
Label = Annotated[str, Field(pattern=r"^[a-z<][a-z0-9_<> -]{0,39}$")]
Window = Annotated[float, Field(ge=0.1, le=60)]
"""Seconds of speech."""


class Document(BaseModel):
    """What templates and heads have in common. Keys of later versions are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: Literal[1] = 1
    name: Name
    engine: str
    engine_version: str
    dim: int = Field(ge=1)
    window: Window
    """Seconds of speech whose mean is looked at."""
    sources: tuple[str, ...]
    """What it was learnt from: files, and moments of calls."""
    calls: tuple[str, ...] = ()
    """Ids of the calls among them: of an erased one something is left here."""

    @property
    def key(self) -> EngineKey:
        """Of the embeddings that it was learnt from."""
        return EngineKey(self.engine, self.engine_version, self.dim)


class TemplateFigures(BaseModel):
    """How a template does on the examples of which it was made, and on those that it was held against."""

    model_config = ConfigDict(frozen=True)

    trials: int = 0
    """Stretches of other speech that it was held against, each as long as the window."""
    false_accepts: int = 0
    """Of these, how many reach the threshold."""
    false_accept_rate: float | None = None
    false_accept_bound: float | None = None
    """The rate that is not exceeded with 95 % confidence (Clopper and Pearson 1934), were they drawn by chance."""
    examples: int = 0
    hits: int | None = None
    """Examples that the other examples alone would find; None where there is one example."""


class TemplateDocument(Document):
    """Header of a template."""

    granularity: Literal["utterance", "frame"]
    rows: tuple[int, ...]
    """Index of the source of each vector."""
    threshold: float | None = Field(default=None, ge=-1, le=1)
    """Learnt; a rule may say another."""
    figures: TemplateFigures = TemplateFigures()

    @model_validator(mode="after")
    def _rows_have_sources(self) -> "TemplateDocument":
        if not self.rows or not all(0 <= row < len(self.sources) for row in self.rows):
            raise ValueError("a vector without a source")
        return self


class HeadDocument(Document):
    """Header of a head."""

    labels: tuple[Label, ...] = Field(min_length=2)
    temperature: float = Field(gt=0)
    """By which logits were divided so that probabilities are honest; the weights have it in them."""
    figures: dict[str, Any] = {}
    """Of the cross-validation, see `monitor/analysis/training.py`."""

    @model_validator(mode="after")
    def _labels_differ(self) -> "HeadDocument":
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("a label twice")
        return self


_D = TypeVar("_D", bound=Document)


def checked(model: type[_D], document: Any, what: str) -> _D:
    """The document, or `ConfigError` with what is wrong with it."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise ConfigError(f"{what}: {first_sentence(error.errors(include_url=False), 'its header')}") from None
