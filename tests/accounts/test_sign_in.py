"""Signing in and out, as a browser sees it."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from leapter import create_app
from leapter.accounts import service
from leapter.accounts.models import SignInSession
from leapter.config import Settings
from leapter.db import db, transaction
from tests.conftest import Clock
from tests.world import PASSWORD, World


def sign_in(client: FlaskClient, email: str, password: str, **fields: str) -> int:
    return client.post("/sign-in", data={"email": email, "password": password, **fields}).status_code


def csrf_token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_a_person_who_is_not_signed_in_is_led_to_the_sign_in_page_and_back(
    client: FlaskClient, world: World
) -> None:
    world.person("Ada", email="ada@example.com")
    refused = client.get("/account?tab=2")
    assert (refused.status_code, refused.location) == (303, "/sign-in?next=/account?tab%3D2")
    page = client.get(refused.location).get_data(as_text=True)
    assert 'name="next" value="/account?tab=2"' in page
    answer = client.post(
        "/sign-in", data={"email": "ada@example.com", "password": PASSWORD, "next": "/account?tab=2"}
    )
    assert (answer.status_code, answer.location) == (303, "/account?tab=2")
    assert "Ada" in client.get("/account").get_data(as_text=True)


def test_a_part_of_a_page_that_is_asked_for_too_late_reloads_the_whole_page(client: FlaskClient) -> None:
    answer = client.get(
        "/account", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/api-keys?page=2"}
    )
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/api-keys?page%3D2"
    assert answer.data == b""


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "\\\\elsewhere.example",
        "/\t/elsewhere.example",
        "javascript:alert(1)",
        "elsewhere",
        "/a\r\nSet-Cookie: b=c",
        "",
    ],
)
def test_signing_in_leads_to_no_other_server(client: FlaskClient, world: World, target: str) -> None:
    world.person("Ada", email="ada@example.com")
    answer = client.post("/sign-in", data={"email": "ada@example.com", "password": PASSWORD, "next": target})
    assert (answer.status_code, answer.location) == (303, "/")


def test_a_wrong_password_and_an_unknown_account_get_the_same_answer(
    client: FlaskClient, world: World
) -> None:
    world.person("Ada", email="ada@example.com")
    wrong = client.post("/sign-in", data={"email": "ada@example.com", "password": "wrong, quite wrong"})
    unknown = client.post("/sign-in", data={"email": "eve@example.com", "password": "wrong, quite wrong"})
    assert wrong.status_code == unknown.status_code == 422
    pages = [re.sub(r'value="[^"]+"', "", answer.get_data(as_text=True)) for answer in (wrong, unknown)]
    assert pages[0] == pages[1]
    assert "The e-mail address or the password is wrong." in wrong.get_data(as_text=True)
    assert b"quite wrong" not in wrong.data


def test_empty_fields_are_named(client: FlaskClient, world: World) -> None:
    world.person("Ada", email="ada@example.com")
    answer = client.post("/sign-in", data={"email": "", "password": ""})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Enter your e-mail address." in page
    assert "Enter your password." in page


@pytest.mark.both_databases
@pytest.mark.parametrize("email", ["ADA@Example.com", "  ada@example.com "])
def test_the_email_is_recognised_however_it_is_written(client: FlaskClient, world: World, email: str) -> None:
    world.person("Ada", email="ada@example.com")
    assert sign_in(client, email, PASSWORD) == 303


@pytest.mark.both_databases
@pytest.mark.parametrize("email", ["ada\0@example.com", "\0", "a" * 100_000, "ada@example.com\n"])
def test_odd_input_is_no_server_error(client: FlaskClient, world: World, email: str) -> None:
    world.person("Ada", email="ada@example.com")
    assert sign_in(client, email, "x" * 100_000) == 422


def test_a_password_matches_in_every_unicode_form(client: FlaskClient, world: World) -> None:
    service.create_user(email="zoe@example.com", name="Zoë", password="fünf müde Füchse")
    assert sign_in(client, "zoe@example.com", "fu\u0308nf mu\u0308de Fu\u0308chse") == 303


def test_signing_out_ends_the_session_even_for_a_copy_of_its_cookie(world: World) -> None:
    ada = world.person("Ada", email="ada@example.com")
    cookie = ada.client.get_cookie("leapter_session")
    assert cookie is not None
    answer = ada.client.post("/sign-out")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert "You are signed out." in ada.client.get("/sign-in").get_data(as_text=True)
    thief = world.app.test_client()
    thief.set_cookie("leapter_session", cookie.value)
    assert thief.get("/account").location.startswith("/sign-in")


def test_signing_out_needs_a_post(world: World) -> None:
    ada = world.person("Ada", email="ada@example.com")
    assert ada.client.get("/sign-out").status_code == 405
    assert ada.client.get("/account").status_code == 200


def test_the_cookie_of_before_does_not_become_the_session(world: World) -> None:
    world.person("Ada", email="ada@example.com")
    client = world.app.test_client()
    client.get("/sign-in")
    planted = client.get_cookie("leapter_session")
    sign_in(client, "ada@example.com", PASSWORD)
    victim = client.get_cookie("leapter_session")
    assert victim is not None
    if planted is not None:
        assert victim.value != planted.value
        attacker = world.app.test_client()
        attacker.set_cookie("leapter_session", planted.value)
        assert attacker.get("/account").status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: FlaskClient, world: World) -> None:
    world.person("Ada", email="ada@example.com")
    answer = client.post("/sign-in", data={"email": "ada@example.com", "password": PASSWORD})
    attributes = answer.headers["Set-Cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes)


def test_behind_https_the_cookie_never_leaves_it(database: dict[str, str]) -> None:
    app = create_app(Settings.from_env({**database, "LEAPTER_BASE_URL": "https://leapter.example.com"}))
    with app.app_context():
        service.create_user(email="ada@example.com", name="Ada", password=PASSWORD)
        answer = app.test_client().get("/sign-in")
        assert "; Secure;" in answer.headers["Set-Cookie"]
        db.engine.dispose()


def test_pages_are_kept_by_no_cache(client: FlaskClient, world: World) -> None:
    ada = world.person("Ada", email="ada@example.com")
    for answer in (client.get("/sign-in"), ada.client.get("/account")):
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_form_that_is_older_than_the_sign_in_says_so(csrf_app: Flask) -> None:
    client = csrf_app.test_client()
    with csrf_app.app_context():
        service.create_user(email="ada@example.com", name="Ada", password=PASSWORD)
    token = csrf_token(client.get("/sign-in").get_data(as_text=True))
    credentials = {"email": "ada@example.com", "password": PASSWORD}
    assert client.post("/sign-in", data=credentials).status_code == 422
    assert client.post("/sign-in", data={**credentials, "csrf_token": token}).status_code == 303
    stale = client.post("/sign-out", data={"csrf_token": token})
    assert stale.status_code == 422
    assert "That form has expired" in stale.get_data(as_text=True)
    fresh = csrf_token(client.get("/account").get_data(as_text=True))
    assert client.post("/sign-out", data={"csrf_token": fresh}).status_code == 303


@pytest.mark.both_databases
def test_a_session_ends_when_it_stands_idle_for_too_long(world: World, clock: Clock) -> None:
    ada = world.person("Ada", email="ada@example.com")
    clock.advance(minutes=480)
    assert ada.client.get("/account").status_code == 200
    clock.advance(minutes=480, seconds=1)
    assert ada.client.get("/account").status_code == 303


def test_a_session_in_use_goes_on(world: World, clock: Clock) -> None:
    ada = world.person("Ada", email="ada@example.com")
    for _ in range(12):
        clock.advance(minutes=90)
        assert ada.client.get("/account").status_code == 200


def test_a_short_idle_time_ends_no_session_in_use(database: dict[str, str], clock: Clock) -> None:
    app = create_app(Settings.from_env({**database, "LEAPTER_SESSION_IDLE_MINUTES": "1"}))
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        ada = World(app).person("Ada")
        for _ in range(6):
            clock.advance(seconds=50)
            assert ada.client.get("/account").status_code == 200
        clock.advance(seconds=61)
        assert ada.client.get("/account").status_code == 303
        db.session.remove()
        db.engine.dispose()


def test_sessions_that_have_ended_are_removed_from_the_database(world: World, clock: Clock) -> None:
    world.person("Ada", email="ada@example.com")
    clock.advance(days=2)
    world.person("Bob")
    assert db.session.scalar(select(func.count()).select_from(SignInSession)) == 1


def test_the_database_knows_no_password_and_no_session(world: World) -> None:
    ada = world.person("Ada", email="ada@example.com")
    with ada.client.session_transaction() as session:
        token = session["_user_id"]
    dump = str(
        [
            db.session.execute(text(f"SELECT * FROM {table}")).all()
            for table in ("users", "sign_in_sessions", "sign_in_failures")
        ]
    )
    assert PASSWORD not in dump
    assert token not in dump


def test_a_database_that_is_away_is_said_so_to_people_who_are_signed_in(world: World) -> None:
    ada = world.person("Ada", email="ada@example.com")
    with transaction() as session:
        session.execute(text("DROP TABLE sign_in_sessions"))
    answer = ada.client.get("/account")
    assert answer.status_code == 503
    assert "The database is not answering" in answer.get_data(as_text=True)


def test_an_address_that_does_not_exist_is_a_plain_page_for_everybody(
    client: FlaskClient, world: World
) -> None:
    ada = world.person("Ada", email="ada@example.com")
    for browser in (client, ada.client):
        answer = browser.get("/no-such-page")
        assert answer.status_code == 404
        assert "Nothing here" in answer.get_data(as_text=True)
