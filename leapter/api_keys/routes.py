"""Pages of API keys: the table, one key, and the dialogs that create, change and revoke."""

import re
import typing
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qs, urlencode

import flask
from flask import current_app, request, url_for
from werkzeug.wrappers import Response

from leapter.accounts.session import current_actor
from leapter.api_keys import call_days, keys, listing, service
from leapter.api_keys.call_examples import CallExamples, curl_lines
from leapter.api_keys.errors import AlreadyCreatedError, KeyChangedError
from leapter.api_keys.forms import CreateForm, ProjectsForm, RevokeForm
from leapter.api_keys.records import KEY_CALLS, KeyQuery, KeyRecord, SortColumn
from leapter.api_keys.return_pages import ReturnPage, find_page
from leapter.db import new_id
from leapter.errors import InvalidInputError
from leapter.web import htmx
from leapter.web.form_errors import put_errors, status_of
from leapter.web.urls import base_url

CALL_EXAMPLES = "leapter_call_examples"

# Each example is made by reading its Blueprint's source; more would hold up the one page that must not fail.
_MOST_EXAMPLES = 40

_SORT_COLUMNS: tuple[SortColumn, ...] = typing.get_args(SortColumn)
# The first click on a heading shows what one looks for there: the newest, the latest, the most.
_DESCENDING_FIRST: frozenset[SortColumn] = frozenset({"created", "used", "permissions"})

pages = flask.Blueprint("api_keys", __name__, url_prefix="/api-keys")


@pages.get("")
def index() -> Response:
    """The table of keys; what it shows is in the address."""
    query = _read_query(request.args)
    if len(query.search) > len(keys.display_prefix(query.search)) and keys.is_well_formed(query.search):
        # Somebody pasted a whole key. It must not stay in the address, which browsers and proxies keep.
        shortened = _list_location(replace(query, search=keys.display_prefix(query.search)))
        response = htmx.done("Only the first characters of the key were searched for.", shortened)
        response.headers["HX-Push-Url"] = "false"
        return response
    page = listing.list_keys(current_actor(), query)
    return htmx.render(
        "api_keys/list.html",
        "content",
        page=page,
        created_id=request.args.get("created", ""),
        back=urlencode(_location_arguments(page.query)),
        sort=_location_arguments(page.query).get("sort", ""),
        sort_location=lambda column: _list_location(_sorted_by(page.query, column)),
        page_location=lambda number: _list_location(replace(page.query, page=number)),
        unsearched_location=_list_location(replace(page.query, search="", page=1)),
        revoked_location=_list_location(replace(page.query, show_revoked=True, page=1)),
    )


@pages.route("/new", methods=["GET", "POST"])
def create() -> Response:
    """Ask for a name and projects; the answer to the form itself shows the key, once."""
    form = CreateForm()
    if request.method == "GET":
        form.creation_token.data = new_id()
        form.projects.data = request.args.getlist("project")
    elif form.validate_on_submit():
        try:
            key, secret = service.create_key(
                current_actor(),
                name=form.name.data or "",
                project_ids=form.projects.data or [],
                creation_token=form.creation_token.data or "",
            )
        except InvalidInputError as error:
            put_errors(form, error)
            if keys.contains_key(form.name.data or ""):
                form.name.data = ""
        except AlreadyCreatedError as error:
            return htmx.render("api_keys/already_created.html", "dialog", status=409, key=error.key)
        else:
            return _reveal(key, secret)
    # What is chosen already is seen without scrolling, however many projects there are.
    chosen = frozenset(form.projects.data or [])
    choices = sorted(listing.choosable_projects(current_actor()), key=lambda one: one.id not in chosen)
    return htmx.render(
        "api_keys/new.html",
        "dialog",
        status=status_of(form),
        form=form,
        return_page=_return_page(),
        choices=choices,
        namesake=listing.find_key_by_name(current_actor(), form.name.data or ""),
    )


@pages.get("/name-hint")
def name_hint() -> Response:
    """Say whether a name is in use, while it is typed."""
    namesake = listing.find_key_by_name(current_actor(), request.args.get("name", ""))
    return htmx.render("api_keys/name_hint.html", "dialog", namesake=namesake)


@pages.get("/<uuid:key_id>")
def show(key_id: object) -> Response:
    """All about one key: what it may call, who changed that, who calls with it."""
    actor = current_actor()
    key = listing.get_key(actor, str(key_id))
    return htmx.render(
        "api_keys/show.html",
        "content",
        key=key,
        history=listing.history(actor, key.id),
        calls=current_app.extensions[KEY_CALLS](actor, key, request.args.get("before", "")),
        days=call_days.latest_days(key.id),
    )


@pages.route("/<uuid:key_id>/projects", methods=["GET", "POST"])
def edit_projects(key_id: object) -> Response:
    """Ask for the projects of a key, say what that adds and takes away, and change them."""
    key = listing.get_key(current_actor(), str(key_id))
    form = ProjectsForm()
    if request.method == "GET":
        form.projects.data = [project.id for project in key.projects]
        form.scope_version.data = key.scope_version
    elif form.validate_on_submit():
        chosen = form.projects.data or []
        if "again" in request.form and key.status != "revoked":
            return _edit_form(key, form)
        unchanged = form.scope_version.data == key.scope_version and key.status != "revoked"
        choices = listing.choosable_projects(current_actor(), key.appspace_id)
        known = {project.id for project in choices}
        if unchanged and chosen and known.issuperset(chosen) and "confirmed" not in request.form:
            present = {project.id for project in key.projects}
            return htmx.render(
                "api_keys/confirm_projects.html",
                "dialog",
                key=key,
                form=form,
                added=[project for project in choices if project.id in set(chosen) - present],
                removed=[project for project in key.projects if project.id not in chosen],
                back=_back(),
                back_location=_back_location(key),
            )
        try:
            changed = service.set_projects(
                current_actor(),
                key.id,
                chosen,
                expected_scope_version=form.scope_version.data or 0,
            )
        except InvalidInputError as error:
            put_errors(form, error)
        except KeyChangedError as error:
            return _changed_meanwhile(error.key)
        else:
            return htmx.done(_scope_sentence(key, changed), _back_location(key))
    if key.status == "revoked":
        return _changed_meanwhile(key)
    return _edit_form(key, form)


@pages.route("/<uuid:key_id>/revoke", methods=["GET", "POST"])
def revoke(key_id: object) -> Response:
    """Show what would break, and revoke a key for good."""
    key = listing.get_key(current_actor(), str(key_id))
    form = RevokeForm()
    if form.validate_on_submit():
        key, revoked_now = service.revoke_key(current_actor(), key.id)
        if revoked_now:
            sentence = (
                f"“{key.name}” ({key.prefix}…) is revoked. Every request with it is refused from now on."
            )
            return htmx.done(sentence, _back_location(key))
        return _changed_meanwhile(key)
    if key.status == "revoked":
        return _changed_meanwhile(key)
    return htmx.render(
        "api_keys/revoke.html", "dialog", key=key, back=_back(), back_location=_back_location(key)
    )


def _reveal(key: KeyRecord, secret: str) -> Response:
    find_examples: CallExamples = current_app.extensions[CALL_EXAMPLES]
    examples, callable_count = find_examples([project.id for project in key.projects], _MOST_EXAMPLES)
    namesake = listing.find_key_by_name(current_actor(), key.name, except_id=key.id)
    response = htmx.render(
        "api_keys/reveal.html",
        "dialog",
        key=key,
        secret=secret,
        lines=curl_lines(examples, key.projects, base_url=base_url(), secret=secret),
        callable_count=callable_count,
        namesake=namesake,
        return_page=_return_page(key.id),
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _edit_form(key: KeyRecord, form: ProjectsForm, *, changed: bool = False) -> Response:
    return htmx.render(
        "api_keys/edit_projects.html",
        "dialog",
        status=409 if changed else status_of(form),
        key=key,
        form=form,
        choices=listing.choosable_projects(current_actor(), key.appspace_id),
        changed=listing.history(current_actor(), key.id)[0] if changed else None,
        back=_back(),
        back_location=_back_location(key),
    )


def _changed_meanwhile(key: KeyRecord) -> Response:
    """Say that the key is no longer what the page showed, and show what it is now."""
    if key.status == "revoked":
        # A link of an old table leads here too: that is a question answered, no conflict.
        return htmx.render(
            "api_keys/revoked_meanwhile.html",
            "dialog",
            status=409 if request.method == "POST" else 200,
            key=key,
            back_location=_back_location(key),
        )
    form = ProjectsForm(formdata=None)
    form.projects.data = [project.id for project in key.projects]
    form.scope_version.data = key.scope_version
    return _edit_form(key, form, changed=True)


def _scope_sentence(before: KeyRecord, after: KeyRecord) -> str:
    had, has = {project.id for project in before.projects}, {project.id for project in after.projects}
    if had == has:
        return f"Nothing to change: “{after.name}” already has exactly these projects."
    count = "1 project" if len(has) == 1 else f"{len(has)} projects"
    return f"“{after.name}” ({after.prefix}…) may now call {count}, from the next request on."


def _read_query(arguments: Mapping[str, str]) -> KeyQuery:
    """The part of the keys that an address asks for; what it says wrongly is as if unsaid."""
    column = arguments.get("sort", "").removeprefix("-")
    known = next((name for name in _SORT_COLUMNS if name == column), None)
    page = arguments.get("page", "")
    return KeyQuery(
        search=arguments.get("q", "").strip()[:200],
        sort=known or "created",
        descending=arguments.get("sort", "").startswith("-") if known else True,
        show_revoked=arguments.get("revoked") == "1",
        page=int(page) if re.fullmatch(r"[1-9][0-9]{0,6}", page) else 1,
    )


def _sorted_by(query: KeyQuery, column: SortColumn) -> KeyQuery:
    """What a click on the heading of `column` asks for: that column, or the other direction of it."""
    descending = not query.descending if query.sort == column else column in _DESCENDING_FIRST
    return replace(query, sort=column, descending=descending, page=1)


def _location_arguments(query: KeyQuery) -> dict[str, str]:
    arguments = {}
    if query.search:
        arguments["q"] = query.search
    if (query.sort, query.descending) != ("created", True):
        arguments["sort"] = f"-{query.sort}" if query.descending else query.sort
    if query.show_revoked:
        arguments["revoked"] = "1"
    if query.page > 1:
        arguments["page"] = str(query.page)
    return arguments


def _list_location(query: KeyQuery) -> str:
    arguments = urlencode(_location_arguments(query))
    return url_for(".index") + (f"?{arguments}" if arguments else "")


def _return_page(key_id: str | None = None) -> ReturnPage | None:
    """The page that asked for a key and goes on with it; None where it was the page API Keys."""
    return find_page(request.values.get("then", ""), key_id=key_id)


def _back() -> str:
    """Where a dialog was opened: the query string of the table, or "key" for the key's own page."""
    return str(request.values.get("back", ""))


def _back_location(key: KeyRecord) -> str:
    if _back() == "key":
        return url_for(".show", key_id=key.id)
    # Read and written anew, never used as it came: a link must not lead anyone elsewhere.
    arguments = {name: values[-1] for name, values in parse_qs(_back()).items()}
    return _list_location(_read_query(arguments))
