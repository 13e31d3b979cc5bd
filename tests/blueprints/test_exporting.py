"""An exported project is the project that was imported, and imports as the same one again."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leapter.blueprints import exporting, importing, service
from leapter.blueprints.importing import EXAMPLES_FOLDER
from leapter.errors import NotFoundError
from leapter.projects import service as projects
from leapter.projects.archive import read_files, read_path, read_uploads
from leapter.projects.packing import write_zip
from tests.blueprints.sources import BROKEN, fee
from tests.world import Person, World

PROJECT_ID = "7f1d0c1e-6a0b-4a53-9f8e-2f5c1d9b7a10"
BLUEPRINT_ID = "0b9f6f0e-7a5d-4a0e-8b9d-3c2a1f0e9d8c"
OTHER_ID = "3e7c5a52-58f6-4d4e-9b62-0a3f4f6f7a11"

MANIFEST = (
    b'\xef\xbb\xbf{\r\n\t"leapFormat": 1, "app": {"id": "' + PROJECT_ID.upper().encode() + b'",'
    b'\r\n\t\t"label": " Fees ", "description": "What is due.\\r\\n\\r\\nAll of it. ", "color": "#fff"},'
    b'\r\n\t"main": "Late Fee", "version": "3.1", "unknown": [1.50, {}]\r\n}'
)

FILES = {
    "leapter.project": MANIFEST,
    "logic/early-fee/early-fee.logic.vts": fee("Early Fee").encode(),
    "logic/late-fee/late-fee.logic.vts": b"\xef\xbb\xbf" + f"//#id {BLUEPRINT_ID}\r\n{fee()}".encode(),
    "logic/late-fee/tests/basics.test.json": b'{"id": "x"}\r\n',
    "rules/Odd Place/Odd One.vts": fee("Odd One").replace("\n", "\r\n").encode(),
    "logic/broken/broken.logic.vts": BROKEN.replace("late_fee", "broken").encode(),
    "data/types.data.vts": b"define Euro as number",
    "notes.bin": b"\x00\xff",
    "empty": b"",
}


def bring_in(person: Person, files: Mapping[str, bytes], name: str | None = None) -> importing.ImportReport:
    return importing.import_archive(person.actor, read_files("fees-2026", files), name=name)


def bring_out(person: Person, project_id: str) -> dict[str, bytes]:
    return dict(exporting.export_project(person.actor, project_id).files)


def zipped(person: Person, project_id: str) -> bytes:
    buffer = io.BytesIO()
    write_zip(buffer, exporting.export_project(person.actor, project_id).files)
    return buffer.getvalue()


def facts(report: importing.ImportReport) -> object:
    """What callers know of a project."""
    return (
        report.project.main_slug,
        sorted(
            (
                one.blueprint.id,
                one.blueprint.slug,
                one.blueprint.call_identifier if one.in_force else None,
                one.newest.source,
            )
            for one in report.blueprints
        ),
    )


def delete(person: Person, project_id: str) -> None:
    projects.delete_project(
        person.actor, project_id, typed_name=projects.get_project(person.actor, project_id).name
    )


@pytest.mark.both_databases
def test_what_came_in_goes_out_byte_for_byte(world: World) -> None:
    ada = world.person()
    first = bring_in(ada, FILES)
    before = facts(first)
    assert bring_out(ada, PROJECT_ID) == FILES
    content = zipped(ada, PROJECT_ID)
    assert zipped(ada, PROJECT_ID) == content
    delete(ada, PROJECT_ID)
    again = importing.import_archive(ada.actor, read_uploads([("anything.zip", content)]))
    assert (again.project.id, again.project.name) == (PROJECT_ID, "Fees")
    assert facts(again) == before
    assert zipped(ada, PROJECT_ID) == content


@pytest.mark.parametrize("name", ["consumer-lending", "parcel-shipping"])
def test_the_examples_go_out_as_they_are(world: World, name: str) -> None:
    ada = world.person()
    report = importing.import_example(ada.actor, name)
    folder = EXAMPLES_FOLDER / name
    there = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    assert bring_out(ada, report.project.id) == there


def test_the_zip_begins_with_the_manifest_and_has_every_file_once(world: World) -> None:
    ada = world.person()
    bring_in(ada, FILES)
    with zipfile.ZipFile(io.BytesIO(zipped(ada, PROJECT_ID))) as archive:
        names = archive.namelist()
    assert names[0] == "leapter.project"
    assert sorted(names) == sorted(FILES)


def test_a_project_made_here_gets_a_manifest_and_keeps_its_ids_elsewhere(world: World) -> None:
    ada = world.person()
    made = projects.create_project(ada.actor, name="Fees", description="What is due.")
    for label in ("Late Fee", "Early Fee"):
        service.create_blueprint(ada.actor, made.id, source=fee(label))
    before = facts(importing.report(ada.actor, made.id))
    files = bring_out(ada, made.id)
    assert list(files) == [
        "leapter.project",
        "logic/early-fee/early-fee.logic.vts",
        "logic/late-fee/late-fee.logic.vts",
    ]
    assert json.loads(files["leapter.project"]) == {
        "leapFormat": 1,
        "app": {"id": made.id, "label": "Fees", "description": "What is due."},
        "main": "late-fee",
        "version": "1.0.0",
    }
    delete(ada, made.id)
    again = bring_in(ada, files)
    assert again.project.id == made.id
    assert facts(again) == before
    assert bring_out(ada, made.id) == files


def test_an_empty_project_goes_out_and_comes_in(world: World) -> None:
    ada = world.person()
    made = projects.create_project(ada.actor, name="Fees")
    files = bring_out(ada, made.id)
    assert list(files) == ["leapter.project"]
    delete(ada, made.id)
    assert bring_in(ada, files).project.id == made.id


def test_single_files_get_their_places(world: World) -> None:
    ada = world.person()
    report = bring_in(ada, {"Late Fee.vts": fee().encode()})
    assert list(bring_out(ada, report.project.id)) == ["leapter.project", "logic/late-fee/late-fee.logic.vts"]


def test_only_what_was_changed_is_rewritten_in_the_manifest(world: World) -> None:
    ada = world.person()
    report = bring_in(ada, FILES)
    # As the dialog sends it when only the name is typed.
    form = report.project.description.strip()
    projects.rename_project(ada.actor, PROJECT_ID, name="Dues", description=form)
    assert bring_out(ada, PROJECT_ID)["leapter.project"] == MANIFEST.replace(b'" Fees "', b'"Dues"')
    projects.rename_project(ada.actor, PROJECT_ID, name="Fees", description="All.")
    old = b'"What is due.\\r\\n\\r\\nAll of it. "'
    assert bring_out(ada, PROJECT_ID)["leapter.project"] == MANIFEST.replace(old, b'"All."')
    projects.rename_project(ada.actor, PROJECT_ID, name="Fees", description=form)
    early = next(one.blueprint for one in report.blueprints if one.blueprint.slug == "early-fee")
    service.choose_main(ada.actor, PROJECT_ID, early.id)
    changed = MANIFEST.replace(b'"Late Fee"', b'"early-fee"')
    assert bring_out(ada, PROJECT_ID)["leapter.project"] == changed


def test_a_name_from_elsewhere_is_put_into_a_manifest_without_one(world: World) -> None:
    ada = world.person()
    files = {"leapter.project": b'{"leapFormat": 1}', "a.vts": fee().encode()}
    report = bring_in(ada, files)
    assert report.project.name == "Fees 2026"
    assert exporting.export_project(ada.actor, report.project.id).name == "fees-2026"
    assert bring_out(ada, report.project.id) == files
    named = bring_in(ada, files, name="日本")
    assert exporting.export_project(ada.actor, named.project.id).name == "project"
    assert json.loads(bring_out(ada, named.project.id)["leapter.project"])["app"] == {"label": "日本"}


def test_another_appspace_gets_the_same_blueprints_under_another_project_id(world: World) -> None:
    ada, eve = world.person(), world.person("Eve")
    hers = bring_in(ada, FILES)
    files = bring_out(ada, PROJECT_ID)
    theirs = bring_in(eve, files)
    assert theirs.project.id != PROJECT_ID
    assert facts(theirs) == facts(hers)
    out = bring_out(eve, theirs.project.id)
    manifest = json.loads(out["leapter.project"].decode("utf-8-sig"))
    # Two have their ids from the other project's id, which the manifest no longer says.
    assert manifest["app"]["id"] == theirs.project.id
    assert set(manifest["blueprintIds"]) == {"broken", "early-fee", "odd-one"}
    delete(eve, theirs.project.id)
    again = bring_in(eve, out)
    assert (again.project.id, facts(again)) == (theirs.project.id, facts(hers))
    assert bring_out(eve, again.project.id) == out


def test_ids_that_no_source_tells_are_kept(world: World) -> None:
    ada = world.person()
    made = projects.create_project(ada.actor, name="Fees")
    shown = service.create_blueprint(ada.actor, made.id, source=fee())
    # Its own id is another one than the line says, which the page warns of.
    service.save_revision(
        ada.actor,
        made.id,
        shown.blueprint.id,
        source=f"//#id {OTHER_ID}\n{fee()}",
        base_revision_id=shown.newest.id,
    )
    service.create_blueprint(ada.actor, made.id, source=f"//#id {BLUEPRINT_ID}\n{fee('A')}")
    service.create_blueprint(ada.actor, made.id, source=f"//#id {BLUEPRINT_ID}\n{fee('B')}")
    before = facts(importing.report(ada.actor, made.id))
    files = bring_out(ada, made.id)
    assert json.loads(files["leapter.project"])["blueprintIds"] == {"late-fee": shown.blueprint.id}
    delete(ada, made.id)
    again = bring_in(ada, files)
    assert facts(again) == before
    assert {found.finding.code for found in again.findings} == {"id_not_used"}
    assert bring_out(ada, made.id) == files


def test_ids_of_an_imported_manifest_stay_while_they_are_true(world: World) -> None:
    ada = world.person()
    said = {"late-fee": OTHER_ID, "gone": BLUEPRINT_ID}
    manifest = json.dumps({"app": {"id": PROJECT_ID, "label": "Fees"}, "blueprintIds": said}).encode()
    files = {"leapter.project": manifest, "late-fee.vts": fee().encode()}
    report = bring_in(ada, files)
    assert report.blueprints[0].blueprint.id == OTHER_ID
    assert bring_out(ada, PROJECT_ID) == files


def test_of_two_with_one_identifier_the_same_one_runs_after_an_import(world: World) -> None:
    ada = world.person()
    made = projects.create_project(ada.actor, name="Fees")
    service.create_blueprint(ada.actor, made.id, source=fee("Late Fee"))
    early = service.create_blueprint(ada.actor, made.id, source=fee("Early Fee"))
    service.save_revision(
        ada.actor,
        made.id,
        early.blueprint.id,
        source=fee("Late Fee"),
        base_revision_id=early.newest.id,
    )
    content = zipped(ada, made.id)
    delete(ada, made.id)
    again = importing.import_archive(ada.actor, read_uploads([("a.zip", content)]))
    assert {one.blueprint.slug: one.in_force is not None for one in again.blueprints} == {
        "late-fee": True,
        "early-fee": False,
    }


def test_the_newest_revision_goes_out_though_another_one_runs(world: World) -> None:
    ada = world.person()
    project = world.project(ada, "Fees", {"late-fee": fee()})
    shown = service.get_blueprint(ada.actor, project.id, project.blueprints["late-fee"])
    service.save_revision(
        ada.actor, project.id, shown.blueprint.id, source=BROKEN, base_revision_id=shown.newest.id
    )
    assert bring_out(ada, project.id)["logic/late-fee/late-fee.logic.vts"] == BROKEN.encode()


def test_a_blueprint_whose_name_was_taken_keeps_its_slug(world: World) -> None:
    ada = world.person()
    made = projects.create_project(ada.actor, name="Fees")
    # Cut to make room for a number, the slug would end in a hyphen.
    label = "x" * 97 + " yy"
    for number in ("1", "2"):
        service.create_blueprint(ada.actor, made.id, source=fee(label, amount=number))
    before = facts(importing.report(ada.actor, made.id))
    files = bring_out(ada, made.id)
    delete(ada, made.id)
    assert facts(bring_in(ada, files)) == before


IDS = st.one_of(st.none(), st.sampled_from([BLUEPRINT_ID, OTHER_ID, "no id"]), st.uuids(version=4).map(str))
PLACES = st.sampled_from(
    ["logic/{0}/{0}.logic.vts", "{0}.vts", "{0}.logic.vts", "old rules/{0}.vts", "logic/X {0}.vts"]
)
BLUEPRINTS = st.lists(
    st.tuples(
        st.sampled_from(["late-fee", "early-fee", "a", "b", "c-2"]),
        PLACES,
        IDS,
        st.sampled_from(["Late Fee", "Early Fee", "A", "B"]),
        st.sampled_from(["5", "unknown", "1 +"]),
        st.sampled_from(["\n", "\r\n"]),
        st.booleans(),
    ),
    max_size=5,
    unique_by=lambda one: one[0],
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=12)
MANIFESTS = st.fixed_dictionaries(
    {},
    optional={
        "leapFormat": st.just(1),
        "app": st.fixed_dictionaries(
            {},
            optional={
                "id": st.sampled_from([PROJECT_ID, PROJECT_ID.upper()]),
                "label": TEXTS.filter(lambda text: text.strip() != ""),
                "description": TEXTS,
                "color": st.none(),
            },
        ),
        "main": st.sampled_from(["late-fee", "a", "gone"]),
        "version": st.text(max_size=5),
        "blueprintIds": st.dictionaries(
            st.sampled_from(["a", "b", "gone"]), st.sampled_from([OTHER_ID, "no id"]), max_size=3
        ),
    },
)
OTHERS = st.dictionaries(
    st.sampled_from(
        ["data/types.data.vts", "logic/a/tests/x.test.json", "README.md", "b/\u00e9.bin", "a b.data.vts"]
    ),
    st.binary(max_size=30),
    max_size=4,
)


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(manifest=MANIFESTS, indent=st.sampled_from([None, 1, 4]), blueprints=BLUEPRINTS, others=OTHERS)
def test_whatever_comes_in_goes_out_and_comes_in_again(
    app: Flask,
    manifest: dict[str, object],
    indent: int | None,
    blueprints: list[tuple[str, str, str | None, str, str, str, bool]],
    others: dict[str, bytes],
) -> None:
    files = {"leapter.project": json.dumps(manifest, indent=indent).encode(), **others}
    for slug, place, written_id, label, amount, ending, marked in blueprints:
        source = ("" if written_id is None else f"//#id {written_id}\n") + fee(label, amount=amount)
        path = place.format(slug)
        files[path] = (b"\xef\xbb\xbf" if marked else b"") + source.replace("\n", ending).encode()
    with app.app_context():
        ada = World(app).person()
        first = bring_in(ada, files)
        before, project_id = facts(first), first.project.id
        out = bring_out(ada, project_id)
        for path, content in files.items():
            if path != "leapter.project":
                assert out.pop(path) == content
        assert list(out) == ["leapter.project"]
        content = zipped(ada, project_id)
        delete(ada, project_id)
        again = importing.import_archive(ada.actor, read_uploads([("fees-2026.zip", content)]))
        assert facts(again) == before
        assert again.project.name == first.project.name
        assert zipped(ada, again.project.id) == content
        delete(ada, again.project.id)


@pytest.fixture
def stored(world: World) -> tuple[Person, str, str]:
    ada = world.person()
    report = bring_in(ada, FILES)
    odd = next(one.blueprint.id for one in report.blueprints if one.blueprint.slug == "odd-one")
    return ada, PROJECT_ID, odd


def test_the_console_sends_a_zip_with_the_name_of_the_project(
    stored: tuple[Person, str, str], tmp_path: Path
) -> None:
    ada, project_id, _ = stored
    page = BeautifulSoup(ada.client.get(f"/projects/{project_id}").data, "html.parser")
    answer = ada.client.get(page.find(id="export-project")["href"])
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == "attachment; filename=fees.zip"
    assert answer.headers["Cache-Control"] == "no-store"
    (tmp_path / "fees.zip").write_bytes(answer.data)
    read = read_path(tmp_path / "fees.zip")
    assert {source.path: source.text.encode() for source in read.sources} | dict(read.files) == FILES


def test_the_source_of_one_blueprint_is_sent_byte_for_byte(stored: tuple[Person, str, str]) -> None:
    ada, project_id, blueprint_id = stored
    page = ada.client.get(f"/projects/{project_id}/blueprints/{blueprint_id}")
    link = BeautifulSoup(page.data, "html.parser").find(id="download-source")
    answer = ada.client.get(link["href"])
    assert answer.data == FILES["rules/Odd Place/Odd One.vts"]
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=odd-one.logic.vts"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("what", ["project", "source"])
def test_downloads_are_for_members_and_for_nobody_else(
    world: World, stored: tuple[Person, str, str], what: str
) -> None:
    ada, project_id, blueprint_id = stored
    url = f"/projects/{project_id}/export"
    if what == "source":
        url = f"/projects/{project_id}/blueprints/{blueprint_id}/source"
    assert world.member(ada).client.get(url).status_code == 200
    eve = world.person("Eve")
    assert eve.client.get(url).status_code == 404
    assert world.app.test_client().get(url).location.startswith("/sign-in")
    with pytest.raises(NotFoundError):
        exporting.export_project(eve.actor, project_id)


def test_another_blueprint_becomes_the_main_one(world: World, stored: tuple[Person, str, str]) -> None:
    ada, project_id, blueprint_id = stored
    url = f"/projects/{project_id}/blueprints/{blueprint_id}"
    page = BeautifulSoup(ada.client.get(url).data, "html.parser")
    form = page.find(id="make-main").find_parent("form")
    assert world.person("Eve").client.post(form["action"]).status_code == 404
    answer = ada.client.post(form["action"])
    assert answer.status_code == 303
    page = BeautifulSoup(ada.client.get(answer.location).data, "html.parser")
    assert page.find(id="make-main") is None
    assert projects.get_project(ada.actor, project_id).main_slug == "odd-one"
    other = f"/projects/{project_id}/blueprints/{PROJECT_ID}/main"
    assert ada.client.post(other).status_code == 404


def test_the_report_names_the_files_as_they_are(stored: tuple[Person, str, str]) -> None:
    ada, project_id, _ = stored
    page = ada.client.get(f"/projects/{project_id}/import-report").get_data(as_text=True)
    assert "<code>rules/Odd Place/Odd One.vts</code>" in page
