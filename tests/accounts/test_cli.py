"""`leapter user …`, for servers without a browser."""

import json
import os
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from leapter.cli import main
from tests.world import PASSWORD, World

Leapter = Callable[..., Result]


@pytest.fixture
def leapter(database: dict[str, str]) -> Iterator[Leapter]:
    """Runs the command on the test's database."""
    mask = os.umask(0o077)

    def run(*arguments: str, stdin: str = "") -> Result:
        return CliRunner(env=database).invoke(main, arguments, input=stdin)

    yield run
    os.umask(mask)


def create(leapter: Leapter, *more: str, email: str = "ada@example.com", password: str = PASSWORD) -> Result:
    arguments = ("user", "create", "--email", email, "--name", "Ada", "--password-stdin", *more)
    return leapter(*arguments, stdin=password + "\n")


@pytest.mark.both_databases
def test_a_user_made_by_the_command_can_sign_in(app: Flask, leapter: Leapter) -> None:
    result = create(leapter)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "Ada can sign in as ada@example.com.\n"
    answer = app.test_client().post("/sign-in", data={"email": "ada@example.com", "password": PASSWORD})
    assert answer.status_code == 303


def test_scripts_get_the_ids_as_json(app: Flask, leapter: Leapter) -> None:
    facts = json.loads(create(leapter, "--json").stdout)
    assert {name: facts[name] for name in ("email", "name")} == {"email": "ada@example.com", "name": "Ada"}
    assert set(facts) == {"userId", "email", "name", "appspaceId"}


def test_what_cannot_be_done_is_one_sentence_and_exit_code_1(leapter: Leapter) -> None:
    assert create(leapter).exit_code == 0
    again = create(leapter)
    assert again.exit_code == 1
    assert again.stderr == "Error: This e-mail address already has an account.\n"
    weak = create(leapter, email="bob@example.com", password="short")
    assert weak.exit_code == 1
    assert weak.stderr == "Error: Choose a password of at least 12 characters.\n"
    assert again.stdout == weak.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("user", "create"),
        ("user", "create", "--email", "ada@example.com", "--name", "Ada"),
        ("user", "create", "--email", "ada@example.com", "--name", "Ada", "--password", "x"),
        ("user", "nonsense"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(leapter: Leapter, arguments: tuple[str, ...]) -> None:
    assert leapter(*arguments).exit_code == 2


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_end_of_the_line_is_not_part_of_the_password(app: Flask, leapter: Leapter, end: str) -> None:
    arguments = ("user", "create", "--email", "ada@example.com", "--name", "Ada", "--password-stdin")
    assert leapter(*arguments, stdin=f" {PASSWORD} {end}").exit_code == 0
    answer = app.test_client().post(
        "/sign-in", data={"email": "ada@example.com", "password": f" {PASSWORD} "}
    )
    assert answer.status_code == 303


def test_a_lost_password_is_replaced_and_its_sessions_end(world: World, leapter: Leapter) -> None:
    ada = world.person("Ada")
    arguments = ("user", "set-password", "--email", ada.user.email, "--password-stdin")
    result = leapter(*arguments, stdin="seven slow green tractors\n")
    assert result.exit_code == 0
    assert ada.client.get("/account").status_code == 303
    answer = ada.client.post(
        "/sign-in", data={"email": ada.user.email, "password": "seven slow green tractors"}
    )
    assert answer.status_code == 303
    nobody = leapter("user", "set-password", "--email", "eve@example.com", "--password-stdin", stdin=PASSWORD)
    assert (nobody.exit_code, nobody.stderr) == (1, "Error: There is no such user.\n")
