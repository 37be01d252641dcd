"""Arrays that nobody vouches for: each fault is an error of its own kind, whatever the bytes."""

import io
import os
import pickle
import tracemalloc
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from monitor.analysis import array_file
from monitor.analysis.array_file import read_array
from monitor.analysis.errors import (
    EmbeddingError,
    MissingError,
    NoFeaturesError,
    NoFramesError,
    NotAnArrayError,
    NumberTypeError,
    ObjectArrayError,
    RankError,
    StructuredArrayError,
    TooLongError,
    TruncatedError,
    UnreadableError,
)

ROWS = np.arange(12, dtype=np.float32).reshape(3, 4)


def saved(path: Path, array: np.ndarray, **how: bool) -> Path:
    np.save(path, array, **how)
    return path


def content(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def with_header(text: str, values: bytes = b"") -> bytes:
    header = text.encode("latin1")
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + values


class Bomb:
    """Whoever unpickles it makes a folder."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f2", ">f2", "<f8", ">f8", "longdouble"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("map_beyond", [0, 10**6])
def test_numbers_of_every_precision_and_order_are_read_rightly(tmp_path: Path, dtype: str, order: str, map_beyond: int) -> None:
    path = saved(tmp_path / "a.npy", np.asarray(ROWS, dtype, order=order))
    _, array = read_array(path, map_beyond=map_beyond)
    np.testing.assert_array_equal(np.asarray(array, np.float32), ROWS)


def test_an_array_in_memory_is_float32_in_rows_and_cannot_be_written(tmp_path: Path) -> None:
    _, array = read_array(saved(tmp_path / "a.npy", np.asfortranarray(ROWS, ">f8")))
    assert (array.dtype, array.flags.c_contiguous, array.flags.writeable) == (np.float32, True, False)


def test_an_array_beyond_the_limit_is_mapped_and_cannot_be_written(tmp_path: Path) -> None:
    _, array = read_array(saved(tmp_path / "a.npy", ROWS), map_beyond=ROWS.nbytes - 1)
    assert (isinstance(array, np.memmap), array.flags.writeable) == (True, False)


def test_one_row_of_features_becomes_a_row(tmp_path: Path) -> None:
    header, array = read_array(saved(tmp_path / "a.npy", ROWS[0]))
    assert (header.shape, array.shape) == ((4,), (1, 4))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"there is no .*none\.npy"):
        read_array(tmp_path / "none.npy")


def test_a_file_below_a_file(tmp_path: Path) -> None:
    with pytest.raises(MissingError):
        read_array(saved(tmp_path / "a.npy", ROWS) / "b.npy")


def test_a_name_that_no_file_can_have() -> None:
    with pytest.raises(UnreadableError):
        read_array(Path("a\0.npy"))


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npy")
    with pytest.raises(UnreadableError, match="no regular file"):
        read_array(tmp_path / "pipe.npy")


def test_a_folder_is_no_array(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError):
        read_array(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "an empty file"),
        (b"RIFF....WAVE", "does not begin like one"),
        (b"PK\x03\x04rest", "zip archive"),
        (pickle.dumps([1, 2]), "never loaded"),
        (b"\x93NUMPY\x09\x00\x76\x00", "version"),
        (with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (-3, 4)}\n"), r"\(-3, 4\)"),
        (with_header("{'descr': 'nonsense', 'fortran_order': False, 'shape': (3, 4)}\n"), "makes no sense"),
        (with_header("{'descr': '<f4', 'fortran_order': False}\n"), "makes no sense"),
        (with_header("__import__('os').mkdir('x')\n"), "makes no sense"),
        (with_header("(" * 5_000), "makes no sense"),
        (with_header("'''"), "makes no sense"),
        (with_header("{'descr': '<f4'" + " " * 20_000), "makes no sense"),
    ],
)
def test_what_is_no_array_is_said_to_be_none(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(NotAnArrayError, match=reason):
        read_array(tmp_path / "a.npy")


@pytest.mark.parametrize("left", [3, 9, 20, 127, 128, 170, 175])
def test_a_file_cut_anywhere_is_truncated(tmp_path: Path, left: int) -> None:
    (tmp_path / "a.npy").write_bytes(content(ROWS)[:left])
    with pytest.raises(TruncatedError):
        read_array(tmp_path / "a.npy")


def test_a_file_that_goes_on_is_too_long(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(content(ROWS) + b"\0")
    with pytest.raises(TooLongError, match="48 bytes, 49 are there"):
        read_array(tmp_path / "a.npy")


def test_a_header_that_promises_exabytes_takes_no_memory(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(
        with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 1000000)}\n", b"12345678")
    )
    with pytest.raises(TruncatedError, match="8000000000000000000 bytes, 8 are there"):
        read_array(tmp_path / "a.npy")


def test_objects_are_refused_and_nothing_of_them_runs(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npy", np.array([Bomb(tmp_path / "ran")], object), allow_pickle=True)
    with pytest.raises(ObjectArrayError):
        read_array(path)
    assert not (tmp_path / "ran").exists()


def test_objects_within_records_are_refused_as_objects(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npy", np.zeros(2, [("vector", "f4"), ("what", "O")]), allow_pickle=True)
    with pytest.raises(ObjectArrayError):
        read_array(path)


@pytest.mark.parametrize("dtype", [[("vector", "<f4", (4,)), ("label", "<i4")], [("größe", "<f4")], "V8"])
def test_records_are_refused(tmp_path: Path, dtype: object) -> None:
    with pytest.raises(StructuredArrayError):
        read_array(saved(tmp_path / "a.npy", np.zeros(3, dtype)))


@pytest.mark.parametrize("dtype", ["<i8", "u1", "bool", "<c8", "<U3", "S3", "<M8[s]", "<m8[ms]"])
def test_what_is_no_floating_point_number_is_refused(tmp_path: Path, dtype: str) -> None:
    with pytest.raises(NumberTypeError, match=r"astype\('float32'\)"):
        read_array(saved(tmp_path / "a.npy", np.zeros((3, 4), dtype)))


@pytest.mark.parametrize("shape", [(), (2, 3, 4), (1, 1, 1, 1)])
def test_other_ranks_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(RankError):
        read_array(saved(tmp_path / "a.npy", np.zeros(shape, np.float32)))


def test_no_frames(tmp_path: Path) -> None:
    with pytest.raises(NoFramesError):
        read_array(saved(tmp_path / "a.npy", np.zeros((0, 1024), np.float32)))


@pytest.mark.parametrize("shape", [(5, 0), (0,), (0, 0)])
def test_no_features(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(NoFeaturesError):
        read_array(saved(tmp_path / "a.npy", np.zeros(shape, np.float32)))


HEADERS = st.builds(
    lambda descr, fortran, shape, more: f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}{more}}}\n",
    st.sampled_from(
        ["'<f4'", "'>f2'", "'|O'", "'<f8'", "'V4'", "[('a','<f4')]", "('<f4',(99,))", "None", "'<f99'", "7", "'<f4,<O'"]
    ),
    st.sampled_from(["True", "False", "0", "None"]),
    st.one_of(
        st.lists(st.integers(-(2**70), 2**70), max_size=4).map(tuple), st.integers(), st.just("(True, 2)"), st.text(max_size=5)
    ),
    st.sampled_from(["", ", 'x': 1", ", 1: 2"]),
)
FILES = st.one_of(
    st.binary(max_size=300),
    st.binary(max_size=300).map(lambda rest: b"\x93NUMPY" + rest),
    st.builds(with_header, st.text(st.characters(max_codepoint=255), max_size=200), st.binary(max_size=64)),
    st.builds(
        lambda text, values: with_header(text.encode("ascii", "replace").decode(), values), HEADERS, st.binary(max_size=64)
    ),
    st.builds(
        lambda whole, place, value: whole[:place] + bytes([value]) + whole[place + 1 :],
        st.just(content(ROWS)),
        st.integers(0, 175),
        st.integers(0, 255),
    ),
)


@pytest.mark.filterwarnings("ignore")
@given(FILES, st.sampled_from([0, 10**6]))
def test_whatever_the_bytes_there_is_an_array_of_the_file_or_an_error_of_its_own(
    tmp_path_factory: pytest.TempPathFactory, file: bytes, map_beyond: int
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.npy"
    path.write_bytes(file)
    with suppress(EmbeddingError):
        header, array = read_array(path, map_beyond=map_beyond)
        assert header.offset + header.size == len(file)
        assert array.ndim == 2


@pytest.mark.filterwarnings("ignore")
@given(FILES, st.sampled_from([0, 10**6]))
def test_no_more_memory_is_taken_than_the_file_fills(
    tmp_path_factory: pytest.TempPathFactory, file: bytes, map_beyond: int
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.npy"
    path.write_bytes(file)
    peaks = (peak_of_reading(path, map_beyond) for _ in range(5))
    assert any(peak < 2**21 for peak in peaks)  # what other threads of the process take at this moment is counted, too


def peak_of_reading(path: Path, map_beyond: int) -> int:
    tracemalloc.start()
    with suppress(EmbeddingError):
        read_array(path, map_beyond=map_beyond)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@given(
    arrays.arrays(
        arrays.floating_dtypes(endianness="?"), arrays.array_shapes(min_dims=1, max_dims=2), elements={"allow_nan": False}
    ),
    st.sampled_from([0, 10**6]),
)
def test_what_numpy_saved_is_read_as_numpy_reads_it(
    tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, map_beyond: int
) -> None:
    path = saved(tmp_path_factory.mktemp("any") / "a.npy", array)
    with np.errstate(over="ignore"):
        expected = np.atleast_2d(np.load(path, allow_pickle=False)).astype(np.float32)
        found = np.asarray(read_array(path, map_beyond=map_beyond)[1], np.float32)
    np.testing.assert_array_equal(found, expected)


def test_a_file_that_shrinks_while_it_is_read_is_truncated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.npy", ROWS)
    check = array_file._check_size

    def shrink(*arguments: object, **how: bool) -> None:
        check(*arguments, **how)
        os.truncate(path, 150)

    monkeypatch.setattr(array_file, "_check_size", shrink)
    with pytest.raises(TruncatedError, match="while it was read"):
        read_array(path)
