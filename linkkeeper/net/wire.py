"""Plain TCP connections read with one poll of the kernel for all that are ready, without asyncio's transports.

They serve the quick way (`quick`) where no TLS is needed: a request and its answer take 14 µs of CPU instead of
asyncio's 35, a new connection 50 instead of 120 to 160 (loopback, two cores, 2026-11). What is not plain goes on as a
`Connection`, on the same socket. Where the system has no epoll, every connection is one from the beginning.
"""

import asyncio
import errno
import os
import select
import socket
from collections.abc import Callable

_READ_BYTES = 32 * 1024
_CONNECTING = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK})

Told = Callable[["Wire", bytes | None], None]


class Wire:
    """One connection, at rest or with one request under way. Made by `Wires.open`."""

    __slots__ = ("_closing", "_request", "_sock", "_told", "_wires", "connected", "error", "handle", "received", "used")

    def __init__(self, wires: "Wires", sock: socket.socket | None, error: OSError | None = None) -> None:
        self._wires, self._sock = wires, sock
        self.handle = -1 if sock is None else sock.fileno()
        self.connected = False
        self.error = error
        """What ended it, if that was a failure."""
        self.received = 0
        """Bytes."""
        self.used = 0
        """Answers had on this connection."""
        self._request = b""
        """What is to be sent once there is a connection."""
        self._told: Told | None = None
        self._closing = False

    @property
    def reusable(self) -> bool:
        """True if another request may be sent here."""
        return self._sock is not None and not self._closing

    def send(self, request: bytes, told: Told) -> None:
        """Send one request; later, told gets what comes first, unparsed, or None if the connection ends before."""
        self._told = told
        if not self.connected:
            self._request = request
        elif self._sock is not None:
            self._write(self._sock, request)
        if self._sock is None:
            asyncio.get_running_loop().call_soon(self._tell_of_end)

    def ready(self) -> None:
        """Do what the kernel says can be done now."""
        sock = self._sock
        if sock is None:
            return
        if not self.connected:
            self._connect(sock)
            return
        try:
            data = sock.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self.error, data = error, b""
        self.received += len(data)
        told, self._told = self._told, None
        if not data or told is None:  # the end, or an answer to nothing
            self.abort()
        if told is not None:
            told(self, data or None)

    def force_close(self) -> None:
        """Have it closed once the answer that came is taken."""
        self._closing = True

    def abort(self) -> None:
        """Close at once; nobody is told."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None
            self._wires.lost(self)

    def leave_alone(self) -> None:
        """Read nothing more: what comes next is for whoever detaches the socket."""
        if self._sock is not None:
            self._wires.let_go(self)

    def detach(self) -> socket.socket:
        """Return the socket, for somebody else to read and close. Raises ConnectionResetError if it is closed."""
        if self._sock is None:
            raise ConnectionResetError("closed before it was used")
        self._wires.let_go(self)
        self._wires.forget(self)
        sock, self._sock = self._sock, None
        return sock

    def _connect(self, sock: socket.socket) -> None:
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._fail(OSError(code, os.strerror(code)))
            self._tell_of_end()
            return
        try:
            sock.getpeername()
        except OSError:
            return  # the event was that of an earlier wire of this number
        self.connected = True
        request, self._request = self._request, b""
        self._wires.reads(self)
        if request:
            self._write(sock, request)
            if self._sock is None:
                self._tell_of_end()

    def _write(self, sock: socket.socket, request: bytes) -> None:
        try:
            sent = sock.send(request)
        except OSError as error:
            self._fail(error)
            return
        if sent < len(request):  # a new buffer that cannot take one request
            self._fail(OSError(errno.ENOBUFS, "the request could not be sent as a whole"))

    def _fail(self, error: OSError) -> None:
        self.error = error
        self.abort()

    def _tell_of_end(self) -> None:
        told, self._told = self._told, None
        if told is not None:
            told(self, None)


class Wires:
    """All wires of a client."""

    def __init__(self, lost: Callable[[], None]) -> None:
        """lost: is told of every wire that was closed."""
        self._lost = lost
        self._by_handle: dict[int, Wire] = {}
        self._let_go: set[Wire] = set()
        self._poll: select.epoll | None = None

    @staticmethod
    def possible() -> bool:
        """Say whether this system has what is needed."""
        return hasattr(select, "epoll")

    def open(self, address: str, port: int) -> Wire:
        """Begin to connect to an address. Raises OSError only where no socket is to be had; a failure to connect is
        told to the first who sends.
        """
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            code = sock.connect_ex((address, port))
            if code and code not in _CONNECTING:
                sock.close()
                return self._dead(OSError(code, os.strerror(code)))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wire = Wire(self, sock)
            wire.connected = not code
            self._watch(wire)
        except BaseException:
            sock.close()
            raise
        return wire

    def _dead(self, error: OSError) -> Wire:
        self._lost()
        return Wire(self, None, error)

    def _watch(self, wire: Wire) -> None:
        if self._poll is None:
            self._poll = select.epoll()
            asyncio.get_running_loop().add_reader(self._poll.fileno(), self._ready)
        self._poll.register(wire.handle, select.EPOLLIN if wire.connected else select.EPOLLOUT)
        self._by_handle[wire.handle] = wire

    def reads(self, wire: Wire) -> None:
        """Wait for what comes on a wire that is connected now."""
        if self._poll is not None:
            self._poll.modify(wire.handle, select.EPOLLIN)

    def let_go(self, wire: Wire) -> None:
        """Watch a wire no longer; it is still to be closed."""
        if self._by_handle.pop(wire.handle, None) is not None:
            self._let_go.add(wire)
            if self._poll is not None:
                self._poll.unregister(wire.handle)

    def forget(self, wire: Wire) -> None:
        """Take note that a socket is somebody else's now."""
        self._let_go.discard(wire)

    def lost(self, wire: Wire) -> None:
        """Take note of a closed wire."""
        if wire in self._let_go:
            self._let_go.discard(wire)
        else:
            self._by_handle.pop(wire.handle, None)
        self._lost()

    def close(self) -> None:
        """Close every wire; nobody is told."""
        for wire in [*self._by_handle.values(), *self._let_go]:
            wire.abort()
        if self._poll is not None:
            asyncio.get_running_loop().remove_reader(self._poll.fileno())
            self._poll.close()
            self._poll = None

    def _ready(self) -> None:
        """Serve all that are ready. A number may already belong to another wire: `Wire.ready` asks the kernel."""
        if self._poll is None:
            return
        by_handle = self._by_handle
        for handle, _ in self._poll.poll(0):
            wire = by_handle.get(handle)
            if wire is not None:
                wire.ready()
