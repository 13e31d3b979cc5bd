"""One page for each kind of client: where the key goes in it, step by step, and what can go wrong."""

import contextlib
from typing import Any

import flask
from flask import Response, request

from leapter.accounts.access import Actor
from leapter.accounts.session import current_actor
from leapter.api_keys import listing
from leapter.api_keys.records import KeyQuery, KeyRecord
from leapter.blueprints.addresses import project_url
from leapter.errors import NotFoundError
from leapter.integrations import n8n_workflow, snippets, troubles
from leapter.projects.models import Project
from leapter.projects.service import list_projects
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
    projects = [listed.project for listed in list_projects(actor)]
    project = _chosen_project(actor, projects, key_id)
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
        "linked": projects[:_MOST_LINKS],
        "troubles": troubles.of_client(client),
    }
    if project is not None:
        address = project_url(base, appspace_id=project.appspace_id, project_id=project.id)
        context |= {
            "address": address,
            "mcp_address": f"{address}/mcp",
            "list_line": snippets.list_line(address),
            "mcp_clients": snippets.MCP_CLIENTS,
            "configurations": snippets.mcp_configurations(project.name, f"{address}/mcp", prefix=prefix),
        }
    return htmx.render("integrations/page.html", "content", **context)


def credential_name(key: KeyRecord | None) -> str:
    """What n8n's credential for a key is called."""
    return f"Leapter, {key.name}" if key else "Leapter"


def _chosen_project(actor: Actor, projects: list[Project], key_id: str) -> Project | None:
    """The project that the address names, else one of the key in it or of the newest key, else the first."""
    wanted = request.args.get("project", "")
    if not wanted and key_id:
        with contextlib.suppress(NotFoundError):
            wanted = next((one.id for one in listing.get_key(actor, key_id).projects), "")
    if not wanted:
        newest = listing.list_keys(actor, KeyQuery()).rows
        wanted = next((one.id for key in newest if key.status == "active" for one in key.projects), "")
    return next((one for one in projects if one.id == wanted), next(iter(projects), None))
