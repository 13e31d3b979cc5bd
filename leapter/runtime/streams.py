"""The open streams of a worker: one thread holds them all, so that no stream holds a thread."""

import contextlib
import hashlib
import secrets
import selectors
import socket
import threading
import time
from collections import deque

from structlog import get_logger

from leapter.runtime.connections import DatabaseUnavailableError
from leapter.runtime.handover import Connection
from leapter.runtime.stream_store import StreamStore, StreamUnavailableError

log = get_logger("leapter.streams")

MAX_REPLY_BYTES = 4 * 1024 * 1024

_TICK_S = 0.1
# A client waits for each reply before it sends the next message: while it is at it, each one would take a
# tenth of a second. A look costs a tenth of a millisecond.
_QUICK_TICK_S = 0.01
_QUICK_FOR_S = 2.0
_RETRY_AFTER_S = (0.5, 1.0, 2.0, 5.0)
_BEAT_S = 10.0
_SILENCE_S = 60.0  # a worker that has not shown itself for so long is dead
_FAREWELL_S = 1.0
# A client that went without a word is noticed when it takes nothing for so long.
_VANISHED_S = 60.0
_MAX_RECEIVED_BYTES = 64 * 1024  # nothing is to be said on a stream by its client
_UNSENT_BYTES_IN_ALL = 64 * 1024 * 1024

_COMMENT = b": \n\n"


def digest_of(session_id: str) -> str:
    """What is stored of a session id: its SHA-256, in hexadecimal."""
    return hashlib.sha256(session_id.encode("utf-8", "replace")).hexdigest()


def event(kind: str, data: str) -> bytes:
    """One server-sent event. `data` is one line, as JSON without white space is."""
    return f"event: {kind}\ndata: {data}\n\n".encode()


class _Stream:
    __slots__ = ("connection", "digest", "has_writer", "received", "sent_at", "socket", "unsent")

    def __init__(self, digest: str, connection: Connection, first: bytes) -> None:
        self.digest = digest
        self.connection = connection
        self.socket = connection.take()
        self.unsent = bytearray(first)
        self.received = 0
        self.sent_at = time.monotonic()
        self.has_writer = False


class Streams:
    """The streams of this process, and the thread that keeps them.

    Ten times a second one SELECT brings what waits for them and whether their keys still permit them: a
    revocation ends a stream within a tenth of a second, and so does the server's own end. For two seconds
    after a stream was opened or got a reply, that is a hundred times a second, since replies that another
    worker leaves are found by looking alone. While the database is away they stay open.

    Args:
        most: how many may be open at once; 0 offers none.
        pulse_s: how long a stream may be silent before a comment shows those between that it lives.
        unsent_bytes: how much may wait for a client that does not read; then its stream ends.
    """

    def __init__(
        self,
        store: StreamStore,
        *,
        most: int,
        pulse_s: float = 15.0,
        unsent_bytes: int = 2 * MAX_REPLY_BYTES,
    ) -> None:
        self._store = store
        self._most = most
        self._pulse_s = pulse_s
        self._unsent_bytes = unsent_bytes
        self._lock = threading.Lock()  # guards the count, the arrivals, and whether all has ended
        self._count = 0
        self._arrivals: deque[_Stream] = deque()
        self._over = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread; in a worker only, since neither it nor what it opens survives a fork."""
        if not self._most:
            return
        self._keeper = secrets.token_hex(16)
        self._open: dict[str, _Stream] = {}
        self._ended: list[str] = []  # digests whose rows are still there
        self._sent: list[int] = []  # ids of replies whose rows are still there
        self._seen_beats: dict[str, tuple[int, float]] = {}
        self._failures = 0
        self._look_at = self._beat_at = self._beaten_at = self._quick_until = time.monotonic()
        self._selector = selectors.DefaultSelector()
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)
        self._woken.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._work, name="streams", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End all streams, and the thread. It takes a second at most, whatever the database does."""
        if self._thread is None:
            return
        self._stopping.set()
        self.wake()
        self._thread.join(_FAREWELL_S)
        if self._thread.is_alive():
            for stream in list(self._open.values()):
                with contextlib.suppress(OSError):
                    stream.socket.shutdown(socket.SHUT_RDWR)

    def wake(self) -> None:
        """Have the thread look for replies now."""
        if self._thread is not None:
            with contextlib.suppress(OSError):  # it is about to wake anyway, or has ended
                self._waker.send(b"\0")

    def open(
        self, connection: Connection | None, head: bytes, *, key_id: str, project_id: str, messages: str
    ) -> None:
        """Take the connection over as a stream: write `head`, then the event with the path for messages.

        That path is `messages`, with the session id added.

        Raises:
            StreamUnavailableError: there is no room for another one, or this server opens none.
            DatabaseUnavailableError: it could not be noted.
        """
        if connection is None or not connection.is_plain or self._thread is None:
            raise StreamUnavailableError("This server opens no streams. Use the newer transport, at …/mcp.")
        with self._lock:
            if connection.is_ending() or self._over.is_set():
                raise StreamUnavailableError("This process of the server is about to end. Try again.")
            if self._count >= self._most:
                raise StreamUnavailableError(
                    "This process of the server has as many open streams as it may have. Try again later."
                )
            self._count += 1
        # 128 bits, and harmless in a log: only the key that opened the stream may send to it.
        session_id = secrets.token_hex(16)
        digest = digest_of(session_id)
        try:
            self._store.add(digest=digest, keeper=self._keeper, key_id=key_id, project_id=project_id)
        except BaseException:
            with self._lock:
                self._count -= 1
            raise
        first = head + event("endpoint", f"{messages}?sessionId={session_id}")
        with self._lock:
            stream = _Stream(digest, connection, first)
            has_come_late = self._over.is_set()
            if not has_come_late:
                self._arrivals.append(stream)
        if has_come_late:  # the client sees the connection close and comes again
            stream.socket.close()
            self._store.remove([digest])
        else:
            self.wake()

    def _work(self) -> None:
        while not self._is_over():
            try:
                self._turn()
            except Exception:
                log.exception("streams_failed", streams=len(self._open))
                self._close_all()
                self._stopping.wait(1.0)
        with self._lock:
            self._over.set()
        self._close_all()
        for each in (self._selector, self._woken, self._waker):
            each.close()
        with contextlib.suppress(DatabaseUnavailableError):  # then others find that nobody counts on
            self._store.remove_all(self._keeper)

    def _is_over(self) -> bool:
        return self._stopping.is_set() or any(stream.connection.is_ending() for stream in self._open.values())

    def _close_all(self) -> None:
        self._adopt()
        for stream in list(self._open.values()):
            self._end(stream)

    def _turn(self) -> None:
        has_work = bool(self._open or self._ended or self._sent)
        wake_at = min(self._look_at, self._beat_at) if has_work else self._beat_at
        if self._open:  # the server's end is nothing that a selector would tell
            wake_at = min(wake_at, time.monotonic() + _TICK_S)
        for key, events in self._selector.select(max(0.0, wake_at - time.monotonic())):
            if key.data is None:
                self._look_at = time.monotonic()
                while self._drain():
                    pass
            else:
                self._serve(key.data, events)
        self._adopt()
        now = time.monotonic()
        self._ask(now)
        for stream in list(self._open.values()):
            silent_s = now - stream.sent_at
            if stream.unsent and silent_s >= _VANISHED_S:
                self._end(stream)
            elif not stream.unsent and silent_s >= self._pulse_s:
                self._say(stream, _COMMENT)

    def _ask(self, now: float) -> None:
        is_look_due = now >= self._look_at and bool(self._open or self._ended or self._sent)
        is_beat_due = now >= self._beat_at
        try:
            if is_look_due:
                self._look_at = now + (_QUICK_TICK_S if now < self._quick_until else _TICK_S)
                self._look()
            if is_beat_due:
                self._beat_at = now + _BEAT_S
                self._beat(now)
        except DatabaseUnavailableError as error:
            if self._open and not self._failures:
                log.warning("streams_wait", error=type(error.__cause__).__name__, streams=len(self._open))
            pause_s = _RETRY_AFTER_S[min(self._failures, len(_RETRY_AFTER_S) - 1)]
            self._failures += 1
            self._look_at = self._beat_at = time.monotonic() + pause_s
        else:
            if is_look_due or is_beat_due:
                self._failures = 0

    def _drain(self) -> bool:
        try:
            return bool(self._woken.recv(4096))
        except BlockingIOError:
            return False

    def _adopt(self) -> None:
        while self._arrivals:
            stream = self._arrivals.popleft()
            self._quick_until = time.monotonic() + _QUICK_FOR_S
            self._open[stream.digest] = stream
            stream.socket.setblocking(False)
            self._selector.register(stream.socket, selectors.EVENT_READ, stream)
            # Without it, which not every system has, the kernel notices as well, after a quarter of an hour.
            with contextlib.suppress(AttributeError, OSError):
                stream.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(_VANISHED_S * 1000))
            self._say(stream, b"")

    def _serve(self, stream: _Stream, events: int) -> None:
        if stream.digest not in self._open:
            return  # it ended in this very turn
        if events & selectors.EVENT_READ:
            try:
                data = stream.socket.recv(16 * 1024)
            except BlockingIOError:
                pass
            except OSError:
                data = b""
            else:
                stream.received += len(data)
            if not data or stream.received > _MAX_RECEIVED_BYTES:
                self._end(stream)
                return
        self._say(stream, b"")

    def _say(self, stream: _Stream, data: bytes) -> None:
        """Send `data`, or as much of it as the connection takes now; the rest follows when it takes more."""
        stream.unsent += data
        try:
            while stream.unsent:
                count = stream.socket.send(memoryview(stream.unsent)[: 256 * 1024])
                del stream.unsent[:count]
                stream.sent_at = time.monotonic()
        except BlockingIOError:
            pass
        except OSError:  # the client is gone
            self._end(stream)
            return
        if len(stream.unsent) > self._unsent_bytes:
            log.info("stream_ended", reason="The client does not read.")
            self._end(stream)
            return
        if stream.has_writer != bool(stream.unsent):
            stream.has_writer = not stream.has_writer
            writing = selectors.EVENT_WRITE if stream.has_writer else 0
            self._selector.modify(stream.socket, selectors.EVENT_READ | writing, stream)

    def _end(self, stream: _Stream) -> None:
        del self._open[stream.digest]
        with contextlib.suppress(KeyError):  # something failed before it was registered
            self._selector.unregister(stream.socket)
        stream.socket.close()
        self._ended.append(stream.digest)
        self._look_at = 0.0
        with self._lock:
            self._count -= 1

    def _look(self) -> None:
        asked_for = list(self._open.values())  # what is opened from here on may not be in the answer
        states = self._store.states(self._keeper)
        for stream in asked_for:
            state = states.get(stream.digest)
            if (state is None or not state.is_permitted) and stream.digest in self._open:
                self._end(stream)
        self._forget()
        if not any(state.has_replies for state in states.values()):
            return
        self._quick_until = time.monotonic() + _QUICK_FOR_S
        for reply in self._store.replies(self._keeper):
            if reply.digest in self._open:
                self._say(self._open[reply.digest], event("message", reply.body))
            self._sent.append(reply.id)
        self._bound()
        self._forget()
        self._look_at = 0.0  # there may be more; but first to those that hang up, and to the server's end

    def _forget(self) -> None:
        # Nothing is fetched again before what was sent is deleted: no reply is ever sent twice.
        if self._sent:
            self._store.remove_replies(self._sent)
            self._sent = []
        if self._ended:
            self._store.remove(self._ended)
            self._ended = []

    def _bound(self) -> None:
        while sum(len(stream.unsent) for stream in self._open.values()) > _UNSENT_BYTES_IN_ALL:
            log.info("stream_ended", reason="The clients of this process do not read.")
            self._end(max(self._open.values(), key=lambda stream: len(stream.unsent)))

    def _beat(self, now: float) -> None:
        if self._open:
            self._store.beat(self._keeper)
        beats = self._store.beats()
        beats.pop(self._keeper, None)
        # After a pause of this process or of the database, silence of the others means nothing yet.
        seen = self._seen_beats if now - self._beaten_at < 3 * _BEAT_S else {}
        self._seen_beats, self._beaten_at = {}, now
        for keeper, beat in beats.items():
            last, since = seen.get(keeper, (beat, now))
            if last != beat:
                since = now
            if now - since >= _SILENCE_S:
                log.warning("streams_of_a_dead_worker_removed")
                self._store.remove_all(keeper, up_to_beat=beat)
            else:
                self._seen_beats[keeper] = (beat, since)
