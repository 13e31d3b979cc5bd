"""Pages of projects: the list, a project with its Blueprints, import and export."""

import io
import re

import flask
from flask import request, url_for
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from leapter.accounts.session import current_actor
from leapter.blueprints import exporting, importing, service, types_documents
from leapter.blueprints.forms import ImportForm
from leapter.errors import InvalidInputError
from leapter.projects.archive import MAX_FILES, MAX_NAME_CHARACTERS, MAX_UPLOAD_BYTES, read_uploads
from leapter.projects.packing import write_zip
from leapter.projects.service import get_project, list_page
from leapter.web import htmx
from leapter.web.errors import error_page
from leapter.web.form_errors import put_errors

_MAX_MEBIBYTES = MAX_UPLOAD_BYTES // (1024 * 1024)

pages = flask.Blueprint("project_pages", __name__, url_prefix="/projects")


@pages.get("")
def index() -> Response:
    """List the projects, or teach what one is."""
    number = request.args.get("page", "")
    page = list_page(
        current_actor(),
        search=request.args.get("q", "")[:MAX_NAME_CHARACTERS],
        page=int(number) if re.fullmatch(r"[1-9][0-9]{0,6}", number) else 1,
    )
    return htmx.render(
        "projects/index.html",
        "content",
        page=page,
        counts=service.count_blueprints([listed.project.id for listed in page.rows]),
        page_location=lambda number: _list_location(page.search, number),
        examples=importing.EXAMPLES,
    )


@pages.get("/<uuid:project_id>")
@pages.get("/<uuid:project_id>/blueprints", endpoint="blueprints")
def show(project_id: object) -> Response:
    """Show a project with its Blueprints."""
    project = get_project(current_actor(), str(project_id))
    return htmx.render(
        "projects/show.html",
        "content",
        project=project,
        blueprints=service.list_blueprints(current_actor(), project.id),
        has_types=types_documents.exists(project.id),
    )


@pages.post("/examples/<name>")
def import_example(name: str) -> Response:
    """Add an example project."""
    report = importing.import_example(current_actor(), name)
    return htmx.done(
        f"{report.project.name} added, with {len(report.blueprints)} Blueprints to read and run.",
        url_for(".show", project_id=report.project.id),
    )


@pages.route("/import", methods=["GET", "POST"])
def import_files() -> Response:
    """Ask for files and make a project of them."""
    form = ImportForm()
    status = 200
    if form.validate_on_submit():
        files = [file for file in request.files.getlist("files") if file.filename]
        uploads = [(file.filename or "", file.read()) for file in files]
        try:
            report = importing.import_archive(
                current_actor(), read_uploads(uploads), name=form.name.data or None
            )
        except InvalidInputError as error:
            status = 422
            put_errors(form, error)
        else:
            return htmx.done(
                f"{report.project.name} imported.", url_for(".import_report", project_id=report.project.id)
            )
    return _import_page(form, status)


@pages.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> Response:
    """Show the import form again; what was typed into it came with the files and was not read."""
    # The size is found out before anything else, so also for somebody who is not signed in.
    if request.endpoint != "project_pages.import_files" or not current_user.is_authenticated:
        return error_page(413)
    form = ImportForm(formdata=None)
    form.files.errors = [f"The upload is larger than {_MAX_MEBIBYTES} MiB. Nothing was imported."]
    return _import_page(form, 413)


def _list_location(search: str, number: int) -> str:
    return url_for(".index", q=search or None, page=number if number > 1 else None)


def _import_page(form: ImportForm, status: int) -> Response:
    return htmx.render(
        "projects/import.html",
        "content",
        status=status,
        form=form,
        max_mebibytes=_MAX_MEBIBYTES,
        max_files=MAX_FILES,
    )


@pages.get("/<uuid:project_id>/import-report")
def import_report(project_id: object) -> Response:
    """Say what came in with an import, and every finding."""
    return htmx.render(
        "projects/import_report.html",
        "content",
        report=importing.report(current_actor(), str(project_id)),
    )


@pages.get("/<uuid:project_id>/export")
def export(project_id: object) -> Response:
    """Send the project as a zip that imports again."""
    exported = exporting.export_project(current_actor(), str(project_id))
    # Whole in memory, compressed: streamed, a slow browser would hold the database open.
    content = io.BytesIO()
    write_zip(content, exported.files)
    response = Response(content.getvalue(), mimetype="application/zip")
    response.headers["Content-Disposition"] = f"attachment; filename={exported.name}.zip"
    return response
