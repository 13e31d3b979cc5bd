"""The page of a project's types document, and the form that changes it."""

import hashlib

import flask
from flask import Response, request, url_for

from leapter import veritas
from leapter.accounts.session import current_actor
from leapter.blueprints import service, types_documents
from leapter.blueprints.forms import TypesForm
from leapter.blueprints.highlight import marked_types_lines
from leapter.blueprints.saved_messages import types_saved_message
from leapter.blueprints.tests_panel import rows
from leapter.blueprints.types_documents import RefusedTypesError, TypesDocument, TypesDocumentError
from leapter.blueprints.types_reading import shown_types
from leapter.blueprints.types_source import STARTER_SOURCE
from leapter.blueprints.types_trials import TypesTrial
from leapter.errors import ChangedMeanwhileError, InvalidInputError
from leapter.projects.models import Project
from leapter.projects.service import get_project
from leapter.web import htmx

pages = flask.Blueprint("types", __name__, url_prefix="/projects/<uuid:project_id>/types")


@pages.get("")
def show(project_id: object) -> Response:
    """Show the types of a project, or teach what they are."""
    project = get_project(current_actor(), str(project_id))
    document = types_documents.get(current_actor(), project.id)
    lines = marked_types_lines(document.text)
    by_line: dict[int, list[veritas.Finding]] = {}
    for finding in document.findings:
        by_line.setdefault(min(finding.line, len(lines)), []).append(finding)
    return htmx.render(
        "types/show.html",
        "content",
        project=project,
        document=document,
        types=shown_types(project.id, document),
        lines=lines,
        by_line=by_line,
        starter=marked_types_lines(STARTER_SOURCE),
    )


@pages.route("/edit", methods=["GET", "POST"])
def edit(project_id: object) -> Response:
    """Ask for another types document, and save it unless it has errors.

    What would stop Blueprints that run now, or turn their tests red, is saved once the person has seen which;
    not where the project demands that all tests pass.
    """
    project = get_project(current_actor(), str(project_id))
    document = types_documents.get(current_actor(), project.id)
    starts = not document.text and request.args.get("start") == "example"
    form = TypesForm(source=STARTER_SOURCE if starts else document.text, base_version=document.version)
    if not form.validate_on_submit():
        return _edit_page(project, document, form, findings=document.findings)
    text = service.with_line_endings_of(form.source.data or "", document.text)
    analysis = veritas.analyze_types(text)
    is_stale = form.base_version.data != document.version
    trial: TypesTrial | None = None
    try:
        text = service.checked_text(text)
        if not analysis.has_errors and not is_stale and text != document.text:
            trial = types_documents.try_out(current_actor(), project.id, text=text)
            has_agreed = request.form.get("agreed") == _agreement(trial)
            if not trial.is_clear and not has_agreed and not project.demands_green_tests:
                return _edit_page(
                    project, document, form, status=422, findings=analysis.findings, trial=trial
                )
        saved = types_documents.save(
            current_actor(), project.id, text=text, base_version=form.base_version.data or "", trial=trial
        )
    except TypesDocumentError as error:
        form.source.errors = [*form.source.errors, _refusal(error.findings)]
        return _edit_page(project, document, form, status=422, findings=error.findings)
    except RefusedTypesError as error:
        form.source.errors = [*form.source.errors, *error.errors["source"]]
        return _edit_page(
            project,
            document,
            form,
            status=422,
            findings=analysis.findings,
            trial=error.trial,
            is_refused=True,
        )
    except InvalidInputError as error:
        form.source.errors = [*form.source.errors, *error.errors["source"]]
        return _edit_page(project, document, form, status=422)
    except ChangedMeanwhileError:
        present = types_documents.get(current_actor(), project.id)
        # Saved again from here, it replaces what is shown now.
        form.base_version.data = present.version
        return _edit_page(project, present, form, status=409, is_stale=True)
    return htmx.done(
        types_saved_message(saved, is_empty=not text.strip()), url_for(".show", project_id=project.id)
    )


def _edit_page(
    project: Project,
    document: TypesDocument,
    form: TypesForm,
    *,
    status: int = 200,
    findings: tuple[veritas.Finding, ...] = (),
    trial: TypesTrial | None = None,
    is_refused: bool = False,
    is_stale: bool = False,
) -> Response:
    return htmx.render(
        "types/edit.html",
        "content",
        status=status,
        project=project,
        form=form,
        findings=findings,
        breaking=trial.stops if trial else (),
        reddened=trial.reddened if trial else (),
        rows=rows,
        agreement=_agreement(trial) if trial and not is_refused else "",
        is_refused=is_refused,
        is_stale=is_stale,
        lines=marked_types_lines(document.text) if is_stale else [],
    )


def _agreement(trial: TypesTrial) -> str:
    """What "Save anyway" sends: it holds for this text and what it does to these Blueprints, nothing else."""
    said = [trial.text, *(affected.blueprint_id for affected in trial.stops), "red"]
    for one in trial.reddened:
        said += [one.blueprint_id, *(f"{suite}/{result.case.id}" for suite, result in one.cases)]
    return hashlib.sha256("\0".join(said).encode("utf-8", "surrogatepass")).hexdigest()


def _refusal(findings: tuple[veritas.Finding, ...]) -> str:
    errors = [finding for finding in findings if finding.severity == "error"]
    count = "There is 1 error" if len(errors) == 1 else f"There are {len(errors)} errors"
    return f"Nothing was saved. {count}, the first in line {errors[0].line}."
