"""No page is open by accident."""

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.routing.converters import NumberConverter

from leapter.accounts.guard import PUBLIC_ENDPOINTS
from leapter.web.application import Application
from tests.world import World


def closed_rules(app: Flask) -> list[Rule]:
    assert isinstance(app, Application)
    return [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in PUBLIC_ENDPOINTS
        and rule.endpoint.partition(".")[0] not in app.machine_blueprints
    ]


def address(app: Flask, rule: Rule) -> str:
    # A UUID fits every converter but that of numbers.
    values = {
        name: 1 if isinstance(converter, NumberConverter) else "00000000-0000-4000-8000-000000000000"
        for name, converter in rule._converters.items()
    }
    method = next(iter(rule.methods or {"GET"}))
    return app.url_map.bind("localhost").build(rule.endpoint, values, method=method)


def test_every_route_that_is_not_named_as_public_sends_people_to_sign_in(
    app: Flask, client: FlaskClient, world: World
) -> None:
    world.person("Ada")
    rules = closed_rules(app)
    assert {"accounts.account", "accounts.sign_out"} <= {rule.endpoint for rule in rules}
    for rule in rules:
        for method in rule.methods or ():
            answer = client.open(address(app, rule), method=method)
            assert answer.status_code == 303, (method, rule)
            assert answer.location.startswith("/sign-in"), (method, rule)


def test_every_public_name_is_a_route(app: Flask) -> None:
    assert set(app.view_functions) >= PUBLIC_ENDPOINTS


def test_a_post_is_not_repeated_after_signing_in(client: FlaskClient) -> None:
    assert client.post("/account").location == "/sign-in"
