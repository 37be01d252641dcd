"""Real time without drift."""

from monitor.sources.pace import Pace


class Clock:
    """A clock that only moves while somebody waits, or works."""

    def __init__(self) -> None:
        self.now = 100.0

    def pass_by(self, seconds: float) -> None:
        self.now += seconds

    def read(self) -> float:
        return self.now


def test_audio_is_handed_on_when_it_has_been_spoken():
    clock = Clock()
    pace = Pace(clock.pass_by, clock.read)
    pace.until(0.5)
    pace.until(0.75)
    assert clock.now == 100.75


def test_a_slow_consumer_does_not_push_later_audio_back():
    clock = Clock()
    pace = Pace(clock.pass_by, clock.read)
    pace.until(0.5)
    clock.pass_by(2)
    pace.until(1.0)
    assert clock.now == 102.5
    pace.until(3.0)
    assert clock.now == 103.0
