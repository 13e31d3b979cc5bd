"""The first account, made with the link from the terminal."""

import re
import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from leapter.accounts import first_run, service
from leapter.accounts.access import Actor, home_appspace
from leapter.accounts.models import Membership, User
from leapter.config import Settings
from leapter.db import db
from leapter.projects.models import Project
from tests.world import PASSWORD, World

FIELDS = {"name": "Ada", "email": "Ada@Example.com", "password": PASSWORD}


@pytest.fixture
def token(settings: Settings) -> str:
    return first_run.token(settings.secret_key)


def test_while_there_is_nobody_every_way_in_says_where_the_link_is(client: FlaskClient) -> None:
    assert client.get("/").location == "/sign-in"
    page = client.get("/sign-in").get_data(as_text=True)
    assert "Leapter is ready to be set up" in page
    assert "terminal" in page
    assert "<form" not in page


@pytest.mark.both_databases
def test_the_link_makes_the_owner_and_signs_them_in(client: FlaskClient, app: Flask, token: str) -> None:
    page = client.get(f"/setup?token={token}")
    assert page.status_code == 200
    assert f'value="{token}"' in page.get_data(as_text=True)
    answer = client.post("/setup", data={**FIELDS, "token": token})
    assert (answer.status_code, answer.location) == (303, "/")
    page_text = client.get("/account").get_data(as_text=True)
    assert "Welcome, Ada. Leapter is set up." in page_text
    assert "ada@example.com" in page_text
    with app.app_context():
        user = db.session.scalars(select(User)).one()
        appspace = home_appspace(Actor(user_id=user.id, name=user.name))
        membership = db.session.scalars(select(Membership)).one()
    assert appspace.kind == "personal"
    assert (membership.appspace_id, membership.user_id, membership.role) == (appspace.id, user.id, "owner")


def test_the_example_projects_are_offered_ticked_and_come_with_the_account(
    client: FlaskClient, token: str
) -> None:
    page = client.get(f"/setup?token={token}").get_data(as_text=True)
    offered = re.findall(r'name="offers" value="([^"]+)"[^>]* checked', page)
    assert sorted(offered) == ["consumer-lending", "parcel-shipping"]
    client.post("/setup", data={**FIELDS, "token": token, "offers": offered})
    projects = client.get("/projects").get_data(as_text=True)
    assert "Welcome, Ada. Leapter is set up." in projects
    assert "Consumer Lending" in projects
    assert "Parcel Shipping" in projects


def test_only_the_examples_that_are_ticked_are_added(client: FlaskClient, app: Flask, token: str) -> None:
    client.post("/setup", data={**FIELDS, "token": token, "offers": ["parcel-shipping"]})
    with app.app_context():
        assert db.session.scalars(select(Project.name)).all() == ["Parcel Shipping"]


def test_an_example_that_does_not_exist_is_refused_before_anything_is_made(
    client: FlaskClient, app: Flask, token: str
) -> None:
    assert client.post("/setup", data={**FIELDS, "token": token, "offers": ["nonsense"]}).status_code == 422
    with app.app_context():
        assert not service.has_users()


@pytest.mark.parametrize("wrong", ["", "x", "ä" * 32, "A" * 32])
def test_without_the_token_nobody_is_made_owner(client: FlaskClient, app: Flask, wrong: str) -> None:
    assert client.get("/setup", query_string={"token": wrong}).status_code == 403
    assert client.get("/setup").status_code == 403
    answer = client.post("/setup", data={**FIELDS, "token": wrong})
    assert answer.status_code == 403
    assert "not the one of this server" in answer.get_data(as_text=True)
    with app.app_context():
        assert not service.has_users()


def test_the_token_counts_in_the_form_only(client: FlaskClient, app: Flask, token: str) -> None:
    assert client.post(f"/setup?token={token}", data=FIELDS).status_code == 403
    with app.app_context():
        assert not service.has_users()


def test_the_link_is_worthless_once_there_is_somebody(world: World, client: FlaskClient, token: str) -> None:
    world.person("Ada")
    assert client.get(f"/setup?token={token}").location == "/sign-in"
    assert client.post("/setup", data={**FIELDS, "email": "eve@x.org", "token": token}).location == "/sign-in"
    assert "This server is set up already" in client.get("/sign-in").get_data(as_text=True)
    assert db.session.scalar(select(func.count()).select_from(User)) == 1


def test_another_servers_token_is_not_this_ones(token: str) -> None:
    assert first_run.token("another secret key of another server") != token
    assert re.fullmatch(r"[\w-]{32}", token)


def test_faults_stand_beside_their_fields_and_what_was_typed_stays(client: FlaskClient, token: str) -> None:
    answer = client.post(
        "/setup", data={"name": "  ", "email": "ada at example.com", "password": "short", "token": token}
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Enter a name." in page
    assert "Enter an e-mail address such as ada@example.com." in page
    assert "Choose a password of at least 12 characters." in page
    assert 'value="ada at example.com"' in page
    assert 'value="short"' not in page
    assert f'value="{token}"' in page


@pytest.mark.parametrize(
    ("field", "value", "accepted"),
    [
        ("name", "n" * 100, True),
        ("name", "n" * 101, False),
        ("name", "Ada\nLovelace", False),
        ("name", "<b>Ada</b>", True),
        ("email", "a" * 242 + "@example.com", True),
        ("email", "a" * 243 + "@example.com", False),
        ("email", "ada@", False),
        ("email", "ada@exam ple.com", False),
        ("email", "a@b@c", False),
    ],
)
def test_names_and_addresses_have_their_bounds(app: Flask, field: str, value: str, accepted: bool) -> None:
    with app.app_context():
        if accepted:
            service.create_user(**{**FIELDS, field: value})
            return
        with pytest.raises(service.InvalidInputError) as caught:
            service.create_user(**{**FIELDS, field: value})
        assert list(caught.value.errors) == [field]


@pytest.mark.both_databases
def test_of_two_who_open_the_link_at_once_one_becomes_owner(app: Flask) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def create(number: int) -> None:
        with app.app_context():
            start.wait()
            try:
                service.create_first_user(email=f"ada{number}@example.com", name="Ada", password=PASSWORD)
                outcomes.append("made")
            except service.AlreadySetUpError:
                outcomes.append("refused")

    threads = [threading.Thread(target=create, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "refused", "refused", "refused"]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User)) == 1
