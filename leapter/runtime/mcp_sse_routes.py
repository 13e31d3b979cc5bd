"""The older transport of MCP: a stream for what the server says, and an address to send messages to.

Messages are those of the era of the handshake. A reply finds its stream through the database, so a message
may arrive at any worker of any node.
"""

from email.utils import formatdate
from typing import Any

import flask
from flask import Response, g
from flask.globals import request_ctx

from leapter.runtime.access import Grant
from leapter.runtime.calls import Call
from leapter.runtime.handover import CONNECTION
from leapter.runtime.mcp_messages import INTERNAL_ERROR, PARSE_ERROR, RpcError, error_reply
from leapter.runtime.mcp_routes import ADDRESS, admit, refuse
from leapter.runtime.mcp_tools import Toolbox
from leapter.runtime.origins import preflight_headers
from leapter.runtime.problems import BodyError, to_json
from leapter.runtime.requests import accepts, parse_json, read_body
from leapter.runtime.streams import MAX_REPLY_BYTES, digest_of
from leapter.web.headers import MACHINE_HEADERS

_EVENTS = "text/event-stream"
_STREAM_HEADERS = (
    ("Content-Type", _EVENTS),
    *MACHINE_HEADERS,
    ("X-Accel-Buffering", "no"),  # nginx would keep events back
)

streams = flask.Blueprint("mcp_sse", __name__)
streams.before_request(admit)
streams.register_error_handler(Exception, refuse)


@streams.get(f"{ADDRESS}/sse", provide_automatic_options=False)
def open_stream(appspace: str, project: str) -> Response:
    """Open a stream, which goes on when this request has ended."""
    received = request_ctx.request
    call: Call = g.call
    grant: Grant = g.grant
    if not accepts(received, _EVENTS):
        raise BodyError(
            "not_acceptable", f"The header Accept excludes {_EVENTS}, and a stream is nothing else."
        )
    headers = [*_STREAM_HEADERS, *call.echoed]
    if received.method == "GET":  # HEAD asks for what stands above a stream
        call.runtime.streams.open(
            received.environ.get(CONNECTION),
            _head(headers),
            key_id=grant.key_id,
            project_id=grant.project_id,
            messages=f"/runtime/api/v1/{appspace}/{project}/mcp/messages",
        )
    call.note()
    return Response(status=200, headers=headers)  # for HEAD alone: the connection of a GET was taken


@streams.post(f"{ADDRESS}/messages", provide_automatic_options=False)
def take_message(appspace: str, project: str) -> Response:
    """Take one message for a stream of the same key, and send the reply there."""
    received = request_ctx.request
    call: Call = g.call
    grant: Grant = g.grant
    store = call.runtime.stream_store
    digest = digest_of(received.args.get("sessionId", ""))
    store.check(digest=digest, key_id=grant.key_id, project_id=grant.project_id)
    body = read_body(received)
    toolbox = Toolbox(
        call=call, grant=grant, secret=g.secret, appspace=appspace, project=project, size=len(body)
    )
    message: Any = None
    try:
        message = parse_json(body)
        reply = toolbox.answer(message)
    except BodyError as error:
        toolbox.count(PARSE_ERROR)
        reply = error_reply(RpcError(PARSE_ERROR, error.detail))
    headers = dict([*MACHINE_HEADERS, *call.echoed])
    if toolbox.run_ids:
        headers["X-Run-Id"] = ", ".join(toolbox.run_ids)
    if reply is not None and reply["id"] is None:  # no request of the client would know it for its reply
        return Response(to_json(reply), 400, {**headers, "Content-Type": "application/json"})
    if reply is not None:
        written = to_json(reply)
        if len(written) > MAX_REPLY_BYTES:
            written = to_json(error_reply(_too_large(), message))
        store.add_reply(digest=digest, body=written.decode())
        call.runtime.streams.wake()
    return _empty(202, headers)


@streams.route(f"{ADDRESS}/sse", methods=["OPTIONS"], provide_automatic_options=False)
@streams.route(f"{ADDRESS}/messages", methods=["OPTIONS"], provide_automatic_options=False)
def preflight(appspace: str, project: str) -> Response:
    """Tell a browser what the page of an allowed origin may send."""
    call: Call = g.call
    allowed = "GET, HEAD, OPTIONS" if request_ctx.request.path.endswith("/sse") else "OPTIONS, POST"
    headers = dict([*MACHINE_HEADERS, ("Allow", allowed), *call.echoed])
    if "Access-Control-Allow-Origin" in headers:
        headers.update(preflight_headers())
    return _empty(204, headers)


def _head(headers: list[tuple[str, str]]) -> bytes:
    # Neither a length nor chunks: the stream ends with its connection (RFC 9112, §6.3).
    fields = [("Date", formatdate(usegmt=True)), ("Connection", "close"), *headers]
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode("latin-1")


def _too_large() -> RpcError:
    return RpcError(
        INTERNAL_ERROR,
        f"The reply is larger than {MAX_REPLY_BYTES} bytes, which is the limit of this transport. "
        "The newer one, at …/mcp, has none.",
    )


def _empty(status: int, headers: dict[str, str]) -> Response:
    response = Response(status=status, headers=headers)
    del response.headers["Content-Type"]
    return response
