"""The templates and heads that the configuration names."""

from pathlib import Path

from monitor.config.sections import AnalysisSection
from monitor.errors import ConfigError
from monitor.learned.file import SUFFIX
from monitor.learned.head import Head
from monitor.learned.learned import Learned
from monitor.learned.template import Template


def configured(section: AnalysisSection) -> Learned:
    """All templates of the folder, and the heads. Raises `ConfigError` where one cannot be read."""
    return Learned.of(
        [] if section.templates is None else [Template.load(path) for path in template_files(section.templates)],
        [Head.load(path) for path in section.heads or ()],
    )


def template_files(folder: Path) -> list[Path]:
    """The templates in a folder, by name; what is none is passed over. Raises `ConfigError` where there is no such folder."""
    if not folder.is_dir():
        raise ConfigError(f"analysis.templates: there is no folder {folder}")
    return sorted(folder.glob(f"*{SUFFIX}"))
