"""Dialogs that make, change or delete a project. The pages that list projects know Blueprints: see there."""

from urllib.parse import urlsplit

import flask
from flask import request, url_for
from werkzeug.wrappers import Response

from leapter.accounts.session import current_actor
from leapter.errors import InvalidInputError
from leapter.projects import service
from leapter.projects.forms import DeleteForm, ProjectForm, SettingsForm
from leapter.web import htmx
from leapter.web.form_errors import put_errors, status_of

dialogs = flask.Blueprint("projects", __name__, url_prefix="/projects")


@dialogs.route("/new", methods=["GET", "POST"])
def create() -> Response:
    """Ask for a name, and create an empty project."""
    form = ProjectForm()
    if form.validate_on_submit():
        try:
            project = service.create_project(
                current_actor(), name=form.name.data or "", description=form.description.data or ""
            )
        except InvalidInputError as error:
            put_errors(form, error)
        else:
            return htmx.done(
                f"Project {project.name} created.", url_for("project_pages.show", project_id=project.id)
            )
    return htmx.render(
        "projects/new.html",
        "dialog",
        status=status_of(form),
        form=form,
        namesake=service.find_project_by_name(current_actor(), form.name.data or ""),
    )


@dialogs.get("/name-hint")
def name_hint() -> Response:
    """Say whether a name is in use, while it is typed; `except` is the id of the project that has it now."""
    namesake = service.find_project_by_name(
        current_actor(), request.args.get("name", ""), except_id=request.args.get("except", "")
    )
    return htmx.render("projects/name_hint.html", "dialog", namesake=namesake)


@dialogs.route("/<uuid:project_id>/rename", methods=["GET", "POST"])
def rename(project_id: object) -> Response:
    """Ask for another name and description."""
    project = service.get_project(current_actor(), str(project_id))
    form = ProjectForm(obj=project)
    if form.validate_on_submit():
        try:
            service.rename_project(
                current_actor(),
                project.id,
                name=form.name.data or "",
                description=form.description.data or "",
            )
        except InvalidInputError as error:
            put_errors(form, error)
        else:
            return htmx.done("Project renamed.", _page_behind(project.id))
    return htmx.render(
        "projects/rename.html",
        "dialog",
        status=status_of(form),
        form=form,
        project=project,
        namesake=service.find_project_by_name(current_actor(), form.name.data or "", except_id=project.id),
    )


@dialogs.route("/<uuid:project_id>/settings", methods=["GET", "POST"])
def settings(project_id: object) -> Response:
    """Ask how Blueprints are called, what comes into force, and what is kept of runs."""
    project = service.get_project(current_actor(), str(project_id))
    form = SettingsForm(obj=project)
    if form.validate_on_submit():
        service.change_settings(
            current_actor(),
            project.id,
            ignores_unknown_inputs=form.ignores_unknown_inputs.data,
            keeps_run_data=form.keeps_run_data.data,
            demands_green_tests=form.demands_green_tests.data,
        )
        return htmx.done("Settings saved.", _page_behind(project.id))
    return htmx.render("projects/settings.html", "dialog", status=status_of(form), form=form, project=project)


@dialogs.route("/<uuid:project_id>/delete", methods=["GET", "POST"])
def delete(project_id: object) -> Response:
    """Say who loses the project, ask for its name, and delete it."""
    project = service.get_project(current_actor(), str(project_id))
    form = DeleteForm()
    if form.validate_on_submit():
        try:
            service.delete_project(current_actor(), project.id, typed_name=form.name.data or "")
        except InvalidInputError as error:
            put_errors(form, error)
        else:
            return htmx.done(f"Project {project.name} deleted.", url_for("project_pages.index"))
    return htmx.render(
        "projects/delete.html",
        "dialog",
        status=status_of(form),
        form=form,
        project=project,
        losing=service.losing_project(project.id),
    )


def _page_behind(project_id: str) -> str:
    """The page that the dialog was opened on: the list or, with or without htmx, the project's own."""
    index = url_for("project_pages.index")
    if urlsplit(request.headers.get("HX-Current-URL", "")).path == index:
        return index
    return url_for("project_pages.show", project_id=project_id)
