"""Messages of the Model Context Protocol, whichever way they travel: what each is answered.

Two eras of the protocol are spoken. In that of the handshake, `initialize` agrees on a version for what
follows; in the stateless one, each request says its version itself. Nothing is kept between messages in
either, so a client may begin with any of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from leapter.errors import LeapterError
from leapter.runtime.json_words import noun

HANDSHAKE_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
STATELESS_VERSION = "2026-07-28"
SUPPORTED_VERSIONS = (STATELESS_VERSION, *reversed(HANDSHAKE_VERSIONS))
VERSION_WITH_BATCHES = "2025-03-26"

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022

# A run may take seconds, and those of a batch come one after the other in one thread.
MAX_BATCH_MESSAGES = 20

_META_VERSION = "io.modelcontextprotocol/protocolVersion"
_META_SERVER = "io.modelcontextprotocol/serverInfo"
_NOTHING = object()

Tool = dict[str, Any]
Result = dict[str, Any]


class RpcError(LeapterError):
    """The message is answered by an error of JSON-RPC; `message` is the sentence for the client.

    Args:
        data: what programs may want to know of it, as JSON.
    """

    def __init__(self, code: int, message: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """What messages of one caller are answered from.

    Args:
        is_stateless: whether the message is one of the stateless era.
        instructions: gives the text that tells a model what the server is for.
        list_tools: gives the tools, as they are listed.
        call_tool: calls a tool by its name with arguments; the result has `content`, `isError` and, without
            an error, `structuredContent`.

    Each of the three may raise RpcError; whatever else one raises leaves `answer` as it is.
    """

    is_stateless: bool
    instructions: Callable[[], str]
    list_tools: Callable[[], list[Tool]]
    call_tool: Callable[[str, dict[str, Any]], Result]


def answer(message: Any, session: Session, *, is_batched: bool = False) -> dict[str, Any] | None:
    """Return the reply to one message, None where none is due: to a notification, or to a reply.

    `message` is any value of JSON. Results may hold `orjson.Fragment`. `is_batched` says that it came in a
    batch.
    """
    try:
        if not isinstance(message, dict):
            raise RpcError(INVALID_REQUEST, f"A message is an object; this is {noun(message)}.")
        if message.get("jsonrpc") != "2.0":
            raise RpcError(INVALID_REQUEST, 'A message has the member "jsonrpc": "2.0".')
        if "method" not in message and not session.is_stateless and _is_reply(message):
            return None
        method = message.get("method")
        if not isinstance(method, str):
            raise RpcError(INVALID_REQUEST, "A request has a method, which is a text.")
        if "id" not in message:
            return None
        if request_id(message) is None:
            raise RpcError(INVALID_REQUEST, "The id of a request is a text or a whole number.")
        params = message.get("params")
        if params is None:
            params = {}
        if not isinstance(params, dict):
            raise RpcError(INVALID_PARAMS, f"The params of a request are an object, not {noun(params)}.")
        if is_batched and method == "initialize":
            raise RpcError(INVALID_REQUEST, "initialize stands alone, not in a batch.")
        methods = _STATELESS if session.is_stateless else _HANDSHAKE
        if method not in methods:
            raise RpcError(
                METHOD_NOT_FOUND, f"This server has no method of that name; it has {_those(methods)}."
            )
        result = methods[method](params, session)
    except RpcError as error:
        return error_reply(error, message)
    if session.is_stateless:
        result = {
            "resultType": "complete",
            **result,
            "_meta": {**result.get("_meta", {}), _META_SERVER: server_info()},
        }
    return {"jsonrpc": "2.0", "id": message["id"], "result": result}


def error_reply(error: RpcError, message: Any = None) -> dict[str, Any]:
    """Return the reply that tells of `error`, under the id of `message` if that has one."""
    told: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.data is not None:
        told["data"] = error.data
    return {"jsonrpc": "2.0", "id": request_id(message), "error": told}


def request_id(message: Any) -> str | float | None:
    """Return the id of a message, None where it has none that a request may have.

    JSON-RPC lets it be null or a fraction; the protocol allows neither. 1.0 is a whole number all the same,
    and is what clients send that know but one kind of number.
    """
    given = message.get("id") if isinstance(message, dict) else None
    if isinstance(given, float):
        return given if given.is_integer() else None
    return given if isinstance(given, str | int) and not isinstance(given, bool) else None


def is_request(message: Any) -> bool:
    """Whether `message` is owed a reply, be it an error."""
    return isinstance(message, dict) and "method" in message and "id" in message


def declared_version(message: Any) -> Any:
    """Return the protocol version that a message declares in its `_meta`, None where it declares none."""
    params = message.get("params") if isinstance(message, dict) else None
    meta = params.get("_meta") if isinstance(params, dict) else None
    return meta.get(_META_VERSION) if isinstance(meta, dict) else None


def missing_version() -> RpcError:
    """Return the error of a request of the stateless era that does not declare its version."""
    return RpcError(
        INVALID_PARAMS,
        f"A request of version {STATELESS_VERSION} declares its version in params._meta, as {_META_VERSION}.",
    )


def unsupported_version(requested: str) -> RpcError:
    """Return the error of a message whose version is not spoken here."""
    return RpcError(
        UNSUPPORTED_VERSION,
        f"This protocol version is not supported; these are: {', '.join(SUPPORTED_VERSIONS)}.",
        {"supported": list(SUPPORTED_VERSIONS), "requested": requested},
    )


@lru_cache
def server_info() -> dict[str, str]:
    """Return how the server introduces itself."""
    return {"name": "leapter", "title": "Leapter", "version": version("leapter-self-hosted")}


def _initialize(params: dict[str, Any], session: Session) -> Result:
    requested = params.get("protocolVersion")
    if not isinstance(requested, str):
        raise RpcError(INVALID_PARAMS, "The params of initialize have a protocolVersion, which is a text.")
    return {
        "protocolVersion": requested if requested in HANDSHAKE_VERSIONS else HANDSHAKE_VERSIONS[-1],
        "capabilities": {"tools": {}},
        "serverInfo": server_info(),
        "instructions": session.instructions(),
    }


def _discover(_: dict[str, Any], session: Session) -> Result:
    return {
        "supportedVersions": list(SUPPORTED_VERSIONS),
        "capabilities": {"tools": {}},
        "instructions": session.instructions(),
        **_CACHING,
    }


def _ping(_: dict[str, Any], __: Session) -> Result:
    return {}


def _list_tools(params: dict[str, Any], session: Session) -> Result:
    if params.get("cursor") not in (None, ""):
        # All tools are on one page, so no cursor was ever handed out; some clients begin with an empty one.
        raise RpcError(INVALID_PARAMS, "This cursor is unknown: the list of tools has one page.")
    return {"tools": session.list_tools(), **(_CACHING if session.is_stateless else {})}


def _call_tool(params: dict[str, Any], session: Session) -> Result:
    name = params.get("name")
    if not isinstance(name, str):
        raise RpcError(INVALID_PARAMS, "The params of tools/call have a name, which is a text.")
    arguments = params.get("arguments")
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        raise RpcError(INVALID_PARAMS, f"The arguments of a tool are an object, not {noun(arguments)}.")
    return session.call_tool(name, arguments)


# What a key may call changes from one moment to the next, and is nobody else's business.
_CACHING = {"ttlMs": 0, "cacheScope": "private"}

_BOTH = {"tools/list": _list_tools, "tools/call": _call_tool}
_HANDSHAKE = {"initialize": _initialize, "ping": _ping, **_BOTH}
_STATELESS = {"server/discover": _discover, **_BOTH}


def _is_reply(message: dict[str, Any]) -> bool:
    return "id" in message and ("result" in message or "error" in message)


def _those(methods: dict[str, Any]) -> str:
    *most, last = methods
    return f"{', '.join(most)} and {last}"
