"""Hook of mkdocs: pages of the site that stand beside `docs/`, and the files that they link to."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages, their links as the site sees them, and what they link to outside of `docs/`."""
    for name, place in PAGES.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in sorted(set(LINK.findall(text))):
            if target not in PAGES and not target.startswith("docs/") and (ROOT / target).is_file():
                files.append(File.generated(config, target, abs_src_path=str(ROOT / target)))
        files.append(File.generated(config, place, content=LINK.sub(_in_site, text)))
    return files


def _in_site(link: re.Match[str]) -> str:
    target = link[1]
    return f"]({PAGES.get(target, target.removeprefix('docs/'))}"
