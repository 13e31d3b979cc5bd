"""The connection test: what it says of calls, of refusals and of silence, and to whom."""

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from leapter.api_keys import service as api_keys
from leapter.db import db
from leapter.integrations.clients import client_name
from leapter.runtime.state import current_runtime
from tests.conftest import Clock
from tests.world import World

START = "/integrations/connection-test?client=n8n&start=1&key="


@pytest.fixture
def ground(world: World) -> Any:
    """A person with a key, and what a client of it needs."""
    ada = world.person("Ada")
    project = world.project(ada, "Parcel Shipping")
    other = world.project(ada, "Consumer Lending")
    record, secret = world.key(ada, project)
    base = f"/runtime/api/v1/{ada.appspace_id}"

    class Ground:
        def __init__(self) -> None:
            self.ada, self.project, self.other, self.record, self.secret = ada, project, other, record, secret

        def start(self) -> str:
            answer = ada.client.get(START + record.id)
            assert answer.status_code == 303
            return answer.headers["Location"]

        def call(self, client: FlaskClient, agent: str, *, to: str = project.id, key: str = secret) -> int:
            headers = {"X-API-Key": key, "User-Agent": agent}
            answer = client.post(
                f"{base}/{to}/models/parcel-price/runs", json={"weight_kg": 2}, headers=headers
            )
            assert current_runtime().usage.flush()
            db.session.rollback()
            return answer.status_code

    return Ground()


def said(client: FlaskClient, location: str) -> tuple[str, BeautifulSoup]:
    soup = BeautifulSoup(client.get(location).get_data(as_text=True), "html.parser")
    return re.sub(r"\s+", " ", soup.select_one("#test-said").get_text().strip()), soup


def test_it_waits_and_says_the_first_call_and_who_made_it(ground: Any, client: FlaskClient) -> None:
    assert ground.call(client, "early/1") == 200
    here = ground.start()
    assert said(ground.ada.client, here)[0] == "Waiting for the first call with “Checkout” …"
    assert ground.call(client, "axios/1.7") == 200
    sentence, soup = said(ground.ada.client, here)
    assert sentence == "First call: 200, from axios (used by n8n) (ran Parcel Price)."
    assert "early" not in soup.get_text()
    headers = {"X-API-Key": ground.secret, "User-Agent": "n8n"}
    assert client.get("/api/n8n/projects", headers=headers).status_code == 200
    assert current_runtime().usage.flush()
    assert said(ground.ada.client, here)[0] == "Latest call: 200, from n8n (it asked to list its projects)."


def test_a_refused_call_is_told_with_its_reason_and_its_mend(ground: Any, client: FlaskClient) -> None:
    here = ground.start()
    assert ground.call(client, "curl/8.5", to=ground.other.id) == 403
    sentence, soup = said(ground.ada.client, here)
    assert sentence.startswith(
        "First call was refused: 403, from curl. The key is valid, but it has no access"
    )
    assert "Consumer Lending" in soup.select_one(".seen").get_text()
    assert soup.select_one(f'.seen-mend a[href^="/api-keys/{ground.record.id}/projects"]')


def test_a_test_counts_what_came_since_it_began(ground: Any, client: FlaskClient) -> None:
    for _ in range(3):
        assert ground.call(client, "curl/8.5", to=ground.other.id) == 403
    here = ground.start()
    assert ground.call(client, "curl/8.5", to=ground.other.id) == 403
    sentence, soup = said(ground.ada.client, here)
    assert sentence.startswith("First call was refused: 403, from curl.")
    assert "times" not in soup.select_one(".seen").get_text()
    assert ground.call(client, "n8n", to=ground.other.id) == 403
    sentence, soup = said(ground.ada.client, here)
    assert sentence.startswith("Latest call was refused: 403, from n8n.")
    assert "last from n8n" in soup.select_one(".seen").get_text()
    assert "2 times in all" in soup.select_one(".seen").get_text()


def test_a_wrong_method_and_a_wrong_appspace_are_told_with_their_mend(
    ground: Any, client: FlaskClient
) -> None:
    here = ground.start()
    path = f"/runtime/api/v1/{ground.ada.appspace_id}/{ground.project.id}/models/parcel-price/runs"
    headers = {"X-API-Key": ground.secret, "User-Agent": "n8n"}
    assert client.get(path, headers=headers).status_code == 405
    assert current_runtime().usage.flush()
    sentence, _ = said(ground.ada.client, here)
    assert sentence.startswith("A call that this key was meant for was refused: 405, from n8n.")
    assert "sends GET unless Method is POST" in sentence
    elsewhere = path.replace(ground.ada.appspace_id, ground.project.id)
    assert client.post(elsewhere, json={}, headers=headers).status_code == 403
    assert current_runtime().usage.flush()
    sentence, soup = said(ground.ada.client, here)
    assert "the appspace in the address is not this project’s" in sentence
    mend = soup.select_one(".seen-mend")
    assert "Copy the address from Connect." in mend.get_text()
    assert not mend.select_one('a[href$="/projects"], a[href*="/projects?"]')


def test_inputs_that_do_not_fit_are_said_once_and_with_advice(ground: Any, client: FlaskClient) -> None:
    here = ground.start()
    path = f"/runtime/api/v1/{ground.ada.appspace_id}/{ground.project.id}/models/parcel-price/runs"
    assert client.post(path, json={"x": 1, "y": 2}, headers={"X-API-Key": ground.secret}).status_code == 422
    assert current_runtime().usage.flush()
    sentence, soup = said(ground.ada.client, here)
    assert sentence.startswith("First call was refused: 422, from ")
    told = " ".join(soup.select_one(".seen").get_text().split())
    assert told.count("Inputs do not fit") == 1
    assert "lists every fault with its path" in told


def test_a_damaged_key_and_a_call_without_one_are_told_as_hints(ground: Any, client: FlaskClient) -> None:
    here = ground.start()
    assert ground.call(client, "curl/8.5", key="") == 401
    sentence, _ = said(ground.ada.client, here)
    assert sentence == (
        "No call with this key yet. But a call came to Parcel Shipping from curl without it: "
        "The call carries no API key."
    )
    assert ground.call(client, "curl/8.5", key=ground.secret[:-2]) == 401
    sentence, soup = said(ground.ada.client, here)
    assert sentence.startswith("A call that this key was meant for was refused: 401, from curl.")
    assert "began like this key, but was cut short" in soup.select_one(".seen").get_text()


def test_the_end_of_waiting_is_said_beside_what_came(ground: Any, client: FlaskClient, clock: Clock) -> None:
    here = ground.start()
    assert ground.call(client, "curl/8.5") == 200
    poll = said(ground.ada.client, here)[1].select_one("[data-poll]")["hx-get"]
    clock.advance(minutes=10, seconds=1)
    over = ground.ada.client.get(poll, headers={"HX-Request": "true"})
    soup = BeautifulSoup(over.get_data(as_text=True), "html.parser")
    assert soup.select_one(".seen")
    assert "no longer looks" in soup.select_one("#test-over").get_text()
    assert soup.select_one("#test-restart")
    assert not soup.select_one("[data-poll]")


def test_a_key_revoked_meanwhile_is_said_and_so_is_the_end_of_waiting(
    ground: Any, client: FlaskClient, clock: Clock
) -> None:
    here = ground.start()
    clock.advance(minutes=10, seconds=1)
    sentence, soup = said(ground.ada.client, here)
    assert sentence == "No call came."
    assert soup.select_one("#test-restart")
    assert not soup.select_one("[data-poll]")
    api_keys.revoke_key(ground.ada.actor, ground.record.id)
    here = ground.start()
    sentence, soup = said(ground.ada.client, here)
    assert sentence == "This key is revoked, so every call with it is refused."
    assert "Make a call" not in soup.get_text()
    # The clock is set back: what was started in its future still waits, for what comes from now on.
    clock.advance(hours=-2)
    assert said(ground.ada.client, here)[1].select_one("[data-poll]")


def test_a_poll_is_answered_only_when_there_is_something_new(ground: Any, client: FlaskClient) -> None:
    htmx = {"HX-Request": "true"}
    _, soup = said(ground.ada.client, ground.start())
    poll = soup.select_one("[data-poll]")["hx-get"]
    assert ground.ada.client.get(poll, headers=htmx).status_code == 204
    assert ground.call(client, "<script>alert(1)</script>") == 200
    answer = ground.ada.client.get(poll, headers=htmx)
    fragment = BeautifulSoup(answer.get_data(as_text=True), "html.parser")
    assert fragment.select_one("#test-said[hx-swap-oob]").get_text().startswith("First call: 200")
    assert not fragment.select("script")
    assert "<script>" in fragment.select_one(".seen").get_text()
    again = fragment.select_one("[data-poll]")["hx-get"]
    assert ground.ada.client.get(again, headers=htmx).status_code == 204


@pytest.mark.parametrize("since", ["-1", "x", "9" * 17, "9" * 16, "0"])
def test_a_moment_that_is_none_does_no_harm(ground: Any, since: str) -> None:
    address = f"/integrations/connection-test?client=x&key={ground.record.id}&since={since}"
    assert ground.ada.client.get(address).status_code == 200


def test_only_people_of_the_appspace_see_what_came(ground: Any, client: FlaskClient, world: World) -> None:
    here = ground.start()
    assert ground.call(client, "curl/8.5") == 200
    member, stranger = world.member(ground.ada), world.person("Eve")
    assert said(member.client, here)[0].startswith("First call: 200")
    page = stranger.client.get(here).get_data(as_text=True)
    assert not [name for name in ("Checkout", "Parcel", "curl", ground.record.prefix) if name in page]
    assert client.get(here).status_code in (302, 303)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("n8n", "n8n"),
        ("axios/1.7.2", "axios (used by n8n)"),
        ("curl/8.5.0", "curl"),
        ("python-httpx/0.27", "Python (httpx)"),
        ("Claude-User/1.0", "Claude"),
        ("Cursor/0.42 (linux)", "Cursor"),
        ("Mozilla/5.0 (X11)", "a browser"),
        ("", "a client without a name"),
        ("shop/1.0", "shop/1.0"),
        ("x" * 61, "x" * 59 + "…"),
    ],
)
def test_clients_are_called_as_people_know_them(agent: str, name: str) -> None:
    assert client_name(agent) == name
