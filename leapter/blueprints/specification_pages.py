"""The specification of a Blueprint, and the diagram of its flow, as pages of their own."""

from dataclasses import dataclass

import flask
from flask import Response, request, url_for

from leapter.accounts.session import current_actor
from leapter.blueprints import service
from leapter.blueprints.readings import Reading, Wanted, read_revision
from leapter.clock import now
from leapter.web import htmx

pages = flask.Blueprint("specifications", __name__, url_prefix="/projects/<uuid:project_id>/blueprints")


@dataclass(frozen=True, kw_only=True, slots=True)
class Links:
    """Where a revision is shown in each of the three ways: what a place in it is added to, as "#L12"."""

    source: str
    specification: str
    flow: str


@pages.get("/<uuid:blueprint_id>/specification")
def specification(project_id: object, blueprint_id: object) -> Response:
    """Show the document."""
    return _page("blueprints/specification.html", project_id, blueprint_id)


@pages.get("/<uuid:blueprint_id>/flow")
def flow(project_id: object, blueprint_id: object) -> Response:
    """Show the diagram."""
    return _page("blueprints/flow.html", project_id, blueprint_id)


def wanted_revision(otherwise: Wanted) -> Wanted:
    """Which revision the address asks for: `revision=newest` or `revision=in-force`."""
    asked: dict[str | None, Wanted] = {"newest": "newest", "in-force": "in-force"}
    return asked.get(request.args.get("revision"), otherwise)


def links_of(reading: Reading, *, on_own_pages: bool) -> Links:
    """The addresses of a reading: on pages of their own, or in the page of the Blueprint."""
    shown = reading.shown

    def link(endpoint: str, *, view: str | None = None, revision: str | None) -> str:
        return url_for(
            endpoint,
            project_id=shown.project.id,
            blueprint_id=shown.blueprint.id,
            view=view,
            revision=revision,
        )

    # None leaves an argument out: the page shows this revision unasked.
    in_page = None if reading.is_newest else "in-force"
    if not on_own_pages:
        return Links(
            source=link("blueprints.show", revision=in_page),
            specification=link("blueprints.show", view="specification", revision=in_page),
            flow=link("blueprints.show", view="flow", revision=in_page),
        )
    on_own_page = None if reading.is_in_force or shown.in_force is None else "newest"
    return Links(
        source=link("blueprints.show", revision=in_page),
        specification=link("specifications.specification", revision=on_own_page),
        flow=link("specifications.flow", revision=on_own_page),
    )


def _page(template: str, project_id: object, blueprint_id: object) -> Response:
    shown = service.get_blueprint(current_actor(), str(project_id), str(blueprint_id))
    reading = read_revision(shown, wanted_revision("in-force"))
    return htmx.render(
        template,
        "content",
        shown=shown,
        reading=reading,
        links=links_of(reading, on_own_pages=True),
        present=now(),
    )
