"""Why an embedding cannot be used: a kind of error for each reason, so that a program can tell them apart."""

from monitor.errors import MonitorError


class EmbeddingError(MonitorError):
    """An embedding, or what should be one, cannot be used."""

    exit_code = 6
    http_status = 422


class MissingError(EmbeddingError):
    """There is no such file, folder, call or moment, or nothing in it."""

    http_status = 404


class UnreadableError(EmbeddingError):
    """The file is there, and the system does not let it be read; or it is no regular file."""


class NotAnArrayError(EmbeddingError):
    """The file is not of NumPy's `.npy` format, or its header makes no sense."""


class TruncatedError(EmbeddingError):
    """The file ends before what its header promises."""


class TooLongError(EmbeddingError):
    """The file goes on behind what its header promises."""


class TooFewPointsError(EmbeddingError):
    """There are fewer points than what was asked for needs: clusters, axes, stretches on both sides of a change."""


class ObjectArrayError(EmbeddingError):
    """The array holds Python objects. Reading them would run what is in the file, so it is never done."""


class StructuredArrayError(EmbeddingError):
    """The array holds records rather than numbers."""


class NumberTypeError(EmbeddingError):
    """The array holds integers, texts, dates or complex numbers; embeddings are floating-point numbers."""


class RankError(EmbeddingError):
    """The array is neither (D,) nor (n, D)."""


class NoFramesError(EmbeddingError):
    """The array has no rows."""


class NoFeaturesError(EmbeddingError):
    """The array has no columns, like that of a leg that may not be analysed."""


class NotFiniteError(EmbeddingError):
    """The array holds NaN or infinity other than whole rows of NaN, or numbers beyond float32."""


class ResultFileError(EmbeddingError):
    """The `result.json` beside an array cannot be understood."""


class MomentError(EmbeddingError):
    """The moment is not written as one, or the call has no such leg, or nothing at that time."""


class MixedWidthsError(EmbeddingError):
    """Embeddings that are to be compared have different numbers of features."""


class DifferentEnginesError(EmbeddingError):
    """Embeddings that are to be compared are of different engines or weights, or nobody says of which."""


class ExamplesError(EmbeddingError):
    """There is too little to learn from: no examples, one class, fewer speakers than folds."""
