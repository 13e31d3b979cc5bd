"""Signing in and out, as a browser sees it."""

from flask.testing import FlaskClient

from tests.world import World


def test_a_stranger_is_sent_to_sign_in_and_back_to_the_page_they_wanted(
    client: FlaskClient, world: World
) -> None:
    answer = client.post("/sign-out")
    assert (answer.status_code, answer.location) == (303, "/sign-in")


def test_signing_out_ends_the_session_even_for_a_copy_of_its_cookie(world: World) -> None:
    ada = world.person("Ada")
    cookie = ada.client.get_cookie("leapter_session")
    assert cookie is not None
    assert ada.client.post("/sign-out").status_code == 303
    thief = world.app.test_client()
    thief.set_cookie("leapter_session", cookie.value)
    assert thief.get("/").location.startswith("/sign-in")
