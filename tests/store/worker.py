"""Runs parts of tests in processes that may be killed, limited or without rights. Imports once, forks for each request.

A line of JSON on standard input asks; `{"pid": ...}` answers at once, `{"done": ..., "result": ...}` when the child is gone.
"""

import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from monitor.conformance.stored_calls import FORMATS, frames_of, record_of
from monitor.errors import StoreError
from monitor.events import StateChanged
from monitor.history.history import History, forget_call
from monitor.store.zarr import ledger
from tests.store.zarr_folder import store_at


def write_until_killed(path: str, call: str, report: str) -> None:
    """Append to both legs for ever; the report says, an append a line, how many frames were committed."""
    writer = store_at(Path(path)).create(record_of(call))
    descriptor = os.open(report, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    start = 0
    while True:
        for leg in FORMATS:
            writer.append(frames_of(call, leg, start, 25))
            os.write(descriptor, f"{leg} {writer.committed(leg)}\n".encode())
        start += 25
        if start % 2000 == 0:
            writer.snapshot()


def write_until_refused(path: str, limit: int) -> dict[str, Any]:
    """Append while no file may grow beyond `limit` bytes; then without the limit, from the frames that were refused."""
    writer = store_at(Path(path)).create(record_of())
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    refused, start, message = -1, 0, ""
    while start < 3000:
        try:
            writer.append(frames_of("call-1", "customer", start, 25))
            start += 25
        except StoreError as error:
            refused, message = start, str(error)
            committed = writer.committed("customer")
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    writer.finish("finished", {})
    return {"refused": refused, "committed": committed, "message": message}


def record_until_killed(path: str, kind: str, report: str) -> None:
    """Record five seconds of the sweep and wait."""
    time_ = np.arange(5 * 16000) / 16000
    sound = (0.4 * np.sin(2 * np.pi * (300 + 200 * time_) * time_)).astype(np.float32)
    writer = store_at(Path(path), audio=kind).create(record_of())
    for start in range(0, len(sound), 1600):
        writer.append_audio("customer", sound[start : start + 1600])
    Path(report).write_text("recorded")
    time.sleep(600)


def append_events(path: str, count: int, name: str) -> None:
    """Append events to a journal that others write to as well."""
    store = store_at(Path(path))
    for number in range(count):
        store.journal.append(
            StateChanged(
                call=name, leg="agent", time=number / 50, emotion="b", previous="a", confidence=1, valence=0, arousal=0
            )
        )


def append_and_read(path: str, call: str, count: int) -> None:
    """Append events of a call to a journal that others write to as well, and read them again and again."""
    ledger.SEGMENT_BYTES, ledger.RECENT = 1_000, 600
    store = store_at(Path(path))
    for number in range(count):
        append_events(path, 1, call)
        if len(store.journal.read(0, call=call)) <= number:
            raise AssertionError(f"event {number} is not found")


def know_history(path: str, times: int) -> None:
    """Bring the history up to date, again and again, as a process of its own each time."""
    for _ in range(times):
        History(store_at(Path(path))).catch_up()


def know_on_a_full_disk(path: str, limit: int) -> dict[str, int]:
    """Bring the history up to date and read a call's events while no file may grow beyond `limit` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    store = store_at(Path(path))
    history = History(store)
    history.catch_up(60.0)
    (calls,) = history.read(lambda database: database.execute("SELECT count(*) FROM calls").fetchone())
    return {"calls": calls, "events": len(store.journal.read(0, call="angry"))}


def erase_until(path: str, call: str, step: int) -> int:
    """Erase a call, and die after `step` changes of the disk; how many there were, where that is not reached."""
    done = 0

    def counted(change: Callable[..., Any]) -> Callable[..., Any]:
        def act(*arguments: Any, **named: Any) -> Any:
            nonlocal done
            if done == step:
                os.kill(os.getpid(), signal.SIGKILL)
            done += 1
            return change(*arguments, **named)

        return act

    store = store_at(Path(path))
    for name in ("pwrite", "unlink", "rename", "rmdir", "utime"):
        setattr(os, name, counted(getattr(os, name)))
    store.delete(call)
    forget_call(store, call)
    return done


def use_without_rights(path: str) -> dict[str, Any]:
    """Read and write the store as a user who may only read it."""
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    ledger.RECENT = 1
    store = store_at(Path(path))
    found = {
        "calls": [line.id for line in store.catalogue()],
        "frames": len(store.open("call-1").read("customer")),
        "events": store.journal.last,
        "events of the call": len(store.journal.read(0, call="call-1")),
    }
    for name, act in {
        "create": lambda: store.create(record_of("call-2")),
        "delete": lambda: store.delete("call-1"),
        "recover": lambda: store.recover(),
        "append": lambda: append_events(path, 1, "x"),
    }.items():
        try:
            act()
        except StoreError as error:
            found[name] = str(error)
    return found


def _child(request: dict[str, Any], result: int) -> None:
    try:
        answer = globals()[request.pop("do")](**request)
    except BaseException:  # noqa: BLE001 - told to the test
        answer = {"error": traceback.format_exc()}
    os.write(result, json.dumps(answer).encode())
    os._exit(0)


def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    for text in sys.stdin:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            _child(json.loads(text), writing)
        os.close(writing)
        print(json.dumps({"pid": pid}), flush=True)
        with os.fdopen(reading) as file:
            answer = file.read()
        os.waitpid(pid, 0)
        print(json.dumps({"done": pid, "result": json.loads(answer or "null")}), flush=True)


if __name__ == "__main__":
    main()
