"""Files that a person names to be written: whole or not at all, and nothing else is ever replaced."""

import os
import stat
import threading
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.output_file import check_file, check_folder, check_new, write_text, written


def content_read_from(fifo: Path) -> tuple[threading.Thread, list[str]]:
    heard: list[str] = []
    reader = threading.Thread(target=lambda: heard.append(fifo.read_text()), daemon=True)
    reader.start()
    return reader, heard


def test_a_file_appears_whole_and_nothing_beside_it(tmp_path: Path) -> None:
    write_text(tmp_path / "r.json", "new")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"r.json": "new"}


def test_a_file_stays_as_it_was_where_writing_fails(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("old")
    with pytest.raises(OSError, match="no room"), written(tmp_path / "r.json") as part:
        part.write_text("half")
        raise OSError("no room")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"r.json": "old"}


def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "r.json").touch(mode=0o600)
    write_text(tmp_path / "r.json", "new")
    assert stat.S_IMODE((tmp_path / "r.json").stat().st_mode) == 0o600


def test_a_link_stays_a_link_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "latest").symlink_to("kept/r.json")
    write_text(tmp_path / "latest", "first")
    write_text(tmp_path / "latest", "second")
    assert (tmp_path / "latest").readlink() == Path("kept/r.json")
    assert (tmp_path / "kept" / "r.json").read_text() == "second"


def test_a_fifo_stays_a_fifo_and_its_reader_hears_all(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    check_file(fifo, "--json")
    reader, heard = content_read_from(fifo)
    write_text(fifo, "news")
    reader.join(30)
    assert (heard, stat.S_ISFIFO(fifo.stat().st_mode)) == (["news"], True)


def test_a_device_is_written_through_and_stays_a_device() -> None:
    check_file(Path(os.devnull), "--json")
    write_text(Path(os.devnull), "lost")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_device_that_takes_nothing_says_so() -> None:
    with pytest.raises(OSError, match="No space left"):
        write_text(Path("/dev/full"), "lost")


def test_a_descriptor_of_this_process_is_written_through_and_its_file_not_replaced(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        write_text(Path(f"/dev/fd/{out.fileno()}"), "report")
        same = os.fstat(out.fileno()).st_ino == (tmp_path / "out").stat().st_ino
    assert (same, (tmp_path / "out").read_text()) == (True, "report")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.mkdir(), "it is a folder; name a file"),
        (lambda path: path.symlink_to("away/r.json"), "there is no folder"),
        (lambda path: path.symlink_to(path.name), "lead in circles"),
    ],
    ids=["folder", "link into nowhere", "circle"],
)
def test_what_cannot_be_written_is_told_before(tmp_path: Path, make: object, reason: str) -> None:
    make(tmp_path / "r")  # type: ignore[operator]
    with pytest.raises(ConfigError, match=f"--json .*/r: cannot be written: .*{reason}"):
        check_file(tmp_path / "r", "--json")


def test_a_file_in_a_folder_that_is_not_there_is_told_before(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be written: there is no folder .*/none"):
        check_file(tmp_path / "none" / "r", "--json")


def test_looking_leaves_no_trace(tmp_path: Path) -> None:
    check_file(tmp_path / "r", "--json")
    check_folder(tmp_path / "plots", "--plots")
    check_new(tmp_path / "out", "--to")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_one_or_may_become_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    check_folder(tmp_path, "--plots")
    with pytest.raises(ConfigError, match=r"--plots .*/file: cannot be written: not a directory"):
        check_folder(tmp_path / "file", "--plots")
    with pytest.raises(ConfigError, match=r"there is no folder .*/none"):
        check_folder(tmp_path / "none" / "plots", "--plots")


def test_what_must_be_new_may_not_exist_be_it_a_link_into_nowhere(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(ConfigError, match=r"--to .*/link: it exists; name a new one"):
        check_new(tmp_path / "link", "--to")
