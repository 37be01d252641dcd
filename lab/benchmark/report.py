"""What the benchmark writes: the document behind `--json`."""

from pydantic import Field

from lab.document import Document


class Machine(Document):
    """What it is that was measured."""

    platform: str
    processor: str
    cores: int
    python: str
    threads: int = Field(description="of inference, of FunASR and of the measured peak alike")
    torch: str
    device: str
    gpu: str | None = None


class Shares(Document):
    """Of the time that the worker takes: they add up to 1."""

    stem: float
    blocks: float = Field(description="with the positional encoder before them and the head behind")
    rest: float = Field(description="schedule, speech detector, gate, normalisation, features kept, results")


class Result(Document):
    """One engine in one precision, with one window, with or without the gate."""

    engine: str
    model: str
    precision: str
    window: float = Field(description="seconds")
    hop: float
    lookahead: float
    gate: bool
    legs: int = Field(description="the most that are heard in time: p95 latency within the aim, in a simulated clock")
    limited_by: str = Field(description="what was wrong with the smallest load that was too much; empty where none was")
    p95_latency: float = Field(
        description="seconds from a window's arrival to its frames, at `legs` (at one leg where it is 0)"
    )
    leg_seconds_per_second: float = Field(description="audio heard in a second of the worker's time, at that load")
    ms_per_leg_second: float = Field(description="the same as a cost: the worker's time for a second of one leg")
    generate_leg_seconds_per_second: float | None = Field(
        description="of generate() on the same windows, the better of before and after"
    )
    ratio_to_generate: float | None
    batch: float = Field(description="windows in a batch, on average")
    silent: float = Field(description="share of the audio in which the speech detector heard nobody")
    computed: float = Field(description="share of the windows that went through the network")
    cosine: float | None = Field(description="mean, of embeddings with those of the fp32 network on the same windows")
    gflops: float | None = Field(description="GFLOP/s of stem and blocks together, while they run")
    blocks_gflops: float | None
    peak_gflops: float | None = Field(description="the machine's in this precision")
    peak_share: float | None = Field(description="gflops / peak_gflops")
    blocks_peak_share: float | None
    shares: Shares | None
    overhead_percent: float | None = Field(description="time for all that is not stem or blocks, per cent of theirs")
    memory_mb: float | None = Field(description="peak resident memory beyond what the process held before loading the engine")
    gpu_memory_mb: float | None = Field(description="the same of what is allocated on the GPU")


class Deviation(Document):
    """How far the frames of one way are from those of another, on the same windows."""

    way: str
    against: str
    window: float
    hop: float
    frames: int = Field(description="compared: those that the gate has computed, or all")
    cosine: float = Field(description="of embeddings, mean over frames")
    least_cosine: float
    logits: float = Field(description="largest difference")
    same_label: float = Field(description="share of frames whose strongest class is the same")


class Report(Document):
    """The document."""

    machine: Machine
    matrix_peak_gflops: dict[str, float] = Field(description="by precision")
    latency: float = Field(description="aimed for, p95, seconds")
    seconds: float = Field(description="of each leg's audio, in each trial")
    audio: str = Field(description="what the legs hear")
    without_generate: str | None = Field(description="why there is no ratio to FunASR; null where there is")
    results: list[Result]
    deviation: list[Deviation]
