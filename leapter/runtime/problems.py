"""Errors as problem documents (RFC 9457)."""

from flask import Response, request


def machine_problem(error: Exception) -> Response | None:
    """Answer `error` as a problem document if a machine-facing path was asked for, else return None."""
    if not request.path.startswith(("/runtime/", "/api/")):
        return None
    return None
