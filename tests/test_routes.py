"""Every route is public by this list, or asks for a key, or refuses anonymous people and strangers."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from leapter.blueprints.tests_panel import case_key
from tests.world import World

PUBLIC = {
    "/assets/<version>/<path:name>",
    "/authorize",
    "/healthz",
    "/metrics",
    "/problems/<name>",
    "/readyz",
    "/register",
    "/setup",
    "/sign-in",
    "/token",
}

# Pages of the person who asks, whoever that is: there is no id in the address that could be another's.
OWN = {
    "/",
    "/account",
    "/account/password",
    "/account/sign-out-elsewhere",
    "/api-keys",
    "/api-keys/name-hint",
    "/api-keys/new",
    "/integrations",
    "/integrations/connection-test",
    "/integrations/mcp",
    "/integrations/n8n",
    "/integrations/rest",
    "/projects",
    "/projects/examples/<name>",
    "/projects/import",
    "/projects/name-hint",
    "/projects/new",
    "/sign-out",
}

# Files, which are no pages.
DOWNLOADS = {
    "/projects/<uuid:project_id>/export",
    "/projects/<uuid:project_id>/blueprints/<uuid:blueprint_id>/source",
}


def routes(app: Flask) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def is_machine_route(rule: Rule) -> bool:
    return rule.rule.startswith(("/runtime/", "/api/"))


def address(app: Flask, rule: Rule, values: dict[str, str]) -> str:
    adapter = app.url_map.bind("localhost")
    return adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments})


@pytest.fixture
def values(world: World) -> dict[str, str]:
    """Real ids of one person's things, for every placeholder of every route."""
    owner = world.person("Ada")
    project = world.project(owner)
    key, _ = world.key(owner, project)
    blueprint_id = project.blueprints["parcel-price"]
    suite = world.suite(project)
    return {
        "project_id": project.id,
        "blueprint_id": blueprint_id,
        "key_id": key.id,
        "appspace": owner.appspace_id,
        "project": project.id,
        "blueprint": blueprint_id,
        "run_id": "00000000-0000-4000-8000-000000000000",
        "name": "parcel-shipping",
        "suite": suite.name,
        "case": case_key(suite, suite.suite.cases[0]),
    }


def test_every_route_is_of_a_known_kind(app: Flask) -> None:
    for rule, _ in routes(app):
        closed_by_id = {"project_id", "key_id"} & rule.arguments
        assert rule.rule in PUBLIC | OWN or is_machine_route(rule) or closed_by_id, rule


def test_anonymous_people_reach_only_what_is_public(
    app: Flask, client: FlaskClient, values: dict[str, str]
) -> None:
    for rule, method in routes(app):
        if rule.rule in PUBLIC or is_machine_route(rule):
            continue
        answer = client.open(address(app, rule, values), method=method)
        assert answer.status_code == 303, (rule, method)
        assert answer.location.startswith("/sign-in"), (rule, method)


def test_strangers_find_nothing_of_another_appspace(app: Flask, world: World, values: dict[str, str]) -> None:
    stranger = world.person("Mallory")
    tried = 0
    for rule, method in routes(app):
        if rule.rule in PUBLIC | OWN or is_machine_route(rule):
            continue
        answer = stranger.client.open(address(app, rule, values), method=method)
        assert answer.status_code == 404, (rule, method)
        tried += 1
    assert tried > 15


def test_members_of_the_appspace_do_find_it(app: Flask, world: World) -> None:
    owner = world.person("Ada")
    project = world.project(owner)
    member = world.member(owner)
    assert member.client.get(f"/projects/{project.id}").status_code == 200


def test_machine_routes_ask_for_a_key_and_do_not_look_at_the_session(
    app: Flask, client: FlaskClient, world: World, values: dict[str, str]
) -> None:
    signed_in = world.person("Grace").client
    for rule, method in routes(app):
        if not is_machine_route(rule):
            continue
        for browser in (client, signed_in):
            answer = browser.open(address(app, rule, values), method=method)
            assert answer.status_code == 401, (rule, method)
            assert answer.get_json()["code"] == "missing_api_key"


def test_every_page_renders_as_a_fragment_alone(app: Flask, world: World) -> None:
    owner = world.person("Ada")
    project = world.project(owner)
    key, _ = world.key(owner, project)
    suite = world.suite(project)
    ids = {"project_id": project.id, "key_id": key.id, "blueprint_id": project.blueprints["parcel-price"]}
    ids |= {"suite": suite.name, "case": case_key(suite, suite.suite.cases[0])}
    seen = 0
    for rule, method in routes(app):
        if method != "GET" or rule.rule in PUBLIC | DOWNLOADS | {"/"} or is_machine_route(rule):
            continue
        answer = owner.client.get(address(app, rule, ids), headers={"HX-Request": "true"})
        assert answer.status_code == 200, rule
        assert "<!doctype" not in answer.get_data(as_text=True).lower(), rule
        assert "HX-Request" in answer.headers["Vary"], rule
        seen += 1
    assert seen > 15
