"""`emotion-monitor run`: sources, one after the other, from the first sample to the last, with what was found."""

import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import (
    STANDARD_OUTPUT,
    ConfigOption,
    EngineOption,
    JsonOption,
    ModelOption,
    RulesOption,
    StoreOption,
    key_values,
    settings_from,
    write_json,
)
from monitor.errors import ConfigError, MonitorError, SourceError

if TYPE_CHECKING:
    from monitor.cli.run_report import Printer
    from monitor.config import Settings
    from monitor.pipeline.call import LiveCall
    from monitor.sources.base import Source


def run(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            help="Sound or capture files, folders of them, patterns such as 'calls/**/*.wav', or KIND:WHAT: file:PATH, "
            "pcap:PATH, microphone[:DEVICE], rtp:, stdin (or -).",
            metavar="SOURCE...",
            show_default=False,
        ),
    ] = None,
    config: ConfigOption = None,
    store: StoreOption = None,
    engine: EngineOption = None,
    model: ModelOption = None,
    rules: RulesOption = None,
    call: Annotated[str | None, typer.Option(help="Id of the call. [default: made from the time]", metavar="ID")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option", "-o", help="An option of the source, such as legs=customer or realtime=true.", metavar="KEY=VALUE"
        ),
    ] = None,
    payload_type: Annotated[
        list[str] | None,
        typer.Option("--pt", help="What a dynamic RTP payload type carries, such as 96=opus/48000/2.", metavar="N=CODEC"),
    ] = None,
    sdp: Annotated[Path | None, typer.Option(help="SDP file that describes the call's RTP.", metavar="FILE")] = None,
    metadata: Annotated[
        list[str] | None, typer.Option(help="Something to keep with the call, such as queue=billing.", metavar="KEY=VALUE")
    ] = None,
    list_streams: Annotated[
        bool, typer.Option("--list", help="Print the streams and calls of a capture file, and stop.")
    ] = False,
    list_devices: Annotated[bool, typer.Option("--list-devices", help="Print the microphones and stop.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    json_file: JsonOption = None,
) -> None:
    """Analyse sources, one after the other, and store each as a call.

    A file runs as fast as it goes, a live source until it ends or Ctrl-C. Two channels become the legs customer and agent;
    one channel is `mixed` unless told otherwise (-o legs=customer).

    Of a capture file, the two opposite streams of a call become the legs. Where it holds several calls, --list shows them and
    -o call=NUMBER (or a Call-ID) chooses one; -o legs=customer=1,agent=2 chooses streams, each by its number, its SSRC
    (0x1c2c77ca), a port (:4000), its sender's address, or several of them joined by +.

    What is found goes to standard output, logs and progress to standard error. Of several files one that cannot be heard
    does not stop the others: what became of each is listed at the end, and the exit code is that of the first that failed.
    A file that Ctrl-C cuts short is stored as interrupted; the exit code is 130 then.

    Examples:

      emotion-monitor run call.wav

      emotion-monitor run recordings --store calls --json reports.json

      emotion-monitor run call.flac --store calls --json report.json

      emotion-monitor run capture.pcap --list

      emotion-monitor run capture.pcap -o call=2

      emotion-monitor run capture.pcap -o legs=customer=1,agent=0x1c2c77ca --pt 96=opus/48000/2

      emotion-monitor run rtp:customer=5004,agent=5006

      emotion-monitor run microphone -o legs=agent

      curl -s https://calls.example/7.mp3 | emotion-monitor run -

      ffmpeg -i x.mp4 -f s16le -ar 8000 -ac 1 - | emotion-monitor run - -o encoding=s16le -o rate=8000
    """
    if list_devices:
        _print_devices()
        return
    if not sources:
        raise ConfigError("name a source: a file, a folder, or KIND:WHAT; see emotion-monitor run --help")
    from monitor.cli.run_sources import named_sources

    named, several = named_sources(sources)
    if several and call is not None:
        raise ConfigError("--call names one call: leave it out, or name one source")
    options = {**key_values(option, "--option"), **_sdp_options(payload_type, sdp)}
    if list_streams:
        if several:
            raise ConfigError("--list shows what is in one capture: name one")
        _print_streams(named[0], options, json_file)
        return
    settings = settings_from(
        config,
        store=store,
        engine__name=engine,
        engine__model=model,
        alerts__rules=rules or None,
        logs="warning",
        log__level="error" if quiet else None,
    )
    from monitor.cli.run_report import Printer, print_heard
    from monitor.cli.tables import report_console

    printer = Printer(report_console(stderr=str(json_file) == STANDARD_OUTPUT, quiet=quiet))
    heard, stopped_by = _analyse(
        named, settings, call, options, key_values(metadata, "--metadata"), printer, fail_at_once=not several
    )
    entries = [one.entry() for one in heard]
    if several:
        print_heard(entries, len(named), printer)
    write_json({"calls": entries} if several else heard[0].report, json_file)
    _leave([one.error for one in heard if one.error is not None], several=several)
    if stopped_by and (len(heard) < len(named) or entries[-1].get("status") == "interrupted"):
        raise typer.Exit(128 + stopped_by)
    if printer.error is not None:
        raise printer.error


@dataclass(frozen=True, slots=True)
class _Heard:
    """What became of one source."""

    source: str
    report: dict[str, Any] | None
    """None where it could not be opened."""
    error: MonitorError | None

    def entry(self) -> dict[str, Any]:
        """For `--json`."""
        return {"source": self.source, **(self.report or {}), "error": None if self.error is None else str(self.error)}


def _leave(errors: list[MonitorError], *, several: bool) -> None:
    if errors and several:  # each was told where it happened, and in the list
        raise typer.Exit(errors[0].exit_code)
    if errors:
        raise errors[0]


def _sdp_options(payload_types: list[str] | None, sdp: Path | None) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if payload_types:
        options["payload_types"] = payload_types
    if sdp is not None:
        try:
            options["sdp"] = sdp.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"--sdp {sdp}: cannot be read: {error}") from None
    return options


def _print_streams(text: str, options: dict[str, Any], json_file: Path | None) -> None:
    from monitor.cli.capture_list import list_capture
    from monitor.sources.registry import parse_source

    kind, named = parse_source(text)
    list_capture(kind, {**named, **options}, json_file)


def _print_devices() -> None:
    from dataclasses import asdict

    from monitor.cli.tables import report_console, table
    from monitor.sources.devices import list_devices

    report_console().print(table("input devices", [asdict(row) for row in list_devices()]))


def _analyse(
    sources: list[str],
    settings: "Settings",
    call_id: str | None,
    options: dict[str, Any],
    metadata: dict[str, str],
    printer: "Printer",
    *,
    fail_at_once: bool,
) -> tuple[list[_Heard], int]:
    """Hear one source after the other; what became of each, and the signal by which a person ended that, 0 for none."""
    from monitor.cli.run_report import RunReport
    from monitor.engines.registry import load_engine
    from monitor.pipeline.inference import InferenceWorker
    from monitor.pipeline.monitor import Monitor
    from monitor.sources.registry import open_source, parse_source
    from monitor.store.registry import open_store

    def opened(text: str) -> "Source":
        kind, named = parse_source(text)
        return open_source(kind, {**named, **options}, settings)

    first = opened(sources[0]) if fail_at_once else None
    try:
        store = open_store(settings.store)
        engine = load_engine(settings.engine)
    except BaseException:
        if first is not None:
            first.stop()
        raise
    engine.warm_up()
    monitor = Monitor(settings, InferenceWorker.of(engine, settings.engine), store)
    stop = _Stop()
    heard: list[_Heard] = []
    try:
        for text in sources:
            report = RunReport(monitor, printer)
            try:
                live = monitor.start_call(first or opened(text), call_id=call_id, metadata=metadata)
            except (SourceError, ConfigError) as error:
                if fail_at_once:
                    raise
                report.refused(text, error)
                heard.append(_Heard(text, None, error))
                continue
            stop.watch(live)
            report.follow(live)
            heard.append(_Heard(text, report.finish(live), live.error))
            if stop.signal:
                break
    finally:
        monitor.close()
    return heard, stop.signal


class _Stop:
    """What Ctrl-C and SIGTERM do: end the call at hand, and have what was heard stored. A second one ends at once."""

    def __init__(self) -> None:
        self.signal = 0

    def watch(self, call: "LiveCall") -> None:
        """From now on they end this call."""

        def stop(number: int, frame: object) -> None:
            del frame
            self.signal = number
            sys.stderr.write("\nstopping: what was heard is being stored\n")
            call.stop("stopped")
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
