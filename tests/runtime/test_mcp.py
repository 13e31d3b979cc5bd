"""The Model Context Protocol as its clients write it, byte by byte: what the official one hides."""

import base64
import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from leapter.api_keys import keys
from leapter.api_keys import service as api_keys
from leapter.api_keys.models import ApiKeyUsage
from leapter.blueprints.models import Run
from leapter.config import Settings
from leapter.db import db, transaction
from leapter.projects.models import Project
from leapter.runtime.access import Access, Grant
from tests.runtime.conftest import BLUEPRINTS, Caller, flush
from tests.world import World

STATELESS = "2026-07-28"
HANDSHAKE = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
META = "io.modelcontextprotocol/"
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
PRICE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "parcel_price", "arguments": {"weight_kg": 2}},
}
NOTIFICATION = {"jsonrpc": "2.0", "method": "notifications/initialized"}

# As browsers send it, from a page that may call and from one that may not.
ALLOWED = "https://app.example.com"
FOREIGN = "https://evil.example.com"


@pytest.fixture
def settings(database: dict[str, str], request: pytest.FixtureRequest) -> Settings:
    """One other site may call, unless the test asks for other settings."""
    return Settings.from_env({**database, **getattr(request, "param", {"LEAPTER_MCP_ORIGINS": ALLOWED})})


def send(caller: Caller, message: Any, **headers: str) -> TestResponse:
    """POST a message, or a body as it is."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    given = {"X-API-Key": caller.secret, **{name.replace("_", "-"): value for name, value in headers.items()}}
    content_type = given.pop("Content-Type", "application/json")
    return caller.client.post(f"{caller.base}/mcp", data=body, content_type=content_type, headers=given)


def call(name: str, arguments: Any = None, **more: Any) -> dict[str, Any]:
    return {**PRICE, "params": {"name": name, "arguments": arguments, **more}}


def stateless(method: str, version: Any = STATELESS, **params: Any) -> dict[str, Any]:
    meta = {f"{META}protocolVersion": version, f"{META}clientCapabilities": {}}
    return {"jsonrpc": "2.0", "id": "a", "method": method, "params": {**params, "_meta": meta}}


def told(answer: TestResponse) -> tuple[int, int | None]:
    """The status and, if there is one, the code of the error."""
    assert answer.mimetype == "application/json", answer.text
    document = answer.get_json()
    assert document["jsonrpc"] == "2.0"
    return answer.status_code, document.get("error", {}).get("code")


def failure(answer: TestResponse) -> str:
    """The text of a result that is an error, and holds nothing else."""
    assert told(answer) == (200, None)
    result = answer.get_json()["result"]
    assert set(result) == {"content", "isError"}
    assert result["isError"] is True
    (content,) = result["content"]
    assert content["type"] == "text"
    return str(content["text"])


@pytest.mark.both_databases
def test_a_call_of_a_tool_needs_nothing_but_a_key(caller: Caller) -> None:
    path = f"{caller.base}/mcp"
    body = json.dumps(call("first_character", {"t": "é"}, _meta={"progressToken": 1})).encode()
    for key in ({"X-API-Key": caller.secret}, {"Authorization": f"bearer  {caller.secret}"}):
        answer = caller.client.post(
            path, data=body, headers={**key, "Mcp-Session-Id": "of-old", "X-Correlation-Id": "7"}
        )
        # Text and structure are the very same JSON, and numbers are spelled as ECMAScript does.
        assert answer.data.decode() == (
            '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text",'
            '"text":"{\\"first\\":\\"é\\",\\"big\\":1e+21}"}],'
            '"structuredContent":{"first":"é","big":1e+21},"isError":false}}'
        )
        assert (answer.status_code, answer.mimetype) == (200, "application/json")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Correlation-Id"] == "7"
        assert "Mcp-Session-Id" not in answer.headers
    flush()
    run = db.session.scalars(select(Run).where(Run.id == answer.headers["X-Run-Id"])).one()
    assert (run.via, run.status, run.correlation_id) == ("mcp", 200, "7")
    assert db.session.scalar(select(ApiKeyUsage.use_count)) == 2


def test_a_tool_is_a_blueprint_that_can_run_and_the_main_one_comes_first(
    caller: Caller, world: World
) -> None:
    (first, *others) = send(caller, LIST).get_json()["result"]["tools"]
    assert first == {
        "name": "parcel_price",
        "title": "Parcel Price",
        "description": "What a parcel costs.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "weight_kg": {"type": "number", "description": "Weight (kg)"},
                "zone": {
                    "type": "string",
                    "enum": ["home", "abroad"],
                    "description": "Zone",
                    "default": "home",
                },
            },
            "additionalProperties": False,
            "required": ["weight_kg"],
        },
        "outputSchema": {
            "type": "object",
            "properties": {"price": {"type": ["number", "null"], "description": "Price (EUR)", "default": 0}},
            "additionalProperties": False,
        },
        "annotations": {"readOnlyHint": True, "idempotentHint": True, "openWorldHint": False},
    }
    assert [tool["title"] for tool in others] == sorted(tool["title"] for tool in others)
    assert {tool["name"] for tool in others} == {slug.replace("-", "_") for slug in BLUEPRINTS} - {
        "parcel_price"
    }
    for cursor, code in ((None, None), ("", None), ("page2", -32602), (2, -32602)):
        assert told(send(caller, {**LIST, "params": {"cursor": cursor}})) == (200, code)

    broken = "function broken() -> n: type number = 0 { n = missing; }"
    project = world.project(
        caller.person, "Half", {"broken": broken, "parcel-price": BLUEPRINTS["parcel-price"]}
    )
    _, secret = world.key(caller.person, project)
    base = f"/runtime/api/v1/{caller.person.appspace_id}/{project.id}/mcp"
    headers = {"X-API-Key": secret}
    tools = caller.client.post(base, json=LIST, headers=headers).get_json()["result"]["tools"]
    assert [tool["name"] for tool in tools] == ["parcel_price"]
    text = failure(caller.client.post(base, json=call("broken"), headers=headers))
    assert text.startswith("The Blueprint “broken” has 1 error and cannot run: line 1:")


def test_the_handshake_agrees_on_a_version(caller: Caller) -> None:
    wanted = {
        **{version: version for version in HANDSHAKE},
        STATELESS: "2025-11-25",
        "1999-01-01": "2025-11-25",
    }
    for asked, agreed in wanted.items():
        params = {"protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        answer = send(caller, {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params})
        document = answer.get_json()
        assert (answer.status_code, document["id"]) == (200, 0)
        assert document["result"]["protocolVersion"] == agreed
        assert document["result"]["capabilities"] == {"tools": {}}
        assert document["result"]["serverInfo"]["name"] == "leapter"
        assert "“Shipping”" in document["result"]["instructions"]
    for version in HANDSHAKE:
        ping = send(caller, {"jsonrpc": "2.0", "id": "p", "method": "ping"}, MCP_Protocol_Version=version)
        assert ping.get_json() == {"jsonrpc": "2.0", "id": "p", "result": {}}
        assert told(send(caller, LIST, MCP_Protocol_Version=version)) == (200, None)
    for message in (LIST, NOTIFICATION, PRICE):
        answer = send(caller, message, MCP_Protocol_Version="1999-01-01")
        assert told(answer) == (400, -32022)
        assert answer.get_json()["error"]["data"] == {
            "supported": [STATELESS, *reversed(HANDSHAKE)],
            "requested": "1999-01-01",
        }


def test_what_is_no_message_or_no_call_is_an_error_of_json_rpc(caller: Caller) -> None:
    cases: list[tuple[Any, int, int | None, Any]] = [
        # No messages at all.
        (b"", 400, -32700, None),
        (b'{"jsonrpc": "2.0",\n "id": 1, oops}', 400, -32700, None),
        (b"[" * 2000 + b"]" * 2000, 400, -32700, None),
        (3, 400, -32600, None),
        (None, 400, -32600, None),
        ({}, 400, -32600, None),
        ({**LIST, "jsonrpc": "1.0"}, 400, -32600, 1),
        ({"id": 1, "method": "tools/list"}, 400, -32600, 1),
        ({"jsonrpc": "2.0", "id": 1}, 400, -32600, 1),
        ({**LIST, "method": 5}, 400, -32600, 1),
        # Ids are texts or whole numbers, and come back as they are.
        ({**LIST, "id": None}, 400, -32600, None),
        ({**LIST, "id": 1.5}, 400, -32600, None),
        ({**LIST, "id": True}, 400, -32600, None),
        ({**LIST, "id": [1]}, 400, -32600, None),
        ({**LIST, "id": ""}, 200, None, ""),
        ({**LIST, "id": 1.0}, 200, None, 1.0),
        ({**LIST, "id": -(2**63)}, 200, None, -(2**63)),
        ({**LIST, "id": "ü-\u2028"}, 200, None, "ü-\u2028"),
        # What methods there are, and what they take.
        ({**LIST, "method": "resources/list"}, 200, -32601, 1),
        ({**LIST, "method": "server/discover"}, 200, -32601, 1),
        ({**LIST, "params": []}, 200, -32602, 1),
        ({**LIST, "params": "all"}, 200, -32602, 1),
        ({**LIST, "params": None}, 200, None, 1),
        ({**LIST, "method": "initialize"}, 200, -32602, 1),
        ({**LIST, "method": "initialize", "params": {"protocolVersion": 1}}, 200, -32602, 1),
        ({**LIST, "method": "tools/call"}, 200, -32602, 1),
        (call(7), 200, -32602, 1),
        (call("parcel_price", [2]), 200, -32602, 1),
        (call("parcel_price", "2"), 200, -32602, 1),
        # A tool is a call identifier and nothing else, in the letters it has.
        (call("parcel-price"), 200, -32602, 1),
        (call("Parcel_Price"), 200, -32602, 1),
        (call("\0"), 200, -32602, 1),
        (call("nothing_asked"), 200, None, 1),
    ]
    for message, status, code, identity in cases:
        answer = send(caller, message)
        assert told(answer) == (status, code), message
        assert answer.get_json()["id"] == identity, message
    detail = send(caller, cases[1][0]).get_json()["error"]["message"]
    assert detail.startswith("The body is not JSON: ")
    assert detail.endswith(", at line 2, column 11.")
    unknown = send(caller, call(f"of {caller.secret}")).get_json()["error"]["message"]
    assert unknown == "Unknown tool: there is no “of lpt_…” in this project. tools/list names its tools."


def test_notifications_and_replies_are_taken_without_an_answer(caller: Caller) -> None:
    for message in (
        NOTIFICATION,
        {"jsonrpc": "2.0", "method": "notifications/of-tomorrow", "params": {"a": 1}},
        {key: value for key, value in PRICE.items() if key != "id"},  # nobody would learn the result
        {"jsonrpc": "2.0", "id": 1, "result": {}},
        [NOTIFICATION, NOTIFICATION],
    ):
        answer = send(caller, message, Accept="text/event-stream")
        assert (answer.status_code, answer.data) == (202, b""), message
        assert "Content-Type" not in answer.headers
        assert "X-Run-Id" not in answer.headers
    stateless_notification = send(caller, NOTIFICATION, MCP_Protocol_Version=STATELESS)
    assert (stateless_notification.status_code, stateless_notification.data) == (202, b"")
    reply = send(caller, {"jsonrpc": "2.0", "id": 1, "result": {}}, MCP_Protocol_Version=STATELESS)
    assert told(reply) == (400, -32600)


def test_batches_are_taken_in_the_version_that_has_them_up_to_a_bound(caller: Caller) -> None:
    batch = [
        PRICE,
        NOTIFICATION,
        {**LIST, "id": "l"},
        5,
        {**LIST, "id": 3, "method": "initialize"},
        call("no"),
    ]
    for headers in ({}, {"MCP_Protocol_Version": "2025-03-26"}):
        answer = send(caller, batch, **headers)
        assert answer.status_code == 200
        replies = answer.get_json()
        codes = [(one["id"], one.get("error", {}).get("code")) for one in replies]
        assert codes == [(1, None), ("l", None), (None, -32600), (3, -32600), (1, -32602)]
        assert replies[0]["result"]["structuredContent"] == {"price": 5}
    assert len(send(caller, [PRICE, PRICE]).headers["X-Run-Id"].split(", ")) == 2
    for version in {*HANDSHAKE, STATELESS} - {"2025-03-26"}:
        assert told(send(caller, batch, MCP_Protocol_Version=version)) == (400, -32600), version
    assert send(caller, [LIST] * 20).status_code == 200
    assert told(send(caller, [LIST] * 21)) == (400, -32600)
    assert told(send(caller, [])) == (400, -32600)


def test_in_the_stateless_era_headers_say_what_the_message_says(caller: Caller) -> None:
    named = "=?base64?" + base64.b64encode(b"nothing_asked").decode() + "?="
    cut = "=?base64?bm90aGluZ19hc2tl?="  # nothing_aske
    listed, called = stateless("tools/list"), stateless("tools/call", name="nothing_asked")
    bare = {**listed, "params": {"_meta": {f"{META}clientCapabilities": {}}}}
    cases: list[tuple[Any, tuple[str | None, str | None, str | None], int, int | None]] = [
        (listed, (STATELESS, "tools/list", None), 200, None),
        (called, (STATELESS, "tools/call", "nothing_asked"), 200, None),
        (called, (STATELESS, "tools/call", named), 200, None),
        # What differs, or is not there.
        (listed, (None, "tools/list", None), 400, -32020),
        (listed, ("2025-11-25", "tools/list", None), 400, -32020),
        (stateless("tools/list", "2025-11-25"), (STATELESS, "tools/list", None), 400, -32020),
        (listed, (STATELESS, None, None), 400, -32020),
        (listed, (STATELESS, "tools/call", None), 400, -32020),
        (listed, (STATELESS, "Tools/List", None), 400, -32020),
        (called, (STATELESS, "tools/call", None), 400, -32020),
        (called, (STATELESS, "tools/call", "parcel_price"), 400, -32020),
        (called, (STATELESS, "tools/call", cut), 400, -32020),
        (called, (STATELESS, "tools/call", "=?base64?%?="), 400, -32020),
        (called, (STATELESS, "tools/call", "=?base64?/w==?="), 400, -32020),
        (called, (STATELESS, "tools/call", "=?base64?é?="), 400, -32020),
        (called, (f"{STATELESS}, {STATELESS}", "tools/call", "nothing_asked"), 400, -32020),
        (bare, (STATELESS, "tools/list", None), 400, -32602),
        (LIST, (STATELESS, "tools/list", None), 400, -32602),
        (stateless("tools/list", 5), ("5", "tools/list", None), 400, -32020),
        (stateless("tools/list", "2027-01-01"), ("2027-01-01", "tools/list", None), 400, -32022),
        (stateless("tools/list", "2027-01-01"), (STATELESS, "tools/list", None), 400, -32020),
        # What the era has no more, and what was never there.
        (stateless("initialize"), (STATELESS, "initialize", None), 404, -32601),
        (stateless("ping"), (STATELESS, "ping", None), 404, -32601),
        (stateless("prompts/get", name="x"), (STATELESS, "prompts/get", None), 404, -32601),
        (stateless("tools/call", name="no"), (STATELESS, "tools/call", "no"), 400, -32602),
        (stateless("tools/call"), (STATELESS, "tools/call", None), 400, -32602),
        # The other era may say its version in the message too.
        (stateless("tools/list", "2025-11-25"), ("2025-11-25", None, None), 200, None),
        (stateless("tools/list", "2025-11-25"), (None, None, None), 200, None),
    ]
    for message, (version, method, name), status, code in cases:
        given = {"MCP_Protocol_Version": version, "Mcp_Method": method, "Mcp_Name": name}
        headers = {header: value for header, value in given.items() if value is not None}
        answer = send(caller, message, **headers)
        assert told(answer) == (status, code), (message, headers, answer.text)
        assert answer.get_json()["id"] == message["id"]
        if code == -32022:
            data = answer.get_json()["error"]["data"]
            assert data["requested"] == "2027-01-01"
            assert STATELESS in data["supported"]


def test_results_of_the_stateless_era_say_what_they_are_and_how_long_they_hold(caller: Caller) -> None:
    def result(method: str, **params: Any) -> dict[str, Any]:
        headers = {
            "MCP_Protocol_Version": STATELESS,
            "Mcp_Method": method,
            "Mcp_Name": params.get("name", "-"),
        }
        answer = send(caller, stateless(method, **params), **headers)
        assert told(answer) == (200, None)
        found: dict[str, Any] = answer.get_json()["result"]
        assert found["resultType"] == "complete"
        assert found["_meta"][f"{META}serverInfo"]["name"] == "leapter"
        return found

    discovered = result("server/discover")
    assert STATELESS in discovered["supportedVersions"]
    assert discovered["capabilities"] == {"tools": {}}
    assert "“Shipping”" in discovered["instructions"]
    listed = result("tools/list")
    assert len(listed["tools"]) == len(BLUEPRINTS)
    for cached in (discovered, listed):
        # What a key may call changes at any moment, and is not for others.
        assert (cached["ttlMs"], cached["cacheScope"]) == (0, "private")
    called = result("tools/call", name="parcel_price", arguments={"weight_kg": 2})
    assert (called["structuredContent"], called["isError"]) == ({"price": 5}, False)
    assert "ttlMs" not in called
    assert result("tools/call", name="parcel_price")["isError"] is True


def test_what_keeps_a_call_from_a_result_is_told_to_the_model(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = failure(send(caller, call("parcel_price", {"zone": "mars", "colour": "red"})))
    assert wrong.startswith("Inputs do not fit: ")
    for path in ("`weight_kg`", "`zone`", "`colour`"):
        assert wrong.count(path) == 1
    many = failure(send(caller, call("parcel_price", {f"x{number}": 1 for number in range(30)})))
    lines = many.splitlines()
    assert "and 21 more" in lines[0]
    assert len(lines) == 1 + 31
    assert "- `x29` is not an input of this Blueprint" in lines
    assert (
        failure(send(caller, call("refusal", {"weight_kg": 31.5}))) == "Parcels over 31.5 kg go by freight."
    )
    assert "statements" in failure(send(caller, call("endless")))
    assert "empty list" in failure(send(caller, call("operation", {"list_given": []})))
    flush()
    failed = db.session.execute(select(Run.via, Run.error_code).where(Run.status == 422)).all()
    assert {via for via, _ in failed} == {"mcp"}
    assert {code for _, code in failed} == {
        "invalid_input",
        "blueprint_error",
        "limit_exceeded",
        "operation_failed",
    }

    def fail(*args: object, **options: object) -> None:
        raise MemoryError("secret-of-the-inside")

    with monkeypatch.context() as patch, capture_logs() as log:
        patch.setattr("leapter.veritas.Program.run", fail)
        answer = send(caller, PRICE)
    text = failure(answer)
    assert "inside" not in text
    (line,) = [line for line in log if line["event"] == "unexpected_error"]
    assert line["request_id"] in text
    assert line["run_id"] == answer.headers["X-Run-Id"]

    with monkeypatch.context() as patch, capture_logs() as log:
        patch.setattr("leapter.runtime.stored.runnable", fail)
        answer = send(caller, LIST)
    assert told(answer) == (200, -32603)
    assert "inside" not in answer.text
    (line,) = [line for line in log if line["event"] == "unexpected_error"]
    assert answer.get_json()["error"]["data"] == {"code": "internal_error", "request_id": line["request_id"]}


def test_inputs_that_were_ignored_are_named_beside_the_result(caller: Caller) -> None:
    with transaction() as session:
        session.execute(update(Project).values(ignores_unknown_inputs=True))
    result = send(caller, call("parcel_price", {"weight_kg": 2, "colour": "red"})).get_json()["result"]
    assert result["structuredContent"] == {"price": 5}
    (warning,) = result["_meta"]["leapter/warnings"]
    assert "colour" in warning


@pytest.mark.parametrize(
    "settings", [{"LEAPTER_KEY_RATE_LIMIT": "2/60", "LEAPTER_METRICS": "1"}], indirect=True
)
def test_calls_of_tools_count_as_runs_against_the_limit_of_the_key(caller: Caller) -> None:
    assert caller.run().headers["RateLimit"].startswith('"key";r=1;')
    assert send(caller, LIST).headers.get("RateLimit") is None
    (left,) = send(caller, PRICE).headers.getlist("RateLimit")
    assert left.startswith('"key";r=0;')
    refused = send(caller, PRICE)
    assert refused.headers.getlist("RateLimit")[0].startswith('"key";r=0;')
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    text = failure(refused)
    assert text.startswith("This API key may run Blueprints 2 times in 60 seconds. Try again in ")
    assert len(send(caller, [PRICE, call("refusal", {"weight_kg": 1})]).get_json()) == 2
    send(caller, call("no"))
    send(caller, b"{")
    figures = caller.client.get("/metrics").text
    for code, count in (("rate_limited", 3), ("bad_request", 1), ("invalid_json", 1)):
        assert f'leapter_problems_total{{code="{code}"}} {count}.0' in figures


def test_accept_and_content_type_are_heeded(caller: Caller) -> None:
    for accept in ("*/*", "application/json", "application/*", "text/event-stream, application/json", ""):
        assert told(send(caller, LIST, Accept=accept)) == (200, None), accept
    for accept in ("*", "json", "application/json; charset=utf-8, text/event-stream; q=1."):
        assert told(send(caller, LIST, Accept=accept)) == (200, None), accept
    page = {"X-API-Key": caller.secret, "Accept": "text/html"}
    assert caller.client.get(f"{caller.base}/mcp/sse", headers=page).status_code == 406
    events = send(caller, PRICE, Accept="text/event-stream; charset=utf-8")
    assert (events.status_code, events.content_type) == (200, "text/event-stream")
    start, end = b"event: message\ndata: ", b"\n\n"
    assert events.data.startswith(start)
    assert events.data.endswith(end)
    assert json.loads(events.data[len(start) : -len(end)])["result"]["structuredContent"] == {"price": 5}
    assert events.data.count(b"\n") == 3
    assert told(send(caller, b"{", Accept="text/event-stream")) == (400, -32700)

    def refused(message: Any, **headers: str) -> tuple[int, str]:
        answer = send(caller, message, **headers)
        return answer.status_code, answer.get_json()["code"]

    assert refused(LIST, Accept="text/html") == (406, "not_acceptable")
    assert refused(LIST, Accept="application/json;q=0") == (406, "not_acceptable")
    assert refused(LIST, Content_Type="text/plain") == (415, "unsupported_media_type")
    assert refused(LIST, Content_Encoding="gzip") == (415, "unsupported_content_encoding")
    assert told(send(caller, LIST, Content_Type="application/json; charset=utf-8")) == (200, None)
    padded = json.dumps(LIST).encode().ljust(1024 * 1024)
    assert told(send(caller, padded)) == (200, None)
    assert refused(padded + b" ") == (413, "body_too_large")


def test_other_methods_are_405_and_name_those_there_are(caller: Caller) -> None:
    for method in ("GET", "DELETE", "PUT", "HEAD"):
        answer = caller.client.open(
            f"{caller.base}/mcp", method=method, headers={"X-API-Key": caller.secret, "Origin": ALLOWED}
        )
        assert answer.status_code == 405, method
        assert {allowed.strip() for allowed in answer.headers["Allow"].split(",")} == {"POST", "OPTIONS"}
        assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED
    older = caller.client.post(f"{caller.base}/mcp/sse", headers={"Origin": ALLOWED})
    assert (older.status_code, older.headers["Access-Control-Allow-Origin"]) == (405, ALLOWED)
    foreign = caller.client.get(f"{caller.base}/mcp", headers={"Origin": FOREIGN})
    assert foreign.status_code == 405
    assert "Access-Control-Allow-Origin" not in foreign.headers


def test_a_key_that_is_refused_is_refused_as_for_runs_in_words_that_clients_show(
    caller: Caller, world: World
) -> None:
    other = world.project(caller.person, "Lending")
    _, elsewhere = world.key(caller.person, other)
    revoked, gone = world.key(caller.person, other)
    api_keys.revoke_key(caller.person.actor, revoked.id)
    unknown = keys.mint()
    cases = [
        ({}, 401, "missing_api_key"),
        ({"Authorization": f"Basic {caller.secret}"}, 401, "missing_api_key"),
        ({"X-API-Key": caller.secret[:-1]}, 401, "malformed_api_key"),
        ({"Authorization": f"Bearer {caller.secret[:-1]}"}, 401, "malformed_api_key"),
        ({"Authorization": caller.secret}, 401, "malformed_api_key"),
        ({"X-API-Key": "no key", "Authorization": f"Bearer {caller.secret}"}, 401, "malformed_api_key"),
        ({"X-API-Key": unknown}, 401, "unknown_api_key"),
        ({"Authorization": f"Bearer {gone}"}, 401, "revoked_api_key"),
        ({"X-API-Key": elsewhere}, 403, "project_not_permitted"),
    ]
    for headers, status, code in cases:
        plain = caller.client.post(f"{caller.base}/mcp", json=PRICE, headers=headers)
        assert (plain.status_code, plain.mimetype) == (status, "application/problem+json"), code
        problem = plain.get_json()
        assert problem["code"] == code
        assert ("WWW-Authenticate" in plain.headers) == (status == 401)
        assert ("Authorization" in problem["detail"]) == (
            code == "malformed_api_key" and "X-API-Key" not in headers
        )
        # A client that takes no problem documents finds the same where it looks for errors.
        accept = {"Accept": "application/json, text/event-stream"}
        shown = caller.client.post(f"{caller.base}/mcp", json=PRICE, headers={**headers, **accept})
        assert told(shown) == (status, -32000)
        assert shown.get_json()["error"] == {
            "code": -32000,
            "message": problem["detail"],
            "data": {"code": code},
        }
        assert {**shown.get_json(), "request_id": ""}.items() >= {**problem, "request_id": ""}.items()
    alone = caller.client.get(f"{caller.base}/mcp/sse", headers={"Authorization": caller.secret})
    assert "write “Bearer ” before it" in alone.get_json()["detail"]
    in_url = caller.client.post(
        f"{caller.base}/mcp?api_key={caller.secret}", json=PRICE, headers={"X-API-Key": caller.secret}
    )
    assert (in_url.status_code, in_url.get_json()["code"]) == (401, "api_key_in_url")
    flush()
    # A key that came in an address is not taken for used.
    uses = select(ApiKeyUsage.use_count).where(ApiKeyUsage.key_id == caller.record.id)
    assert db.session.scalar(uses) == 0


def test_clients_that_look_for_oauth_find_json_and_what_is_wrong_instead(csrf_app: Flask) -> None:
    client = csrf_app.test_client()
    for name in ("oauth-protected-resource", "oauth-authorization-server", "openid-configuration"):
        for path in (f"/.well-known/{name}", f"/.well-known/{name}/runtime/api/v1/a/p/mcp"):
            answer = client.get(path)
            assert (answer.status_code, answer.mimetype) == (404, "application/problem+json"), path
    form = {"grant_type": "authorization_code"}
    for answer in (
        client.post("/register", json={"redirect_uris": ["http://localhost:3334/oauth/callback"]}),
        client.post("/token", data=form),
        client.get("/authorize?response_type=code"),
    ):
        assert (answer.status_code, answer.mimetype) == (404, "application/json")
        assert set(answer.get_json()) == {"error", "error_description"}
        assert "has no OAuth. The API key sent in X-API-Key" in answer.get_json()["error_description"]
    assert client.put("/register").mimetype == "application/problem+json"


def test_a_key_that_is_revoked_during_a_call_no_longer_calls_a_tool(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide = Access.authorize

    def revoke_then(self: Access, *args: Any, **options: Any) -> Grant:
        grant = decide(self, *args, **options)
        with caller.client.application.app_context():
            api_keys.revoke_key(caller.person.actor, caller.record.id)
        return grant

    monkeypatch.setattr(Access, "authorize", revoke_then)
    answer = send(caller, [LIST, PRICE])
    assert (answer.status_code, answer.get_json()["code"]) == (401, "revoked_api_key")


def test_pages_of_other_sites_call_only_from_allowed_origins(caller: Caller) -> None:
    own = "http://localhost"
    for origin in (own, "http://LOCALHOST:80", ALLOWED, f"{ALLOWED}:443"):
        answer = send(caller, LIST, Origin=origin)
        assert told(answer) == (200, None), origin
        is_own = "app" not in origin
        assert answer.headers.get("Access-Control-Allow-Origin") == (None if is_own else origin)
        assert ("X-Run-Id" in answer.headers.get("Access-Control-Expose-Headers", "")) != is_own
        assert answer.headers["Vary"] == "Origin"
    # A page that may call can read why it was refused.
    refused = send(caller, LIST, Origin=ALLOWED, X_API_Key="no")
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, ALLOWED)

    path = f"{caller.base}/mcp"
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
    preflight = caller.client.options(path, headers={"Origin": ALLOWED, **asked})
    assert (preflight.status_code, preflight.data) == (204, b"")
    assert preflight.headers["Access-Control-Allow-Origin"] == ALLOWED
    assert preflight.headers["Vary"] == "Origin"
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    sent = preflight.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {
        "x-api-key",
        "authorization",
        "content-type",
        "mcp-protocol-version",
        "mcp-method",
        "mcp-name",
    } <= {*sent}
    assert "Access-Control-Allow-Credentials" not in preflight.headers
    plain = caller.client.options(path)
    assert (plain.status_code, plain.headers["Allow"]) == (204, "OPTIONS, POST")
    assert not [name for name, _ in plain.headers if name.startswith("Access-Control")]

    for origin in (
        FOREIGN,
        "null",
        "",
        "http://localhost:8000",
        "https://localhost",
        f"{ALLOWED}, {ALLOWED}",
        "*",
    ):
        for answer in (
            send(caller, PRICE, Origin=origin),
            caller.client.options(path, headers={"Origin": origin, **asked}),
        ):
            assert (answer.status_code, answer.get_json()["code"]) == (403, "origin_not_allowed"), origin
            assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("settings", [{"LEAPTER_BASE_URL": "https://rules.example.com:443"}], indirect=True)
def test_the_own_origin_is_that_of_the_public_address(caller: Caller) -> None:
    assert told(send(caller, LIST, Origin="https://rules.example.com")) == (200, None)
    assert send(caller, LIST, Origin="http://localhost").status_code == 403
