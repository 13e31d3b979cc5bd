"""The pages that say where a key goes in each kind of client."""

import re
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from leapter.integrations import troubles
from leapter.runtime.problem_kinds import KINDS
from tests.world import PRICE, World

CLIENTS = ("rest", "mcp", "n8n")


def shown(client: FlaskClient, url: str) -> BeautifulSoup:
    answer = client.get(url)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return BeautifulSoup(answer.data, "html.parser")


def test_the_pages_are_found_from_the_sidebar_and_from_the_keys(world: World) -> None:
    ada = world.person()
    home = shown(ada.client, "/api-keys")
    assert home.select_one(".nav a[href='/integrations']")
    assert [link["href"] for link in home.select(".where-to a")] == [
        f"/integrations/{one}" for one in CLIENTS
    ]
    listed = shown(ada.client, "/integrations")
    assert [link["href"] for link in listed.select("main a")] == [f"/integrations/{one}" for one in CLIENTS]


@pytest.mark.parametrize("client", CLIENTS)
def test_each_page_has_the_real_addresses_the_chosen_key_and_no_secret(world: World, client: str) -> None:
    ada = world.person()
    first, second = world.project(ada, "First"), world.project(ada, "Second")
    world.key(ada, first)
    key, secret = world.key(ada, second, name="Chosen")
    soup = shown(ada.client, f"/integrations/{client}?key={key.id}")
    assert soup.select_one("#integration-project option[selected]").text == "Second"
    assert "Chosen" in soup.select_one("#integration-key option[selected]").text
    assert secret not in str(soup)
    steps = soup.select_one(".integration-steps").text
    assert key.prefix in steps
    base = "http://localhost"
    path = f"/runtime/api/v1/{ada.appspace_id}/{second.id}"
    assert (base if client == "n8n" else base + path) in steps
    links = [link["href"] for link in soup.select(".connect-links a")]
    assert links == [f"/projects/{one.id}/connect?tab={client}" for one in (first, second)]


def test_without_a_choice_the_project_of_the_newest_key_is_shown(world: World) -> None:
    ada = world.person()
    world.project(ada, "A")
    world.key(ada, world.project(ada, "B"))
    soup = shown(ada.client, "/integrations/rest")
    assert soup.select_one("#integration-project option[selected]").text == "B"


def test_projects_of_one_name_are_told_apart_and_only_those_that_run_are_offered(world: World) -> None:
    ada = world.person()
    twins = [world.project(ada, "Twin"), world.project(ada, "Twin")]
    world.project(ada, "Broken", {"broken": PRICE.replace("weight_kg * 2.5", "weight")})
    world.project(ada, "Empty", {})
    soup = shown(ada.client, "/integrations/rest")
    names = [f"Twin [{one.id[:8]}]" for one in sorted(twins, key=lambda one: one.id)]
    options = [option.text for option in soup.select("#integration-project option")]
    assert options == ["Broken", "Empty", *names]
    assert [link.text for link in soup.select(".connect-links a")] == [f"Connect {name}" for name in names]
    assert "Projects in which no Blueprint can run yet are left out." in soup.text


def test_without_a_project_a_page_says_where_to_get_one(world: World) -> None:
    for client in CLIENTS:
        soup = shown(world.person().client, f"/integrations/{client}")
        assert soup.select_one(".notice a")["href"] == "/projects"


def test_projects_and_keys_of_others_are_not_shown(world: World) -> None:
    ada, mallory = world.person("Ada"), world.person("Mallory")
    project = world.project(ada, "Hers")
    key, _ = world.key(ada, project, name="Her key")
    for client in CLIENTS:
        for query in (f"project={project.id}&key={key.id}", f"key={key.id}"):
            answer = mallory.client.get(f"/integrations/{client}?{query}")
            assert answer.status_code == (404 if query.startswith("project") else 200)
            text = answer.get_data(as_text=True)
            assert "Hers" not in text
            assert "Her key" not in text
            assert project.id not in text
        member = world.member(ada).client.get(f"/integrations/{client}?project={project.id}&key={key.id}")
        assert "Her key" in member.get_data(as_text=True)


def test_the_common_errors_come_with_mends_and_with_the_pages_of_problems(world: World, app: Flask) -> None:
    ada = world.person()
    world.project(ada)
    for client in CLIENTS:
        soup = shown(ada.client, f"/integrations/{client}")
        rows = soup.select(".troubles > div")
        assert len(rows) == len(troubles.of_client(client)) > 8
        assert all(row.dt.text.strip() and row.dd.text.strip() for row in rows)
        for link in soup.select(".troubles a"):
            name = urlsplit(link["href"]).path.removeprefix("/problems/")
            assert name.replace("-", "_") in KINDS
            assert re.fullmatch(r"[a-z-]+", name)
        assert "revoked_api_key" in soup.select_one(".troubles").text


def test_a_key_made_for_a_page_leads_back_to_it(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    opener = shown(ada.client, "/integrations/n8n").select_one("#integration-create-key")
    form = shown(ada.client, opener["href"]).select_one(".dialog-form")
    fields = {box["name"]: box.get("value", "") for box in form.select("input[name]")}
    answer = ada.client.post("/api-keys/new", data={**fields, "name": "For n8n"})
    reveal = BeautifulSoup(answer.data, "html.parser").select_one("[data-key-reveal]")
    assert reveal["action"] == "/integrations/n8n"
    assert reveal.select_one("[name=project]")["value"] == project.id
    assert not reveal.has_attr("data-stays-in-dialog")
