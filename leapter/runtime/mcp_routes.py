"""The Model Context Protocol over Streamable HTTP: one address a project, no sessions, answers in JSON.

How errors are told:

- What concerns the call as HTTP (key, origin, media types, size) is a problem document, as for runs. Clients
  of this protocol show only what they find in `application/json` under `error`, so it has that form for them.
- 400 in both eras: what is no message (-32700, -32600), and what is wrong with versions and headers (-32020,
  -32022). In the stateless era a status also tells of unknown methods (404) and of params (400); in that of
  the handshake these are 200, as any reply.
- What stands in the way of a tool's result is a result with `isError`.
"""

import base64
import contextlib
import re
from typing import Any

import flask
from flask import Response, g
from flask.globals import request_ctx

from leapter.runtime import mcp_messages
from leapter.runtime.access import MalformedApiKeyError
from leapter.runtime.calls import Call, begin
from leapter.runtime.mcp_messages import (
    HANDSHAKE_VERSIONS,
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    MAX_BATCH_MESSAGES,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    STATELESS_VERSION,
    UNSUPPORTED_VERSION,
    VERSION_WITH_BATCHES,
    RpcError,
)
from leapter.runtime.mcp_tools import Toolbox
from leapter.runtime.origins import check_origin, preflight_headers
from leapter.runtime.problems import (
    PROBLEM_TYPE,
    BodyError,
    MalformedBearerError,
    OriginNotAllowedError,
    answer,
    problem_of,
    to_json,
)
from leapter.runtime.requests import accepts, parse_json, read_bearer, read_body, read_secret
from leapter.web.headers import MACHINE_HEADERS

ADDRESS = "/runtime/api/v1/<appspace>/<project>/mcp"

_JSON = "application/json"
_EVENTS = "text/event-stream"
_STATUS = {PARSE_ERROR: 400, INVALID_REQUEST: 400, HEADER_MISMATCH: 400, UNSUPPORTED_VERSION: 400}
_STATELESS_STATUS = {**_STATUS, INVALID_PARAMS: 400, METHOD_NOT_FOUND: 404}
_HTTP_PROBLEM = -32000  # the first code that JSON-RPC leaves to servers

mcp = flask.Blueprint("mcp", __name__)


@mcp.before_request
def admit() -> None:
    """Let the call pass if its origin is allowed and its key may call the project; put the grant on `g`.

    A preflight carries no key, since browsers send it of their own accord.
    """
    received = request_ctx.request
    call = begin(received, "mcp" if received.blueprint == mcp.name else "sse")
    call.echoed.extend(check_origin(received))
    if received.method == "OPTIONS":
        return
    address = received.view_args or {}
    # A key in the address is refused even where the header has one as well.
    g.secret = read_secret(received)
    is_bearer = not g.secret
    if is_bearer:
        g.secret = read_bearer(received)
    try:
        grant = call.runtime.access.authorize(
            g.secret, appspace=address["appspace"], project=address["project"]
        )
    except MalformedApiKeyError as error:
        if is_bearer:
            raise MalformedBearerError(error.prefix, error.fault, error.length) from None
        raise
    call.comes_with(grant.key_id)
    g.grant = grant


@mcp.errorhandler(Exception)
def refuse(error: Exception) -> Response:
    """Answer an error as a problem document, in a form that clients of the protocol read as well."""
    if accepts(request_ctx.request, PROBLEM_TYPE):
        return answer(error)
    problem = problem_of(error)
    told = {"code": _HTTP_PROBLEM, "message": problem.detail, "data": {"code": problem.code}}
    return answer(error, members={"jsonrpc": "2.0", "id": None, "error": told}, mimetype=_JSON)


@mcp.after_app_request
def tell_origins_of_other_methods(response: Response) -> Response:
    """Let pages that may call read that an address of the protocol does not take their method."""
    received = request_ctx.request
    if response.status_code == 405 and received.path.endswith(("/mcp", "/mcp/sse", "/mcp/messages")):
        with contextlib.suppress(OriginNotAllowedError):
            response.headers.extend(check_origin(received))
    return response


@mcp.route(ADDRESS, methods=["OPTIONS"], provide_automatic_options=False)
def preflight(appspace: str, project: str) -> Response:
    """Tell a browser what the page of an allowed origin may send."""
    call: Call = g.call
    headers = [*MACHINE_HEADERS, ("Allow", "OPTIONS, POST"), *call.echoed]
    if any(name == "Access-Control-Allow-Origin" for name, _ in call.echoed):
        headers += preflight_headers()
    return _empty(204, headers)


@mcp.post(ADDRESS, provide_automatic_options=False)
def take_message(appspace: str, project: str) -> Response:
    """Answer one message, or several at once in the version that has batches."""
    received = request_ctx.request
    call: Call = g.call
    is_json = accepts(received, _JSON)
    if not is_json and not accepts(received, _EVENTS):
        raise BodyError(
            "not_acceptable",
            f"The header Accept excludes both {_JSON} and {_EVENTS}, and MCP is answered in these only.",
        )
    body = read_body(received)
    toolbox = Toolbox(
        call=call, grant=g.grant, secret=g.secret, appspace=appspace, project=project, size=len(body)
    )
    environ = received.environ
    message: Any = None
    reply: bytes | None
    try:
        message = _parse(body)
        is_stateless = _is_stateless(message, environ)
        if isinstance(message, list):
            reply, status = _answer_batch(message, environ, toolbox), 200
        else:
            one = toolbox.answer(message, is_stateless=is_stateless)
            reply = None if one is None else to_json(one)
            status = _status(one, is_stateless=is_stateless)
    except RpcError as error:
        toolbox.count(error.code)
        one = mcp_messages.error_reply(error, message)
        reply, status = to_json(one), _status(one, is_stateless=True)
    # The latest of several values counts: each run of a batch tells anew what its key has left.
    headers = dict([*MACHINE_HEADERS, *call.echoed])
    if toolbox.run_ids:
        headers["X-Run-Id"] = ", ".join(toolbox.run_ids)
    if reply is None:
        return _empty(202, list(headers.items()))
    if status == 200 and not is_json:
        headers["Content-Type"] = _EVENTS
        reply = b"event: message\ndata: " + reply + b"\n\n"
    else:
        headers["Content-Type"] = _JSON
    return Response(reply, status, headers)


def _parse(body: bytes) -> Any:
    try:
        return parse_json(body)
    except BodyError as error:
        raise RpcError(PARSE_ERROR, error.detail) from None


def _answer_batch(messages: list[Any], environ: dict[str, Any], toolbox: Toolbox) -> bytes | None:
    # A client that sends no version is taken to speak the last one that did not ask for the header.
    if environ.get("HTTP_MCP_PROTOCOL_VERSION", VERSION_WITH_BATCHES) != VERSION_WITH_BATCHES:
        raise RpcError(
            INVALID_REQUEST, f"Only version {VERSION_WITH_BATCHES} has batches; send one message at a time."
        )
    if not 1 <= len(messages) <= MAX_BATCH_MESSAGES:
        raise RpcError(
            INVALID_REQUEST, f"A batch has 1 to {MAX_BATCH_MESSAGES} messages; this one has {len(messages)}."
        )
    replies = [toolbox.answer(message, is_batched=True) for message in messages]
    # One by one, since only some may hold what takes the slow way to JSON.
    told = [to_json(reply) for reply in replies if reply is not None]
    return b"[" + b",".join(told) + b"]" if told else None


def _status(reply: dict[str, Any] | None, *, is_stateless: bool) -> int:
    if reply is None or "error" not in reply:
        return 200
    return (_STATELESS_STATUS if is_stateless else _STATUS).get(reply["error"]["code"], 200)


def _is_stateless(message: Any, environ: dict[str, Any]) -> bool:
    """Whether a message is of the stateless era; its headers say what it says itself.

    Raises:
        RpcError: they do not, or the version is none that is spoken here.
    """
    header: str | None = environ.get("HTTP_MCP_PROTOCOL_VERSION")
    declared = mcp_messages.declared_version(message)
    if declared is None:
        if header is None or header in HANDSHAKE_VERSIONS:
            return False
        if header != STATELESS_VERSION:
            raise mcp_messages.unsupported_version(header)
        if mcp_messages.is_request(message):
            raise mcp_messages.missing_version()
        return True
    if declared in HANDSHAKE_VERSIONS and header in (None, declared):
        return False
    if header != declared:
        raise _mismatch("MCP-Protocol-Version", "the protocol version in params._meta")
    if declared != STATELESS_VERSION:
        raise mcp_messages.unsupported_version(declared)
    if mcp_messages.is_request(message):
        _check_headers(message, environ)
    return True


def _check_headers(message: dict[str, Any], environ: dict[str, Any]) -> None:
    if environ.get("HTTP_MCP_METHOD") != message["method"]:
        raise _mismatch("Mcp-Method", "the method of the message")
    if message["method"] == "tools/call":
        name = message["params"].get("name")
        if isinstance(name, str) and _decoded(environ.get("HTTP_MCP_NAME")) != name:
            raise _mismatch("Mcp-Name", "the name of the tool in params")


def _mismatch(header: str, what: str) -> RpcError:
    return RpcError(HEADER_MISMATCH, f"The header {header} is missing or differs from {what}.")


def _decoded(header: str | None) -> str | None:
    """The text that a header means: itself, or what `=?base64?…?=` holds; None if that holds none."""
    match = re.fullmatch(r"=\?base64\?(.*)\?=", header or "")
    if match is None:
        return header
    try:
        return base64.b64decode(match[1], validate=True).decode()
    except ValueError:
        return None


def _empty(status: int, headers: list[tuple[str, str]]) -> Response:
    response = Response(status=status, headers=headers)
    del response.headers["Content-Type"]
    return response
