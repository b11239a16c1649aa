# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sound of one call: PCMU in RTP (RFC 3550) or SRTP (RFC 3711), in packets of 20 ms."""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
from dataclasses import dataclass, field

from pylibsrtp import Error, Policy, Session

from alexa_laboratory.sip import tone
from alexa_laboratory.sip.transport import Address, MakeSocket, bound

PAUSE = tone.PACKET / tone.RATE  # seconds between two packets
_HEADER = 12
_REMEMBERED = 8000  # octets: the last second
_PCMU = 0


@dataclass(frozen=True)
class Heard:
    """What a call's side sent and heard between the start and the stop of its talk.

    :ivar received: PCMU packets whose sound could be had.
    :ivar undecryptable: packets that our key does not open.
    :ivar plain: RTP packets without encryption where SRTP was agreed.
    :ivar tone: Hz; None where no frequency dominates, or for less than 0.13 s of sound.
    :ivar level: 1 is full scale; the tone of an agent is 0.21.
    :ivar lost: gaps in the sequence numbers.
    """

    sent: int
    received: int
    undecryptable: int
    plain: int
    tone: float | None
    level: float
    lost: int


@dataclass
class Count:
    """What becomes a `Heard` when somebody listens."""

    sent: int = 0
    received: int = 0
    undecryptable: int = 0
    plain: int = 0
    sound: bytes = b""
    numbers: dict[int, set[int]] = field(default_factory=dict)  # of each source

    def lost(self) -> int:
        """Numbers that are missing between the first and the last; 16 bits overflow at most once in 21 minutes."""
        missing = 0
        for numbers in self.numbers.values():
            if max(numbers) - min(numbers) > 0x8000:
                numbers = {number + (0x10000 if number < 0x8000 else 0) for number in numbers}
            missing += max(numbers) - min(numbers) + 1 - len(numbers)
        return missing


class Metronome:
    """Sends a packet for every talking call each 20 ms, from the agent's loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._talking: set[Media] = set()
        self._next = 0.0

    def add(self, media: Media) -> None:
        if not self._talking:
            self._next = self._loop.time()
            self._loop.call_soon(self._beat)
        self._talking.add(media)

    def discard(self, media: Media) -> None:
        self._talking.discard(media)

    def _beat(self) -> None:
        for media in list(self._talking):
            media.send_one()
        if self._talking:
            self._next += PAUSE
            self._loop.call_at(self._next, self._beat)


class Media:
    """One call's socket and streams. Used on the agent's loop, except `listen`."""

    def __init__(self, address: str, make_socket: MakeSocket, metronome: Metronome, packets: tuple[bytes, ...]) -> None:
        self._loop = asyncio.get_running_loop()
        self._metronome = metronome
        self._packets = packets
        self._socket = _even_port(make_socket, address)
        self.port: int = self._socket.getsockname()[1]
        self._loop.add_reader(self._socket, self._readable)
        self._peer: Address | None = None
        self._protect: Session | None = None
        self._open: Session | None = None
        self._peer_key: bytes | None = None
        self._source = secrets.randbits(32)
        self._number = secrets.randbits(15)
        self._born = self._loop.time()
        self._count = Count()
        self._limit: int | None = None
        self.done = asyncio.Event()

    def agree(self, peer: Address, own_key: bytes | None, peer_key: bytes | None) -> None:
        """Where our sound goes, and the keys (none for plain RTP). Keys that stay keep their streams."""
        self._peer = peer
        if own_key and self._protect is None:
            self._protect = Session(Policy(key=own_key, ssrc_type=Policy.SSRC_ANY_OUTBOUND))
        if peer_key and peer_key != self._peer_key:
            self._peer_key = peer_key
            self._open = Session(Policy(key=peer_key, ssrc_type=Policy.SSRC_ANY_INBOUND))

    def start(self, packets: int | None) -> None:
        """Count anew and send: so many packets, or until `stop`."""
        self._count = Count()
        self._limit = packets
        self.done.clear()
        # The clock of the samples went on while nobody spoke.
        self._stamp = round((self._loop.time() - self._born) / PAUSE) * tone.PACKET
        if self._socket.fileno() < 0 or self._peer is None:
            self.done.set()
        else:
            self._metronome.add(self)

    def stop(self) -> Count:
        """Send no more; what was counted."""
        self._metronome.discard(self)
        self.done.set()
        counted, self._count = self._count, Count()
        return counted

    def close(self) -> None:
        self._metronome.discard(self)
        self.done.set()
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def send_one(self) -> None:
        """The next 20 ms of our tone."""
        assert self._peer is not None
        count = self._count
        marker = 0 if count.sent else 0x80
        stamp = self._stamp + count.sent * tone.PACKET & 0xFFFFFFFF
        packet = struct.pack("!BBHII", 0x80, marker | _PCMU, self._number, stamp, self._source)
        packet += self._packets[count.sent % len(self._packets)]
        self._number = self._number + 1 & 0xFFFF
        try:
            self._socket.sendto(self._protect.protect(packet) if self._protect else packet, self._peer)
        except OSError:
            pass  # as on any network: the packet is lost, and the other side counts
        count.sent += 1
        if count.sent == self._limit:
            self._metronome.discard(self)
            self.done.set()

    def _readable(self) -> None:
        try:
            packet = self._socket.recv(2048)
        except OSError:
            return
        if len(packet) <= _HEADER or packet[0] >> 6 != 2 or packet[1] & 0x7F != _PCMU:
            return
        count = self._count
        if self._open is not None:
            try:
                opened = self._open.unprotect(packet)
            except Error as error:
                self._unopened(packet, error)
                return
            packet = opened
        number, source = struct.unpack("!2xH4xI", packet[:_HEADER])
        count.numbers.setdefault(source, set()).add(number)
        count.received += 1
        count.sound = (count.sound + packet[_HEADER + 4 * (packet[0] & 0x0F) :])[-_REMEMBERED:]

    def _unopened(self, packet: bytes, error: Error) -> None:
        """Plain PCMU is a whole number of 10 ms; an authentication tag adds ten octets to that."""
        if "replay" in str(error):
            return  # a packet that came twice
        if (len(packet) - _HEADER) % (tone.PACKET // 2):
            self._count.undecryptable += 1
        else:
            self._count.plain += 1


def listen(count: Count) -> Heard:
    """What was counted, with the sound's tone; takes some 10 ms, so not for the loop."""
    frequency, level = tone.heard(count.sound)
    return Heard(count.sent, count.received, count.undecryptable, count.plain, frequency, level, count.lost())


def _even_port(make_socket: MakeSocket, address: str) -> socket.socket:
    """RTP has even ports (RFC 3550, section 11): the odd one above is the peer's idea of our RTCP's."""
    while True:
        made = bound(make_socket, socket.SOCK_DGRAM, (address, 0))
        if made.getsockname()[1] % 2 == 0:
            return made
        made.close()
