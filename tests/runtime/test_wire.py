"""What stands on the wire between a caller and a real server: broken requests, refused ones, proxies."""

import json
import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from typing import Any

import pytest
from flask import Flask

from leapter import create_app
from leapter.config import MAX_BODY_BYTES
from leapter.db import db
from leapter.runtime.problem_kinds import KINDS
from tests.servers import Server
from tests.world import World


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker behind no proxy, whatever gunicorn's own variable says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORWARDED_ALLOW_IPS", "*")
        with Server(tmp_path_factory.mktemp("wire"), workers=1) as server:
            yield server


@pytest.fixture(scope="module")
def app(server: Server) -> Iterator[Flask]:
    """An application of this process on the server's database."""
    app = create_app(server.settings)
    app.config["WTF_CSRF_ENABLED"] = False
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def run(world: World) -> bytes:
    """The head of a call that runs a Blueprint; what tells of the body is missing from it."""
    ada = world.person()
    project = world.project(ada)
    _, secret = world.key(ada, project)
    path = f"/runtime/api/v1/{ada.appspace_id}/{project.id}/models/parcel-price/runs"
    return f"POST {path} HTTP/1.1\r\nHost: here\r\nX-API-Key: {secret}\r\n".encode()


@pytest.fixture(autouse=True)
def _nothing_unexpected(server: Server) -> Iterator[None]:
    yield
    assert "Traceback" not in server.log()
    assert "unexpected_error" not in server.log()


class Line:
    """A connection to the server, byte by byte."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=10)

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()

    def answer(self) -> tuple[HTTPResponse, dict[str, Any]]:
        """Read one answer, which must be JSON."""
        response = HTTPResponse(self.socket)
        response.begin()
        return response, json.loads(response.read())

    def is_closed(self) -> bool:
        """Whether the server sends no more."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return False


def _ask(server: Server, request: bytes, *, and_no_more: bool = False) -> tuple[HTTPResponse, dict[str, Any]]:
    with Line(server) as line:
        line.socket.sendall(request)
        if and_no_more:
            line.socket.shutdown(socket.SHUT_WR)
        return line.answer()


# ---- bodies ----


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\n{}\r\n0\r\n\r\n",
        b"\r\n{}",
        b"2\r\n{}0\r\n\r\n",
        b"2;=\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\r\n0\r\nHost: there\r\n\r\n",
        b"-2\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_a_body_in_malformed_chunks_is_400_and_the_end_of_the_connection(
    server: Server, run: bytes, body: bytes
) -> None:
    with Line(server) as line:
        line.socket.sendall(run + b"Transfer-Encoding: chunked\r\n\r\n" + body)
        answer, document = line.answer()
        assert (answer.status, document["code"]) == (400, "bad_request")
        assert answer.headers["Connection"] == "close"
        assert line.is_closed()


@pytest.mark.parametrize(
    "rest",
    [
        b'Content-Length: 100\r\n\r\n{"weight_kg":',
        b'Transfer-Encoding: chunked\r\n\r\nff\r\n{"weight_kg":',
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
    ],
)
def test_a_body_that_is_cut_short_is_400(server: Server, run: bytes, rest: bytes) -> None:
    answer, document = _ask(server, run + rest, and_no_more=True)
    assert (answer.status, document["code"]) == (400, "bad_request")


def test_a_body_that_is_compressed_under_its_chunks_is_501_and_not_taken_for_broken_json(
    server: Server, run: bytes
) -> None:
    chunks = b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n\x1f\x8b\r\n0\r\n\r\n"
    answer, document = _ask(server, run + chunks)
    assert (answer.status, document["code"]) == (501, "transfer_coding_unsupported")
    assert "“gzip, chunked”" in document["detail"]


def test_a_caller_that_vanishes_in_the_middle_of_a_body_leaves_no_trace(server: Server, run: bytes) -> None:
    with Line(server) as line:
        line.socket.sendall(run + b"Content-Length: 100\r\n\r\n{")
        # Closing with a time of zero resets the connection.
        line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    # The one worker has four threads: after as many calls it has had to do with the one that vanished.
    for _ in range(8):
        assert _ask(server, run + b"Content-Length: 15\r\n\r\n" + b'{"weight_kg":2}')[0].status == 200


def test_a_form_that_is_cut_short_is_never_taken_for_a_whole_one(server: Server) -> None:
    with Line(server) as line:
        line.socket.sendall(
            b"POST /sign-in HTTP/1.1\r\nHost: here\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: 100\r\n\r\nemail=a"
        )
        line.socket.shutdown(socket.SHUT_WR)
        response = HTTPResponse(line.socket)
        response.begin()
        assert response.status == 400


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 8 * MAX_BODY_BYTES])
def test_after_a_body_that_is_too_large_the_connection_is_closed_and_says_so(
    server: Server, run: bytes, size: int
) -> None:
    with Line(server) as line:
        # A client that reads nothing before it has sent everything still gets the answer.
        line.socket.sendall(run + b"Content-Length: %d\r\n\r\n" % size + b" " * size)
        answer, document = line.answer()
        assert (answer.status, document["code"]) == (413, "body_too_large")
        assert answer.headers["Connection"] == "close"
        line.socket.shutdown(socket.SHUT_WR)
        assert line.is_closed()


def test_a_refused_call_with_a_small_body_leaves_the_connection_usable(server: Server, run: bytes) -> None:
    body = b'{"weight_kg":2}'
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    with Line(server) as line:
        line.socket.sendall(run.replace(b"X-API-Key", b"X-Other") + length + body)
        answer, _ = line.answer()
        assert (answer.status, answer.headers["Connection"]) == (401, "keep-alive")
        line.socket.sendall(run + length + body)
        answer, document = line.answer()
        assert (answer.status, document) == (200, {"outputData": {"price": 5}})


# ---- what never reaches the application ----


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: here\r\n\r\n", 414, "address_too_long"),
        (b"GET / HTTP/1.1\r\nHost: here\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\nHost: here\r\n" + b"X: x\r\n" * 200 + b"\r\n", 431, "headers_too_large"),
        (b"nonsense\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: here\r\nno header\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: here\r\nHost: there\r\n\r\n", 400, "bad_request"),
        (
            b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
            400,
            "bad_request",
        ),
        (
            b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
            400,
            "bad_request",
        ),
        (b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: two\r\n\r\n{}", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: here\r\nExpect: wonders\r\n\r\n", 417, "expectation_failed"),
        (
            b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: morse\r\n\r\n",
            501,
            "transfer_coding_unsupported",
        ),
        (b"GET / HTTP/9.9\r\nHost: here\r\n\r\n", 400, "bad_request"),
        (b"get / HTTP/1.1\r\nHost: here\r\n\r\n", 400, "bad_request"),
    ],
)
def test_what_the_server_cannot_read_is_answered_by_a_problem_document(
    server: Server, request_: bytes, status: int, code: str
) -> None:
    with Line(server) as line:
        line.socket.sendall(request_)
        answer, document = line.answer()
        assert (answer.status, answer.headers.get_content_type()) == (status, "application/problem+json")
        assert answer.headers["Connection"] == "close"
        assert answer.headers["Cache-Control"] == "no-store"
        assert document == {
            "type": f"/problems/{code.replace('_', '-')}",
            "title": KINDS[code].title,
            "status": status,
            "detail": f"{KINDS[code].meaning} {KINDS[code].advice}",
            "code": code,
            "request_id": answer.headers["X-Request-Id"],
        }
        line.socket.shutdown(socket.SHUT_WR)
        assert line.is_closed()


def test_a_key_in_a_request_that_cannot_be_read_reaches_neither_the_answer_nor_the_log(
    server: Server,
) -> None:
    key = "lpt_" + "k" * 36
    for request in (f"GET /{key}", f"GET / HTTP/1.1\r\nX-API-Key {key}", f"GET /{key}\x01 HTTP/1.1"):
        answer, document = _ask(server, request.encode() + b"\r\n\r\n")
        assert answer.status == 400
        assert key not in str(document)
    assert key not in server.log()


@pytest.mark.parametrize("path", ["/runtime", "/api", "/runtime/", "/api/", "/runtime/x", "/api/v1"])
def test_every_address_for_programs_answers_in_json(server: Server, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer, document = _ask(server, f"{method} {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        assert (answer.status, document["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/runtime/x", "/projects", "/healthz", "/no-page"])
@pytest.mark.parametrize(
    "host",
    [
        'evil"<x>',
        "a b",
        "user@here",
        "here/x",
        "here:port",
        "h\xe4r",
        "a" * 300,
        "[::1",
        "[::1::2]",
        "here:1:2",
        "a..b",
        ".a",
    ],
)
def test_a_host_that_is_no_host_name_is_400(server: Server, path: str, host: str) -> None:
    with Line(server) as line:
        line.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode("latin-1"))
        response = HTTPResponse(line.socket)
        response.begin()
        text = response.read().decode()
    assert response.status == 400
    assert host not in text
    if path == "/runtime/x":
        document = json.loads(text)
        assert (document["code"], document["type"]) == ("bad_request", "/problems/bad-request")
        assert "Host" in document["detail"]


@pytest.mark.parametrize("host", ["here", "here.example:8443", "192.0.2.1", "[2001:db8::1]:80", "a-b.c"])
def test_every_host_name_and_address_is_taken(server: Server, host: str) -> None:
    answer, document = _ask(server, f"GET /runtime/x HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert (answer.status, document["type"]) == (
        404,
        f"http://{host.removesuffix(':80')}/problems/not-found",
    )


def test_a_call_without_a_host_or_with_an_unusual_one_is_answered(server: Server) -> None:
    answer, document = _ask(server, b"GET /runtime/x HTTP/1.0\r\n\r\n")
    assert (answer.status, document["type"]) == (404, f"{server.url}/problems/not-found")
    answer, document = _ask(server, b"GET /runtime/x HTTP/1.1\r\nHost:\r\n\r\n")
    assert (answer.status, document["code"]) == (404, "not_found")
    answer, document = _ask(server, b"GET /runtime/x HTTP/1.1\r\nHost: my_box:8000\r\n\r\n")
    assert (answer.status, document["type"]) == (404, "/problems/not-found")


# ---- proxies ----


@pytest.mark.parametrize(
    "headers",
    [
        b"X-Forwarded-Proto: https\r\n",
        b"X-Forwarded-Protocol: ssl\r\n",
        b"X-Forwarded-Ssl: on\r\n",
        b"X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off\r\n",
        b"X-Forwarded-Host: evil.example\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Prefix: /x\r\n",
        b"SCRIPT_NAME: /x\r\n",
        b"SCRIPT_NAME: /runtime\r\n",
        b"PATH_INFO: /healthz\r\n",
    ],
)
def test_nothing_that_a_proxy_says_counts_where_none_is_configured(server: Server, headers: bytes) -> None:
    answer, document = _ask(server, b"GET /runtime/x HTTP/1.1\r\nHost: here\r\n" + headers + b"\r\n")
    assert (answer.status, document["type"]) == (404, "http://here/problems/not-found")


def test_what_a_configured_proxy_says_counts(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("behind-a-proxy")
    with Server(folder, workers=1, environment={"LEAPTER_TRUSTED_PROXIES": "1"}) as server:
        answer, document = _ask(
            server,
            b"GET /runtime/x HTTP/1.1\r\nHost: here\r\nX-Forwarded-Proto: https\r\n"
            b"X-Forwarded-Host: rules.example\r\nSCRIPT_NAME: /x\r\n\r\n",
        )
    assert (answer.status, document["type"]) == (404, "https://rules.example/problems/not-found")
