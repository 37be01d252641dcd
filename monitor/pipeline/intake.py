"""What becomes of a source's legs under the settings: refused, followed for speech alone, or inferred."""

from collections.abc import Mapping

from monitor.alerts.rules import RuleSet
from monitor.config.sections import PrivacySection, Settings
from monitor.engines.base import EngineInfo
from monitor.errors import ConfigError
from monitor.events import Leg
from monitor.frame_format import LegFormat
from monitor.pipeline.analysis import AHEAD, CallAnalysis
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.leg import InferredLeg, LegTrack, SpeechOnlyLeg
from monitor.pipeline.listening import Listening
from monitor.pipeline.traces import Tracing
from monitor.pipeline.windows import Geometry
from monitor.sources.base import Source
from monitor.timeline import FRAME_RATE


def check_privacy(source: Source, privacy: PrivacySection) -> None:
    """Raise `ConfigError` where the source may not be analysed."""
    if privacy.refuse_mixed and "mixed" in source.legs:
        raise ConfigError(
            f"{source.description}: a mixed source is refused (privacy.refuse_mixed): its speakers cannot be told apart, "
            "so every one of them would be analysed; send each speaker as a leg, or name the leg (legs=customer) if only "
            "one person is on it"
        )


def leg_format(leg: Leg, settings: Settings, info: EngineInfo) -> LegFormat:
    """How the frames of a leg look; of width 0 where its emotion may not be inferred."""
    inferred = leg in settings.privacy.subjects
    return LegFormat(
        dim=info.dim if inferred else 0,
        classes=len(info.labels) if inferred else 0,
        stride=FRAME_RATE // settings.store.embedding_rate,
        dtype=settings.store.embedding_dtype,
    )


def open_listening(
    call: str,
    formats: Mapping[Leg, LegFormat],
    settings: Settings,
    rules: RuleSet,
    worker: InferenceWorker,
    *,
    live: bool,
    tracing: Tracing | None = None,
) -> Listening:
    """A call before its first sample. Legs of one that is not live wait for the engine, and for each other.

    Raises `ConfigError` where the settings name no detector, or the windows do not hold together.
    """
    info = worker.info
    geometry = Geometry.of(settings.engine, info)
    tracks = {leg: _open_track(call, leg, leg_format, worker, geometry, live, tracing) for leg, leg_format in formats.items()}
    ahead = AHEAD if live else None
    return Listening(tracks, CallAnalysis(call, formats, info.labels, settings.state, settings.changes, rules, ahead))


def _open_track(
    call: str,
    leg: Leg,
    leg_format: LegFormat,
    worker: InferenceWorker,
    geometry: Geometry,
    live: bool,
    tracing: Tracing | None,
) -> LegTrack:
    """A leg of width 0 never reaches the engine."""
    if leg_format.classes == 0:
        return SpeechOnlyLeg(call, leg, leg_format)
    return InferredLeg(call, leg, leg_format, worker, geometry, live, tracing)
