"""The Connect dialog of a project or a Blueprint: what other programs need to call it, ready to copy."""

from collections.abc import Mapping
from typing import Any

import flask
from flask import Response, request, url_for

from leapter.accounts.access import Actor
from leapter.accounts.session import current_actor
from leapter.api_keys import listing
from leapter.api_keys.records import KeyRecord
from leapter.blueprints import service
from leapter.blueprints.addresses import project_url, run_url
from leapter.blueprints.sample_inputs import program_in_force, sample_inputs
from leapter.blueprints.service import ShownBlueprint
from leapter.integrations import n8n_workflow, snippets
from leapter.integrations.integration_pages import CLIENTS, credential_name
from leapter.projects.models import Project
from leapter.projects.service import get_project
from leapter.web import htmx
from leapter.web.curl import curl_line
from leapter.web.urls import base_url

# What a tab offers to choose from; the first is shown where nothing is chosen.
_SHOWN: Mapping[str, Mapping[str, str]] = {
    "rest": snippets.LANGUAGES,
    "mcp": snippets.MCP_CLIENTS,
    "n8n": snippets.N8N_NODES,
}

pages = flask.Blueprint("connect", __name__, url_prefix="/projects/<uuid:project_id>")


@pages.get("/connect")
def project(project_id: object) -> Response:
    """Connect a program to a project; its Blueprint is chosen here."""
    actor = current_actor()
    found = get_project(actor, str(project_id))
    every = service.list_blueprints(actor, found.id)
    offered = [one for one in every if one.can_run]
    wanted = request.args.get("blueprint", "")
    chosen = next((one for one in offered if one.blueprint.id == wanted), offered[0] if offered else None)
    return _dialog(
        actor,
        found,
        chosen,
        offered=offered,
        left_out=[one for one in every if not one.can_run],
        back=url_for("project_pages.show", project_id=found.id),
    )


@pages.get("/blueprints/<uuid:blueprint_id>/connect")
def blueprint(project_id: object, blueprint_id: object) -> Response:
    """Connect a program to one Blueprint."""
    actor = current_actor()
    shown = service.get_blueprint(actor, str(project_id), str(blueprint_id))
    back = url_for("blueprints.show", project_id=shown.project.id, blueprint_id=shown.blueprint.id)
    return _dialog(actor, shown.project, shown, offered=None, left_out=[], back=back)


def _dialog(
    actor: Actor,
    project: Project,
    chosen: ShownBlueprint | None,
    *,
    offered: list[ShownBlueprint] | None,
    left_out: list[ShownBlueprint],
    back: str,
) -> Response:
    """The dialog for `chosen`.

    `offered` are those to choose from, None where it is the Blueprint's own; `left_out` cannot run.
    """
    tab = request.args.get("tab", "")
    tab = tab if tab in CLIENTS else "rest"
    shown = request.args.get("show", "")
    shown = shown if shown in _SHOWN[tab] else next(iter(_SHOWN[tab]), "")
    keys = listing.list_keys_of_project(actor, project.id)
    key = _chosen_key(keys)
    program = program_in_force(chosen.blueprint) if chosen and chosen.can_run else None

    def location(**changes: str) -> str:
        """The address of this dialog with something else chosen."""
        query = {"tab": tab, "show": shown, "key": key.id if key else ""}
        if offered is not None:
            query["blueprint"] = request.args.get("blueprint", "")
        query |= changes
        values = {**(request.view_args or {}), **{name: value for name, value in query.items() if value}}
        return url_for(str(request.endpoint), **values)

    context: dict[str, Any] = {
        "project": project,
        "chosen": chosen,
        "offered": offered,
        "left_out": left_out,
        "can_run": program is not None,
        "tabs": CLIENTS,
        "tab": tab,
        "shown_choices": _SHOWN[tab],
        "shown": shown,
        "keys": keys,
        "key": key,
        "key_is_lost": bool(request.args.get("key")) and key is None,
        "key_meant": snippets.key_meant(key.prefix if key else None),
        "location": location,
        "path": request.path,
        "in_dialog": htmx.wants_fragment(),
        "back": back,
    }
    if chosen is not None and program is not None:
        context |= _connection(project, chosen, key)
        context["tool"] = program.signature.call_identifier
    return htmx.render("integrations/connect.html", "dialog", **context)


def _connection(project: Project, chosen: ShownBlueprint, key: KeyRecord | None) -> dict[str, Any]:
    """Addresses and snippets; none of them holds a key."""
    base = base_url()
    address = project_url(base, appspace_id=project.appspace_id, project_id=project.id)
    run_address = run_url(
        base, appspace_id=project.appspace_id, project_id=project.id, blueprint=chosen.blueprint.id
    )
    inputs = sample_inputs(chosen.blueprint)
    prefix = key.prefix if key else None
    credential = credential_name(key)
    return {
        "n8n_fields": {
            "http": n8n_workflow.fields(run_address, inputs, credential, snippets.key_meant(prefix)),
            "leapter": n8n_workflow.community_node_fields(base, snippets.key_meant(prefix)),
        },
        "run_address": run_address,
        "openapi_line": snippets.download_line(address),
        "mcp_address": f"{address}/mcp",
        "snippets": {
            "curl": curl_line(run_address, inputs),
            "python": snippets.python_script(run_address, inputs),
            "javascript": snippets.javascript_script(run_address, inputs),
            "n8n": snippets.pretty(
                n8n_workflow.workflow(chosen.blueprint.label, run_address, inputs, credential)
            ),
            **snippets.mcp_configurations(project.name, f"{address}/mcp", prefix=prefix),
        },
    }


def _chosen_key(keys: tuple[KeyRecord, ...]) -> KeyRecord | None:
    """The key that the address names; the only one where it names none."""
    wanted = request.args.get("key")
    if wanted is None:
        return keys[0] if len(keys) == 1 else None
    return next((key for key in keys if key.id == wanted), None)
