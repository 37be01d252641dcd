"""The application: REST under `/api/v1`, websockets under `/ws/v1`, metrics, health, and the page at `/`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.types import Lifespan

from monitor import __version__
from monitor.analysis.search import index_of
from monitor.analysis.search.keeper import IndexKeeper, index_to_keep
from monitor.config import Settings
from monitor.errors import StoreError
from monitor.history.history import History, Progress
from monitor.pipeline.in_progress import CallInProgress
from monitor.pipeline.monitor import Monitor
from monitor.server import (
    alert_history,
    alerts,
    belief,
    calls,
    documents,
    downloads,
    health,
    insights,
    listen,
    me,
    metrics,
    notes,
    recordings,
    replay_routes,
    rules,
    search,
    status,
    trajectory,
    trends,
    websocket,
)
from monitor.server.acting import deeds_allowed
from monitor.server.audit import Audit
from monitor.server.auth import Gate
from monitor.server.board import Board
from monitor.server.collector import MonitorCollector
from monitor.server.errors import install_error_handlers
from monitor.server.head import Head
from monitor.server.hub import Hub, Limits
from monitor.server.identity import needs
from monitor.server.incoming import incoming_routes
from monitor.server.outcome_collector import OutcomeCollector
from monitor.server.pages import page
from monitor.server.replays import Replays
from monitor.server.rule_book import RuleBook
from monitor.server.security_headers import SecurityHeaders
from monitor.server.sink_collector import SinkCollector
from monitor.server.trials import Trials
from monitor.sinks.following import Sinks
from monitor.store.base import Store
from monitor.store.journal import Journal

log = structlog.get_logger(__name__)

MAX_BODY = 256 * 1024
"""Bytes of a request's body: a security limit. An SDP body of two legs has about one thousand."""
REFRESH_SECONDS = 0.5
LET_GO_SECONDS = 3600.0
KNOW_SECONDS, KNOW_PATIENCE = 5.0, 0.2
DESCRIPTION = "Live calls, their emotion, change points and alerts. The live events are on the websocket `/ws/v1/events`."


def _progress(call: CallInProgress) -> Progress:
    reports = call.reports()
    return Progress(call.seconds, {leg: reports[leg]["frames"] for leg in call.legs})


async def _know(history: History) -> None:
    """Bring the history up to date in between, so that whoever asks does not wait for it."""
    while True:
        try:
            while not await asyncio.to_thread(history.catch_up, KNOW_PATIENCE):
                await asyncio.sleep(KNOW_PATIENCE)  # calls in progress want the processor, too
        except StoreError as error:
            log.error("history_not_brought_up_to_date", error=str(error))
        await asyncio.sleep(KNOW_SECONDS)


async def _let_go(store: Store) -> None:
    """Have the store remove what its settings keep no longer."""
    while True:
        try:
            await asyncio.to_thread(store.let_go)
        except StoreError as error:
            log.error("old_events_not_dropped", error=str(error))
        await asyncio.sleep(LET_GO_SECONDS)


async def _take_in(journal: Journal) -> None:
    """Have what other processes append to the journal (a `run` beside this service) reach the clients, too."""
    while True:
        await asyncio.sleep(REFRESH_SECONDS)
        try:
            await asyncio.to_thread(journal.refresh)
        except StoreError as error:
            log.error("journal_not_refreshed", error=str(error))


def create_app(
    monitor: Monitor,
    settings: Settings,
    limits: Limits | None = None,
    sinks: Sinks | None = None,
    book: RuleBook | None = None,
) -> FastAPI:
    """The ASGI application over a running `monitor`. It does not own it: `run_server` closes it. `book` are its rules.

    Raises `ConfigError` where sources want the same route, or the index cannot be kept.
    """
    index = index_to_keep(settings.analysis, monitor.store)
    keeper = None if index is None else IndexKeeper(index, monitor.store)
    hub = Hub(monitor.store.journal, limits)
    collectors = (MonitorCollector(monitor, hub), OutcomeCollector(monitor))
    history = History(monitor.store, lambda: {call.id: _progress(call) for call in monitor.calls()})

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        hub.start(monitor.on_live, [call.id for call in monitor.calls()])
        uncount = [monitor.store.journal.listen(collector.take) for collector in collectors]
        always = (_take_in(monitor.store.journal), _let_go(monitor.store), _know(history), Board(monitor, hub).keep())
        tasks = [asyncio.create_task(one) for one in always]
        if keeper is not None:
            keeper.start()
        yield
        if keeper is not None:
            await asyncio.to_thread(keeper.close)
        for task in tasks:
            task.cancel()
        for stop in uncount:
            stop()
        app.state.replays.stop_all()
        app.state.trials.close()
        hub.stop()
        history.close()

    app = described_app(lifespan)
    app.state.monitor = monitor
    app.state.settings = settings
    app.state.hub = hub
    app.state.sinks = sinks
    app.state.history = history
    app.state.index = index or index_of(monitor.store)
    app.state.beliefs = belief.Beliefs()
    app.state.ways = trajectory.Ways()
    app.state.senders = set()
    app.state.audit = Audit(monitor.store)
    app.state.deeds = deeds_allowed()
    app.state.replays = Replays(monitor.store, hub)
    app.state.rules = book or RuleBook(monitor, settings)
    app.state.trials = Trials(monitor)
    app.state.registry = CollectorRegistry()
    for collector in collectors:
        app.state.registry.register(collector)
    if sinks is not None:
        app.state.registry.register(SinkCollector(sinks))
    install_error_handlers(app)
    app.add_middleware(Head)
    app.add_middleware(Gate, settings=settings, audit=app.state.audit)
    app.add_middleware(SecurityHeaders)
    app.mount("/", page(), name="page")
    return app


def described_app(lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """The application with its routes and nothing behind them: enough for its documents."""
    app = FastAPI(
        title="Emotion monitor",
        version=__version__,
        description=DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        max_body_size=MAX_BODY,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    for room in (
        calls,
        recordings,
        downloads,
        belief,
        trajectory,
        trends,
        replay_routes,
        alert_history,
        alerts,
        notes,
        rules,
        insights,
        search,
        status,
        me,
        documents,
        metrics,
    ):
        app.include_router(room.router, dependencies=[needs("read")])
    for room in (health, websocket, listen):
        app.include_router(room.router)
    app.include_router(incoming_routes())
    return app
