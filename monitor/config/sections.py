"""The settings, section by section. `configs/default.yaml` shows every key with its default and is tested against this."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PlainValidator, SerializeAsAny, ValidationInfo, field_validator, model_validator

from monitor.config.choice import Choice
from monitor.config.section import Seconds, Section
from monitor.config.sinks import SinkName, SinkSection
from monitor.config.tokens import NamedToken, Token, check_distinct


def _multiple_of_a_tick(value: float | None) -> float | None:
    if value is not None and abs(value * 10 - round(value * 10)) > 1e-6:
        raise ValueError(f"must be a multiple of 0.1 s, got {value}")
    return value


def _without_brackets(address: str) -> str:
    """`[::1]` as in an address of the web is `::1`."""
    return address[1:-1] if address.startswith("[") and address.endswith("]") else address


class EngineSection(Section):
    """Which model hears, and how much audio it sees at a time: what every engine takes.

    What an engine takes beside is a subclass of this, `engines/options.py`, by the name in `ENGINES`.
    """

    calibrated: ClassVar[bool] = False
    """Whether thresholds of change points were simulated on streams like this engine's logits (`changes/odds.py`)."""

    name: str = "compact"
    """A name of `ENGINES`."""
    model: str | None = None
    """What of its models the engine is to load: for emotion2vec a hub id or directory, for compact a weights file."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:N."""
    threads: int = Field(default=0, ge=0, le=256)
    """CPU threads for inference; 0 leaves it to the engine: one for compact, all cores for emotion2vec."""
    window: Seconds | None = Field(default=None, ge=0.5, le=30)
    hop: Seconds | None = Field(default=None, ge=0.1, le=10)
    lookahead: Seconds | None = Field(default=None, ge=0, le=5)
    """The three: None takes the engine's own default. Multiples of 0.1 s, but lookahead of 0.02 s."""
    max_batch: int = Field(default=32, ge=1, le=1024)
    latency: Seconds = Field(default=1.5, ge=0.2, le=60)
    """From a live window's arrival to its frames, aimed for: batches are sized for it, and overload is judged by it."""
    max_backlog: Seconds = Field(default=10.0, ge=1, le=600)
    """Live audio that waits for the engine longer than this is given up; its frames are marked."""

    _tick = field_validator("window", "hop")(_multiple_of_a_tick)

    @model_validator(mode="after")
    def _backlog_outlasts_latency(self) -> Self:
        if self.max_backlog < self.latency:
            raise ValueError(f"max_backlog ({self.max_backlog}) must not be below latency ({self.latency})")
        return self

    def check_speech(self, threshold: float) -> None:
        """Raise `ValueError` where the options do not go with `state.speech_threshold`."""


ENGINES = Choice(
    "engine",
    EngineSection,
    "name",
    {
        "compact": "monitor.engines.compact.options:CompactOptions",
        "emotion2vec": "monitor.engines.emotion2vec.options:Emotion2vecOptions",
    },
)
"""The options of each engine. Another package's comes by an entry point of `emotion_monitor.engines`."""


class PrivacySection(Section):
    """Whose emotion may be inferred."""

    subjects: tuple[Literal["customer", "agent", "mixed"], ...] = ("customer", "agent", "mixed")
    """Other legs are followed for speech alone and never reach an engine."""
    refuse_mixed: bool = False
    """Refuse a source whose speakers cannot be told apart, because it would analyse every one of them."""
    listen_in: bool = False
    """Let those whose token says `listen` hear live calls."""

    @field_validator("subjects")
    @classmethod
    def _some_subject(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("name at least one of customer, agent, mixed")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> "PrivacySection":
        if self.refuse_mixed and "mixed" in self.subjects:
            raise ValueError("refuse_mixed is set, so subjects must not name mixed")
        return self


class StateSection(Section):
    """The emotion of a leg: what is believed by all its speech so far."""

    correlation_time: Seconds = Field(default=1.6, ge=0.1, le=30)
    """Seconds of speech that count as one independent observation: longer is slower and surer."""
    mean_duration: Seconds = Field(default=30.0, ge=1, le=3600)
    """For how long a speaker stays in one emotion, on average: shorter is quicker to change its mind."""
    prior_neutral: float = Field(default=0.7, gt=0, lt=1)
    """How probable it is that a voice is neutral, before it is heard."""
    baseline: Seconds = Field(default=3.0, ge=0, le=120)
    """Seconds of speech, believed neutral, after which a speaker's own neutral voice counts for a half; 0 takes none."""
    neutral_lead: float = Field(default=2.0, ge=0, le=20)
    """By how many nats `neutral` leads the other classes in neutral speech of a typical speaker."""
    smoothing: Seconds = Field(default=1.5, gt=0, le=30)
    """Time constant of valence and arousal, counted in speech."""
    enter: float = Field(default=0.6, gt=0, lt=1)
    """A label is taken when its probability reaches this ..."""
    leave: float = Field(default=0.35, gt=0, lt=1)
    """... and given up for `unknown` when it falls below this, or for another that enters and is ahead."""
    min_hold: Seconds = Field(default=0.5, ge=0, le=60)
    """A label stands at least this long, counted in speech; `unknown` too."""
    speech_threshold: float = Field(default=0.5, gt=0, lt=1)

    @model_validator(mode="after")
    def _hysteresis(self) -> "StateSection":
        if self.leave > self.enter:
            raise ValueError(f"leave ({self.leave}) must not be above enter ({self.enter})")
        return self


class ChangesSection(Section):
    """Online change-point detection: what every detector takes.

    What a detector takes beside is a subclass of this, `changes/options.py`, by the name in `DETECTORS`.
    """

    detector: str = "bayes"
    """A name of `DETECTORS`; in the settings also `auto`, the default: what `default_detector` says of the engine."""
    false_alarms_per_hour: float = Field(default=2.0, gt=0, le=600)
    """Expected false alarms an hour of speech without change. The threshold is derived from it."""
    buffer: Seconds = Field(default=30.0, ge=4, le=120)
    """Trailing seconds of speech that are searched."""


DETECTORS = Choice(
    "detector",
    ChangesSection,
    "detector",
    {
        "bayes": "monitor.changes.bayes_options:BayesOptions",
        "kernel": "monitor.changes.kernel_options:KernelOptions",
    },
)
"""The options of each detector. Another package's comes by an entry point of `emotion_monitor.detectors`."""


AUTO = "auto"


def default_detector(engine: EngineSection) -> str:
    """Odds on logits where their threshold was calibrated on the engine's logits; else ruptures on embeddings."""
    return "bayes" if engine.calibrated else "kernel"


def _changes_for(value: Any, info: ValidationInfo) -> ChangesSection:
    """The options of the detector that is named, or of that which fits the engine."""
    engine = info.data.get("engine")  # not there where it is wrong
    if type(value) is ChangesSection:
        value = value.model_dump(exclude_unset=True)
    if isinstance(value, Mapping) and value.get("detector", AUTO) == AUTO and engine is not None:
        value = {**value, "detector": default_detector(engine)}
    return DETECTORS.validate(value)


class AlertsSection(Section):
    """Rules."""

    rules: tuple[Path, ...] | None = None
    """Rule files, or names of those that ship; none given takes `default`, an empty list takes no rule."""


class AnalysisSection(Section):
    """What was learnt from embeddings and is heard with beside the engine, and what is made of them beside the calls."""

    templates: Path | None = None
    """A folder of templates (`emotion-monitor templates make`), for rules to name."""
    heads: tuple[Path, ...] | None = None
    """Heads for labels of one's own (`emotion-monitor heads train`)."""
    index: bool = False
    """Have the service keep an index of all moments, for `emotion-monitor search`; needs the extra `analysis`."""


class DiskOptions(Section):
    """What a store on a disk is told: the options of `zarr`."""

    path: Path = Path("emotion-store")
    audio: Literal["none", "flac", "opus"] = "none"
    fsync: bool = True
    """Have the disk confirm each event of the journal; without, events survive a crash of the process but not of the power."""
    journal_days: int | None = Field(default=None, ge=1, le=36_500)
    """After which events are dropped; null keeps them. Frames stay."""


class StoreSection(DiskOptions):
    """Where frames are kept, and how."""

    kind: str = "zarr"
    """A store of `store/registry.py`, or of another package: zarr, memory."""
    options: dict[str, Any] = Field(default_factory=dict)
    """What a store of another package takes beside `path`, `audio` and `fsync`, if it has those."""
    embedding_dtype: Literal["float16", "float32"] = "float16"
    embedding_rate: Literal[50, 10] = 50
    """Embedding rows a second of a leg."""
    snapshot_every: Seconds = Field(default=180.0, ge=10, le=86_400)


class RtpSection(Section):
    """How RTP is received."""

    bind: str = "127.0.0.1"
    """Address on which ports are opened."""
    advertise: str | None = None
    """Address told to callers of the API; default: `bind`."""
    port_low: int = Field(default=10_000, ge=1_024, le=65_534)
    port_high: int = Field(default=20_000, ge=1_025, le=65_535)
    jitter_buffer: Seconds = Field(default=0.06, ge=0, le=2)
    max_stall: Seconds = Field(default=15.0, ge=1, le=60)
    """What a sender or a network holds back for no longer than this is heard at its place, however late; a leg that sends
    nothing for longer is silent."""
    inactivity: Seconds = Field(default=30.0, gt=0, le=86_400)
    """A call without a packet for so long is over."""
    allow_move: bool = True
    """Another address may take a leg over, after RFC 3550 probation, once its sender has been silent for 3 s. A new SSRC of the
    same address is followed in any case."""

    _addresses = field_validator("bind")(_without_brackets)

    @model_validator(mode="after")
    def _range(self) -> "RtpSection":
        if self.port_high <= self.port_low:
            raise ValueError(f"port_high ({self.port_high}) must be above port_low ({self.port_low})")
        return self


class IncomingSection(Section):
    """Calls that come to the server over a connection, such as `/ws/v1/ingest`."""

    max_stall: Seconds = Field(default=15.0, ge=1, le=60)
    """A leg that sends nothing while the other goes on waits by itself for so long; then it is silent."""
    inactivity: Seconds = Field(default=30.0, gt=0, le=86_400)
    """A call of which nothing comes for so long is over."""


class ServerSection(Section):
    """The one port."""

    host: str = "127.0.0.1"
    port: int = Field(default=8765, ge=0, le=65_535)
    token: Token = None
    """Bearer token of an engineer without a name; this or one of `tokens` is required unless bound to loopback."""
    token_file: Path | None = None
    """A file that holds the token; `load_settings` reads it."""
    tokens: tuple[NamedToken, ...] = ()
    """Who else may come in: by name, with a role."""
    allowed_origins: tuple[str, ...] = ()
    """Origins of pages besides the server's own that may open websockets."""
    max_calls: int = Field(default=200, ge=1)
    workers: int | None = Field(default=None, ge=1, le=256)
    """Processes that hear calls. 1: the service itself; more: workers beside it, the first begun with it, the others as calls
    come. Default: as many as cores, where the engine takes one core and the store is on a disk."""
    max_connections: int = Field(default=2_000, ge=10)
    """Of clients, websockets among them; more are turned away."""

    _host = field_validator("host")(_without_brackets)

    @model_validator(mode="after")
    def _each_is_another(self) -> Self:
        check_distinct(self.tokens, self.token)
        return self


class LogSection(Section):
    """What is logged to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class TelemetrySection(Section):
    """Traces by OpenTelemetry."""

    otlp_endpoint: str | None = None
    """Where traces go, by OTLP over HTTP: http://127.0.0.1:4318/v1/traces, say; needs the extra `otel`. None: nowhere."""
    sample: float = Field(default=0.01, gt=0, le=1)
    """Share of the windows that is followed."""


class StaticSource(Section):
    """A call that `serve` takes from its start on, without being asked over the API."""

    kind: str
    """A source of `sources/registry.py` that is opened, or of another package: rtp, microphone, file, pcap, stdin."""
    call: str | None = None
    """Call id; default: made from the kind and the time."""
    options: dict[str, Any] = Field(default_factory=dict)
    """What the source's constructor takes."""
    metadata: dict[str, Any] = Field(default_factory=dict)


class Settings(Section):
    """All of it."""

    engine: Annotated[SerializeAsAny[EngineSection], PlainValidator(ENGINES.validate)] = Field(
        default=EngineSection(), validate_default=True
    )
    privacy: PrivacySection = PrivacySection()
    state: StateSection = StateSection()
    changes: Annotated[SerializeAsAny[ChangesSection], PlainValidator(_changes_for)] = Field(
        default=ChangesSection(), validate_default=True
    )
    alerts: AlertsSection = AlertsSection()
    analysis: AnalysisSection = AnalysisSection()
    store: StoreSection = StoreSection()
    rtp: RtpSection = RtpSection()
    incoming: IncomingSection = IncomingSection()
    server: ServerSection = ServerSection()
    log: LogSection = LogSection()
    telemetry: TelemetrySection = TelemetrySection()
    sources: tuple[StaticSource, ...] = ()
    sinks: dict[SinkName, SinkSection] = Field(default_factory=dict)
    """By name: where events go."""

    @model_validator(mode="after")
    def _engine_goes_with_speech(self) -> Self:
        self.engine.check_speech(self.state.speech_threshold)
        return self
