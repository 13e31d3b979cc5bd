"""Pages of one Blueprint: what it is, its source, a panel to run it, its latest runs."""

from typing import Any

import flask
from flask import Response, request, url_for

from leapter import veritas
from leapter.accounts.session import current_actor
from leapter.blueprints import addresses, exporting, panel, programs, runs, service, tests_panel
from leapter.blueprints.display_formats import find_format
from leapter.blueprints.forms import SourceForm
from leapter.blueprints.highlight import marked_lines
from leapter.blueprints.models import Blueprint
from leapter.blueprints.readings import read_revision
from leapter.blueprints.replay import Replay, ReplayedBlueprint, blueprint_ids, replay_of
from leapter.blueprints.sample_inputs import program_in_force, sample_inputs
from leapter.blueprints.saved_messages import errors_counted, saved_message
from leapter.blueprints.service import ShownBlueprint, StaleRevisionError
from leapter.blueprints.specification_pages import links_of, wanted_revision
from leapter.blueprints.template_source import TEMPLATE_SOURCE
from leapter.errors import InvalidInputError
from leapter.projects.service import get_project
from leapter.web import htmx
from leapter.web.curl import curl_line
from leapter.web.urls import base_url

pages = flask.Blueprint("blueprints", __name__, url_prefix="/projects/<uuid:project_id>/blueprints")


@pages.route("/new", methods=["GET", "POST"])
def create(project_id: object) -> Response:
    """Offer a template, and store what was made of it."""
    project = get_project(current_actor(), str(project_id))
    form = SourceForm(source=TEMPLATE_SOURCE)
    status = 200
    if form.validate_on_submit():
        source = service.with_line_endings_of(form.source.data or "", "")
        try:
            shown = service.create_blueprint(current_actor(), project.id, source=source)
        except InvalidInputError as error:
            status = 422
            form.source.errors = [*form.source.errors, *error.errors["source"]]
        else:
            message = (
                f"Blueprint {shown.blueprint.label} created."
                if shown.in_force
                else f"Blueprint created. It cannot run yet: {errors_counted(shown.error_count)}."
            )
            return htmx.done(message, _url(shown))
    return htmx.render("blueprints/new.html", "content", status=status, form=form, project=project)


@pages.get("/<uuid:blueprint_id>")
def show(project_id: object, blueprint_id: object) -> Response:
    """Show a Blueprint."""
    shown = service.get_blueprint(current_actor(), str(project_id), str(blueprint_id))
    signature = _signature(shown)
    typed = None
    if signature and shown.can_run and request.args.get("inputs") == "example":
        typed = panel.values_of(signature, sample_inputs(shown.blueprint))
    return _page(shown, signature, fields=panel.fields(signature, typed) if signature else [])


@pages.post("/<uuid:blueprint_id>/run")
def run(project_id: object, blueprint_id: object) -> Response:
    """Run the Blueprint with what was typed, and show what came of it beside the form."""
    shown = service.get_blueprint(current_actor(), str(project_id), str(blueprint_id))
    signature = _signature(shown)
    if not shown.can_run or signature is None:
        return _page(shown, signature, fields=[], status=422)
    typed = {name: text for name, text in request.form.items() if name.startswith(panel.PREFIX)}
    inputs, faults = panel.read(signature, typed)
    result = None
    program = program_in_force(shown.blueprint) if faults else None
    if program is not None:
        faults = panel.together(faults, program.faults(inputs))
    if not faults:
        try:
            result = runs.run_in_console(
                current_actor(),
                shown,
                inputs,
                client_address=request.remote_addr,
                client_agent=request.user_agent.string,
                trace="steps" in request.form,
            )
        except runs.NotInForceError:
            return _page(shown, signature, fields=[], status=422)
        if isinstance(result.error, veritas.InputError):
            faults = result.error.faults
    response = _page(
        shown,
        signature,
        fields=panel.fields(signature, typed, faults),
        result=result,
        faults=faults,
        loose_faults=panel.without_field(signature, faults),
        offer=tests_panel.offer(inputs, result.outcome, result.error) if result else None,
        status=200 if result and result.error is None else 422,
    )
    if result:
        # The list of runs elsewhere on the page fetches itself anew.
        htmx.add_trigger(response, "leapter:ran", {})
    return response


@pages.route("/<uuid:blueprint_id>/edit", methods=["GET", "POST"])
def edit(project_id: object, blueprint_id: object) -> Response:
    """Ask for another source, and save it as a new revision."""
    shown = service.get_blueprint(current_actor(), str(project_id), str(blueprint_id))
    form = SourceForm(source=shown.newest.source, base_revision_id=shown.newest.id)
    status = 200
    stale = False
    if form.validate_on_submit():
        # What was typed is compared with the newest source; the service refuses it where that is another one.
        source = service.with_line_endings_of(form.source.data or "", shown.newest.source)
        try:
            saved = service.save_revision(
                current_actor(),
                shown.project.id,
                shown.blueprint.id,
                source=source,
                base_revision_id=form.base_revision_id.data or "",
            )
        except InvalidInputError as error:
            status = 422
            form.source.errors = [*form.source.errors, *error.errors["source"]]
        except StaleRevisionError:
            status, stale = 409, True
            shown = service.get_blueprint(current_actor(), shown.project.id, shown.blueprint.id)
            # Saved again from here, it goes on top of what is shown now.
            form.base_revision_id.data = shown.newest.id
        else:
            return htmx.done(saved_message(saved), _url(shown))
    return htmx.render(
        "blueprints/edit.html",
        "content",
        status=status,
        form=form,
        shown=shown,
        stale=stale,
        lines=marked_lines(shown.newest.source) if stale else [],
        by_line={},
    )


@pages.get("/<uuid:blueprint_id>/source")
def source(project_id: object, blueprint_id: object) -> Response:
    """Send the newest source as a file, byte for byte."""
    name, content = exporting.source_of(current_actor(), str(project_id), str(blueprint_id))
    response = Response(content, mimetype="text/plain")
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


@pages.post("/<uuid:blueprint_id>/main")
def make_main(project_id: object, blueprint_id: object) -> Response:
    """Make this the main Blueprint of its project."""
    shown = service.choose_main(current_actor(), str(project_id), str(blueprint_id))
    return htmx.done(f"{shown.blueprint.label} is the main Blueprint now.", _url(shown))


def _page(
    shown: ShownBlueprint,
    signature: veritas.Signature | None,
    *,
    fields: list[panel.Field],
    result: runs.ConsoleRun | None = None,
    faults: tuple[veritas.Fault, ...] = (),
    loose_faults: list[veritas.Fault] | None = None,
    offer: tests_panel.Offer | None = None,
    status: int = 200,
) -> Response:
    block = "run_panel" if request.method == "POST" else "content"
    if request.headers.get("HX-Target") == "reading":
        block = "reading"
    context: dict[str, Any] = {
        "shown": shown,
        "signature": signature,
        "fields": fields,
        "result": result,
        "failed_in": _failed_in(shown, result),
        "replay": _replay(shown, result),
        "beside_run_panel": htmx.wants_fragment() and block == "run_panel",
        "faults": faults,
        "faulty_inputs": panel.count_inputs(faults),
        "loose_faults": loose_faults or [],
        "offer": offer,
        "plain": panel.plain,
        "find_format": find_format,
        "pretty": panel.pretty,
    }
    if not (htmx.wants_fragment() and block == "run_panel"):
        context |= _reading_context(shown)
    if not (htmx.wants_fragment() and block in ("run_panel", "reading")):
        context |= {
            "curl": _curl(shown) if shown.can_run else None,
            "runs": runs.latest_runs(shown),
        }
    return htmx.render("blueprints/show.html", block, status=status, **context)


def _failed_in(shown: ShownBlueprint, result: runs.ConsoleRun | None) -> Blueprint | None:
    """The other Blueprint in which the run ended, where it did."""
    if result is None or result.error is None or not result.error.calls or result.error.node is None:
        return None
    return service.find_called(shown, result.error.node.blueprint)


def _replay(shown: ShownBlueprint, result: runs.ConsoleRun | None) -> Replay | None:
    """The run step by step, where it was recorded."""
    if result is None or result.trace is None:
        return None
    trace = result.trace.to_json()
    blueprints = {}
    for blueprint_id in blueprint_ids(trace):
        one = service.get_blueprint(current_actor(), shown.project.id, blueprint_id)
        revision = one.in_force or one.newest
        document = veritas.analyze(revision.source).document
        if document is not None:
            blueprints[blueprint_id] = ReplayedBlueprint(
                label=one.blueprint.label,
                url=_url(one),
                revision_id=revision.id,
                document=document,
                is_shown=blueprint_id == shown.blueprint.id,
            )
    return replay_of(
        trace,
        blueprints,
        revision_number=result.revision_number,
        message=result.error.message if result.error else "",
    )


def _reading_context(shown: ShownBlueprint) -> dict[str, Any]:
    """What the part of the page needs that shows the Blueprint as source, document or diagram."""
    view = request.args.get("view")
    reading = read_revision(shown, wanted_revision("newest"))
    by_line: dict[int, list[veritas.Finding]] = {}
    lines = marked_lines(reading.revision.source)
    for finding in service.findings_of(reading.revision):
        by_line.setdefault(min(finding.line, len(lines)), []).append(finding)
    return {
        "view": view if view in ("specification", "flow") else "source",
        "reading": reading,
        "links": links_of(reading, on_own_pages=False),
        "own_links": links_of(reading, on_own_pages=True),
        "lines": lines,
        "by_line": by_line,
    }


def _signature(shown: ShownBlueprint) -> veritas.Signature | None:
    program = program_in_force(shown.blueprint)
    if program is not None:
        return program.signature
    project = programs.load_project(shown.project.id)
    return project.signature_of((shown.in_force or shown.newest).id)


def _curl(shown: ShownBlueprint) -> str:
    url = addresses.run_url(
        base_url(),
        appspace_id=shown.project.appspace_id,
        project_id=shown.project.id,
        blueprint=shown.blueprint.id,
    )
    return curl_line(url, sample_inputs(shown.blueprint))


def _url(shown: ShownBlueprint) -> str:
    return url_for(".show", project_id=shown.project.id, blueprint_id=shown.blueprint.id)
