"""Files and folders that a person names to be written: looked at before work begins, and never left half-written.

A regular file appears whole, by rename, and links to it stay links. Whatever else stands at a path (a device, a FIFO, a
descriptor of this process under /dev/fd) is opened and written through: it is never replaced.
"""

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.errors import ConfigError

MAX_LINKS = 40
"""Links after which a path is taken to lead in circles, as in Linux."""


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A file to write, whose content comes to `path` when the block ends without an error; else `path` stays as it was.

    Raises `OSError`.
    """
    target = _followed(path)
    if not _is_replaced(target):
        with tempfile.TemporaryDirectory(prefix="emotion-monitor-") as folder:
            part = Path(folder) / "content"
            yield part
            with part.open("rb") as content, target.open("wb") as out:
                shutil.copyfileobj(content, out)
        return
    with replacement(target) as part:
        yield part
        if target.exists():
            part.chmod(stat.S_IMODE(target.stat().st_mode))


@contextmanager
def replacement(target: Path) -> Iterator[Path]:
    """A file to write beside `target`, which takes its place when the block ends without an error; else it goes.

    Raises `OSError`.
    """
    part = target.with_name(f".{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        yield part
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8, like `written`; what file names hold beside it as escapes (JSON's, too). Raises `OSError`."""
    with written(path) as part:
        part.write_text(text, encoding="utf-8", errors="backslashreplace")


def check_file(path: Path, flag: str) -> None:
    """Raises `ConfigError` where `written` could not write `path`, the value of `flag`. Leaves no trace; opens no FIFO."""
    try:
        target = _followed(path)
        replaced = _is_replaced(target)
        if replaced:
            _check_room(target.parent)
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, "permission denied")
    except OSError as error:
        raise ConfigError(f"{flag} {path}: cannot be written: {_reason(error)}") from None


def check_folder(path: Path, flag: str) -> None:
    """Raises `ConfigError` where `path`, the value of `flag`, is no folder that can be written into, and cannot become one."""
    try:
        if path.exists() or path.is_symlink():
            _check_room(path)
        else:
            _check_room(path.parent)
    except OSError as error:
        raise ConfigError(f"{flag} {path}: cannot be written: {_reason(error)}") from None


def check_new(path: Path, flag: str) -> None:
    """Raises `ConfigError` where there is something at `path`, the value of `flag`, or nothing can be made there."""
    if os.path.lexists(path):
        raise ConfigError(f"{flag} {path}: it exists; name a new one")
    check_folder(path, flag)


def _followed(path: Path) -> Path:
    """Where links from `path` lead, whether or not anything is there; a descriptor under /proc leads no further."""
    for _ in range(MAX_LINKS):
        if path.parent.resolve().is_relative_to("/proc") or not path.is_symlink():
            return path
        path = path.parent / path.readlink()
    raise OSError(errno.ELOOP, "its links lead in circles")


def _is_replaced(target: Path) -> bool:
    """Whether a new file is to take the place of `target`: of a regular file, or of nothing."""
    if target.parent.resolve().is_relative_to("/proc"):
        return False
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return True
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder; name a file")
    if stat.S_ISSOCK(mode):
        raise OSError(errno.ENXIO, "it is a socket; name a file")
    return stat.S_ISREG(mode)


def _check_room(folder: Path) -> None:
    """Raises `OSError` where no file can be made in a folder."""
    if not folder.exists():
        raise FileNotFoundError(errno.ENOENT, f"there is no folder {folder}")
    descriptor, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
    os.close(descriptor)
    Path(name).unlink()


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
