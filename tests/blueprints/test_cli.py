import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from leapter.blueprints import service
from leapter.blueprints.importing import EXAMPLES_FOLDER
from leapter.cli import main
from leapter.db import db
from leapter.projects.service import list_projects
from tests.blueprints.sources import BROKEN
from tests.world import PRICE, World


class Shell:
    """Runs `leapter` in this process, on the test's database."""

    def __init__(self, app: Flask) -> None:
        self.home = str(app.extensions["leapter_settings"].home)

    def run(self, *words: str, exit_code: int = 0) -> Result:
        result = CliRunner(env={"LEAPTER_HOME": self.home}).invoke(main, ["project", *words])
        assert result.exit_code == exit_code, result.output
        return result


@pytest.fixture
def shell(app: Flask, world: World) -> Iterator[Shell]:
    yield Shell(app)
    db.session.rollback()


def test_a_folder_is_imported_for_its_owner_and_listed(shell: Shell, world: World) -> None:
    ada = world.person()
    db.session.rollback()
    path = str(EXAMPLES_FOLDER / "parcel-shipping")
    printed = json.loads(shell.run("import", path, "--owner", ada.user.email, "--json").stdout)
    assert set(printed) == {"projectId", "name", "appspaceId", "blueprints", "findings"}
    assert (printed["name"], printed["appspaceId"]) == ("Parcel Shipping", ada.appspace_id)
    assert printed["findings"] == []
    assert [set(one) for one in printed["blueprints"]] == [{"id", "slug", "label"}] * 3
    assert printed["blueprints"][0]["slug"] == "parcel-price"
    db.session.rollback()
    (listed,) = list_projects(ada.actor)
    assert listed.project.id == printed["projectId"]
    assert json.loads(shell.run("list", "--json").stdout) == {"projects": [printed]}


def test_the_list_says_whose_each_project_is(shell: Shell, world: World) -> None:
    ada, bob = world.person("Ada"), world.person("Bob")
    hers, his = world.project(ada, "Fees"), world.project(bob, "Fees")
    db.session.rollback()
    listed = shell.run("list").stdout
    assert f"{hers.id}  Fees  (Ada's appspace)\n" in listed
    assert f"{his.id}  Fees  (Bob's appspace)\n" in listed


def test_a_blueprint_with_errors_is_marked_beside_its_address(
    shell: Shell, world: World, tmp_path: Path
) -> None:
    ada = world.person()
    db.session.rollback()
    path = tmp_path / "late-fee.logic.vts"
    path.write_text(BROKEN)
    imported = shell.run("import", str(path), "--owner", ada.user.email).stdout
    assert re.search(r"/models/late-fee/runs  \(cannot run: 1 error\)$", imported, re.MULTILINE)

    project = world.project(ada)
    shown = service.get_blueprint(ada.actor, project.id, project.blueprints["parcel-price"])
    service.save_revision(
        ada.actor, project.id, shown.blueprint.id, source=BROKEN, base_revision_id=shown.newest.id
    )
    db.session.rollback()
    listed = shell.run("list").stdout
    assert re.search(
        r"/parcel-price/runs  \(runs revision 1; the newest has 1 error\)$", listed, re.MULTILINE
    )


def test_findings_are_printed_with_file_line_and_column(shell: Shell, world: World, tmp_path: Path) -> None:
    email = world.person().user.email
    db.session.rollback()
    path = tmp_path / "late-fee.logic.vts"
    path.write_text(BROKEN)
    text = shell.run("import", str(path), "--owner", email).stdout
    place, source, caret, fix = text.splitlines()[-4:]
    assert place.startswith("logic/late-fee/late-fee.logic.vts:8:11: error: ")
    assert source.startswith("    ")
    assert caret == " " * 14 + "^"
    assert fix.startswith("  Fix: ")
    (finding,) = json.loads(shell.run("import", str(path), "--owner", email, "--json").stdout)["findings"]
    assert (finding["file"], finding["line"], finding["column"], finding["severity"]) == (
        "logic/late-fee/late-fee.logic.vts",
        8,
        11,
        "error",
    )


def test_what_cannot_be_imported_ends_with_one_sentence_and_exit_code_1(
    shell: Shell, world: World, tmp_path: Path
) -> None:
    email = world.person().user.email
    db.session.rollback()
    missing = shell.run("import", str(tmp_path / "gone"), "--owner", email, "--json", exit_code=1)
    assert missing.stdout == ""
    assert missing.stderr == f"Error: There is no file or folder {tmp_path / 'gone'}.\n"
    (tmp_path / "fees.zip").write_bytes(b"no")
    damaged = shell.run("import", str(tmp_path / "fees.zip"), "--owner", email, exit_code=1)
    assert "not a zip that can be read" in damaged.stderr


def test_an_owner_that_does_not_exist_is_refused(shell: Shell) -> None:
    path = str(EXAMPLES_FOLDER / "parcel-shipping")
    result = shell.run("import", path, "--owner", "nobody@example.com", exit_code=1)
    assert result.stderr == "Error: There is no such user.\n"


def test_an_owner_must_be_named(shell: Shell, tmp_path: Path) -> None:
    shell.run("import", str(tmp_path), exit_code=2)


def test_an_empty_server_lists_nothing(shell: Shell) -> None:
    assert json.loads(shell.run("list", "--json").stdout) == {"projects": []}
    assert shell.run("list").stdout == "There is no project yet.\n"


def test_a_project_is_exported_by_id_or_name_and_imports_again(
    shell: Shell, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = world.person("Ada"), world.person("Bob")
    project = world.project(ada, "Late Fees")
    email = bob.user.email
    db.session.rollback()
    monkeypatch.chdir(tmp_path)
    printed = json.loads(shell.run("export", project.id, "--json").stdout)
    assert printed == {
        "projectId": project.id,
        "name": "Late Fees",
        "path": "late-fees.zip",
        "files": 2,
        "blueprints": 1,
    }
    text = shell.run("export", "late FEES", "out/fees").stdout
    assert text == "Late Fees exported to out/fees: 1 Blueprint, 2 files.\n"
    source = tmp_path / "out/fees/logic/parcel-price/parcel-price.logic.vts"
    assert source.read_bytes() == PRICE.encode()
    for path in ("late-fees.zip", "out/fees"):
        imported = json.loads(shell.run("import", path, "--owner", email, "--name", path, "--json").stdout)
        assert imported["name"] == path
        assert [one["id"] for one in imported["blueprints"]] == [project.blueprints["parcel-price"]]


def test_an_export_writes_over_nothing_unless_it_is_told(shell: Shell, world: World, tmp_path: Path) -> None:
    world.project(world.person(), "Fees")
    db.session.rollback()
    path = tmp_path / "fees.zip"
    path.write_bytes(b"mine")
    refused = shell.run("export", "Fees", str(path), exit_code=1)
    assert refused.stderr == f"Error: {path} is there already; --force writes over it.\n"
    assert path.read_bytes() == b"mine"
    shell.run("export", "Fees", str(path), "--force")
    assert path.read_bytes().startswith(b"PK")


def test_an_export_needs_a_project_that_is_meant_by_the_name(shell: Shell, world: World) -> None:
    hers, his = world.project(world.person("Ada"), "Fees"), world.project(world.person("Bob"), "fees")
    db.session.rollback()
    refused = shell.run("export", "Fees", exit_code=1)
    assert "Several projects have that name; use the id of one: " in refused.stderr
    assert hers.id in refused.stderr
    assert his.id in refused.stderr
    refused = shell.run("export", "Dues", exit_code=1)
    assert refused.stderr == "Error: There is no project with that id or name.\n"
    shell.run("export", exit_code=2)
