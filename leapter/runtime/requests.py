"""Reads what callers send: the key, the body, who they are."""

import re
from functools import lru_cache
from typing import Any

import orjson
from flask import Request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header, parse_options_header

from leapter.config import MAX_BODY_BYTES
from leapter.runtime.access import ApiKeyInUrlError
from leapter.runtime.addresses import holds_key, prefix_of_key
from leapter.runtime.notes import Client
from leapter.runtime.problems import BodyError, ContentEncodingError, QueryError

MAX_HEADER_CHARACTERS = 200
MAX_ADDRESS_CHARACTERS = 45  # an IPv6 address with an IPv4 one in it

_BOM = b"\xef\xbb\xbf"

# What orjson refuses in bodies that can be JSON all the same, in its words and in ours.
_BEYOND_LIMITS = {
    "depth limit exceeded": "The body is nested too deeply: more than 1024 lists or objects are inside each "
    "other",
    "number is infinity when parsed as double": "The body holds a number that is too large; the largest that "
    "can be read is about 1.8e308",
}


def read_secret(request: Request) -> str:
    """Return the key that the call carries in X-API-Key, "" if it carries none.

    Raises:
        ApiKeyInUrlError: the address holds a key, whatever the header says.
    """
    if holds_key(request.environ):
        raise ApiKeyInUrlError(prefix_of_key(request.environ))
    secret: str = request.environ.get("HTTP_X_API_KEY", "")
    return secret.strip()


def read_bearer(request: Request) -> str:
    """Return what the header Authorization carries after `Bearer`, "" if it carries no such thing."""
    scheme, _, token = request.environ.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def read_client(request: Request) -> Client:
    """Return who sent the request. The address counts proxies only as far as they are configured."""
    environ = request.environ
    return _client(environ.get("REMOTE_ADDR") or "", environ.get("HTTP_USER_AGENT") or "")


@lru_cache(maxsize=1024)
def _client(address: str, agent: str) -> Client:
    return Client(address=_plain(address)[:MAX_ADDRESS_CHARACTERS], agent=_plain(agent))


def read_correlation_id(request: Request) -> str | None:
    """Return X-Correlation-Id without control characters, cut at 200; None where it is missing or empty."""
    text = request.environ.get("HTTP_X_CORRELATION_ID")
    return _plain(text).strip() or None if text else None


def _plain(text: str) -> str:
    # A WSGI server hands headers over as Latin-1, whatever the client meant; half of a character is dropped.
    if not text.isascii():
        text = text.encode("latin-1", "replace").decode("utf-8", "replace")
    return "".join(filter(str.isprintable, text[: 2 * MAX_HEADER_CHARACTERS]))[:MAX_HEADER_CHARACTERS]


def read_trace(request: Request) -> bool:
    """Return whether the address asks for a trace: `?trace=true`, or `1`; `false` and `0` do not.

    Raises:
        QueryError: it says anything else, or several things.
    """
    if not request.environ.get("QUERY_STRING"):
        return False
    said = {value.strip().lower() for value in request.args.getlist("trace")}
    if said <= {"false", "0"}:
        return False
    if said <= {"true", "1"}:
        return True
    raise QueryError("The parameter trace is true or false: ?trace=true answers with the trace of the run.")


def check_accepts_json(request: Request) -> None:
    """Check that the caller takes JSON.

    Raises:
        BodyError: the header Accept excludes it.
    """
    if not accepts(request, "application/json"):
        raise BodyError(
            "not_acceptable", "The header Accept excludes JSON, and this API answers in JSON only."
        )


def accepts(request: Request, mimetype: str) -> bool:
    """Whether the caller takes `mimetype`; without the header Accept, anything is taken."""
    accept = request.environ.get("HTTP_ACCEPT")
    return not accept or _accepts(accept, mimetype)


@lru_cache(maxsize=256)
def _accepts(accept: str, mimetype: str) -> bool:
    return parse_accept_header(accept, MIMEAccept).quality(mimetype) > 0


@lru_cache(maxsize=256)
def _is_json(content_type: str) -> bool:
    mimetype = parse_options_header(content_type)[0].lower()
    return mimetype == "application/json" or (
        mimetype.startswith("application/") and mimetype.endswith("+json")
    )


def read_inputs(request: Request) -> tuple[dict[str, Any], int]:
    """Return the body's members and its size in bytes. An empty body is an object without members.

    A member that is given twice counts as it was given last, as in ECMAScript.

    Raises:
        BodyError: it is declared as something else, is larger than 1 MiB, is not JSON, or is no object.
        ContentEncodingError: it is compressed.
    """
    body = read_body(request)
    if not body or body.isspace():
        return {}, 0
    inputs = parse_json(body)
    if not isinstance(inputs, dict):
        raise BodyError(
            "body_not_object",
            f"The body is {_noun(inputs)} where an object is needed: send the inputs as its members, "
            'such as {"name": value}.',
        )
    return inputs, len(body)


def read_body(request: Request) -> bytes:
    """Return the body, which is declared as JSON or not at all.

    Raises:
        BodyError: it is declared as something else, or is larger than 1 MiB.
        ContentEncodingError: it is compressed.
    """
    environ = request.environ
    encoding = environ.get("HTTP_CONTENT_ENCODING")
    if encoding and encoding.strip().lower() not in ("", "identity"):
        raise ContentEncodingError(_plain(encoding))
    content_type = environ.get("CONTENT_TYPE")
    if content_type and not _is_json(content_type):
        raise BodyError(
            "unsupported_media_type",
            f"The body is declared as “{_plain(content_type)}”; send it as JSON, with the header "
            "Content-Type: application/json.",
        )
    return _read_stream(environ)


def _read_stream(environ: dict[str, Any]) -> bytes:
    declared = environ.get("CONTENT_LENGTH")
    stream = environ["wsgi.input"]
    if declared:
        if not re.fullmatch("[0-9]+", declared):
            raise BodyError("bad_request", "The header Content-Length is not a number.")
        length = int(declared)
        if length > MAX_BODY_BYTES:
            raise _too_large()
        body: bytes = stream.read(length)
        if len(body) < length:
            raise BodyError("bad_request", "The body ended before it was complete.")
        return body
    if not environ.get("wsgi.input_terminated"):
        return b""  # without a length the stream of such a server has no end
    body = stream.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise _too_large()
    return body


def _too_large() -> BodyError:
    return BodyError("body_too_large", f"The body is larger than {MAX_BODY_BYTES} bytes, which is the limit.")


def parse_json(body: bytes) -> Any:
    """Parse UTF-8 JSON.

    Raises:
        BodyError: it is not JSON, is nested too deeply, or holds a number past double precision; the
            sentence names line and column, both from 1, in characters.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if body.startswith(_BOM):
            return parse_json(body.removeprefix(_BOM))  # RFC 8259, §8.1 lets a reader ignore it
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as encoding:
            before = body[: encoding.start].decode("utf-8")
            raise _not_json("it is not UTF-8", before) from None
        before = text[: error.pos]
        if error.msg in _BEYOND_LIMITS:
            raise BodyError("json_beyond_limits", _BEYOND_LIMITS[error.msg] + _place(before)) from None
        raise _not_json(error.msg, before) from None


def _not_json(reason: str, before: str) -> BodyError:
    return BodyError("invalid_json", f"The body is not JSON: {reason}{_place(before)}")


def _place(before: str) -> str:
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return f", at line {line}, column {column}."


def _noun(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case _:
            return "a list"
