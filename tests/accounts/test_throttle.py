"""Wrong passwords slow the next one down, the same for everybody."""

import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from leapter.accounts import throttle
from leapter.accounts.models import SignInFailure
from leapter.db import db
from tests.conftest import Clock
from tests.world import PASSWORD, World

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


def attempt(
    client: FlaskClient, password: str = "wrong, quite wrong", *, email: str, address: str = HERE
) -> TestResponse:
    return client.post(
        "/sign-in", data={"email": email, "password": password}, environ_base={"REMOTE_ADDR": address}
    )


@pytest.mark.both_databases
def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(
    client: FlaskClient, world: World, clock: Clock
) -> None:
    email = world.person("Ada").user.email
    for _ in range(5):
        assert attempt(client, email=email).status_code == 422
    refused = attempt(client, PASSWORD, email=email)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "2"
    assert "Too many wrong passwords. Try again in 2 seconds." in refused.get_data(as_text=True)
    clock.advance(seconds=1)
    assert "Try again in 1 second." in attempt(client, PASSWORD, email=email).get_data(as_text=True)
    clock.advance(seconds=1)
    assert attempt(client, PASSWORD, email=email).status_code == 303


def test_each_further_wrong_password_doubles_the_wait_up_to_a_quarter_of_an_hour(
    app: Flask, clock: Clock
) -> None:
    waits = []
    with app.app_context():
        for _ in range(5):
            throttle.reserve_attempt("ada@example.com", HERE)
        for _ in range(11):
            with pytest.raises(throttle.TooManyAttemptsError) as caught:
                throttle.reserve_attempt("ada@example.com", HERE)
            waits.append(caught.value.wait_s)
            clock.advance(seconds=caught.value.wait_s)
            throttle.reserve_attempt("ada@example.com", HERE)
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


@pytest.mark.both_databases
def test_an_account_that_does_not_exist_is_slowed_in_the_same_way(
    client: FlaskClient, world: World, clock: Clock
) -> None:
    email = world.person("Ada").user.email
    answers = [
        [attempt(client, email=tried).status_code for _ in range(7)] for tried in (email, "eve@example.com")
    ]
    assert answers[0] == answers[1] == [422] * 5 + [429] * 2


def test_wrong_passwords_at_one_address_do_not_lock_the_person_out_at_another(
    client: FlaskClient, world: World, clock: Clock
) -> None:
    email = world.person("Ada").user.email
    for _ in range(5):
        throttle.reserve_attempt(email, ELSEWHERE)
    assert attempt(client, PASSWORD, email=email, address=ELSEWHERE).status_code == 429
    assert attempt(client, PASSWORD, email=email, address=HERE).status_code == 303


def test_an_attempt_while_waiting_does_not_make_the_wait_longer(app: Flask, clock: Clock) -> None:
    with app.app_context():
        for _ in range(5):
            throttle.reserve_attempt("ada@example.com", HERE)
        for _ in range(30):
            with pytest.raises(throttle.TooManyAttemptsError):
                throttle.reserve_attempt("ada@example.com", HERE)
        clock.advance(seconds=2)
        throttle.reserve_attempt("ada@example.com", HERE)


def test_the_right_password_clears_the_count(client: FlaskClient, world: World, clock: Clock) -> None:
    email = world.person("Ada").user.email
    for _ in range(4):
        throttle.reserve_attempt(email, HERE)
    assert attempt(client, PASSWORD, email=email).status_code == 303
    for _ in range(5):
        throttle.reserve_attempt(email, HERE)
    with pytest.raises(throttle.TooManyAttemptsError):
        throttle.reserve_attempt(email, HERE)


@pytest.mark.both_databases
def test_one_address_that_tries_many_accounts_is_slowed_too(app: Flask, clock: Clock) -> None:
    with app.app_context():
        for number in range(50):
            throttle.reserve_attempt(f"person-{number}@example.com", HERE)
        with pytest.raises(throttle.TooManyAttemptsError):
            throttle.reserve_attempt("one-more@example.com", HERE)
        throttle.reserve_attempt("one-more@example.com", ELSEWHERE)


def test_a_household_with_many_ipv6_addresses_counts_as_one(app: Flask, clock: Clock) -> None:
    with app.app_context():
        for number in range(5):
            throttle.reserve_attempt("ada@example.com", f"2001:db8:1:2::{number + 1:x}")
        with pytest.raises(throttle.TooManyAttemptsError):
            throttle.reserve_attempt("ada@example.com", "2001:db8:1:2:ffff::1")
        throttle.reserve_attempt("ada@example.com", "2001:db8:1:3::1")


def test_signing_in_to_an_own_account_does_not_reset_what_an_address_has_tried(
    app: Flask, clock: Clock
) -> None:
    with app.app_context():
        for number in range(49):
            throttle.reserve_attempt(f"person-{number}@example.com", HERE)
        throttle.reserve_attempt("mallory@example.com", HERE)
        throttle.forgive("mallory@example.com", HERE)
        throttle.reserve_attempt("person-49@example.com", HERE)
        with pytest.raises(throttle.TooManyAttemptsError):
            throttle.reserve_attempt("person-50@example.com", HERE)


@pytest.mark.both_databases
def test_attempts_that_arrive_together_are_all_counted(app: Flask, clock: Clock) -> None:
    passed, start = [], threading.Barrier(12)

    def attempt_once() -> None:
        with app.app_context():
            start.wait()
            try:
                throttle.reserve_attempt("ada@example.com", HERE)
            except throttle.TooManyAttemptsError:
                return
            passed.append(1)

    threads = [threading.Thread(target=attempt_once) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 5


def test_a_day_later_nothing_is_kept_of_it(app: Flask, clock: Clock) -> None:
    with app.app_context():
        for number in range(30):
            throttle.reserve_attempt(f"person-{number}@example.com", HERE)
        clock.advance(days=1, seconds=1)
        throttle.reserve_attempt("ada@example.com", ELSEWHERE)
        assert db.session.scalar(select(func.count()).select_from(SignInFailure)) == 2


def test_wrong_passwords_are_forgotten_one_by_one(app: Flask, clock: Clock) -> None:
    with app.app_context():
        for _ in range(5):
            throttle.reserve_attempt("ada@example.com", HERE)
        clock.advance(minutes=45)
        for _ in range(3):
            throttle.reserve_attempt("ada@example.com", HERE)
        with pytest.raises(throttle.TooManyAttemptsError):
            throttle.reserve_attempt("ada@example.com", HERE)
