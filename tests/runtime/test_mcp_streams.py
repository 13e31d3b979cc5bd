"""The older transport of MCP on real servers: streams that any worker and any node can send to."""

import asyncio
import http.client
import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.sse import sse_client
from sqlalchemy import func, select, update

from leapter.api_keys import service as api_keys
from leapter.api_keys.models import ApiKey
from leapter.api_keys.records import KeyRecord
from leapter.clock import now
from leapter.db import db, transaction
from leapter.projects import service as projects
from leapter.runtime.models import McpStream
from leapter.runtime.stream_store import STREAMS_OF_A_KEY
from tests.postgres import Postgres
from tests.runtime.load import load
from tests.servers import Server
from tests.world import Person, StoredProject, World, world_on

# A stream that nobody ends would keep a reader for ever. That the end comes in a tenth of a second is what
# tests/runtime/test_streams.py shows: here a busy machine may take its time to reload.
_ENDS_WITHIN_S = 15.0


class Stream:
    """A client's end of a stream, or of the answer that refuses it, read byte for byte."""

    def __init__(self, port: int, base: str, headers: dict[str, str]) -> None:
        self.port, self.headers = port, headers
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._socket.sendall(f"GET {base}/mcp/sse HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())
        self._file = self._socket.makefile("rb")
        self.head = [line.decode().rstrip("\r\n") for line in self._lines()]

    @property
    def status(self) -> int:
        return int(self.head[0].split()[1])

    def event(self) -> tuple[str, str]:
        """The next event: its kind and its data."""
        fields = dict(line.decode().rstrip("\n").split(": ", 1) for line in self._lines())
        return fields["event"], fields["data"]

    def endpoint(self) -> str:
        """Where to send messages, as the first event says."""
        kind, path = self.event()
        assert kind == "endpoint"
        return path

    def reply(self) -> dict[str, Any]:
        """The next reply."""
        kind, data = self.event()
        assert kind == "message"
        reply: dict[str, Any] = json.loads(data)
        return reply

    def wait_for_end(self) -> None:
        """Wait until the server ends the stream, which it does without another event."""
        self._socket.settimeout(_ENDS_WITHIN_S)
        assert self._file.read() == b""

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def _lines(self) -> Iterator[bytes]:
        while (line := self._file.readline()) not in (b"\n", b"\r\n", b""):
            yield line


def post(port: int, path: str, headers: dict[str, str], message: Any) -> tuple[int, dict[str, Any]]:
    """Send a message on a connection of its own, which any worker may take."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        body = message if isinstance(message, bytes) else json.dumps(message)
        connection.request("POST", path, body, {**headers, "Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else {}
    finally:
        connection.close()


def call(number: int) -> dict[str, Any]:
    """A message that asks for the price of so many kilograms."""
    arguments = {"weight_kg": number}
    params = {"name": "parcel_price", "arguments": arguments}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


class Scene:
    """A person with a project and keys on a server; streams are closed at its end."""

    def __init__(self, server: Server, world: World, stack: ExitStack) -> None:
        self.server, self.world, self._stack = server, world, stack
        self.ada: Person = world.person("Ada")
        self.project: StoredProject = world.project(self.ada)

    @property
    def base(self) -> str:
        return f"/runtime/api/v1/{self.ada.appspace_id}/{self.project.id}"

    def key(self, *more: StoredProject) -> tuple[KeyRecord, dict[str, str]]:
        """A key, and the header that carries it."""
        record, secret = self.world.key(self.ada, self.project, *more)
        return record, {"X-API-Key": secret}

    def open(self, headers: dict[str, str], *, port: int | None = None) -> Stream:
        stream = Stream(port or self.server.port, self.base, headers)
        self._stack.callback(stream.close)
        return stream

    def send(self, path: str, headers: dict[str, str], message: Any) -> tuple[int, dict[str, Any]]:
        return post(self.server.port, path, headers, message)


@contextmanager
def scene_on(server: Server) -> Iterator[Scene]:
    with world_on(server) as world, ExitStack() as stack:
        yield Scene(server, world, stack)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two workers of four threads each."""
    with Server(tmp_path_factory.mktemp("streams")) as server:
        yield server
        assert "Traceback" not in server.log()
        assert "streams_failed" not in server.log()


@pytest.fixture
def scene(server: Server) -> Iterator[Scene]:
    """One on the server of two workers."""
    with scene_on(server) as scene:
        yield scene


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for what another process brings about and nothing announces."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # between looks at another process, which has no event to await


def streams_of(record: KeyRecord) -> int:
    db.session.rollback()
    count = select(func.count()).where(McpStream.key_id == record.id)
    return db.session.scalar(count) or 0


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_the_official_client_lists_and_calls_and_is_refused_once_its_key_is_revoked(
    scene: Scene, mode: str
) -> None:
    record, headers = scene.key()
    url = f"{scene.server.url}{scene.base}/mcp/sse"

    async def use() -> list[Any]:
        transport = sse_client(url, {"Authorization": f"Bearer {headers['X-API-Key']}"})
        async with Client(transport, mode=mode, read_timeout_seconds=30) as client:
            assert client.protocol_version == "2025-11-25"
            assert [tool.name for tool in (await client.list_tools()).tools] == ["parcel_price"]
            calls = [client.call_tool("parcel_price", {"weight_kg": number}) for number in range(30)]
            return [done.structured_content for done in await asyncio.gather(*calls)]

    def run() -> list[Any]:
        # In a thread of its own: Playwright leaves an event loop running in that of the tests.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(use())).result()

    assert run() == [{"price": number * 2.5} for number in range(30)]
    eventually(lambda: streams_of(record) == 0)
    api_keys.revoke_key(scene.ada.actor, record.id)
    with pytest.raises(httpx2.HTTPStatusError, match="401 UNAUTHORIZED"):
        run()


def test_a_stream_begins_with_the_address_for_messages_and_brings_each_reply_once(scene: Scene) -> None:
    _, headers = scene.key()
    stream = scene.open({**headers, "X-Correlation-Id": "order 7"})
    assert stream.head[0] == "HTTP/1.1 200 OK"
    assert {
        "Connection: close",
        "Content-Type: text/event-stream",
        "Cache-Control: no-store",
        "X-Accel-Buffering: no",
        "X-Content-Type-Options: nosniff",
        "X-Correlation-Id: order 7",
    } <= set(stream.head)
    path = stream.endpoint()
    assert path.startswith(f"{scene.base}/mcp/messages?sessionId=")
    for number in range(1, 41):  # each on a connection of its own, so that both workers get some
        assert scene.send(path, headers, call(number)) == (202, {})
        reply = stream.reply()
        assert (reply["id"], reply["result"]["structuredContent"]) == (number, {"price": number * 2.5})
    assert scene.send(path, headers, {"jsonrpc": "2.0", "method": "notifications/initialized"})[0] == 202
    assert scene.send(path, headers, {"jsonrpc": "2.0", "id": "p", "method": "ping"})[0] == 202
    assert stream.reply() == {"jsonrpc": "2.0", "id": "p", "result": {}}
    assert scene.send(path, headers, {"jsonrpc": "2.0", "id": 1, "method": "no/such"})[0] == 202
    assert stream.reply()["error"]["code"] == -32601


def test_only_the_key_that_opened_a_stream_can_send_to_it(scene: Scene) -> None:
    lending = scene.world.project(scene.ada, "Lending")
    record, headers = scene.key(lending)
    _, others = scene.key()
    stream = scene.open(headers)
    path = stream.endpoint()
    for wrong_path, wrong_headers in [
        (path, others),
        (path.replace(scene.project.id, lending.id), headers),
        (path[:-1], headers),
        (path.partition("?")[0], headers),
    ]:
        status, problem = scene.send(wrong_path, wrong_headers, call(1))
        assert (status, problem["code"], problem["detail"]) == (404, "session_not_found", "Session not found")
    assert scene.send(path, {}, call(1))[1]["code"] == "missing_api_key"
    assert scene.send(path, {**headers, "Origin": "https://evil.example"}, call(1))[0] == 403
    for message, code in [(b"{", -32700), ([call(1)], -32600), ({"method": "ping"}, -32600)]:
        status, refused = scene.send(path, headers, message)
        assert (status, refused["id"], refused["error"]["code"]) == (400, None, code)
    assert scene.send(path, headers, call(2))[0] == 202
    assert stream.reply()["id"] == 2  # nothing of the above has come
    stream.close()
    eventually(lambda: streams_of(record) == 0)
    assert scene.send(path, headers, call(3))[0] == 404


def test_a_stream_ends_at_once_with_the_right_to_it(scene: Scene) -> None:
    lending, doomed = scene.world.project(scene.ada, "Lending"), scene.world.project(scene.ada, "Doomed")
    actor = scene.ada.actor

    def expire(record: KeyRecord) -> None:
        with transaction() as session:
            session.execute(
                update(ApiKey).where(ApiKey.id == record.id).values(expires_at=now() - timedelta(seconds=1))
            )

    unaffected = scene.open(scene.key()[1])
    for end in (
        lambda record: api_keys.revoke_key(actor, record.id),
        lambda record: api_keys.set_projects(actor, record.id, [lending.id]),
        expire,
    ):
        record, headers = scene.key(lending)
        streams = [scene.open(headers) for _ in range(4)]
        for stream in streams:
            stream.endpoint()
        end(record)
        for stream in streams:
            stream.wait_for_end()
        eventually(lambda record=record: streams_of(record) == 0)  # type: ignore[misc]  # mypy cannot infer it
    # The stream of a key that lives on, of a project that does not.
    path = unaffected.endpoint()
    _, headers = scene.key(doomed)
    scene.project, kept = doomed, scene.project
    stream = scene.open(headers)
    stream.endpoint()
    projects.delete_project(actor, doomed.id, typed_name="Doomed")
    stream.wait_for_end()
    scene.project = kept
    assert scene.send(path, unaffected.headers, call(1))[0] == 202
    assert unaffected.reply()["id"] == 1


def test_past_the_bound_of_a_key_the_answer_is_503_until_a_stream_ends(scene: Scene) -> None:
    record, headers = scene.key()
    streams = [scene.open(headers) for _ in range(STREAMS_OF_A_KEY)]
    assert {stream.status for stream in streams} == {200}
    refused = scene.open(headers)
    assert refused.status == 503
    assert "Retry-After: 5" in refused.head
    assert "Content-Type: application/problem+json" in refused.head
    assert scene.open(scene.key()[1]).status == 200
    streams[0].close()
    eventually(lambda: streams_of(record) == STREAMS_OF_A_KEY - 1)
    assert scene.open(headers).status == 200


def test_thirty_open_streams_take_no_thread_from_runs(scene: Scene) -> None:
    keys = [scene.key()[1] for _ in range(2)]
    streams = [scene.open(headers) for headers in keys for _ in range(15)]
    paths = [stream.endpoint() for stream in streams]
    run = f"{scene.base}/models/parcel-price/runs"
    with load(scene.server.port, run, keys[0]["X-API-Key"], threads=8) as seen:
        seen.wait_for(200, lambda call: call.status == 200)
    assert {call.status for call in seen.calls} == {200}
    for stream, path in zip(streams, paths, strict=True):
        assert scene.send(path, stream.headers, call(2))[0] == 202
        assert stream.reply()["result"]["structuredContent"] == {"price": 5}


def test_streams_hold_up_neither_a_reload_nor_a_stop(tmp_path_factory: pytest.TempPathFactory) -> None:
    environment = {"LEAPTER_MCP_STREAMS": "3"}
    server = Server(tmp_path_factory.mktemp("signals"), workers=1, environment=environment)
    with server, scene_on(server) as scene:
        record, headers = scene.key()
        for number in (signal.SIGHUP, signal.SIGTERM):
            streams = [scene.open(headers) for _ in range(3)]
            for stream in streams:
                stream.endpoint()
            refused = scene.open(headers)
            assert refused.status == 503  # the bound of a worker
            refused.close()  # a server that stops waits two seconds for connections that are still open
            assert server.process is not None
            server.process.send_signal(number)
            for stream in streams:
                stream.wait_for_end()
            eventually(lambda: streams_of(record) == 0)
            if number == signal.SIGHUP:
                reopened = scene.open(headers)
                assert reopened.status == 200
                reopened.close()
                eventually(lambda: streams_of(record) == 0)
        assert server.stop() == 0
        assert "Traceback" not in server.log()
        assert headers["X-API-Key"][12:] not in server.log()


def test_streams_work_across_nodes_and_outlast_the_database(
    postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = {"LEAPTER_DATABASE_URL": postgres.create_database()}
    here, there = nodes = [
        Server(tmp_path_factory.mktemp("node"), workers=1, environment=environment) for _ in range(2)
    ]
    with ExitStack() as stack, ThreadPoolExecutor() as threads:
        for node in nodes:
            stack.callback(node.stop)
        list(threads.map(Server.start, nodes))
        scene = stack.enter_context(scene_on(here))
        record, headers = scene.key()
        stream, other = scene.open(headers), scene.open(headers, port=there.port)
        path, other_path = stream.endpoint(), other.endpoint()
        for number in range(1, 6):
            assert post(there.port, path, headers, call(number))[0] == 202
            assert post(here.port, other_path, headers, call(number))[0] == 202
            assert stream.reply()["id"] == other.reply()["id"] == number

        db.session.remove()
        db.engine.dispose()
        postgres.stop()
        assert post(there.port, path, headers, call(1))[1]["code"] == "database_unavailable"
        postgres.start()
        assert post(there.port, path, headers, call(2))[0] == 202
        assert stream.reply()["id"] == 2

        assert streams_of(record) == 2
        api_keys.revoke_key(scene.ada.actor, record.id)
        for each in (stream, other):
            each.wait_for_end()
        assert list(threads.map(Server.stop, nodes)) == [0, 0]
        assert "streams_failed" not in here.log() + there.log()
