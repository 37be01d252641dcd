"""Which embeddings compare: those of one engine and its weights, and of one width."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitor.errors import ConfigError


@dataclass(frozen=True, slots=True)
class EngineKey:
    """An engine and its weights, as far as embeddings are concerned.

    >>> str(EngineKey("compact", "ab12", 96))
    'compact ab12 (96 features)'
    """

    name: str
    """Empty where nobody knows, as of files of others."""
    version: str
    """A hash of the weights."""
    dim: int

    def __str__(self) -> str:
        known = f"{self.name} {self.version}".strip() or "an engine that is not known"
        return f"{known} ({self.dim} features)"

    @classmethod
    def of(cls, engine: Mapping[str, Any], dim: int) -> "EngineKey":
        """The key of an engine described as a dictionary, such as in a call's record; its embeddings have `dim` features."""
        return cls(str(engine.get("name") or ""), str(engine.get("version") or ""), dim)

    def require(self, other: "EngineKey", what: str) -> None:
        """Raise `ConfigError` where `what`, which was learnt from embeddings of `other`, does not compare with these."""
        if self != other:
            raise ConfigError(f"{what} was learnt from embeddings of {other}; those of {self} do not compare with it")
