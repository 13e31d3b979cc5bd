"""Can this key call this Blueprint? Answered by the code that decides on calls, and with its words."""

from dataclasses import dataclass

import flask
from flask import Response, request, url_for
from sqlalchemy import select

from leapter.accounts.access import Actor, visible_appspaces
from leapter.accounts.session import current_actor
from leapter.api_keys import listing
from leapter.api_keys.records import KeyRecord, ProjectName
from leapter.blueprints import service
from leapter.blueprints.addresses import run_url
from leapter.blueprints.models import Blueprint
from leapter.blueprints.sample_inputs import sample_inputs
from leapter.blueprints.service import ShownBlueprint
from leapter.db import db
from leapter.errors import LeapterError, NotFoundError
from leapter.projects.models import Project
from leapter.projects.service import get_project
from leapter.runtime import running
from leapter.runtime.access import Grant
from leapter.runtime.limits import Allowance
from leapter.runtime.problem_kinds import KINDS
from leapter.runtime.problems import Problem, problem_of
from leapter.runtime.state import current_runtime
from leapter.web import htmx
from leapter.web.curl import curl_line
from leapter.web.urls import base_url

pages = flask.Blueprint("key_check", __name__, url_prefix="/api-keys/<uuid:key_id>")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Answer:
    """Either `problem`, which the caller would get, or the `grant` that let it pass.

    `url` is what is called, `command` calls it; `allowance` is what a limit leaves, None where there is none.
    """

    url: str
    command: str
    problem: Problem | None = None
    grant: Grant | None = None
    allowance: Allowance | None = None
    mend_label: str = ""
    mend_url: str = ""


@pages.get("/check")
def check(key_id: object) -> Response:
    """Ask for a project and a Blueprint, and answer."""
    actor = current_actor()
    key = listing.get_key(actor, str(key_id))
    choices = listing.choosable_projects(actor)
    wanted = request.args.get("project", "") or _obvious(key, choices)
    project = get_project(actor, wanted) if wanted else None
    blueprints = service.list_blueprints(actor, project.id) if project else []
    wanted = request.args.get("blueprint", "")
    chosen = next((one for one in blueprints if one.blueprint.id == wanted), None)
    if wanted and chosen is None:
        # Without a script, another project is chosen while the Blueprint is still that of the first.
        _check_exists(actor, wanted)
    return htmx.render(
        "integrations/check.html",
        "dialog",
        key=key,
        choices=choices,
        project=project,
        blueprints=blueprints,
        chosen=chosen,
        answer=_answer(actor, key, project, chosen) if project and chosen else None,
        kinds=KINDS,
        back=url_for("api_keys.show", key_id=key.id),
    )


def _obvious(key: KeyRecord, choices: tuple[ProjectName, ...]) -> str:
    """The id of the one project that can be meant before anybody chose, "" where there are several."""
    of_key = [choice for choice in choices if choice in key.projects]
    for candidates in (of_key, choices):
        if len(candidates) == 1:
            return candidates[0].id
    return ""


def _check_exists(actor: Actor, blueprint_id: str) -> None:
    statement = (
        select(Blueprint.id)
        .join(Project, Project.id == Blueprint.project_id)
        .where(Blueprint.id == blueprint_id, Project.appspace_id.in_(visible_appspaces(actor)))
        .limit(1)
    )
    if db.session.scalar(statement) is None:
        raise NotFoundError("Blueprint")


def _answer(actor: Actor, key: KeyRecord, project: Project, chosen: ShownBlueprint) -> _Answer:
    name = chosen.blueprint.id
    url = run_url(base_url(), appspace_id=project.appspace_id, project_id=project.id, blueprint=name)
    command = curl_line(url, sample_inputs(chosen.blueprint))
    runtime = current_runtime()
    try:
        # The steps of a call in their order, up to the run: see `runtime.routes`.
        grant = runtime.access.explain(
            key.id, appspace=project.appspace_id, project=project.id, blueprint=name
        )
        called = running.named(grant, name)
        allowance = runtime.limiter.peek(key.id) if runtime.limiter else None
        running.runnable(grant, called)
    except LeapterError as error:
        problem = problem_of(error)
        label, mend = _mend(problem.code, key, chosen)
        return _Answer(url=url, command=command, problem=problem, mend_label=label, mend_url=mend)
    return _Answer(url=url, command=command, grant=grant, allowance=allowance)


def _mend(code: str, key: KeyRecord, chosen: ShownBlueprint) -> tuple[str, str]:
    """Where that is mended: words for the link, and its address; both "" where there is no such page."""
    project = chosen.project
    match code:
        case "project_not_permitted" if project.appspace_id == key.appspace_id:
            return "Edit the projects of the key", url_for(
                "api_keys.edit_projects", key_id=key.id, back="key"
            )
        case "project_not_permitted" | "revoked_api_key" | "expired_api_key" | "unknown_api_key":
            return f"Create a key for {project.name}", url_for("api_keys.create", project=project.id)
        case "blueprint_has_errors" | "blueprint_not_found":
            location = url_for("blueprints.show", project_id=project.id, blueprint_id=chosen.blueprint.id)
            return f"Findings of {chosen.blueprint.label}", location
        case _:
            return "", ""
