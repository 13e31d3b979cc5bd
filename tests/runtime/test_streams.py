"""The thread that holds a worker's streams: what it says, when, and what it does when others fail it."""

import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from sqlalchemy import func
from sqlalchemy import select as select_rows

from leapter.db import db
from leapter.runtime.handover import Connection
from leapter.runtime.models import McpReply, McpStream
from leapter.runtime.state import current_runtime
from leapter.runtime.stream_store import NoSuchStreamError, StreamStore, StreamUnavailableError
from leapter.runtime.streams import Streams, digest_of
from tests.runtime.conftest import Caller

_HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for what another thread brings about and nothing announces."""
    deadline, pause = time.monotonic() + 10, threading.Event()
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.01)


class Keeper:
    """A `Streams` that runs, and opens streams of one key."""

    def __init__(self, caller: Caller, *, most: int = 3, pulse_s: float = 15.0, unsent_bytes: int = 100_000):
        self.caller = caller
        self.store = StreamStore(db.engine, current_runtime().access.connections)
        self.streams = Streams(self.store, most=most, pulse_s=pulse_s, unsent_bytes=unsent_bytes)
        self.is_ending = False
        self.streams.start()

    def open(self) -> socket.socket:
        """The client's end of a new stream."""
        ours, theirs = socket.socketpair()
        theirs.settimeout(10)
        try:
            self.streams.open(
                Connection(ours, lambda: self.is_ending),
                _HEAD,
                key_id=self.caller.record.id,
                project_id=self.caller.project.id,
                messages="/messages",
            )
        except StreamUnavailableError:
            ours.close()
            theirs.close()
            raise
        return theirs


@pytest.fixture
def keeper(caller: Caller) -> Iterator[Keeper]:
    """One with silent streams."""
    keeper = Keeper(caller)
    yield keeper
    keeper.streams.stop()


def digest_in(first: bytes) -> str:
    """The digest of the session id that the first event tells."""
    return digest_of(first.split(b"sessionId=")[1].split(b"\n")[0].decode())


def streams_in_database() -> int:
    db.session.rollback()
    return db.session.scalar(select_rows(func.count()).select_from(McpStream)) or 0


def test_an_idle_stream_gets_comments(caller: Caller) -> None:
    keeper = Keeper(caller, pulse_s=0.02)
    with closing(keeper.open()) as client:
        said = b""
        while said.count(b": \n\n") < 2:
            said += client.recv(4096)
        head, _, events = said.partition(b"event: endpoint\ndata: /messages?sessionId=")
        assert head == _HEAD
        assert events.endswith(b"\n\n: \n\n: \n\n")
        keeper.streams.stop()
        assert client.recv(4096).replace(b": \n\n", b"") == b""


def test_replies_come_once_and_in_the_order_of_the_calls(keeper: Keeper) -> None:
    with closing(keeper.open()) as client, closing(keeper.open()) as other:
        digests = [digest_in(each.recv(4096)) for each in (client, other)]
        for number in range(60):
            for digest in digests:
                keeper.store.add_reply(digest=digest, body=f'{{"n":{number}}}')
        keeper.streams.wake()
        expected = b"".join(b'event: message\ndata: {"n":%d}\n\n' % number for number in range(60))
        for each in (client, other):
            said = b""
            while len(said) < len(expected):
                said += each.recv(4096)
            assert said == expected
        eventually(lambda: db.session.rollback() or not db.session.scalars(select_rows(McpReply.id)).all())


def test_replies_of_another_worker_come_quickly_while_a_client_is_at_it(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leapter.runtime.streams._TICK_S", 60.0)
    monkeypatch.setattr("leapter.runtime.streams._QUICK_FOR_S", 8.0)
    with closing(keeper.open()) as client:
        digest = digest_in(client.recv(4096))
        for number in range(12):  # nothing wakes this one
            keeper.store.add_reply(digest=digest, body=f'{{"n":{number}}}')
            assert client.recv(4096) == b'event: message\ndata: {"n":%d}\n\n' % number


def test_a_client_that_does_not_read_loses_its_stream_and_no_other_client_does(keeper: Keeper) -> None:
    with closing(keeper.open()) as idle, closing(keeper.open()) as reading:
        digests = [digest_in(each.recv(4096)) for each in (idle, reading)]
        ended = select.poll()
        ended.register(idle, 0)  # tells of nothing but the other side's end
        while not ended.poll(0):
            keeper.store.add_reply(digest=digests[0], body='"' + "x" * 90_000 + '"')
            keeper.streams.wake()
            ended.poll(20)
        eventually(lambda: streams_in_database() == 1)
        keeper.store.add_reply(digest=digests[1], body="{}")
        assert reading.recv(4096) == b"event: message\ndata: {}\n\n"


def test_a_client_that_goes_or_talks_where_nothing_is_asked_leaves_nothing(keeper: Keeper) -> None:
    client, talker = keeper.open(), keeper.open()
    assert streams_in_database() == 2
    client.close()
    with closing(talker):
        talker.sendall(b"x" * 70_000)
        talker.settimeout(10)
        try:
            while talker.recv(4096):
                pass
        except ConnectionResetError:
            pass
        eventually(lambda: streams_in_database() == 0)


def test_past_the_bound_of_a_process_there_is_none_until_one_ends(keeper: Keeper) -> None:
    clients = [keeper.open() for _ in range(3)]
    with pytest.raises(StreamUnavailableError, match="as many open streams as it may have"):
        keeper.open()
    clients.pop().close()
    eventually(lambda: streams_in_database() == 2)
    clients.append(keeper.open())
    for client in clients:
        client.close()


def test_the_servers_end_ends_all_streams_at_once_and_lets_none_begin(keeper: Keeper) -> None:
    with closing(keeper.open()) as client:
        client.recv(4096)
        keeper.is_ending = True
        assert client.recv(4096) == b""
        with pytest.raises(StreamUnavailableError, match="about to end"):
            keeper.open()
        eventually(lambda: streams_in_database() == 0)


def test_a_stream_lives_on_while_another_writer_blocks_the_database(keeper: Keeper) -> None:
    with closing(keeper.open()) as client:
        digest = digest_in(client.recv(4096))
        keeper.store.add_reply(digest=digest, body="1")
        with db.engine.connect().execution_options(leapter_write=True) as blocker, blocker.begin():
            # It is sent, and can be deleted only later: it must not come again then.
            keeper.streams.wake()
            assert client.recv(4096) == b"event: message\ndata: 1\n\n"
        keeper.store.add_reply(digest=digest, body="2")
        assert client.recv(4096) == b"event: message\ndata: 2\n\n"


def test_replies_that_nobody_fetches_are_bounded(caller: Caller) -> None:
    store = StreamStore(db.engine, current_runtime().access.connections)
    ids = {"key_id": caller.record.id, "project_id": caller.project.id}
    store.add(digest="d", keeper="dead", **ids)
    for _ in range(100):
        store.add_reply(digest="d", body="{}")
    with pytest.raises(StreamUnavailableError, match="does not take its replies"):
        store.add_reply(digest="d", body="{}")
    db.session.rollback()
    assert db.session.scalar(select_rows(func.count()).select_from(McpReply)) == 100


def test_the_streams_of_a_worker_that_died_are_removed_and_those_of_one_that_lives_are_not(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leapter.runtime.streams._BEAT_S", 0.02)
    monkeypatch.setattr("leapter.runtime.streams._SILENCE_S", 0.3)
    first, second = Keeper(caller), Keeper(caller)
    ids = {"key_id": caller.record.id, "project_id": caller.project.id}
    first.store.add(digest="left behind", keeper="dead", **ids)
    with closing(first.open()), closing(second.open()):
        assert streams_in_database() == 3
        eventually(lambda: streams_in_database() == 2)
        with pytest.raises(NoSuchStreamError):
            first.store.check(digest="left behind", **ids)
        for keeper in (first, second):
            keeper.streams.stop()
    assert streams_in_database() == 0


def test_a_pause_of_the_database_makes_nobody_take_the_others_for_dead(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leapter.runtime.streams._BEAT_S", 0.02)
    monkeypatch.setattr("leapter.runtime.streams._SILENCE_S", 0.4)
    first, second = Keeper(caller), Keeper(caller)
    with closing(first.open()) as client, closing(second.open()) as other:
        digests = [digest_in(each.recv(4096)) for each in (client, other)]
        eventually(lambda: _least_beat() > 1)
        with db.engine.connect().execution_options(leapter_write=True) as blocker, blocker.begin():
            threading.Event().wait(0.6)  # longer than a silence may be
        beat = _least_beat()
        eventually(lambda: _least_beat() > beat + 3)
        for each, digest in zip((client, other), digests, strict=True):
            first.store.add_reply(digest=digest, body="{}")
            assert each.recv(4096) == b"event: message\ndata: {}\n\n"
        for keeper in (first, second):
            keeper.streams.stop()


def test_a_server_that_hands_no_connection_over_says_so(caller: Caller) -> None:
    answer = caller.get("/mcp/sse")
    assert (answer.status_code, answer.json["code"]) == (503, "stream_unavailable")
    assert answer.headers["Retry-After"] == "5"
    head = caller.client.head(f"{caller.base}/mcp/sse", headers={"X-API-Key": caller.secret})
    assert (head.status_code, head.headers["Content-Type"]) == (200, "text/event-stream")
    for path, allowed in (("sse", "GET, HEAD, OPTIONS"), ("messages", "OPTIONS, POST")):
        preflight = caller.client.options(f"{caller.base}/mcp/{path}", headers={"Origin": "http://localhost"})
        assert (preflight.status_code, preflight.headers["Allow"]) == (204, allowed)


def test_a_reply_past_the_bound_is_an_error_reply(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    store = StreamStore(db.engine, current_runtime().access.connections)
    store.add(digest=digest_of("session"), keeper="k", key_id=caller.record.id, project_id=caller.project.id)
    message = {"jsonrpc": "2.0", "id": "a", "method": "tools/list"}
    for most in (1_000_000, 100):
        monkeypatch.setattr("leapter.runtime.mcp_sse_routes.MAX_REPLY_BYTES", most)
        answer = caller.client.post(
            f"{caller.base}/mcp/messages?sessionId=session",
            json=message,
            headers={"X-API-Key": caller.secret},
        )
        assert (answer.status_code, answer.data) == (202, b"")
    bodies = [json.loads(reply.body) for reply in store.replies("k")]
    assert [body["id"] for body in bodies] == ["a", "a"]
    assert len(bodies[0]["result"]["tools"]) == 6
    assert bodies[1]["error"]["code"] == -32603
    assert "larger than 100 bytes" in bodies[1]["error"]["message"]


def _least_beat() -> int:
    db.session.rollback()
    beats = list(db.session.scalars(select_rows(McpStream.beat)))
    assert len(beats) == 2
    return min(beats)
