"""The licence of the weights in force, said before they are put to work."""

import re

import structlog

from monitor.engines.base import EngineInfo

log = structlog.get_logger(__name__)


def warn_of_licence(info: EngineInfo) -> None:
    """Log under which licence the weights are; as a warning where it forbids commercial use or nobody states one."""
    told = {"engine": info.name, "model": info.model, "licence": info.licence or "not stated"}
    if not info.licence:
        log.warning("weights_licence_not_stated", **told, remedy="ask their makers before they hear a customer")
    elif re.search(r"\bNC\b", info.licence):
        log.warning("weights_not_for_commercial_use", **told, remedy="a company sets engine.model to open, or trains its own")
    else:
        log.info("weights_licence", **told)
