"""Sums of products of bytes for a tile of four rows and sixteen outputs, in the instructions of AVX2.

No code in Python becomes these instructions, so the loop is written for LLVM, the compiler that numba brings. A processor
without AVX2 cannot have it: compiling it would end the process.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

ROWS, OUTPUTS, INPUTS = 4, 16, 8
"""Of a tile, whose sums stay in registers; inputs of one turn of the loop. Of these 0, 1, 4, 5 are added in 16 bits, and 2, 3,
6, 7: their sums have to fit, whatever the bytes are."""

_PLACE, _FOUR = ir.IntType(64), ir.IntType(32)
_BYTES, _WORDS, _SUMS = ir.VectorType(ir.IntType(8), 32), ir.VectorType(ir.IntType(16), 16), ir.VectorType(_FOUR, 8)


def _tile(typing: Any, levels: Any, width: Any, panel: Any, sums: Any) -> Any:  # noqa: ARG001 - their number is the signature
    """Four rows of levels, unsigned bytes `width` apart, times a panel of weights, signed bytes, to `sums`, (4, 16) int32.

    All are addresses but `width`, a multiple of 8. For each eight inputs a panel has the first four of outputs 0 to 7, those of
    8 to 15, then the second four likewise.
    """
    return types.void(types.intp, types.intp, types.intp, types.intp), _written


def _written(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
    levels, width, panel, sums = arguments
    pairs = _instruction(builder, "llvm.x86.avx2.pmadd.ub.sw", _WORDS, _BYTES)
    widened = _instruction(builder, "llvm.x86.avx2.pmadd.wd", _SUMS, _WORDS)
    ones, nothing = ir.Constant(_WORDS, [1] * 16), ir.Constant(_SUMS, [0] * 8)
    before, loop, after = (builder.basic_block, *map(builder.append_basic_block, ("inputs", "done")))
    builder.branch(loop)
    builder.position_at_end(loop)
    place = builder.phi(_PLACE)
    place.add_incoming(_PLACE(0), before)
    so_far = [builder.phi(_SUMS) for _ in range(2 * ROWS)]
    for value in so_far:
        value.add_incoming(nothing, before)
    turn = builder.mul(place, _PLACE(OUTPUTS))
    weights = [_loaded(builder, panel, builder.add(turn, _PLACE(32 * part)), _BYTES) for part in range(4)]
    totals = []
    for row in range(ROWS):
        first = builder.add(builder.mul(width, _PLACE(row)), place)
        low, high = (_everywhere(builder, _loaded(builder, levels, builder.add(first, _PLACE(at)), _FOUR)) for at in (0, 4))
        for half in range(2):
            in_16 = builder.add(builder.call(pairs, (low, weights[half])), builder.call(pairs, (high, weights[2 + half])))
            totals.append(builder.add(so_far[2 * row + half], builder.call(widened, (in_16, ones))))
    following = builder.add(place, _PLACE(INPUTS))
    for value, next_one in zip([place, *so_far], [following, *totals], strict=True):
        value.add_incoming(next_one, loop)
    builder.cbranch(builder.icmp_signed("<", following, width), loop, after)
    builder.position_at_end(after)
    for index, total in enumerate(totals):
        builder.store(total, _pointer(builder, sums, _PLACE(32 * index), _SUMS), align=4)
    return context.get_dummy_value()


def _instruction(builder: Any, name: str, result: Any, taken: Any) -> Any:
    known = builder.module.globals.get(name)
    return known or ir.Function(builder.module, ir.FunctionType(result, (taken, taken)), name)


def _pointer(builder: Any, address: Any, offset: Any, kind: Any) -> Any:
    return builder.inttoptr(builder.add(address, offset), kind.as_pointer())


def _loaded(builder: Any, address: Any, offset: Any, kind: Any) -> Any:
    return builder.load(_pointer(builder, address, offset, kind), align=1)


def _everywhere(builder: Any, four: Any) -> Any:
    """Four bytes, eight times."""
    one = builder.insert_element(ir.Constant(_SUMS, ir.Undefined), four, _FOUR(0))
    return builder.bitcast(builder.shuffle_vector(one, one, ir.Constant(_SUMS, [0] * 8)), _BYTES)


tile_sums: Any = intrinsic(_tile)
