"""What all commands do with a standard output that takes nothing. Every test runs the real command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from leapter.accounts.access import OPERATOR
from leapter.api_keys import listing
from leapter.db import db
from tests.world import World

# A shell cannot make this one without a race: `run` puts a pipe there whose reading end is closed.
_NOBODY_READS = ">&BROKEN"

COMMAND = str(Path(sys.executable).with_name("leapter"))


def run(app: Flask, *words: str, redirect: str) -> tuple[int, str]:
    """Run `leapter …` with its output redirected as a shell does it; return exit code and standard error."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LEAPTER_")}
    db.session.rollback()
    reading, writing = os.pipe()
    os.close(reading)
    redirect = redirect.replace("BROKEN", str(writing))
    done = subprocess.run(
        ["bash", "-c", f'"$@" {redirect}', "bash", COMMAND, *words],
        pass_fds=[writing],
        env={**inherited, "LEAPTER_HOME": str(app.extensions["leapter_settings"].home)},
        stderr=subprocess.PIPE,
        text=True,
        timeout=30,
        check=False,
    )
    os.close(writing)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "words",
    [("project", "list"), ("key", "list", "--json"), ("db", "upgrade"), ("--help",), ("key", "--help")],
)
def test_a_full_disk_is_one_sentence(app: Flask, world: World, words: tuple[str, ...]) -> None:
    assert run(app, *words, redirect="> /dev/full") == (
        1,
        "Error: The result cannot be written to standard output (No space left on device).\n",
    )


def test_a_reader_that_went_away_is_no_news(app: Flask, world: World) -> None:
    assert run(app, "project", "list", redirect=_NOBODY_READS) == (1, "")


def test_a_key_whose_reader_went_away_is_revoked(app: Flask, world: World) -> None:
    project = world.project(world.person())
    words = ("key", "create", "--name", "Lost", "--project", project.id)
    code, said = run(app, *words, redirect=_NOBODY_READS)
    assert code == 1
    assert "(Broken pipe). Nobody has seen the new key, so it was revoked at once." in said
    db.session.rollback()
    (key,) = listing.list_all_keys(OPERATOR, show_revoked=True)
    assert key.status == "revoked"


@pytest.mark.parametrize(
    ("redirect", "fault"),
    [
        ("> /dev/full", "(No space left on device)"),
        (">&-", "(Bad file descriptor)"),
    ],
)
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_key_that_nobody_saw_is_revoked(
    app: Flask, world: World, redirect: str, fault: str, form: tuple[str, ...]
) -> None:
    project = world.project(world.person())
    words = ("key", "create", "--name", "Lost", "--project", project.id, *form)
    code, said = run(app, *words, redirect=redirect)
    assert code == 1
    assert said == (
        f"Error: The result cannot be written to standard output {fault}. "
        "Nobody has seen the new key, so it was revoked at once.\n"
    )
    db.session.rollback()
    (key,) = listing.list_all_keys(OPERATOR, show_revoked=True)
    assert key.status == "revoked"


def test_a_key_that_was_printed_stays_though_the_advice_is_lost(app: Flask, world: World) -> None:
    project = world.project(world.person())
    words = ("key", "create", "--name", "Kept", "--project", project.id)
    run(app, *words, redirect="> /dev/null 2> /dev/full")
    db.session.rollback()
    (key,) = listing.list_all_keys(OPERATOR, show_revoked=True)
    assert key.status == "active"


def test_characters_that_the_output_cannot_take_are_one_sentence(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.project(world.person(), name="日本")
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    code, said = run(app, "project", "list", redirect="> /dev/null")
    assert code == 1
    assert said == (
        "Error: The result holds characters that standard output cannot take (latin-1); "
        "set PYTHONIOENCODING=utf-8.\n"
    )
