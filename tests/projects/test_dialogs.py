import re

import pytest
from bs4 import BeautifulSoup

from leapter.errors import NotFoundError
from leapter.projects import service
from tests.world import World

HTMX = {"HX-Request": "true"}


def test_creating_leads_to_the_project(world: World) -> None:
    ada = world.person()
    answer = ada.client.post("/projects/new", data={"name": "Shipping", "description": ""})
    assert answer.status_code == 303
    page = ada.client.get(answer.location).get_data(as_text=True)
    assert "Project Shipping created." in page
    assert "No Blueprint yet" in page


def test_a_name_that_is_not_accepted_stands_in_the_form_with_the_reason(world: World) -> None:
    answer = world.person().client.post("/projects/new", data={"name": "", "description": "kept"})
    assert answer.status_code == 422
    page = BeautifulSoup(answer.data, "html.parser")
    name = page.find(id="name")
    assert name["aria-invalid"] == "true"
    assert "Give the project a name." in page.find(id=name["aria-describedby"].split()[-1]).text
    assert page.find(id="description").text.strip() == "kept"


def test_htmx_gets_the_dialog_alone_and_a_result_that_closes_it(world: World) -> None:
    client = world.person().client
    form = client.get("/projects/new", headers=HTMX).get_data(as_text=True)
    assert "<html" not in form
    assert "Create project" in form
    done = client.post("/projects/new", data={"name": "Shipping"}, headers=HTMX)
    assert done.status_code == 200
    assert "leapter:close-dialog" in done.headers["HX-Trigger"]


def test_renaming_shows_the_new_name(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    url = f"/projects/{project.id}/rename"
    assert 'value="Shipping"' in ada.client.get(url).get_data(as_text=True)
    answer = ada.client.post(url, data={"name": "Parcels", "description": "All of them."})
    assert "<h1" in ada.client.get(answer.location).get_data(as_text=True)
    assert "Parcels" in ada.client.get("/projects").get_data(as_text=True)


def test_settings_are_kept_and_shown_again(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    url = f"/projects/{project.id}/settings"
    assert ada.client.post(url, data={"keeps_run_data": "y"}).status_code == 303
    page = BeautifulSoup(ada.client.get(url).data, "html.parser")
    assert page.find(id="keeps_run_data").has_attr("checked")
    assert not page.find(id="ignores_unknown_inputs").has_attr("checked")


def test_deleting_names_the_keys_that_lose_the_project(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    _, secret = world.key(ada, project, name="Checkout")
    page = ada.client.get(f"/projects/{project.id}/delete").get_data(as_text=True)
    assert "Checkout" in page
    assert secret[:12] in page
    assert secret not in page


def test_deleting_needs_the_name(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    url = f"/projects/{project.id}/delete"
    wrong = ada.client.post(url, data={"name": "Other"})
    assert wrong.status_code == 422
    assert "Nothing was deleted" in wrong.get_data(as_text=True)
    right = ada.client.post(url, data={"name": "Shipping"})
    assert right.status_code == 303
    assert "Project Shipping deleted." in ada.client.get(right.location).get_data(as_text=True)
    with pytest.raises(NotFoundError):
        service.get_project(ada.actor, project.id)


@pytest.mark.parametrize("dialog", ["rename", "settings", "delete"])
def test_dialogs_open_for_members_and_for_nobody_else(world: World, dialog: str) -> None:
    ada = world.person()
    url = f"/projects/{world.project(ada).id}/{dialog}"
    assert ada.client.get(url).status_code == 200
    assert world.member(ada).client.get(url).status_code == 200
    eve = world.person("Eve").client
    assert eve.get(url).status_code == 404
    assert eve.post(url, data={"name": "Shipping"}).status_code == 404
    anonymous = world.app.test_client()
    assert re.match("/sign-in", anonymous.get(url).location)
    assert re.match("/sign-in", anonymous.post(url, data={"name": "Shipping"}).location)


def test_a_form_without_its_token_changes_nothing(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    world.app.config["WTF_CSRF_ENABLED"] = True
    answer = ada.client.post(f"/projects/{project.id}/delete", data={"name": "Shipping"})
    assert answer.status_code == 422
    assert service.get_project(ada.actor, project.id)


def test_a_name_in_use_gets_a_hint_and_is_not_refused(world: World) -> None:
    ada = world.person()
    project = world.project(ada, "Écluse")
    other = world.project(ada, "Shipping")

    def hint(**arguments: str) -> str:
        answer = ada.client.get("/projects/name-hint", query_string=arguments, headers=HTMX)
        return answer.get_data(as_text=True).strip()

    assert hint(name=" éCLUSE ").startswith("There is already a project called “Écluse”")
    assert hint(name="Écluses") == ""
    assert hint(**{"name": "Écluse", "except": project.id}) == ""
    stranger = world.person("Eve").client
    assert "Écluse" not in stranger.get("/projects/name-hint?name=Écluse").get_data(as_text=True)
    url = f"/projects/{other.id}/rename"
    assert "There is already" not in ada.client.get(url).get_data(as_text=True)
    assert ada.client.post(url, data={"name": "Écluse"}).status_code == 303
    assert "There is already" in ada.client.get(url).get_data(as_text=True)
