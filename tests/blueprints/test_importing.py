import json

import pytest
from sqlalchemy import func, select

from leapter.blueprints import importing, service
from leapter.blueprints.models import Blueprint, BlueprintRevision
from leapter.db import db
from leapter.errors import InvalidInputError, NotFoundError
from leapter.projects.archive import read_files
from leapter.projects.models import Project, ProjectFile
from tests.blueprints.sources import BROKEN, fee
from tests.world import Person, World

pytestmark = pytest.mark.both_databases

PROJECT_ID = "7f1d0c1e-6a0b-4a53-9f8e-2f5c1d9b7a10"
BLUEPRINT_ID = "0b9f6f0e-7a5d-4a0e-8b9d-3c2a1f0e9d8c"


def manifest(project_id: str | None = PROJECT_ID, main: str = "late-fee", label: str = "Fees") -> bytes:
    app = {"label": label, "description": "What is due."} | ({"id": project_id} if project_id else {})
    return json.dumps({"leapFormat": 1, "app": app, "main": main, "version": "1.0"}, indent=2).encode()


def bring_in(
    person: Person, files: dict[str, bytes | str], *, name: str | None = None
) -> importing.ImportReport:
    content = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    return importing.import_archive(person.actor, read_files("fees-2026", content), name=name)


def test_everything_of_a_project_comes_in(world: World) -> None:
    ada = world.person()
    suite = b'{"testCases": [{"id": "a", "expectedOutput": {"fee": 5}}]}\r\n'
    report = bring_in(
        ada,
        {
            "leapter.project": manifest(),
            "logic/early-fee/early-fee.logic.vts": fee("Early Fee"),
            "logic/late-fee/late-fee.logic.vts": f"//#id {BLUEPRINT_ID}\r\n" + fee().replace("\n", "\r\n"),
            "logic/late-fee/tests/basics.test.json": suite,
            "data/types.data.vts": "define Euro as number",
        },
    )
    project = report.project
    assert (project.id, project.name, project.description) == (PROJECT_ID, "Fees", "What is due.")
    assert (project.appspace_id, project.main_slug) == (ada.appspace_id, "late-fee")
    assert [one.blueprint.slug for one in report.blueprints] == ["late-fee", "early-fee"]
    assert report.blueprints[0].blueprint.id == BLUEPRINT_ID
    assert report.blueprints[0].newest.source.count("\r\n") == fee().count("\n") + 1
    assert report.findings == ()
    assert report.notes == ("1 test passes.",)
    kept = db.session.get_one(ProjectFile, (PROJECT_ID, "logic/late-fee/tests/basics.test.json"))
    assert bytes(kept.content) == suite
    assert report.file_count == 3


def test_every_finding_is_reported_with_file_line_and_column(world: World) -> None:
    report = bring_in(world.person(), {"logic/late-fee/late-fee.logic.vts": BROKEN, "a.vts": fee("A")})
    (found,) = report.findings
    assert (found.file, found.finding.line, found.finding.column) == (
        "logic/late-fee/late-fee.logic.vts",
        8,
        11,
    )
    assert report.error_count == 1
    ready = {one.blueprint.slug: one.in_force is not None for one in report.blueprints}
    assert ready == {"late-fee": False, "a": True}


def test_without_a_manifest_the_name_comes_from_the_files_or_the_person(world: World) -> None:
    ada = world.person()
    assert bring_in(ada, {"late-fee.vts": fee()}).project.name == "Fees 2026"
    named = bring_in(ada, {"late-fee.vts": fee(), "b.vts": fee("B")}, name=" Dues ")
    assert (named.project.name, named.project.main_slug) == ("Dues", "late-fee")


def test_a_file_whose_name_is_no_slug_is_noted_with_the_slug_that_it_got(world: World) -> None:
    ada = world.person()
    files = {
        "logic/lateFee/lateFee.logic.vts": fee(),
        "logic/early-fee/early-fee.logic.vts": fee("Early Fee"),
    }
    note = "logic/lateFee/lateFee.logic.vts is the Blueprint latefee here: "
    for given in (files, {"leapter.project": manifest(), **files}):
        report = bring_in(ada, given)
        assert [said.startswith(note) for said in report.notes] == [True]


def test_a_project_that_is_here_already_is_refused_by_name(world: World) -> None:
    ada = world.person()
    files = {"leapter.project": manifest(), "late-fee.vts": fee()}
    bring_in(ada, files)
    with pytest.raises(InvalidInputError, match="“Fees” has its id"):
        bring_in(ada, files)
    assert db.session.scalar(select(func.count()).select_from(Project)) == 1


def test_an_id_in_use_in_another_appspace_gives_a_new_one_and_tells_nothing_else(world: World) -> None:
    ada, eve = world.person(), world.person("Eve")
    files = {"leapter.project": manifest(), "late-fee.vts": fee()}
    bring_in(ada, files, name="Secret name")
    report = bring_in(eve, files)
    assert report.project.id != PROJECT_ID
    (note,) = report.notes
    assert "got a new id" in note
    assert "Secret name" not in note
    assert "Ada" not in note
    assert importing.report(ada.actor, PROJECT_ID).notes == ()


def test_a_main_blueprint_that_is_not_there_is_a_warning(world: World) -> None:
    report = bring_in(world.person(), {"leapter.project": manifest(main="gone"), "late-fee.vts": fee()})
    (found,) = report.findings
    assert (found.file, found.finding.severity, found.finding.line) == ("leapter.project", "warning", 8)
    assert report.project.main_slug == "late-fee"


def test_a_project_without_blueprints_comes_in_too(world: World) -> None:
    report = bring_in(world.person(), {"leapter.project": manifest()})
    assert report.blueprints == ()
    assert report.project.main_slug is None


def test_the_second_of_two_with_one_call_identifier_comes_in_but_does_not_run(world: World) -> None:
    report = bring_in(world.person(), {"a.vts": fee("Late Fee"), "b.vts": fee("late fee")})
    assert [one.in_force is not None for one in report.blueprints] == [True, False]
    (found,) = report.findings
    assert found.finding.code == "duplicate_call_identifier"
    assert found.file == "logic/b/b.logic.vts"


@pytest.mark.parametrize("name", ["x" * 101, "a\nb"])
def test_nothing_is_stored_when_the_name_is_refused(world: World, name: str) -> None:
    ada = world.person()
    with pytest.raises(InvalidInputError):
        bring_in(ada, {"late-fee.vts": fee()}, name=name)
    assert db.session.scalar(select(func.count()).select_from(Project)) == 0


def test_nothing_is_stored_when_the_last_blueprint_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = world.person()
    store = service.store_blueprint
    stored = []

    def fail_at_the_second(*arguments: object, **named: object) -> object:
        if stored:
            raise RuntimeError
        stored.append(store(*arguments, **named))  # type: ignore[arg-type]  # passed on as they came
        return stored[0]

    monkeypatch.setattr(service, "store_blueprint", fail_at_the_second)
    with pytest.raises(RuntimeError):
        bring_in(ada, {"leapter.project": manifest(), "a.vts": fee("A"), "b.vts": fee("B")})
    for table in (Project, ProjectFile, Blueprint, BlueprintRevision):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0


def test_the_examples_come_in_ready_to_run(world: World) -> None:
    ada = world.person()
    assert [example.name for example in importing.EXAMPLES] == ["consumer-lending", "parcel-shipping"]
    for example in importing.EXAMPLES:
        report = importing.import_example(ada.actor, example.name)
        assert report.project.name == example.label
        assert report.findings == ()
        assert all(one.in_force for one in report.blueprints)
    again = importing.import_example(ada.actor, "parcel-shipping")
    assert again.project.name == "Parcel Shipping"


def test_an_example_is_found_by_its_name_only(world: World) -> None:
    with pytest.raises(NotFoundError):
        importing.import_example(world.person().actor, "../examples/parcel-shipping")
