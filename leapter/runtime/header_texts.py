"""Texts of callers' headers, made fit to be kept and told."""

from flask import Request

MAX_HEADER_CHARACTERS = 200


def plain(text: str) -> str:
    """Return a header without control characters, cut at 200."""
    # A WSGI server hands headers over as Latin-1, whatever the client meant; half of a character is dropped.
    if not text.isascii():
        text = text.encode("latin-1", "replace").decode("utf-8", "replace")
    return "".join(filter(str.isprintable, text[: 2 * MAX_HEADER_CHARACTERS]))[:MAX_HEADER_CHARACTERS]


def read_correlation_id(request: Request) -> str | None:
    """Return X-Correlation-Id without control characters, cut at 200; None where it is missing or empty."""
    text = request.environ.get("HTTP_X_CORRELATION_ID")
    return plain(text).strip() or None if text else None


def correlation_header(correlation_id: str) -> tuple[str, str]:
    """Return the header that echoes a correlation id."""
    # Headers are Latin-1 to WSGI; these are the bytes of UTF-8 in that guise, as they came.
    return "X-Correlation-Id", correlation_id.encode().decode("latin-1")
