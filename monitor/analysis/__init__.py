"""What people do with embeddings: files of this program and of others, and moments of stored calls."""

from monitor.analysis.description import Description, describe
from monitor.analysis.embedding import Embedding, load
from monitor.analysis.errors import EmbeddingError
from monitor.analysis.extract import Extracted, Wanted, extract
from monitor.analysis.moment import Moment, parse_moment, references, resolve
from monitor.analysis.stream import Outcome, stream

__all__ = [
    "Description",
    "Embedding",
    "EmbeddingError",
    "Extracted",
    "Moment",
    "Outcome",
    "Wanted",
    "describe",
    "extract",
    "load",
    "parse_moment",
    "references",
    "resolve",
    "stream",
]
