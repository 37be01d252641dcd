"""A template: embeddings of a few examples, which speech is held against by cosine similarity."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitor.errors import ConfigError
from monitor.learned.documents import TemplateDocument, checked
from monitor.learned.file import decode, digest_of, encode, read_content

KIND = "emotion-monitor template"


@dataclass(frozen=True, slots=True)
class Template:
    """A template as its file has it. Equal where the bytes are."""

    name: str
    digest: str
    document: TemplateDocument = field(compare=False)
    content: bytes = field(compare=False, repr=False)
    vectors: NDArray[np.float32] = field(compare=False, repr=False)
    """Shape (n, D): an example's mean a row, or its ticks of 0.1 s."""
    centre: NDArray[np.float32] | None = field(compare=False, repr=False)
    """Shape (D,): what is subtracted from all embeddings first; None where nothing is."""
    _unit: NDArray[np.float64] = field(compare=False, repr=False)

    @classmethod
    def make(cls, document: TemplateDocument, vectors: NDArray[np.float32], centre: NDArray[np.float32] | None) -> "Template":
        """Raises `ConfigError` where it is too large, or a vector has no direction."""
        tensors = {"vectors": vectors} | ({} if centre is None else {"centre": centre})
        try:
            content = encode(KIND, document.model_dump(mode="json"), tensors)
        except ConfigError as error:
            raise ConfigError(f"template {document.name} would take {error}") from None
        return cls.read(content, f"template {document.name}")

    @classmethod
    def read(cls, content: bytes, what: str) -> "Template":
        """The template of a file's bytes. Raises `ConfigError`, with `what`, where they are none."""
        data, tensors = decode(KIND, content, what)
        document = checked(TemplateDocument, data, what)
        vectors, centre = tensors.get("vectors"), tensors.get("centre")
        if vectors is None or vectors.shape != (len(document.rows), document.dim):
            raise ConfigError(f"{what}: its vectors are not {len(document.rows)} of {document.dim} features")
        if centre is not None and centre.shape != (document.dim,):
            raise ConfigError(f"{what}: its centre has not {document.dim} features")
        directions = vectors.astype(np.float64) - (0.0 if centre is None else centre.astype(np.float64))
        norms = np.linalg.norm(directions, axis=1, keepdims=True)
        if not (norms > 0).all():
            raise ConfigError(f"{what}: an example is zero, or no different from the mean: it has no direction")
        return cls(document.name, digest_of(content), document, content, vectors, centre, directions / norms)

    @classmethod
    def load(cls, path: Path) -> "Template":
        """Raises `ConfigError` where the file cannot be read or is none."""
        return cls.read(read_content(path, "template"), f"template {path}")

    def similarity(self, embedding: NDArray[np.float64]) -> float:
        """The greatest cosine with one of its vectors of an embedding of shape (D,), -1 to 1; 0 where that has no direction."""
        return float(self.similarities(embedding[None])[0])

    def similarities(self, embeddings: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same of many, shape (n, D); the result has shape (n,), to six digits: what lies beyond is the processor's."""
        centred = embeddings if self.centre is None else embeddings - self.centre.astype(np.float64)
        norms = np.linalg.norm(centred, axis=1)
        best = (centred @ self._unit.T).max(axis=1)
        cosines = np.divide(best, norms, out=np.zeros_like(best), where=norms > 0)
        return np.asarray(np.round(np.clip(cosines, -1, 1), 6))
