"""Pages of projects: the list, a project with its Blueprints, import."""

import flask
from flask import request, url_for
from werkzeug.wrappers import Response

from leapter.accounts.session import current_actor
from leapter.blueprints import importing, service
from leapter.blueprints.forms import ImportForm
from leapter.errors import InvalidInputError
from leapter.projects.archive import MAX_FILES, MAX_UPLOAD_BYTES, read_uploads
from leapter.projects.service import get_project, list_projects
from leapter.web import htmx
from leapter.web.form_errors import put_errors

pages = flask.Blueprint("project_pages", __name__, url_prefix="/projects")


@pages.get("")
def index() -> Response:
    """List the projects, or teach what one is."""
    projects = list_projects(current_actor())
    return htmx.render(
        "projects/index.html",
        "content",
        projects=projects,
        counts=service.count_blueprints([listed.project.id for listed in projects]),
        appspaces={listed.appspace_name for listed in projects},
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
    return htmx.render(
        "projects/import.html",
        "content",
        status=status,
        form=form,
        max_mebibytes=MAX_UPLOAD_BYTES // (1024 * 1024),
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
