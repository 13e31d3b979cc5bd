"""Which passwords are accepted."""

import pytest
from argon2 import PasswordHasher, extract_parameters
from flask.testing import FlaskClient
from sqlalchemy import update

from leapter.accounts import passwords
from leapter.accounts.models import User
from leapter.db import db, transaction
from tests.world import PASSWORD, World


def faults(password: str) -> list[str]:
    return passwords.check(password, email="ada.lovelace@example.com", name="Ada Lovelace-King")


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "trois petits chats",
        "tin-roof-rusty",
        "k7fqm2wzp9xd",
        "ÄÖÜäöüß→←↑↓§",
        "私の秘密の言葉は長いです",
        "x1y2-Q" * 166,
    ],
)
def test_a_long_and_uncommon_password_is_accepted_whatever_it_is_made_of(password: str) -> None:
    assert faults(password) == []


@pytest.mark.parametrize(
    ("password", "accepted"),
    [("k7fqm2wzp9x", False), ("k7fqm2wzp9xd", True), ("漢字かな交じり文十一文", False)],
)
def test_twelve_characters_are_enough_and_eleven_are_not(password: str, accepted: bool) -> None:
    assert (faults(password) == []) is accepted


def test_characters_are_counted_as_people_see_them() -> None:
    assert faults("e\u0301a\u0300o\u0302u\u0308i\u0308n\u0303") != []


def test_a_thousand_characters_are_allowed_and_one_more_is_not() -> None:
    password = ("k7fqm2wzp9xd" * 100)[:1000]
    assert faults(password) == []
    assert faults(password + "a") == ["Choose a password of at most 1,000 characters."]


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaa",
        "123456789012",
        "012345678901234567890",
        "abcdefghijklm",
        "abcabcabcabc",
        "qwertyuiopasdf",
        "passwordpassword",
        "Password1234",
        "P@ssw0rd1234",
        "iloveyou1234",
        "letmeinletmein",
        "administrator",
        "1q2w3e4r5t6y",
        "leapterleapter1",
        "a" * 1000,
        "ｐａｓｓｗｏｒｄ１２３４",
    ],
)
def test_common_passwords_and_patterns_are_refused(password: str) -> None:
    (sentence,) = faults(password)
    assert "among the first that attackers try" in sentence


@pytest.mark.parametrize(
    "password", ["ada.lovelace@example.com", "ADA.LOVELACE", "Ada Lovelace-King", "lovelacelovelace"]
)
def test_a_persons_own_name_and_address_are_refused(password: str) -> None:
    assert len(faults(password)) == 1


def test_a_hash_of_older_parameters_is_renewed_when_its_password_is_typed(
    client: FlaskClient, world: World
) -> None:
    ada = world.person("Ada")
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with transaction() as session:
        session.execute(update(User).where(User.id == ada.user.id).values(password_hash=weak))
    answer = client.post("/sign-in", data={"email": ada.user.email, "password": PASSWORD})
    assert answer.status_code == 303
    renewed = db.session.get_one(User, ada.user.id).password_hash
    assert renewed != weak
    assert not passwords.is_outdated(renewed)
    assert passwords.matches(PASSWORD, renewed)


def test_no_account_costs_as_much_work_as_a_wrong_password() -> None:
    # The same call with the same parameters: nothing short of measuring it could tell the two apart.
    assert not passwords.matches("wrong, quite wrong", None)
    real = PasswordHasher().hash("wrong, quite wrong")
    assert extract_parameters(passwords._HASH_OF_NOBODY) == extract_parameters(real)
