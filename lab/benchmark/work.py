"""What emotion2vec computes, by its sizes: the operations of its matrix products, convolutions and attention.

A multiplication and an addition are two. Norms, activations, softmax and the head of a few classes are left out; so are rows
that a recorded graph computes and nobody reads. What is counted is needed, however it is computed.
"""

from monitor.engines.emotion2vec.architecture import RECEPTIVE_FIELD, Architecture
from monitor.timeline import FRAME_SAMPLES


def stem_flops(shape: Architecture, frames: int) -> int:
    """Of the features of consecutive frames.

    Layer by layer: positions times taps times widths; at the end the projection to the width of the blocks.
    """
    flops, positions, channels = 0, (frames - 1) * FRAME_SAMPLES + RECEPTIVE_FIELD, 1
    for width, kernel, stride in shape.stem:
        positions = (positions - kernel) // stride + 1
        flops += 2 * positions * kernel * channels * width
        channels = width
    return flops + 2 * positions * channels * shape.dim


def encoder_flops(shape: Architecture, length: int, wanted: int) -> int:
    """Of one window of `length` frames of which some are wanted: positional convolutions and blocks."""
    dim, rows = shape.dim, length + shape.extra_tokens
    positions = 2 * shape.positional * length * dim * (dim // shape.groups) * shape.kernel
    whole = (shape.prenet + shape.depth - 1) * _block(shape, rows, rows)
    return positions + whole + _block(shape, rows, wanted)


def _block(shape: Architecture, rows: int, wanted: int) -> int:
    """Queries, keys and values of all rows; attention, its output and the perceptron of those wanted."""
    dim = shape.dim
    return 2 * rows * 3 * dim * dim + 4 * wanted * rows * dim + 2 * wanted * dim * dim + 4 * wanted * dim * shape.hidden
