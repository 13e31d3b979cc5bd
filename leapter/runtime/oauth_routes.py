"""What clients of MCP that know OAuth ask of a server that has none, after their key was refused.

They look under `/.well-known/` for where to sign in, find nothing there, and try the addresses that a server
without such a description is taken to have. What these answer is what such a client shows in the end.
"""

import flask
from flask import Response

from leapter.runtime.problems import to_json
from leapter.web.headers import MACHINE_HEADERS

NO_OAUTH = (
    "This server has no OAuth. The API key sent in X-API-Key was missing or refused: check it on the page "
    "API Keys."
)

# Not one of those that have clients throw away what they know and begin anew (RFC 6749, §5.2).
_BODY = to_json({"error": "invalid_request", "error_description": NO_OAUTH})
_HEADERS = (("Content-Type", "application/json"), *MACHINE_HEADERS)

oauth = flask.Blueprint("oauth", __name__)


@oauth.route("/register", methods=["GET", "POST"], provide_automatic_options=False)
@oauth.route("/authorize", methods=["GET", "POST"], provide_automatic_options=False)
@oauth.route("/token", methods=["GET", "POST"], provide_automatic_options=False)
def tell() -> Response:
    """Say that the key is what is wrong, in the form that OAuth has for errors."""
    return Response(_BODY, 404, _HEADERS)
