"""A head: one linear layer that tells labels of one's own by the mean embedding of some seconds of speech."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitor.errors import ConfigError
from monitor.learned.documents import HeadDocument, checked
from monitor.learned.file import decode, digest_of, encode, read_content

KIND = "emotion-monitor head"


@dataclass(frozen=True, slots=True)
class Head:
    """A head as its file has it. Equal where the bytes are."""

    name: str
    digest: str
    document: HeadDocument = field(compare=False)
    content: bytes = field(compare=False, repr=False)
    weight: NDArray[np.float32] = field(compare=False, repr=False)
    """Shape (D, labels), applied from the right."""
    bias: NDArray[np.float32] = field(compare=False, repr=False)
    """Shape (labels,)."""

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of its probabilities."""
        return self.document.labels

    @classmethod
    def make(cls, document: HeadDocument, weight: NDArray[np.floating], bias: NDArray[np.floating]) -> "Head":
        """Raises `ConfigError` where it is too large."""
        tensors = {"weight": weight.astype(np.float32), "bias": bias.astype(np.float32)}
        try:
            content = encode(KIND, document.model_dump(mode="json"), tensors)
        except ConfigError as error:
            raise ConfigError(f"head {document.name} would take {error}") from None
        return cls.read(content, f"head {document.name}")

    @classmethod
    def read(cls, content: bytes, what: str) -> "Head":
        """The head of a file's bytes. Raises `ConfigError`, with `what`, where they are none."""
        data, tensors = decode(KIND, content, what)
        document = checked(HeadDocument, data, what)
        weight, bias = tensors.get("weight"), tensors.get("bias")
        if weight is None or weight.shape != (document.dim, len(document.labels)):
            raise ConfigError(f"{what}: its weights are not ({document.dim}, {len(document.labels)})")
        if bias is None or bias.shape != (len(document.labels),):
            raise ConfigError(f"{what}: its bias has not {len(document.labels)} numbers")
        return cls(document.name, digest_of(content), document, content, weight, bias)

    @classmethod
    def load(cls, path: Path) -> "Head":
        """Raises `ConfigError` where the file cannot be read or is none."""
        return cls.read(read_content(path, "head"), f"head {path}")

    def posterior(self, embedding: NDArray[np.float64]) -> tuple[float, ...]:
        """A probability a label of an embedding of shape (D,), to six digits: what lies beyond is the processor's."""
        logits = embedding @ self.weight.astype(np.float64) + self.bias
        scaled = np.exp(logits - logits.max())
        return tuple(np.round(scaled / scaled.sum(), 6).tolist())
