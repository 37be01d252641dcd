"""Parts of other packages are found by their entry points, as pip leaves them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.plugins import Registry

Install = Callable[..., None]
OWN = {"zarr": "pathlib:PurePath"}


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a package with one entry point where Python looks."""

    def package(name: str, entry: str, module: str = "", group: str = "emotion_monitor.stores") -> None:
        folder = tmp_path / name
        (folder / f"{name}-1.0.dist-info").mkdir(parents=True)
        (folder / f"{name}-1.0.dist-info" / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (folder / f"{name}-1.0.dist-info" / "entry_points.txt").write_text(f"[{group}]\n{entry}\n")
        (folder / f"{name}_parts.py").write_text(module)
        monkeypatch.syspath_prepend(folder)

    return package


def test_a_part_of_another_package_stands_beside_those_that_ship(install: Install) -> None:
    install("acme", "ring = acme_parts:Ring", "from pathlib import Path\nclass Ring(Path): pass\n")
    registry = Registry[type]("store", OWN, Path)
    assert registry.names() == ("ring", "zarr")
    assert registry.load("ring", "store.kind").__name__ == "Ring"


def test_parts_of_other_rooms_are_left_alone(install: Install) -> None:
    install("beta", "ring = beta_parts:Ring", group="emotion_monitor.engines")
    assert Registry[type]("store", OWN).names() == ("zarr",)


def test_a_name_that_nobody_has_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"^store.kind: no store is called 'magic'; there are: zarr$"):
        Registry[type]("store", OWN).load("magic", "store.kind")


def test_a_name_of_two_is_refused_with_both(install: Install) -> None:
    install("gamma", "zarr = gamma_parts:Ring")
    with pytest.raises(ConfigError, match=r"store.kind: there are stores called 'zarr' of emotion-monitor and of gamma"):
        Registry[type]("store", OWN).load("zarr", "store.kind")


def test_a_package_that_cannot_be_loaded_is_named_with_its_error(install: Install) -> None:
    install("delta", "ring = delta_parts:Ring", "import not_installed_anywhere")
    with pytest.raises(ConfigError, match=r"the store 'ring' of delta \(delta_parts:Ring\) cannot be loaded: ModuleNotFound"):
        Registry[type]("store", OWN).load("ring", "store.kind")


def test_what_is_no_part_of_the_room_is_refused(install: Install) -> None:
    install("epsilon", "ring = epsilon_parts:Ring", "class Ring: pass")
    with pytest.raises(ConfigError, match=r"the store 'ring' of epsilon \(epsilon_parts:Ring\) is no Path"):
        Registry[type]("store", OWN, Path).load("ring", "store.kind")
