"""Pages that a person leaves to create a key, and goes on to with it.

Keys do not know those pages: who has one says so with `register`.
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, current_app, url_for
from werkzeug.exceptions import HTTPException

from leapter.accounts.guard import safe_path

_PAGES = "leapter_return_pages"
_MAX_CHARACTERS = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class ReturnPage:
    """Where to go on: `title` for the button, an address in two parts."""

    title: str
    path: str
    query: tuple[tuple[str, str], ...]
    location: str
    in_dialog: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Registered:
    title: str
    arguments: frozenset[str]
    in_dialog: bool


def register(app: Flask, endpoint: str, *, title: str, arguments: set[str], in_dialog: bool = False) -> None:
    """Have `endpoint` be such a page.

    Args:
        title: what the page is called on the button that leads there.
        arguments: those of its query that are kept. It is told of the key by one more, `key`, with the id.
        in_dialog: whether it is shown in the dialog where the key was created in one.
    """
    known = app.extensions.setdefault(_PAGES, {})
    known[endpoint] = _Registered(title=title, arguments=frozenset(arguments), in_dialog=in_dialog)


def find_page(target: str, *, key_id: str | None = None) -> ReturnPage | None:
    """The page that the path `target` names, with the key in its address; None where it names none.

    The address is written anew from what was understood of `target`: a link must not lead anyone elsewhere.
    """
    path = safe_path(target) if len(target) <= _MAX_CHARACTERS else None
    if path is None:
        return None
    parts = urlsplit(path)
    try:
        endpoint, values = current_app.url_map.bind("").match(parts.path, method="GET")
    except HTTPException:
        return None
    page: _Registered | None = current_app.extensions.get(_PAGES, {}).get(endpoint)
    if page is None:
        return None
    query = {name: value for name, value in parse_qsl(parts.query) if name in page.arguments}
    if key_id is not None:
        query["key"] = key_id
    path = url_for(endpoint, **values)
    return ReturnPage(
        title=page.title,
        path=path,
        query=tuple(query.items()),
        location=f"{path}?{urlencode(query)}" if query else path,
        in_dialog=page.in_dialog,
    )
