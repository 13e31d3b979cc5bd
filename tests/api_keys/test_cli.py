"""`leapter key …`: for servers without a browser and for scripts."""

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from leapter.accounts.access import OPERATOR
from leapter.api_keys import keys, listing
from leapter.cli import main
from leapter.db import db
from tests.api_keys.conftest import MakeProject
from tests.world import World


class Shell:
    """Runs `leapter` in this process, on the test's database."""

    def __init__(self, app: Flask) -> None:
        self.home = str(app.extensions["leapter_settings"].home)

    def run(self, *words: str, exit_code: int = 0) -> Result:
        result = CliRunner(env={"LEAPTER_HOME": self.home}).invoke(main, list(words))
        assert result.exit_code == exit_code, result.output
        return result


@pytest.fixture
def shell(app: Flask, world: World) -> Iterator[Shell]:
    yield Shell(app)
    db.session.rollback()


def test_create_prints_the_key_alone_on_stdout(shell: Shell, world: World, project: MakeProject) -> None:
    shipping = project(world.person())
    result = shell.run("key", "create", "--name", "Nightly", "--project", shipping.id)
    secret = result.stdout.removesuffix("\n")
    assert keys.is_well_formed(secret)
    (created,) = listing.list_all_keys(OPERATOR, show_revoked=False)
    assert (created.name, created.prefix) == ("Nightly", secret[:12])
    assert created.created_by_name == "command line"
    assert created.appspace_id == shipping.appspace_id


def test_create_as_json_has_all_that_a_script_needs(shell: Shell, world: World, project: MakeProject) -> None:
    shipping = project(world.person())
    result = shell.run("key", "create", "--name", "Nightly", "--project", shipping.id, "--json")
    answer = json.loads(result.stdout)
    assert keys.is_well_formed(answer["key"])
    assert answer["prefix"] == answer["key"][:12]
    assert answer["name"] == "Nightly"
    assert answer["projects"] == [{"projectId": shipping.id, "projectName": "Shipping"}]
    assert listing.get_key(OPERATOR, answer["keyId"]).name == "Nightly"


def test_several_projects_may_follow_one_option_or_each_have_its_own(
    shell: Shell, world: World, project: MakeProject
) -> None:
    ada = world.person()
    ids = [project(ada, name).id for name in ("A", "B", "C")]
    one = shell.run("key", "create", "--name", "One", "--project", *ids, "--json")
    own = shell.run(
        *("key", "create", "--name", "Own", "--json"), *(word for each in ids for word in ("--project", each))
    )
    for result in (one, own):
        assert [each["projectId"] for each in json.loads(result.stdout)["projects"]] == ids


def test_create_without_a_project_is_a_usage_error(shell: Shell) -> None:
    shell.run("key", "create", "--name", "Nightly", exit_code=2)


def test_unknown_project_is_named(shell: Shell) -> None:
    result = shell.run("key", "create", "--name", "N", "--project", "no-such-project", exit_code=1)
    assert result.stderr == "Error: There is no project no-such-project.\n"
    assert result.stdout == ""


def test_projects_of_two_appspaces_are_refused(shell: Shell, world: World, project: MakeProject) -> None:
    hers, his = project(world.person("Ada")), project(world.person("Bob"))
    result = shell.run("key", "create", "--name", "N", "--project", hers.id, his.id, exit_code=1)
    assert "one appspace" in result.stderr


def test_list_shows_keys_in_use_and_revoked_ones_when_asked(
    shell: Shell, world: World, project: MakeProject
) -> None:
    ada = world.person()
    shipping = project(ada)
    kept, secret = world.key(ada, shipping, name="Kept")
    gone, _ = world.key(ada, shipping, name="Gone")
    shell.run("key", "revoke", gone.id)
    listed = json.loads(shell.run("key", "list", "--json").stdout)["keys"]
    assert [(each["keyId"], each["status"]) for each in listed] == [(kept.id, "active")]
    everything = json.loads(shell.run("key", "list", "--revoked", "--json").stdout)["keys"]
    assert [each["status"] for each in everything] == ["active", "revoked"]
    assert everything[1]["revokedBy"] == "command line"
    plain = shell.run("key", "list").stdout
    assert kept.prefix in plain
    assert secret not in plain


def test_list_tells_ids_refusals_and_what_it_does_not_show(
    app: Flask, shell: Shell, world: World, project: MakeProject
) -> None:
    ada = world.person()
    shipping = project(ada)
    gone, secret = world.key(ada, shipping, name="Gone")
    shell.run("key", "revoke", gone.id)
    assert shell.run("key", "list").stdout == (
        "There are no keys in use.\n1 revoked key is not shown; --revoked shows it.\n"
    )
    kept, _ = world.key(ada, shipping, name="Kept")
    address = f"/runtime/api/v1/{ada.appspace_id}/{shipping.id}/models"
    assert app.test_client().get(address, headers={"X-API-Key": secret}).status_code == 401
    for stop in app.extensions["leapter_worker_stop"]:
        stop()  # what was counted is written
    first, last = shell.run("key", "list").stdout.splitlines()
    assert first.split("  ")[:2] == [kept.id, f"{kept.prefix}…"]
    assert "never refused" in first
    assert last == "1 revoked key is not shown; --revoked shows it."
    line, _ = shell.run("key", "list", "--revoked").stdout.splitlines()
    assert line.startswith(f"{gone.id}  {gone.prefix}…  revoked   never used             refused 1 time ")
    shell.run("key", "revoke", kept.id)
    assert "2 revoked keys are not shown; --revoked shows them." in shell.run("key", "list").stdout


def test_list_counts_refusals_as_the_page_does(
    app: Flask, shell: Shell, world: World, project: MakeProject
) -> None:
    ada = world.person()
    kept, secret = world.key(ada, project(ada, "Shipping"))
    address = f"/runtime/api/v1/{ada.appspace_id}/{project(ada, 'Lending').id}/models"
    assert app.test_client().get(address, headers={"X-API-Key": secret}).status_code == 403
    for stop in app.extensions["leapter_worker_stop"]:
        stop()  # what was counted is written
    assert "refused once" in ada.client.get("/api-keys").get_data(as_text=True)
    (listed,) = json.loads(shell.run("key", "list", "--json").stdout)["keys"]
    assert (listed["keyId"], listed["refusedCount"]) == (kept.id, 1)


def test_list_of_no_keys_says_so(shell: Shell) -> None:
    assert shell.run("key", "list").stdout == "There are no keys.\n"
    assert json.loads(shell.run("key", "list", "--json").stdout) == {"keys": []}


def test_set_projects_replaces_them_by_display_prefix(
    shell: Shell, world: World, project: MakeProject
) -> None:
    ada = world.person()
    shipping, lending = project(ada, "Shipping"), project(ada, "Lending")
    key, _ = world.key(ada, shipping)
    result = shell.run("key", "set-projects", key.prefix, "--project", lending.id)
    assert result.stdout == f"{key.prefix}… may now call Lending.\n"
    db.session.rollback()
    assert [each.name for each in listing.get_key(ada.actor, key.id).projects] == ["Lending"]


def test_projects_of_one_name_are_told_apart(shell: Shell, world: World, project: MakeProject) -> None:
    ada = world.person()
    first, second = project(ada), project(ada)
    key, _ = world.key(ada, first)
    assert f"(Shipping [{first.id[:8]}])" in shell.run("key", "list").stdout
    result = shell.run("key", "set-projects", key.id, "--project", second.id)
    assert result.stdout == f"{key.prefix}… may now call Shipping [{second.id[:8]}].\n"


def test_set_projects_of_a_revoked_key_is_refused(shell: Shell, world: World, project: MakeProject) -> None:
    ada = world.person()
    key, _ = world.key(ada, project(ada))
    other = project(ada, "Lending")
    shell.run("key", "revoke", key.prefix)
    result = shell.run("key", "set-projects", key.id, "--project", other.id, exit_code=1)
    assert "revoked" in result.stderr


def test_revoke_twice_says_by_whom_and_when(shell: Shell, world: World, project: MakeProject) -> None:
    ada = world.person()
    key, _ = world.key(ada, project(ada))
    assert "is revoked" in shell.run("key", "revoke", key.prefix).stdout
    assert "was already revoked by command line at 2" in shell.run("key", "revoke", key.id).stdout


def test_ambiguous_prefix_is_refused_with_the_ids(shell: Shell, world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping = project(ada)
    first, _ = world.key(ada, shipping)
    second, _ = world.key(ada, shipping)
    from sqlalchemy import update

    from leapter.api_keys.models import ApiKey
    from leapter.db import transaction

    with transaction() as session:
        session.execute(update(ApiKey).values(prefix="lpt_sameSame"))
    result = shell.run("key", "revoke", "lpt_sameSame", exit_code=1)
    assert first.id in result.stderr
    assert second.id in result.stderr


def test_whole_key_as_argument_is_refused_with_advice(
    shell: Shell, world: World, project: MakeProject
) -> None:
    ada = world.person()
    key, secret = world.key(ada, project(ada))
    result = shell.run("key", "revoke", secret, exit_code=1)
    assert "history" in result.stderr
    assert secret not in result.output
    assert listing.get_key(ada.actor, key.id).status == "active"


def test_unknown_key_is_refused(shell: Shell) -> None:
    for reference in ("lpt_12345678", "lpt_", "", "00000000-0000-4000-8000-000000000000"):
        assert "There is no " in shell.run("key", "revoke", reference, exit_code=1).stderr
