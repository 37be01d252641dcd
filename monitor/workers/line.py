"""A line between two processes: questions with answers, and news, over a pipe of `multiprocessing`.

Only processes of this program are at its ends, so what goes over it is pickled. What one end says arrives in order.
"""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from multiprocessing.connection import Connection
from typing import Any, Literal, NamedTuple

import structlog

from monitor.errors import EngineError, MonitorError

log = structlog.get_logger(__name__)

AT_ONCE = 8
"""Questions that are worked on at a time: one that waits for a disk does not hold up the others."""
PATIENCE = 60.0
"""Seconds within which a question must be answered."""


class LineDeadError(EngineError):
    """The process at the other end is gone, or does not answer."""


class _Parcel(NamedTuple):
    kind: Literal["question", "answer", "refusal", "news"]
    number: int
    """Of the question that it is, or that it answers; 0 for news."""
    what: str
    content: Any


class Line:
    """One end. All methods may be called from any thread."""

    def __init__(
        self,
        connection: Connection,
        *,
        answer: Callable[[str, Any], Any],
        hear: Callable[[str, Any], None],
        gone: Callable[[], None],
    ) -> None:
        """`answer` is given what is asked, and with what; what it raises is raised at the other end. `hear` takes news, in the
        reading thread, and must not wait. `gone` is called once, when the other end is no more."""
        self._connection = connection
        self._answer, self._hear, self._gone = answer, hear, gone
        self._numbers = itertools.count(1)
        self._asked: dict[int, Future[Any]] = {}
        self._state = threading.Lock()
        self._sending = threading.Lock()
        self._dead = False
        self._work = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="answers")
        self._reader = threading.Thread(target=self._read, name="line", daemon=True)

    def open(self) -> None:
        """Begin to listen."""
        self._reader.start()

    def ask(self, what: str, content: Any = None, patience: float = PATIENCE) -> Any:
        """The other end's answer. Raises what it raised there, and `LineDeadError` where none comes."""
        asked: Future[Any] = Future()
        with self._state:
            if self._dead:
                raise LineDeadError("the worker is gone")
            number = next(self._numbers)
            self._asked[number] = asked
        self._send(_Parcel("question", number, what, content))
        try:
            return asked.result(patience)
        except NotInTime:
            raise LineDeadError(f"the worker did not answer within {patience:g} s") from None
        finally:
            with self._state:
                self._asked.pop(number, None)

    def tell(self, what: str, content: Any = None) -> None:
        """Send news; nothing where the other end is gone."""
        self._send(_Parcel("news", 0, what, content))

    def close(self) -> None:
        """Hang up."""
        with self._state:
            self._dead = True
        self._connection.close()
        self._work.shutdown(wait=False)

    def wait(self) -> None:
        """Wait until the other end is gone."""
        self._reader.join()

    def _send(self, parcel: _Parcel) -> None:
        try:
            with self._sending:
                self._connection.send(parcel)
        except (OSError, ValueError):  # the reader finds out, too, and says so
            log.debug("line_broken", what=parcel.what)

    def _read(self) -> None:
        try:
            while True:
                parcel: _Parcel = self._connection.recv()
                if parcel.kind == "question":
                    self._work.submit(self._work_on, parcel)
                elif parcel.kind == "news":
                    self._hear_safely(parcel)
                else:
                    self._settle(parcel)
        except (EOFError, OSError):
            pass
        except Exception:
            log.exception("line_failed")
        with self._state:
            self._dead = True
            unanswered = list(self._asked.values())
        for asked in unanswered:
            if not asked.done():
                asked.set_exception(LineDeadError("the worker died"))
        self._gone()

    def _work_on(self, question: _Parcel) -> None:
        try:
            self._send(_Parcel("answer", question.number, question.what, self._answer(question.what, question.content)))
        except MonitorError as error:
            self._send(_Parcel("refusal", question.number, question.what, error))
        except Exception as error:
            log.exception("question_not_answered", what=question.what)
            defect = MonitorError(f"defect in this program: {type(error).__name__}: {error}")
            self._send(_Parcel("refusal", question.number, question.what, defect))

    def _hear_safely(self, news: _Parcel) -> None:
        try:
            self._hear(news.what, news.content)
        except Exception:
            log.exception("news_not_taken", what=news.what)

    def _settle(self, parcel: _Parcel) -> None:
        with self._state:
            asked = self._asked.get(parcel.number)
        if asked is None or asked.done():
            return
        if parcel.kind == "answer":
            asked.set_result(parcel.content)
        else:
            asked.set_exception(parcel.content)
