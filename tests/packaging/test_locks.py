"""The locked versions are those that `pyproject.toml` asks for, and leave nothing to chance.

Whoever changes a dependency runs `make lock`.
"""

import platform
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires, version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PYTHONS = ("3.11.7", "3.12.1", "3.13.0")
LOCKED = ("core", "all")


def text_of(lock: str) -> str:
    return (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")


def pins(lock: str, python: str = PYTHONS[0]) -> dict[str, str]:
    """Package -> version, as pip of this Python on Linux sees the file."""
    environment = {"python_full_version": python, "python_version": python.rpartition(".")[0], "sys_platform": "linux"}
    lines = (Requirement(line.rstrip(" \\")) for line in text_of(lock).splitlines() if re.match("[a-z0-9]", line))
    wanted = [pin for pin in lines if pin.marker is None or pin.marker.evaluate(environment)]
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in wanted}


def asked_for(lock: str) -> list[Requirement]:
    """By the core, or by every extra too but that of the anchors, whose licence `all` must not bring."""
    extras = sorted(EXTRAS.keys() - {"anchors"}) if lock == "all" else ()
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in EXTRAS[extra])]
    return [asked for asked in map(Requirement, lines) if asked.name != PROJECT["name"]]


def needed_by(packages: Iterable[Requirement], locked: Mapping[str, str], seen: set[str]) -> Iterator[str]:
    """The names of packages and of all that they ask for; what they ask for is read of those installed as they are locked."""
    for package in packages:
        name = canonicalize_name(package.name)
        if name in seen:
            continue
        seen.add(name)
        yield name
        try:
            further = [Requirement(line) for line in (requires(name) or ()) if version(name) == locked.get(name)]
        except PackageNotFoundError:
            continue
        here = [{"extra": extra} for extra in package.extras or {""}]
        wanted = [one for one in further if one.marker is None or any(map(one.marker.evaluate, here))]
        yield from needed_by(wanted, locked, seen)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", LOCKED)
def test_every_dependency_is_locked_at_a_version_that_the_project_allows(lock: str, python: str) -> None:
    locked = pins(lock, python)
    assert [str(one) for one in asked_for(lock) if not one.specifier.contains(locked.get(one.name, ""))] == []


@pytest.mark.parametrize("lock", LOCKED)
def test_what_the_dependencies_depend_on_is_locked_too(lock: str) -> None:
    locked = pins(lock, platform.python_version())
    assert set(needed_by(asked_for(lock), locked, set())) - set(locked) == set()


@pytest.mark.parametrize("python", PYTHONS)
def test_tests_run_with_the_versions_that_the_core_is_installed_with(python: str) -> None:
    assert pins("core", python).items() <= pins("all", python).items()


def test_every_file_of_the_core_is_known_by_its_hash() -> None:
    assert min(block.count("--hash=sha256:") for block in re.split(r"\n(?=[a-z0-9])", text_of("core"))) > 0


@pytest.mark.parametrize("lock", LOCKED)
def test_a_lock_names_no_index(lock: str) -> None:
    assert re.findall(r"^--|[a-z]+://", text_of(lock), re.MULTILINE) == []
