"""RTP as a source: opens a call's ports and turns what arrives on them into its legs' audio."""

import socket
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import structlog

from monitor.audio.chunk import AudioChunk
from monitor.config.sections import RtpSection
from monitor.events import LEGS, Event, Leg, LegReport
from monitor.sources.base import PolledSource
from monitor.sources.rtp.datagrams import Received
from monitor.sources.rtp.flood import FloodGuard
from monitor.sources.rtp.packet import Address
from monitor.sources.rtp.plan import plan_legs
from monitor.sources.rtp.ports import open_control, open_in_range, open_port
from monitor.sources.rtp.receiver import FRESH, Inbox, shared_receiver
from monitor.sources.rtp.session import LegSpec, Session

CATCH_UP = 0.5
"""Seconds, once it is stopped, for which what had arrived by then is waited for."""
GOODBYE = 2.0
"""Seconds of silence after all legs said goodbye (RTCP BYE) by which the call is over: more than a pause of one who goes on, or
who follows under a new SSRC."""
DROPPED = (
    "this program, or the machine, stood still or was too slow for longer than the kernel keeps what comes "
    "(net.core.rmem_max); overflow_seconds of the leg counts on"
)
log = structlog.get_logger(__name__)


class _Port:
    """An RTP socket, its RTCP socket, and their inbox."""

    def __init__(self, rtp: socket.socket) -> None:
        self.rtp = rtp
        self.inbox = Inbox()
        self.number: int = rtp.getsockname()[1]
        self._sockets = [rtp]
        self._listening = self._told = False
        self._guard = FloodGuard(self._sockets)

    def listen(self) -> None:
        """Begin to receive; after all RTP ports of the call are open, because the RTCP port may be one of them."""
        control = open_control(self._sockets[0])
        if control:
            self._sockets.append(control)
        self._listening = True
        for each in self._sockets:
            shared_receiver().add(each, self.inbox)

    def take(self) -> list[Received]:
        """What has come since the last time."""
        return self.inbox.take()

    def look_after(self, senders: frozenset[Address], owned: bool) -> None:
        """`senders`: of the port's legs; `owned`: nobody else may take one now."""
        self.inbox.owners = senders
        self._guard.look(self.inbox.turned_away, senders if owned else frozenset())

    def ask_kernel(self) -> None:
        """Count what the kernel has dropped by now."""
        self._guard.count()

    def tell_dropped(self) -> None:
        """Say in the log, once, that sound is lost here and not on the network."""
        if self.dropped and not self._told:
            self._told = True
            log.warning("rtp_audio_dropped", port=self.number, datagrams=self.dropped, reason=DROPPED)

    @property
    def dropped(self) -> int:
        """Datagrams lost between network and call because this program was too slow."""
        return self.inbox.overflowed + self._guard.lost

    @property
    def flooded(self) -> bool:
        """Whether datagrams were turned away since it was last looked after."""
        return self.inbox.turned_away > self._guard.turned_away

    @property
    def turned_away(self) -> int:
        """Datagrams of strangers that never came to the call."""
        return self.inbox.turned_away + self._guard.refused

    def close(self) -> None:
        """Free the ports."""
        sockets = self._sockets[:]
        self._sockets.clear()
        if self._listening:
            shared_receiver().remove(sockets)
        else:
            for each in sockets:
                each.close()


class RtpSource(PolledSource):
    """A live call. Its audio ends by `stop`, by goodbyes on all legs, or when nothing came for `settings.inactivity`."""

    kind: ClassVar[str] = "rtp"
    main_option: ClassVar[str] = "sdp"
    recurs: ClassVar[bool] = True

    def __init__(
        self,
        *,
        legs: Mapping[str, Any] | None = None,
        sdp: str | Path | None = None,
        payload_types: Iterable[str] | Mapping[int, str] | Mapping[str, str] = (),
        settings: RtpSection | None = None,
    ) -> None:
        """Open the ports. Raises `SourceError` where one is taken or an option is wrong.

        `legs`: see `LegOptions`, for instance `{"customer": {"port": 5004, "codec": "opus"}, "agent": {}}`; by default those
        of the SDP, else customer and agent, each on a free port. Legs on one port are told apart by SSRC. `sdp`: the text of an
        offer, which tells payload types (ports are still ours to choose), or the path of a session file (as ffmpeg's
        `-sdp_file` writes), which names the ports too. `payload_types`: such as `111=opus/48000/2`.
        """
        super().__init__()
        self._settings = settings or RtpSection()
        planned = plan_legs(legs, sdp, payload_types)
        self._looking = threading.Lock()
        """Held by whoever looks, from the first look on: until then, `stop` closes the ports."""
        self._stopped_at: float | None = None
        self._over = False
        self._reason = "finished"
        self._heard_at: float | None = None
        """Of `last_heard`, when it was last looked at ..."""
        self._quiet_since = 0.0
        """... and what the receiver had listened when it was another."""
        self._ports: dict[int | Leg, _Port] = {}
        try:
            for leg in planned:
                if leg.place not in self._ports:
                    self._ports[leg.place] = _Port(self._open(leg.port))
            for port in self._ports.values():
                port.listen()
        except BaseException:
            self.close()
            raise
        places = list(self._ports)
        specs = [LegSpec(leg.leg, places.index(leg.place), leg.payload_types, leg.ssrc, leg.peer) for leg in planned]
        self._session = Session(
            specs,
            jitter_buffer=self._settings.jitter_buffer,
            max_stall=self._settings.max_stall,
            allow_move=self._settings.allow_move,
        )
        self.legs = tuple(leg.leg for leg in planned)
        self.ports: Mapping[Leg, int] = {leg.leg: self._ports[leg.place].number for leg in planned}
        """The RTP port of each leg; RTCP is taken on it and on the next one."""
        self.address = self._settings.advertise or self._settings.bind
        """To which senders are to send."""
        named = ", ".join(f"{leg} {self._settings.bind}:{number}" for leg, number in self.ports.items())
        self.description = f"rtp {named}"

    def _open(self, port: int | None) -> socket.socket:
        if port is not None:
            return open_port(self._settings.bind, port)
        return open_in_range(self._settings.bind, self._settings.port_low, self._settings.port_high)

    @classmethod
    def options_of(cls, text: str) -> dict[str, Any]:
        """A session file, or options by name; `customer=5004` is the port of a leg."""
        options = super().options_of(text)
        legs = {leg: {"port": options.pop(leg)} for leg in LEGS if leg in options}
        return {**options, "legs": legs} if legs else options

    def endpoints(self) -> Mapping[Leg, Mapping[str, Any]]:
        """Address and port of each leg."""
        return {leg: {"address": self.address, "port": port} for leg, port in self.ports.items()}

    def descriptors(self) -> int:
        """A socket for RTP and one for RTCP on each port."""
        return 2 * len(self._ports)

    def due(self, sample: int) -> bool:
        """See `PolledSource`. A flood is looked after at once, and so is the end."""
        receiver = shared_receiver()
        receiver.read(within=FRESH)
        flooded = any(port.flooded for port in self._ports.values())
        return flooded or self._stop.is_set() or self._session.due(sample, receiver.read_until)

    def look(self) -> Iterable[AudioChunk]:
        """See `PolledSource`."""
        receiver = shared_receiver()
        receiver.read(within=FRESH)
        if self._looking.acquire(blocking=False):
            self._quiet_since = receiver.listened
        now, listened = receiver.read_until, receiver.listened
        stopped = self._stopped_at is not None and (now >= self._stopped_at or time.monotonic() - self._stopped_at > CATCH_UP)
        self._take(now)
        self._over = stopped or self._is_over(listened)
        return self._session.advance(now)

    @property
    def over(self) -> bool:
        """See `PolledSource`."""
        return self._over

    def rest(self) -> Iterable[AudioChunk]:
        """See `PolledSource`."""
        for port in self._ports.values():
            port.ask_kernel()
        self._account()
        return self._session.finish()

    def close(self) -> None:
        """See `PolledSource`."""
        for port in self._ports.values():
            port.close()

    def _take(self, now: float) -> None:
        for index, port in enumerate(self._ports.values()):
            self._session.receive_all(index, port.take())
            port.look_after(self._session.senders(index), self._session.owned(index, now))
        self._account()

    def _account(self) -> None:
        for index, port in enumerate(self._ports.values()):
            self._session.dropped(index, port.dropped, port.turned_away)
            port.tell_dropped()

    def _is_over(self, listened: float) -> bool:
        """`listened`: seconds, when what has come by now was taken. While this program stood still, nobody was silent."""
        if self._session.last_heard != self._heard_at:
            self._heard_at, self._quiet_since = self._session.last_heard, listened
        quiet = listened - self._quiet_since
        if self._session.ended and quiet >= GOODBYE:
            return True
        if quiet >= self._settings.inactivity:
            self._reason = "inactive"
            return True
        return False

    def stop(self) -> None:
        """See `Source`. Closes the ports at once where nobody ever looked."""
        self._reason = "stopped"
        self._stopped_at = self._stopped_at or time.monotonic()
        self._stop.set()
        if self._looking.acquire(blocking=False):
            self._over = True
            self.close()

    def report(self) -> Mapping[Leg, LegReport]:
        """See `Source`."""
        return self._session.report()

    def end_reason(self) -> str:
        """See `Source`."""
        return self._reason

    def events(self) -> list[Event]:
        """See `Source`."""
        return [*self._session.moves()]
