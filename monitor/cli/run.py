"""`emotion-monitor run`: one source, from its first sample to its last, with what was found."""

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import (
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
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from monitor.config import Settings
    from monitor.pipeline.call import LiveCall


def run(
    source: Annotated[
        str | None,
        typer.Argument(
            help="A sound or capture file, or KIND:WHAT: file:PATH, pcap:PATH, microphone[:DEVICE], rtp:, stdin (or -).",
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
    """Analyse one source and store it as a call.

    A file runs as fast as it goes, a live source until it ends or Ctrl-C. Two channels become the legs customer and agent;
    one channel is `mixed` unless told otherwise (-o legs=customer).

    Of a capture file, the two opposite streams of a call become the legs. Where it holds several calls, --list shows them and
    -o call=NUMBER (or a Call-ID) chooses one; -o legs=customer=1,agent=2 chooses streams, each by its number, its SSRC
    (0x1c2c77ca), a port (:4000), its sender's address, or several of them joined by +.

    Examples:

      emotion-monitor run call.wav

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
    if source is None:
        raise ConfigError("name a source: a file, or KIND:WHAT; see emotion-monitor run --help")
    options = {**key_values(option, "--option"), **_rtp_options(payload_type, sdp)}
    if list_streams:
        _print_streams(source, options, json_file)
        return
    settings = settings_from(
        config,
        store__path=store,
        engine__name=engine,
        engine__model=model,
        alerts__rules=rules or None,
        log__level=None if config else "warning",
    )
    report, error = _analyse(source, settings, call, options, key_values(metadata, "--metadata"), quiet)
    write_json(report, json_file)
    if error is not None:
        raise error


def _rtp_options(payload_types: list[str] | None, sdp: Path | None) -> dict[str, Any]:
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
    text: str, settings: "Settings", call_id: str | None, options: dict[str, Any], metadata: dict[str, str], quiet: bool
) -> tuple[dict[str, Any], Exception | None]:
    from monitor.cli.run_report import RunReport
    from monitor.engines.registry import load_engine
    from monitor.pipeline.monitor import Monitor
    from monitor.sources.registry import open_source, parse_source
    from monitor.store.zarr_store import ZarrStore

    kind, named = parse_source(text)
    source = open_source(kind, {**named, **options}, settings)
    try:
        store = ZarrStore(settings.store)
        engine = load_engine(settings.engine)
    except BaseException:
        source.stop()
        raise
    engine.warm_up()
    monitor = Monitor(settings, engine, store)
    report = RunReport(monitor, Path(settings.store.path), quiet)
    try:
        live = monitor.start_call(source, call_id=call_id, metadata=metadata)
        _stop_on_signal(live)
        report.follow(live)
    finally:
        monitor.close()
    return report.finish(live), live.error


def _stop_on_signal(call: "LiveCall") -> None:
    def stop(number: int, frame: object) -> None:
        del frame
        sys.stderr.write("\nstopping: what was heard is being stored\n")
        call.stop("stopped")
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
