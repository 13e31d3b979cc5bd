"""Reads what callers send: the key, the body, who they are."""

import re
from functools import lru_cache
from math import isnan
from typing import Any
from urllib.request import parse_http_list

import orjson
from flask import Request
from werkzeug.http import parse_options_header

from leapter.api_keys import keys
from leapter.config import MAX_BODY_BYTES
from leapter.runtime.access import ApiKeyInUrlError
from leapter.runtime.addresses import holds_key, prefix_of_key
from leapter.runtime.header_texts import plain
from leapter.runtime.json_words import noun
from leapter.runtime.notes import Client
from leapter.runtime.problems import (
    BodyError,
    ContentEncodingError,
    QueryError,
    RepeatedApiKeyError,
    UnmarkedBearerError,
)

MAX_ADDRESS_CHARACTERS = 45  # an IPv6 address with an IPv4 one in it

_BOM = b"\xef\xbb\xbf"
_MEDIA_RANGE = re.compile(r"[\w!#$%&'*+.^`|~-]+/[\w!#$%&'*+.^`|~-]+")

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
        RepeatedApiKeyError: the header was sent several times, with different values.
    """
    if holds_key(request.environ):
        raise ApiKeyInUrlError(prefix_of_key(request.environ))
    secret: str = request.environ.get("HTTP_X_API_KEY", "")
    return (_only_one(secret) if "," in secret else secret).strip()


def _only_one(secret: str) -> str:
    # A header that is sent twice comes as one, with a comma between the values; no key has one.
    values = [value.strip() for value in secret.split(",")]
    if len(set(values)) == 1:
        return values[0]
    if sum(map(bool, values)) > 1:
        raise RepeatedApiKeyError(keys.find_prefix(secret))
    return secret


def read_bearer(request: Request) -> str:
    """Return what the header Authorization carries after `Bearer`, "" if it carries no such thing.

    Raises:
        UnmarkedBearerError: it carries a key, or the beginning of one, and nothing before it.
    """
    authorization = request.environ.get("HTTP_AUTHORIZATION", "").strip()
    if authorization.startswith(keys.MARK):
        raise UnmarkedBearerError(keys.find_prefix(authorization))
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def read_client(request: Request) -> Client:
    """Return who sent the request. The address counts proxies only as far as they are configured."""
    environ = request.environ
    return _client(environ.get("REMOTE_ADDR") or "", environ.get("HTTP_USER_AGENT") or "")


@lru_cache(maxsize=1024)
def _client(address: str, agent: str) -> Client:
    return Client(address=plain(address)[:MAX_ADDRESS_CHARACTERS], agent=plain(agent))


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
    """Whether the caller takes `mimetype`. Without an Accept that can be read, anything is taken.

    The range that fits best decides (RFC 9110, §12.5.1); what it says beside its weight is not looked at.
    """
    accept = request.environ.get("HTTP_ACCEPT")
    return not accept or _accepts(accept, mimetype)


@lru_cache(maxsize=256)
def _accepts(accept: str, mimetype: str) -> bool:
    kind = mimetype.partition("/")[0]
    ranks = {"*/*": 0, "*": 0, f"{kind}/*": 1, mimetype: 2}  # `*` is what Java's own client sends
    found: list[tuple[int, float]] = []
    has_range = False
    for each in parse_http_list(accept):
        media_range, *parameters = (part.strip().lower() for part in each.split(";"))
        if media_range == "*" or _MEDIA_RANGE.fullmatch(media_range):
            has_range = True
            if media_range in ranks:
                found.append((ranks[media_range], _weight(parameters)))
    return max(found)[1] > 0 if found else not has_range


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 1.0
            return 1.0 if isnan(weight) else weight
    return 1.0


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
            f"The body is {noun(inputs)} where an object is needed: send the inputs as its members, "
            'such as {"name": value}.',
        )
    return inputs, len(body)


def read_body(request: Request) -> bytes:
    """Return the body, which is declared as JSON or not at all. An empty one may be declared as anything.

    Raises:
        BodyError: it is declared as something else, is larger than 1 MiB, or its transfer coding is none.
        ContentEncodingError: it is compressed.
    """
    environ = request.environ
    encoding = environ.get("HTTP_CONTENT_ENCODING")
    if encoding and encoding.strip().lower() not in ("", "identity") and not _is_empty(environ):
        raise ContentEncodingError(plain(encoding))
    content_type = environ.get("CONTENT_TYPE")
    # `curl -X POST -d ''` declares a form, and sends none.
    if content_type and not _is_json(content_type) and not _is_empty(environ):
        raise BodyError(
            "unsupported_media_type",
            f"The body is declared as “{plain(content_type)}”; send it as JSON, with the header "
            "Content-Type: application/json.",
        )
    return _read_stream(environ)


def _is_empty(environ: dict[str, Any]) -> bool:
    """Whether no body was sent. Where only the stream can tell, this takes the first byte from it."""
    declared = environ.get("CONTENT_LENGTH")
    if declared:
        return not declared.strip("0")
    _check_transfer_coding(environ)
    return not environ.get("wsgi.input_terminated") or not environ["wsgi.input"].read(1)


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
    _check_transfer_coding(environ)
    if not environ.get("wsgi.input_terminated"):
        return b""  # without a length the stream of such a server has no end
    body = stream.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise _too_large()
    return body


def _check_transfer_coding(environ: dict[str, Any]) -> None:
    # The server undoes the chunks, and hands on as it came what was compressed before.
    codings = environ.get("HTTP_TRANSFER_ENCODING", "")
    if any(coding.strip().lower() not in ("", "chunked", "identity") for coding in codings.split(",")):
        raise BodyError(
            "transfer_coding_unsupported",
            f"The body is sent as “{plain(codings)}”, and this server undoes no transfer coding but chunked: "
            "send it as it is.",
        )


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
