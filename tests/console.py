"""The console as a browser without JavaScript uses it: pages, forms, cookies, over HTTP."""

import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from http.cookiejar import CookieJar
from typing import Any

from bs4 import BeautifulSoup, Tag


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        return None


class Page:
    """An answer: its status, and what it says."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.html = BeautifulSoup(text, "html.parser")

    def form(self, action: str) -> dict[str, list[str]]:
        """The fields of the form that is sent to `action`, as the page has filled them in."""
        form = self.html.find("form", action=action)
        assert isinstance(form, Tag), f"no form for {action}:\n{self.html}"
        fields: dict[str, list[str]] = {}
        for field in form.find_all("input"):
            if field.get("type") in ("checkbox", "radio") and field.get("checked") is None:
                continue
            if field.get("name"):
                fields.setdefault(str(field["name"]), []).append(str(field.get("value", "")))
        return fields


class Console:
    """One browser on the server at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar()), _NoRedirect
        )

    def sign_in(self, email: str, password: str) -> None:
        """Sign in through the sign-in page."""
        assert self.submit("/sign-in", email=[email], password=[password]).status == 303

    def get(self, path: str) -> Page:
        """Open a page."""
        return self._send(path, None)

    def submit(self, path: str, **changes: Sequence[str]) -> Page:
        """Open the page at `path`, change fields of its form, send it."""
        return self.send(path, self.get(path).form(path), **changes)

    def send(self, path: str, fields: dict[str, list[str]], **changes: Sequence[str]) -> Page:
        """Send a form's fields, some of them changed."""
        return self._send(path, urllib.parse.urlencode({**fields, **changes}, doseq=True).encode())

    def _send(self, path: str, data: bytes | None) -> Page:
        request = urllib.request.Request(self.url + path, data, {"Accept": "text/html"})
        try:
            answer: http.client.HTTPResponse | urllib.error.HTTPError = self._opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Page(answer.status or 0, answer.read().decode())
