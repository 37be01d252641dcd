"""Frames a second of the real page in a real browser, and processor of browser and service, by number of live calls."""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import CDPSession, Page, sync_playwright

from monitor.server.pages import built_page

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SETTLE = 8.0
"""Seconds from the first paint until figures are taken."""
FRAME = 1 / 60

COUNT = """seconds => new Promise(done => {
  const gaps = [];
  let before = performance.now(), end = before + seconds * 1000;
  requestAnimationFrame(function frame(now) {
    gaps.push(now - before);
    before = now;
    if (now < end) requestAnimationFrame(frame); else done(gaps);
  });
})"""
"""Milliseconds between the frames of so many seconds."""
SCROLL = """() => {
  const list = document.querySelector('.list');
  let down = 1;
  setInterval(() => {
    list.scrollTop += 40 * down;
    if (list.scrollTop + list.clientHeight >= list.scrollHeight - 1 || list.scrollTop <= 0) down = -down;
  }, 16);
}"""
PAINT = """() => performance.getEntriesByType('paint').find(entry => entry.name === 'first-contentful-paint').startTime"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one number of calls, in one way of looking at them."""

    calls: int
    what: str
    frames: float
    """A second."""
    dropped: float
    """Share of the display's frames that were missed."""
    longest: float
    """Milliseconds between two frames."""
    thread: float
    """Milliseconds of a processor that the page's own thread takes a frame, of the 16.7 that there are; a busy machine, which
    delays frames, does not change it."""
    browser: float
    """Share of one processor, all processes of the browser."""
    service: float
    paint: float
    """Milliseconds to the first contentful paint."""

    def line(self) -> str:
        drawn = f"{self.thread:.1f} ms | {self.frames:.1f} | {self.dropped:.1%} | {self.longest:.0f} ms"
        return f"| {self.calls} | {self.what} | {drawn} | {self.browser:.0%} | {self.service:.0%} | {self.paint:.0f} ms |"


def processor_seconds(root: int) -> float:
    """Of a process and all that descend from it."""
    ticks, parents = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(stat.parent.name)
        parents[pid], ticks[pid] = int(fields[1]), int(fields[11]) + int(fields[12])
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(ticks.get(pid, 0) for pid in family) / os.sysconf("SC_CLK_TCK")


@contextmanager
def crowd(calls: int, port: int) -> Iterator[tuple[int, str]]:
    """A service with so many calls: its process and its address."""
    command = [sys.executable, "-m", "lab.experiments.board_load.crowd", "--calls", str(calls), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = next(line.split()[1] for line in process.stdout if line.startswith("ready"))
    try:
        yield process.pid, url
    finally:
        process.terminate()
        process.wait()


def thread_seconds(session: CDPSession) -> float:
    """That the page's main thread has worked."""
    return float(
        next(one["value"] for one in session.send("Performance.getMetrics")["metrics"] if one["name"] == "TaskDuration")
    )


def measure(page: Page, session: CDPSession, service: int, calls: int, seconds: float, what: str) -> Measured:
    """Look at the page for a while. The browser's processes are this process's children but the service."""
    before = processor_seconds(os.getpid()), processor_seconds(service), time.monotonic(), thread_seconds(session)
    gaps = page.evaluate(COUNT, seconds)
    after = processor_seconds(os.getpid()), processor_seconds(service), time.monotonic(), thread_seconds(session)
    took, own = after[2] - before[2], after[1] - before[1]
    missed = sum(max(0, round(gap / 1000 / FRAME) - 1) for gap in gaps)
    return Measured(
        calls=calls,
        what=what,
        frames=len(gaps) / (sum(gaps) / 1000),
        dropped=missed / (len(gaps) + missed),
        longest=max(gaps),
        thread=(after[3] - before[3]) * 1000 / len(gaps),
        browser=(after[0] - before[0] - own) / took,
        service=own / took,
        paint=page.evaluate(PAINT),
    )


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, nargs="+", default=[200, 500])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--port", type=int, default=8791)
    given = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None or built_page() is None:
        sys.exit("chromium is not installed, or the page is not built (make web)")
    print(
        "| live calls | | page's thread, a frame | frames a second | missed | longest frame | browser | service | first paint |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for calls in given.calls:
        with crowd(calls, given.port) as (service, url), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            page.goto(url)
            page.wait_for_timeout(SETTLE * 1000)
            print(measure(page, session, service, calls, given.seconds, "at rest").line(), flush=True)
            page.evaluate(SCROLL)
            print(measure(page, session, service, calls, given.seconds, "scrolling without pause").line(), flush=True)
            browser.close()


if __name__ == "__main__":
    main()
