"""A run: packets of one stream that go on as its last one did, so that they can be taken together.

Of a call that is well, nearly all packets do: the next sequence number, the next timestamp, the same payload type. Each stage
between network and track either takes a run whole, with the result that its packets would have had one by one, or says that it
cannot, before anything has changed; then they go one by one. So a run decides nothing: it only saves asking, of every
packet, what is known of all of them.
"""

from collections.abc import Iterator, Sequence

from monitor.sources.rtp.packet import HEADER, PLAIN, Address, RtpPacket, is_rtcp


class Run:
    """Packets that follow each other without a hole, neither in sequence numbers nor in timestamps.

    >>> run = Run(ssrc=7, payload_type=0, sequence=0xFFFF, timestamp=160, step=160)
    >>> next_one, another = bytes.fromhex("8000ffff000000a000000007d5d5"), bytes.fromhex("80000002000001e000000007d5d5")
    >>> address = "192.0.2.1", 4000
    >>> run.take([(1.0, next_one, address), (1.02, another, address)], 0, address), run.expected
    (1, 0)
    """

    __slots__ = ("arrivals", "expected", "payload_type", "payloads", "sequence", "ssrc", "step", "timestamp")

    def __init__(self, ssrc: int, payload_type: int, sequence: int, timestamp: int, step: int) -> None:
        """What the first packet is to be. `step`: units of the timestamp from one to the next."""
        self.ssrc, self.payload_type, self.sequence, self.timestamp, self.step = ssrc, payload_type, sequence, timestamp, step
        self.expected = sequence
        """Sequence number of the next packet."""
        self.payloads: list[bytes] = []
        self.arrivals: list[float] = []
        """Seconds; they do not run backwards."""

    def __len__(self) -> int:
        return len(self.payloads)

    def take(self, datagrams: Sequence[tuple[float, bytes, Address]], first: int, sender: Address) -> int:
        """Take datagrams of `sender` from the `first` on, each with its arrival in seconds before it, as long as each is the
        next packet, with nothing beside its payload; how many these are."""
        payloads, arrivals, unpack, size = self.payloads, self.arrivals, HEADER.unpack_from, HEADER.size
        before, last = len(payloads), arrivals[-1] if arrivals else float("-inf")
        ssrc, payload_type, step, expected = self.ssrc, self.payload_type, self.step, self.expected
        due = self.timestamp + before * step & 0xFFFFFFFF
        for at, datagram, address in datagrams[first:] if first else datagrams:
            if len(datagram) <= size or at < last or address != sender:
                break
            flags, second, sequence, timestamp, source = unpack(datagram)
            if (
                sequence != expected
                or timestamp != due
                or source != ssrc
                or flags != PLAIN
                or (second != payload_type and (second & 0x7F != payload_type or is_rtcp(datagram)))
            ):
                break
            payloads.append(datagram[size:])
            arrivals.append(at)
            last, expected, due = at, expected + 1 & 0xFFFF, due + step & 0xFFFFFFFF
        self.expected = expected
        return len(payloads) - before

    def __iter__(self) -> Iterator[tuple[RtpPacket, float]]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> tuple[RtpPacket, float]:
        """One of the packets, and its arrival."""
        sequence, timestamp = self.sequence + index & 0xFFFF, self.timestamp + index * self.step & 0xFFFFFFFF
        packet = RtpPacket(self.payload_type, False, sequence, timestamp, self.ssrc, self.payloads[index])
        return packet, self.arrivals[index]

    def first(self, packets: int) -> "Run":
        """A run of the first packets."""
        return self if packets == len(self) else self._part(0, packets)

    def after(self, packets: int) -> "Run":
        """A run of the packets after the first ones."""
        return self._part(packets, len(self))

    def _part(self, start: int, stop: int) -> "Run":
        sequence, timestamp = self.sequence + start & 0xFFFF, self.timestamp + start * self.step & 0xFFFFFFFF
        part = Run(self.ssrc, self.payload_type, sequence, timestamp, self.step)
        part.expected = self.sequence + stop & 0xFFFF
        part.payloads, part.arrivals = self.payloads[start:stop], self.arrivals[start:stop]
        return part
