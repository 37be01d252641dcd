"""Which embeddings lie in one space: of one engine and its weights, and of one width. Others do not compare."""

from collections.abc import Iterable

from monitor.analysis.embedding import Embedding
from monitor.analysis.errors import DifferentEnginesError, MixedWidthsError
from monitor.learned.engine_key import EngineKey


class Space:
    """The space of the embeddings that were taken so far."""

    def __init__(self, *, same_engine: bool = False) -> None:
        """`same_engine`: what does not say its engine is taken to be of the one that others name."""
        self._same_engine = same_engine
        self._first: tuple[EngineKey, str] | None = None

    @property
    def key(self) -> EngineKey:
        """Of all that was taken. Raises `ValueError` where that is nothing."""
        if self._first is None:
            raise ValueError("no embedding was taken")
        return self._first[0]

    def take(self, embedding: Embedding) -> Embedding:
        """The embedding, which lies in the same space as those before.

        Raises `MixedWidthsError` or `DifferentEnginesError` where it does not, or does not say so.
        """
        key = EngineKey.of(embedding.engine, embedding.dim)
        if self._first is None:
            self._first = key, embedding.source
            return embedding
        first, source = self._first
        if key.dim != first.dim:
            raise MixedWidthsError(f"{embedding.source} has {key.dim} features, {source} has {first.dim}: they do not compare")
        if key == first:
            return embedding
        if key.name and first.name:
            raise DifferentEnginesError(f"{embedding.source} is of {key}, {source} of {first}: they do not compare")
        if not self._same_engine:
            unsaid, said = (embedding.source, first) if first.name else (source, key)
            raise DifferentEnginesError(
                f"{unsaid} does not say which engine it is of, as result.json beside it would, and others are of {said}; "
                "if it is of the same, say --same-engine"
            )
        self._first = (first if first.name else key), source
        return embedding


def in_one_space(embeddings: Iterable[Embedding], *, same_engine: bool = False) -> EngineKey:
    """The key of embeddings that compare. Raises as `Space.take` does, and `ValueError` where there are none."""
    space = Space(same_engine=same_engine)
    for embedding in embeddings:
        space.take(embedding)
    return space.key
