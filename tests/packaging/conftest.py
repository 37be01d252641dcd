"""The package as its users get it: built, and installed where there is no checkout."""

import os
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Built:
    """Both distributions, and what is in them."""

    wheel: Path
    sdist: Path

    def in_wheel(self) -> set[str]:
        with ZipFile(self.wheel) as archive:
            return set(archive.namelist())

    def in_sdist(self) -> set[str]:
        """Without the folder that holds all."""
        with tarfile.open(self.sdist) as archive:
            return {name.partition("/")[2] for name in archive.getnames()}

    def metadata(self) -> str:
        with ZipFile(self.wheel) as archive:
            return archive.read(next(name for name in archive.namelist() if name.endswith("dist-info/METADATA"))).decode()


def without_checkout() -> Mapping[str, str]:
    """The environment of a process that must not find the checkout."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def build(source: Path, target: Path, *options: str) -> None:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", str(target), *options], cwd=source, check=True)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, folder)
    return Built(next(folder.glob("*.whl")), next(folder.glob("*.tar.gz")))


@pytest.fixture(scope="session")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel in a virtual environment of its own, which borrows the dependencies of this one; its folder of programs.

    A path in a .pth file brings packages, but no .pth files of theirs: the checkout, if it is installed as editable, stays out.
    """
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index"]
    subprocess.run([*pip, str(built.wheel)], check=True, env=without_checkout())
    site = next(folder.glob("lib/*/site-packages"))
    borrowed = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    (site / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
    return folder / "bin"
