"""`emotion-monitor serve`: the service."""

import gc
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import ConfigOption, EngineOption, ModelOption, RulesOption, StoreOption, settings_from
from monitor.errors import StoreError

if TYPE_CHECKING:
    from monitor.config import Settings


def serve(
    config: ConfigOption = None,
    store: StoreOption = None,
    engine: EngineOption = None,
    model: ModelOption = None,
    rules: RulesOption = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; other than loopback needs server.token. [default: 127.0.0.1]")
    ] = None,
    port: Annotated[int | None, typer.Option(help="One port for all; 0 takes a free one. [default: 8765]")] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that hear calls, begun as calls come; 1: none beside this. [default: cores]"),
    ] = None,
) -> None:
    """Watch live calls: REST, websockets, health, metrics and the page on one port.

    Calls come over the API (POST /api/v1/calls opens RTP ports) or from `sources:` in the configuration. Ctrl-C or SIGTERM
    ends the service gracefully: calls in progress are flushed and stored.

    Examples:

      emotion-monitor serve

      EMOTION_MONITOR_SERVER__TOKEN=$(openssl rand -hex 32) emotion-monitor serve --host 0.0.0.0 --config production.yaml
    """
    settings = settings_from(
        config,
        store=store,
        engine__name=engine,
        engine__model=model,
        alerts__rules=rules or None,
        server__host=host,
        server__port=port,
        server__workers=workers,
    )
    gc.disable()  # until all is loaded: nothing of that is garbage, and to look for some takes a fifth of the start
    try:
        _serve(settings)
    finally:
        gc.enable()


def _serve(settings: "Settings") -> None:
    from functools import partial

    from monitor.cli.log_output import set_up_logging
    from monitor.engines.licence import warn_of_licence
    from monitor.engines.registry import load_engine
    from monitor.pipeline.allocator import GivingBack, keep_few_arenas
    from monitor.pipeline.descriptors import prepare_descriptors
    from monitor.pipeline.inference import InferenceWorker
    from monitor.server.auth import check_exposure
    from monitor.server.rule_book import RuleBook
    from monitor.server.serve import RunningServer, run_server
    from monitor.server.static_sources import StaticSources
    from monitor.sinks.following import Sinks, check_rules
    from monitor.store.registry import open_store
    from monitor.workers.crew import Crew
    from monitor.workers.open_monitor import open_monitor

    keep_few_arenas()
    check_exposure(settings.server)
    frame_store = open_store(settings.store)
    with frame_store.serving() as listens:
        sinks = Sinks(settings.sinks, frame_store)
        prepare_descriptors(frame_store, settings.server.max_calls)
        model_engine = load_engine(settings.engine)
        warn_of_licence(model_engine.info)
        model_engine.warm_up()
        prepare = partial(set_up_logging, settings.log)
        monitor = open_monitor(settings, InferenceWorker.of(model_engine, settings.engine), frame_store, prepare)
        monitor.on_end(GivingBack().soon)
        static = StaticSources(monitor, settings)

        def begins(running: RunningServer) -> None:
            listens(running.url)
            gc.freeze()  # what is loaded stays: collections, which hold up all clients, need not look at it
            gc.enable()
            if isinstance(monitor, Crew):
                monitor.begin()

        try:
            book = RuleBook(monitor, settings)
            check_rules(settings.sinks, monitor.rules.names)
            sinks.start()
            static.start()
            run_server(monitor, settings, begins, sinks=sinks, book=book)
        finally:
            static.close()
            monitor.close()
            sinks.close()
        if monitor.unstored:
            call, why = next(iter(monitor.unstored.items()))
            raise StoreError(
                f"{len(monitor.unstored)} calls could not be stored to their end, {call} among them ({why}); "
                "what was committed is kept, and the next start closes them as interrupted"
            )
