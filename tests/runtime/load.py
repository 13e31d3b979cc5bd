"""Load on a server: threads that call it without a pause and note what each call came to."""

import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# A kept connection stays with one worker: new ones from time to time reach them all.
_CALLS_A_CONNECTION = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call: when it was sent (monotonic seconds, taken before the first byte), what it came to."""

    sent_at: float
    status: int
    code: str


@dataclass(kw_only=True)
class Load:
    """What the threads have seen so far."""

    calls: list[Call] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, call: Call) -> None:
        """Note a call."""
        with self._changed:
            self.calls.append(call)
            self._changed.notify_all()

    def wait_for(self, number: int, condition: Callable[[Call], bool], timeout_s: float = 30) -> None:
        """Wait until `number` calls fulfil `condition`."""
        with self._changed:
            assert self._changed.wait_for(lambda: sum(map(condition, self.calls)) >= number, timeout_s)


@contextmanager
def load(port: int, path: str, secret: str, *, threads: int = 8) -> Iterator[Load]:
    """Call `path` with the key `secret` from several threads until the block ends."""
    seen = Load()
    ended = threading.Event()

    def call_on() -> None:
        body, headers = (
            json.dumps({"weight_kg": 2}),
            {"X-API-Key": secret, "Content-Type": "application/json"},
        )
        for number in itertools.count():
            if ended.is_set():
                break
            if number % _CALLS_A_CONNECTION == 0:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            sent_at = time.monotonic()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            document = json.loads(answer.read())
            seen.add(Call(sent_at=sent_at, status=answer.status, code=document.get("code", "")))
            if number % _CALLS_A_CONNECTION == _CALLS_A_CONNECTION - 1:
                connection.close()
        connection.close()

    callers = [threading.Thread(target=call_on) for _ in range(threads)]
    for caller in callers:
        caller.start()
    try:
        yield seen
    finally:
        ended.set()
        for caller in callers:
            caller.join()
