"""gunicorn's worker with threads, fit for programs as callers.

What gunicorn refuses by itself is answered as a problem document, a body that is malformed or cut short is
the caller's fault and not an error of the server, and a connection that cannot be used again is closed as
RFC 9112, §9.6 has it.
"""

import contextlib
import selectors
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from http import HTTPStatus
from queue import SimpleQueue
from typing import Any

from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker
from structlog import get_logger
from werkzeug.exceptions import BadRequest, ClientDisconnected

from leapter.runtime.handover import CONNECTION, Connection, ConnectionTakenError
from leapter.runtime.problem_kinds import KINDS
from leapter.runtime.problems import document_of, to_json
from leapter.web.headers import MACHINE_HEADERS

log = get_logger("leapter.worker")

# gunicorn reads and drops less than this of a body that nobody read, and then takes the next request.
_DRAINED_BYTES = 64 * 1024
# How long, and for how many bytes, a caller may go on sending after its answer. It must be let: what arrives
# at a closed socket is answered by a reset, which can destroy the answer before the caller has read it.
_LINGER_S = 2.0
_LINGER_BYTES = 16 * 1024 * 1024

_CODES: dict[type[Exception], str] = {
    errors.LimitRequestLine: "address_too_long",
    errors.LimitRequestHeaders: "headers_too_large",
    errors.ExpectationFailed: "expectation_failed",
    errors.UnsupportedTransferCoding: "transfer_coding_unsupported",
    errors.ConfigurationProblem: "internal_error",
    errors.InvalidResponseHeader: "internal_error",
    errors.InvalidResponseHeaderName: "internal_error",
    errors.ParseException: "bad_request",
    Exception: "internal_error",
}

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_HEADERS = "".join(f"{name}: {value}\r\n" for name, value in MACHINE_HEADERS)


class Worker(ThreadWorker):
    """A worker process of the server."""

    wsgi: Application

    def load_wsgi(self) -> None:
        """Load the application; each body's state is looked at before an answer begins, and connections
        can be taken.
        """
        super().load_wsgi()
        self.wsgi = _served(self.wsgi, is_ending=lambda: not self.alive)

    def get_thread_pool(self) -> "Threads":
        """Make the threads that answer requests."""
        return Threads(self.cfg.threads)

    def enqueue_req(self, conn: Any) -> None:
        """Have a thread answer the request on `conn`."""
        self.tpool.submit(partial(self._serve, conn))

    def _serve(self, conn: Any) -> None:
        # gunicorn's first thread waits for the next request on every connection, and is woken by a pipe to
        # take one back. Where all is as it mostly is, it need not be: what it waits for is added to here.
        is_kept: bool | object = False
        error: BaseException | None = None
        try:
            is_kept = self.handle(conn)
            if is_kept is True and self.alive and not conn.parser.unreader.buf.getvalue():
                conn.sock.setblocking(False)
                conn.set_timeout()
                self.keepalived_conns.append(conn)
                try:
                    self.poller.register(
                        conn.sock, selectors.EVENT_READ, partial(self.on_client_socket_readable, conn)
                    )
                except BaseException:
                    self.keepalived_conns.remove(conn)
                    raise
                return
        except BaseException as failure:
            error = failure
        answered: Future[Any] = Future()
        if error is None:
            answered.set_result(is_kept)
        else:
            answered.set_exception(error)
        self.method_queue.defer(self.finish_request, conn, answered)

    def _cap_keepalive(self, deadline: float) -> None:
        # Threads go on putting connections back meanwhile, which ends the loop of gunicorn's own.
        for conn in tuple(self.keepalived_conns):
            conn.timeout = min(conn.timeout, deadline)

    def handle_request(self, req: Any, conn: Any) -> bool:
        """Answer one request; return whether the connection takes another one."""
        req.body = RequestBody(req)
        try:
            is_kept: bool = super().handle_request(req, conn)
        except ConnectionTakenError:
            return False
        if not is_kept:
            _linger(conn.sock)
        return is_kept

    def finish_request(self, conn: Any, future: Any) -> None:
        """Take the connection back, to be closed or for its next request, unless it was taken over."""
        if conn.sock.fileno() < 0:
            # gunicorn would fail to close it once more, and count that as another connection closed.
            self.nr_conns -= 1
        else:
            super().finish_request(conn, future)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Answer a request that never reached the application, or that it failed on.

        Nothing of the request is told or logged: what cannot be parsed may hold a key.
        """
        code = next(_CODES[kind] for kind in type(exc).__mro__ if kind in _CODES)
        kind, request_id = KINDS[code], str(uuid.uuid4())
        if kind.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("unexpected_error", exc_info=exc, request_id=request_id)
        else:
            address = addr[0] if isinstance(addr, tuple) else ""
            log.info("request_refused", reason=type(exc).__name__, client=address, request_id=request_id)
        base = self.app.wsgi().extensions["leapter_settings"].base_url or ""
        detail = f"{kind.meaning} {kind.advice}"
        body = to_json(document_of(code, detail, base=base, request_id=request_id))
        head = (
            f"HTTP/1.1 {kind.status} {HTTPStatus(kind.status).phrase}\r\n"
            "Connection: close\r\n"
            "Content-Type: application/problem+json\r\n"
            f"Content-Length: {len(body)}\r\n"
            f"{_HEADERS}"
            f"X-Request-Id: {request_id}\r\n"
            "\r\n"
        )
        with contextlib.suppress(OSError):  # the caller is gone
            util.write_nonblock(client, head.encode("ascii") + body)
            _linger(client)


class Threads:
    """Threads that take work from one queue.

    Python's own pool can do more, and its `submit` had a share of 9 % in a profile of runs.
    """

    def __init__(self, count: int) -> None:
        self._work: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._count = count
        for number in range(count):
            threading.Thread(target=self._run, name=f"requests-{number}", daemon=True).start()

    def submit(self, work: Callable[[], object]) -> None:
        """Have a thread do `work`, which raises nothing."""
        self._work.put(work)

    def shutdown(self, *, wait: bool) -> None:
        """End each thread after what is in the queue.

        By then gunicorn has waited for open requests as long as it does: the process waits for none, whatever
        `wait` says.
        """
        for _ in range(self._count):
            self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()


class RequestBody:
    """The body of a request (PEP 3333, "Input and Error Streams").

    Until the answer begins, reading a body that is malformed or cut short raises a `BadRequest`; after that,
    gunicorn drops what is left of it.
    """

    def __init__(self, request: Any) -> None:
        self._request = request
        self._body = request.body
        self._is_answered = False
        # How much is still to come; None if nobody knows, which is so in chunks. gunicorn takes no request
        # that has both headers, or one of them twice.
        self._left: int | None = 0
        for name, value in request.headers:
            if name == "CONTENT-LENGTH":
                self._left = int(value)
            elif name == "TRANSFER-ENCODING":
                self._left = None

    @property
    def failed(self) -> bool:
        """Whether nobody can tell where the next request begins."""
        return bool(self._body.failed)

    def settle(self) -> None:
        """Have the connection closed after the answer if too much is left of the body."""
        self._is_answered = True
        if self.failed or self._left is None or self._left >= _DRAINED_BYTES:
            self._request.force_close()

    def read(self, size: int | None = None) -> bytes:
        """Return `size` bytes, fewer only where the body ends; without `size` all of it."""
        data = self._checked(self._body.read, size)
        if size is None or size < 0 or len(data) < size:
            self._end()
        return data

    def readline(self, size: int | None = None) -> bytes:
        """Return the next line, at most `size` bytes of it; b"" at the end."""
        data = self._checked(self._body.readline, size)
        if not data and size != 0:
            self._end()
        return data

    def readlines(self, hint: int | None = None) -> list[bytes]:
        """Return all lines; `hint` may be ignored, and is."""
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        """Give the lines."""
        while line := self.readline():
            yield line

    def _checked(self, read: Callable[[int | None], bytes], size: int | None) -> bytes:
        try:
            data = read(size)
        except (errors.NoMoreData, OSError):
            if self._is_answered:
                raise
            raise ClientDisconnected from None
        except errors.ParseException:
            if self._is_answered:
                raise
            raise BadRequest from None
        if self._left is not None:
            self._left -= len(data)
        return data

    def _end(self) -> None:
        if self._left and not self._is_answered:
            raise ClientDisconnected
        self._left = 0


def _served(application: Application, is_ending: Callable[[], bool]) -> Application:
    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(*answer: Any) -> Any:
            environ["wsgi.input"].settle()
            return start_response(*answer)

        connection = environ[CONNECTION] = Connection(environ["gunicorn.socket"], is_ending)
        answer = application(environ, start)
        if connection.is_taken:
            if hasattr(answer, "close"):
                answer.close()
            raise ConnectionTakenError
        return answer

    return serve


def _linger(connection: socket.socket) -> None:
    """Say that no more will be sent, and wait a while for the other side to see it.

    gunicorn does the like in the one thread that takes connections, which waits for nobody once both
    directions are shut down here.
    """
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        deadline, received = time.monotonic() + _LINGER_S, 0
        while received < _LINGER_BYTES and (left_s := deadline - time.monotonic()) > 0:
            connection.settimeout(left_s)
            data = connection.recv(65536)
            if not data:
                break
            received += len(data)
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
