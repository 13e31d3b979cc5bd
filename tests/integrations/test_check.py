"""Can this key call this Blueprint? The answer is what a caller would get, to the letter."""

from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from leapter.api_keys import service as api_keys
from leapter.blueprints.models import Blueprint
from leapter.clock import now
from leapter.db import new_id, transaction
from tests.world import PRICE, Person, World


def check(person: Person, key_id: str, project: Any, blueprint: str = "parcel-price") -> BeautifulSoup:
    answer = person.client.get(
        f"/api-keys/{key_id}/check?project={project.id}&blueprint={project.blueprints[blueprint]}"
    )
    assert answer.status_code == 200
    return BeautifulSoup(answer.get_data(as_text=True), "html.parser")


def call(client: FlaskClient, person: Person, secret: str, project: Any, slug: str = "parcel-price") -> Any:
    path = f"/runtime/api/v1/{person.appspace_id}/{project.id}/models/{slug}/runs"
    return client.post(path, json={"weight_kg": 2}, headers={"X-API-Key": secret})


def test_yes_comes_with_the_command(world: World, client: FlaskClient) -> None:
    ada = world.person("Ada")
    project = world.project(ada)
    record, secret = world.key(ada, project)
    assert call(client, ada, secret, project).status_code == 200
    answer = check(ada, record.id, project).select_one("#check-answer")
    assert "Yes." in answer.get_text()
    blueprint_id = project.blueprints["parcel-price"]
    path = f"/runtime/api/v1/{ada.appspace_id}/{project.id}/models/{blueprint_id}/runs"
    assert path in answer.select_one("#check-command").get_text()
    assert "weight_kg" in answer.select_one("#check-command").get_text()


@pytest.mark.parametrize("case", ["scope", "revoked", "expired", "errors", "callee"])
def test_no_comes_with_the_words_of_the_caller_and_a_way_to_mend_it(
    world: World, client: FlaskClient, case: str
) -> None:
    ada = world.person("Ada")
    broken = "//* Broken\nfunction broken() -> answer: number { answer = nothing_known; }\n"
    project = world.project(ada, "Shipping", {"parcel-price": PRICE, "broken": broken})
    other = world.project(ada, "Other")
    name, mend = "parcel-price", f"/api-keys/new?project={project.id}"
    if case == "expired":
        record, secret = api_keys.create_key(
            ada.actor,
            name="Short",
            project_ids=[project.id],
            creation_token=new_id(),
            expires_at=now() - timedelta(seconds=1),
        )
    else:
        record, secret = world.key(ada, other if case == "scope" else project)
    if case == "scope":
        mend = f"/api-keys/{record.id}/projects"
    if case == "revoked":
        api_keys.revoke_key(ada.actor, record.id)
    if case == "errors":
        name, mend = "broken", f"/projects/{project.id}/blueprints/"
    if case == "callee":
        mend = f"/projects/{project.id}/blueprints/"
        with transaction() as session:
            one = session.get_one(Blueprint, (project.id, project.blueprints[name]))
            one.revision_in_force_id = None
    refused = call(client, ada, secret, project, name)
    answer = check(ada, record.id, project, name).select_one("#check-answer")
    told = " ".join(answer.get_text().split())
    assert f"No. The caller gets {refused.status_code} {refused.json['code']}:" in told
    assert refused.json["detail"].replace("`", "") in told
    assert answer.select_one(f'a.button[href^="{mend}"]'), answer


def test_it_is_for_people_of_the_appspace_and_offers_only_what_they_may_see(
    world: World, client: FlaskClient
) -> None:
    ada, eve = world.person("Ada"), world.person("Eve")
    project, hidden = world.project(ada, "Shipping"), world.project(eve, "Hidden")
    record, _ = world.key(ada, project)
    address = f"/api-keys/{record.id}/check"
    assert world.member(ada).client.get(address).status_code == 200
    assert eve.client.get(address).status_code == 404
    assert client.get(address).status_code in (302, 303)
    blueprint = hidden.blueprints["parcel-price"]
    here = f"{address}?project={project.id}"
    for guessed in (f"{address}?project={hidden.id}&blueprint={blueprint}", f"{here}&blueprint={blueprint}"):
        answer = ada.client.get(guessed)
        assert answer.status_code == 404
        assert "Hidden" not in answer.get_data(as_text=True)
    # Another project was chosen without a script, and the Blueprint is still that of the first.
    other = world.project(ada, "Other")
    page = ada.client.get(f"{here}&blueprint={other.blueprints['parcel-price']}")
    assert page.status_code == 200
    assert "check-answer" not in page.get_data(as_text=True)


def test_a_key_of_one_project_is_asked_about_that(world: World) -> None:
    ada = world.person("Ada")
    project, _ = world.project(ada, "Shipping"), world.project(ada, "Lending")
    record, _ = world.key(ada, project)
    page = BeautifulSoup(ada.client.get(f"/api-keys/{record.id}/check").get_data(), "html.parser")
    assert page.select_one("#check-project option[selected]")["value"] == project.id
    assert page.select_one("#check-blueprint")
    # As long as an answer is shown, another Blueprint is checked at once.
    assert check(ada, record.id, project).select_one("#check-blueprint[hx-get]")
