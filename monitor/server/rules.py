"""`/api/v1/rules`: what is in force, whether a text holds, what it would have raised, and saving it."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from monitor.alerts.model import MetadataKey, Texts
from monitor.alerts.rule_text import mistakes_in
from monitor.alerts.rules import RuleSet
from monitor.errors import ConfigError, NotFoundError
from monitor.messages import RulesChangedMessage
from monitor.server.audit import address_of, audit
from monitor.server.context import ERRORS, HubOf, MonitorOf
from monitor.server.errors import ErrorBody
from monitor.server.identity import NAME_LENGTH, Identity, identity_of, needs
from monitor.server.rule_book import RuleBook
from monitor.server.trials import Lines, Trials, Wanted

MAX_TEXT = 200_000
"""Characters of all rules together."""

router = APIRouter(prefix="/api/v1/rules", tags=["rules"], responses=ERRORS)


def _book(connection: HTTPConnection) -> RuleBook:
    book: RuleBook = connection.app.state.rules
    return book


def _trials(connection: HTTPConnection) -> Trials:
    trials: Trials = connection.app.state.trials
    return trials


BookOf = Annotated[RuleBook, Depends(_book)]
TrialsOf = Annotated[Trials, Depends(_trials)]
Changing = Annotated[Identity, needs("rules")]
Text = Annotated[str, Field(max_length=MAX_TEXT)]


class RulesText(BaseModel):
    """Rules to be checked."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    text: Text
    """YAML, as in a rule file."""


class RulesTrial(RulesText):
    """Rules to be tried on stored calls."""

    calls: int = Field(default=100, ge=1, le=10_000)
    """The newest so many that are over."""
    where: dict[MetadataKey, Texts] = Field(default_factory=dict, max_length=20)
    """Only calls whose metadata have each of these keys, with one of its values."""
    rule: str | None = Field(default=None, max_length=64)
    """This rule alone; default: all."""


class RulesSaved(RulesText):
    """Rules to be in force from now on."""

    note: str = Field(default="", max_length=2_000)
    """What was changed, and why."""
    base: int
    """The version from which they were made."""
    by: str | None = Field(default=None, min_length=1, max_length=NAME_LENGTH)
    """Who saves them; whoever is signed in by name has that one."""


@router.get("", summary="The rules in force, and their versions")
def get_rules(request: Request, book: BookOf, monitor: MonitorOf) -> dict[str, Any]:
    """The text, the same as data, and who saved which version when. `editable` is for whoever asks; `why_not` says why not."""
    who = identity_of(request)
    why_not = book.why_not
    if why_not is None and "rules" not in who.permissions:
        why_not = f"{who.role} lacks the permission 'rules'"
    return {
        **book.current.document(),
        "text": book.text,
        "rules": monitor.rules.document(),
        "versions": [version.document() for version in book.all()],
        "editable": why_not is None,
        "why_not": why_not,
    }


@router.get("/versions/{version}", summary="One version of the rules")
def get_version(version: Annotated[int, Path(ge=1, le=999_999_999)], book: BookOf) -> dict[str, Any]:
    """Its text, who saved it, when and why."""
    found, text = book.get(version)
    return {**found.document(), "text": text}


@router.post("/check", summary="Whether a text of rules holds")
def check_rules(body: RulesText, book: BookOf) -> dict[str, Any]:
    """Every mistake, with its line and the column where that line begins, both from 1 (null: it is about the whole). Where
    there is none, the rules as data."""
    try:
        rules = book.check(body.text)
    except ConfigError as error:
        mistakes = mistakes_in(body.text, error)
        errors = [{"line": one.line, "column": one.column, "message": one.message} for one in mistakes]
        return {"ok": False, "errors": errors, "rules": []}
    return {"ok": True, "errors": [], "rules": rules.document()}


@router.post(
    "/try",
    summary="What rules would have raised on stored calls",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {}}, "description": "A line of JSON for each step, then the result."}},
)
async def try_rules(
    request: Request, body: RulesTrial, book: BookOf, monitor: MonitorOf, trials: TrialsOf, who: Changing
) -> StreamingResponse:
    """Judge the newest stored calls by other rules, and hold that against what was raised.

    Lines of JSON: `progress` as it goes, then `result` (or `error`). Closing the connection ends it. A client has one trial at
    a time: a new one ends the one before.
    """
    rules = await run_in_threadpool(book.check, body.text)
    in_force = monitor.rules.names
    if body.rule is not None:
        if body.rule not in {*rules.names, *in_force}:
            raise NotFoundError(f"there is no rule {body.rule!r}; there are {', '.join(rules.names) or 'none'}")
        rules = RuleSet(tuple(rule for rule in rules.rules if rule.name == body.rule), rules.learned)
        in_force = (body.rule,)
    client = who.name or address_of(request)
    return _Told(trials.begin(client, Wanted(rules, in_force, body.calls, body.where)))


@router.put(
    "",
    summary="Save rules as a new version",
    responses={409: {"model": ErrorBody, "description": "Another version was saved meanwhile."}},
)
def put_rules(request: Request, body: RulesSaved, book: BookOf, hub: HubOf, who: Changing) -> dict[str, Any]:
    """Calls that begin from now on are watched with it; those in progress keep the rules that they began with."""
    version = book.save(body.text, by=who.name or body.by, note=body.note, base=body.base)
    audit(request, "rules_saved", version=version.number)
    hub.publish(RulesChangedMessage(type="rules_changed", version=version.number, by=version.by))
    return version.document()


class _Told(StreamingResponse):
    """A trial as lines of JSON, which ends when nobody listens any more."""

    def __init__(self, lines: Lines) -> None:
        super().__init__(_encoded(lines), media_type="application/x-ndjson")
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._lines.cancel()


async def _encoded(lines: Lines) -> AsyncIterator[bytes]:
    async for line in lines:
        yield json.dumps(line, ensure_ascii=False, allow_nan=False).encode() + b"\n"
