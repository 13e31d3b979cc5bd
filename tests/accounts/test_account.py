"""A person's own account: a new password, other browsers."""

import pytest
from flask.testing import FlaskClient

from tests.conftest import Clock
from tests.world import PASSWORD, Person, World

NEW_PASSWORD = "seven slow green tractors"


def another_browser(world: World, person: Person, password: str = PASSWORD) -> FlaskClient:
    client = world.app.test_client()
    answer = client.post("/sign-in", data={"email": person.user.email, "password": password})
    assert answer.status_code == 303
    return client


def change(client: FlaskClient, current: str, new: str) -> int:
    answer = client.post("/account", data={"current_password": current, "new_password": new})
    return answer.status_code


def test_the_page_shows_who_is_signed_in(world: World) -> None:
    ada = world.person("Ada <b>", email="ada@example.com")
    page = ada.client.get("/account").get_data(as_text=True)
    assert "Ada &lt;b&gt;" in page
    assert "ada@example.com" in page
    assert "You are signed in with this browser only." in page


@pytest.mark.both_databases
def test_a_new_password_signs_every_other_browser_out(world: World) -> None:
    ada, bob = world.person("Ada"), world.person("Bob")
    other = another_browser(world, ada)
    before = ada.client.get_cookie("leapter_session")
    answer = ada.client.post("/account", data={"current_password": PASSWORD, "new_password": NEW_PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/account")
    assert "Your password is changed" in ada.client.get("/account").get_data(as_text=True)
    assert other.get("/account").status_code == 303
    assert bob.client.get("/account").status_code == 200
    assert before is not None
    copy = world.app.test_client()
    copy.set_cookie("leapter_session", before.value)
    assert copy.get("/account").status_code == 303
    wrong = world.app.test_client().post("/sign-in", data={"email": ada.user.email, "password": PASSWORD})
    assert wrong.status_code == 422
    another_browser(world, ada, NEW_PASSWORD)


def test_a_new_password_needs_the_current_one(world: World) -> None:
    ada = world.person("Ada")
    other = another_browser(world, ada)
    answer = ada.client.post(
        "/account", data={"current_password": "wrong, quite wrong", "new_password": NEW_PASSWORD}
    )
    assert answer.status_code == 422
    assert "This is not your current password." in answer.get_data(as_text=True)
    assert change(ada.client, "", NEW_PASSWORD) == 422
    assert other.get("/account").status_code == 200
    another_browser(world, ada)


def test_a_new_password_has_to_be_a_good_one(world: World) -> None:
    ada = world.person("Ada")
    for new in ("short", "passwordpassword", ada.user.email, ""):
        assert change(ada.client, PASSWORD, new) == 422
    another_browser(world, ada)


def test_guessing_the_current_password_is_slowed_down(world: World, clock: Clock) -> None:
    ada = world.person("Ada")
    for _ in range(5):
        assert change(ada.client, "wrong, quite wrong", NEW_PASSWORD) == 422
    answer = ada.client.post("/account", data={"current_password": PASSWORD, "new_password": NEW_PASSWORD})
    assert answer.status_code == 429
    assert "Try again in 2 seconds." in answer.get_data(as_text=True)
    clock.advance(seconds=2)
    assert change(ada.client, PASSWORD, NEW_PASSWORD) == 303


def test_a_person_can_sign_out_everywhere_else(world: World) -> None:
    ada, bob = world.person("Ada"), world.person("Bob")
    others = [another_browser(world, ada) for _ in range(2)]
    assert "signed in with 2 other browsers" in ada.client.get("/account").get_data(as_text=True)
    assert ada.client.post("/account/sign-out-elsewhere").status_code == 303
    page = ada.client.get("/account").get_data(as_text=True)
    assert "All other browsers are signed out." in page
    assert "You are signed in with this browser only." in page
    assert [other.get("/account").status_code for other in others] == [303, 303]
    assert bob.client.get("/account").status_code == 200
