"""Flask, without what a call of a program does not need."""

import re
from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response
from flask.ctx import RequestContext
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from werkzeug.routing import MapAdapter, Rule

from leapter.web.headers import is_machine_path
from leapter.web.urls import InvalidHostError, is_host


class _Context(RequestContext):
    app: "Application"

    def match_request(self) -> None:
        first, received = self.app.first, self.request
        if first is not None and received.method == first[0] and (found := first[1].fullmatch(received.path)):
            received.url_rule, received.view_args = first[2], found.groupdict()
        else:
            super().match_request()


class Application(Flask):
    """The application. Requests to machine-facing flask blueprints pass only the hooks of those.

    What pages need is not for them: they carry no form to protect and no session, and a key decides on them
    in a hook of their own. In process, a run takes 129 µs so, and 154 µs with what pages need.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.machine_blueprints: set[str] = set()
        # To a program that wrote two, a redirect in HTML is no answer; no page has such an address either.
        self.url_map.merge_slashes = False
        self.first: tuple[str, re.Pattern[str], Rule] | None = None

    def match_first(self, endpoint: str, method: str) -> None:
        """Look before all others at the one route of `endpoint`, whose parameters are plain text.

        One expression does it; the machine that matches all routes takes 10 µs for it.
        """
        (rule,) = self.url_map.iter_rules(endpoint)
        self.first = (method, re.compile(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", rule.rule)), rule)

    def request_context(self, environ: dict[str, Any]) -> RequestContext:
        """Return the context of a request."""
        return _Context(self, environ)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return `func`: every view and hook of this application is a plain function."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Bind the routes to a request; machine-facing ones are matched by their path alone.

        So are those of a request that will be refused for its host: the page that says so has links.
        """
        if request is None:
            return super().create_url_adapter(request)
        environ = request.environ
        host = environ.get("HTTP_HOST")
        if not is_machine_path(request.path) and (not host or is_host(host)):
            return super().create_url_adapter(request)
        return MapAdapter(
            self.url_map,
            server_name=host or environ["SERVER_NAME"],
            script_name=environ.get("SCRIPT_NAME") or "/",
            subdomain="",
            url_scheme=environ["wsgi.url_scheme"],
            path_info=request.path,
            default_method=request.method,
            query_args=environ.get("QUERY_STRING", ""),
        )

    def preprocess_request(self) -> ResponseReturnValue | None:
        """Call the hooks before a view: those of its own flask blueprint only, where it is machine-facing.

        Raises:
            InvalidHostError: the header Host could not stand in an address, and answers hold addresses.
        """
        host = request_ctx.request.environ.get("HTTP_HOST")
        if host and not is_host(host):
            raise InvalidHostError
        name = request_ctx.request.blueprint
        if name not in self.machine_blueprints:
            return super().preprocess_request()
        for hook in self.before_request_funcs.get(name, ()):
            answer: ResponseReturnValue | None = hook()  # type: ignore[assignment]  # never a coroutine
            if answer is not None:
                return answer
        return None

    def process_response(self, response: Response) -> Response:
        """Call the hooks after a view, and save the session; neither where it is machine-facing."""
        if request_ctx.request.blueprint in self.machine_blueprints:
            return response
        return super().process_response(response)
