"""One page for each kind of client: where the key goes in it, step by step, and what can go wrong."""

import contextlib
from typing import Any

import flask
from flask import Response, request

from leapter.accounts.access import Actor
from leapter.accounts.session import current_actor
from leapter.api_keys import listing
from leapter.api_keys.records import KeyQuery, KeyRecord, ProjectName
from leapter.blueprints import service
from leapter.blueprints.addresses import project_url
from leapter.errors import NotFoundError
from leapter.integrations import n8n_workflow, snippets, troubles
from leapter.projects.service import get_project
from leapter.web import htmx
from leapter.web.urls import base_url

CLIENTS = {"rest": "Web API", "mcp": "AI (MCP)", "n8n": "n8n"}

# More would make a long page of the links to the Connect dialogs; the page Projects has them all.
_MOST_LINKS = 12

pages = flask.Blueprint("integrations", __name__, url_prefix="/integrations")


@pages.get("")
def index() -> Response:
    """What can be connected."""
    return htmx.render("integrations/index.html", "content", clients=CLIENTS)


@pages.get("/rest")
def rest() -> Response:
    """Programs and scripts that call over HTTP."""
    return _page("rest")


@pages.get("/mcp")
def mcp() -> Response:
    """AI clients that call tools."""
    return _page("mcp")


@pages.get("/n8n")
def n8n() -> Response:
    """Workflows of n8n."""
    return _page("n8n")


def _page(client: str) -> Response:
    actor = current_actor()
    key_id = request.args.get("key", "")
    projects = listing.choosable_projects(actor)
    project = _chosen_project(actor, projects, key_id)
    running = service.projects_that_run(actor)
    linked = [one for one in projects if one.id in running]
    keys = listing.list_keys_of_project(actor, project.id) if project else ()
    key = keys[0] if len(keys) == 1 and not key_id else next((one for one in keys if one.id == key_id), None)
    base, prefix = base_url(), key.prefix if key else None
    context: dict[str, Any] = {
        "clients": CLIENTS,
        "client": client,
        "projects": projects,
        "project": project,
        "keys": keys,
        "key": key,
        # Those of the node itself are another Blueprint's each: the Connect dialog has them.
        "header_auth_fields": n8n_workflow.fields("", {}, credential_name(key), snippets.key_meant(prefix))[
            :3
        ],
        "leapter_fields": n8n_workflow.community_node_fields(base, snippets.key_meant(prefix)),
        "key_meant": snippets.key_meant(prefix),
        "linked": linked[:_MOST_LINKS],
        "linkable_count": len(linked),
        "troubles": troubles.of_client(client),
    }
    if project is not None:
        appspace_id = get_project(actor, project.id).appspace_id
        address = project_url(base, appspace_id=appspace_id, project_id=project.id)
        context |= {
            "address": address,
            "mcp_address": f"{address}/mcp",
            "list_line": snippets.list_line(address),
            "download_line": snippets.download_line(address),
            "mcp_clients": snippets.MCP_CLIENTS,
            "configurations": snippets.mcp_configurations(project.name, f"{address}/mcp", prefix=prefix),
        }
    return htmx.render("integrations/page.html", "content", **context)


def credential_name(key: KeyRecord | None) -> str:
    """What n8n's credential for a key is called."""
    return f"Leapter, {key.name}" if key else "Leapter"


def _chosen_project(actor: Actor, projects: tuple[ProjectName, ...], key_id: str) -> ProjectName | None:
    """The project that the address names, else one of the key in it or of the newest key, else the first.

    Raises:
        NotFoundError: the address names a project that is not there, or not for `actor`.
    """
    wanted = request.args.get("project", "")
    if wanted and wanted not in {one.id for one in projects}:
        raise NotFoundError("project")
    if not wanted and key_id:
        with contextlib.suppress(NotFoundError):
            wanted = next((one.id for one in listing.get_key(actor, key_id).projects), "")
    if not wanted:
        newest = listing.list_keys(actor, KeyQuery()).rows
        wanted = next((one.id for key in newest if key.status == "active" for one in key.projects), "")
    return next((one for one in projects if one.id == wanted), next(iter(projects), None))
