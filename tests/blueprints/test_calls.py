"""Blueprints of a project that call each other, and share its types, as they are saved and changed."""

import html

import pytest

from leapter.blueprints import programs, runs, service, types_documents
from leapter.blueprints.importing import import_archive
from leapter.blueprints.models import BlueprintRevision, source_path
from leapter.blueprints.service import ShownBlueprint
from leapter.blueprints.types_documents import TypesDocumentError
from leapter.db import db, transaction
from leapter.errors import ChangedMeanwhileError, InvalidInputError, NotFoundError
from leapter.projects.archive import TYPES_PATH, read_files
from leapter.projects.models import Project, ProjectFile
from leapter.projects.service import get_project
from tests.world import Person, StoredProject, World

both_databases = pytest.mark.both_databases


def blueprint(label: str, body: str, *, inputs: str = "", outputs: str = "out: number") -> str:
    return f"//* {label}\nfunction f({inputs}) -> {outputs} {{\n//* Work it out\n{body}\n}}\n"


RATE = blueprint("Zone Rate", "out = weight * 2;", inputs="weight: number")
OTHER_OUTPUT = blueprint("Zone Rate", "rate = weight * 2;", inputs="weight: number", outputs="rate: number")
PRICE = blueprint("Price", "out = zone_rate(weight: 3).out + 1;")


def shown(person: Person, project: StoredProject, slug: str) -> ShownBlueprint:
    return service.get_blueprint(person.actor, project.id, project.blueprints[slug])


def save(person: Person, project: StoredProject, slug: str, source: str) -> service.SavedRevision:
    """Save a revision, and put it into force whatever speaks against that."""
    newest = shown(person, project, slug).newest
    where = (person.actor, project.id, project.blueprints[slug])
    saved = service.save_revision(*where, source=source, base_revision_id=newest.id)
    if not saved.is_held:
        return saved
    return service.put_in_force(*where, revision_id=shown(person, project, slug).newest.id)


def run(person: Person, project: StoredProject, slug: str) -> object:
    ran = runs.run_in_console(person.actor, shown(person, project, slug), {})
    assert ran.outcome, ran.error
    return ran.outcome.outputs["out"]


def release(person: Person, project: StoredProject) -> str:
    db.session.rollback()
    return get_project(person.actor, project.id).release


def codes(one: ShownBlueprint) -> list[str]:
    return [finding.code for finding in one.findings if finding.severity == "error"]


@both_databases
@pytest.mark.parametrize("order", [("rate", "price"), ("price", "rate")])
def test_blueprints_of_an_import_see_each_other_whatever_their_order(
    world: World, order: tuple[str, str]
) -> None:
    ada = world.person()
    sources = {"rate": RATE, "price": PRICE}
    project = world.project(ada, blueprints={slug: sources[slug] for slug in order})
    one = shown(ada, project, "price")
    assert (one.findings, one.can_run) == ((), True)
    assert (one.newest.calls, one.newest.uses_types) == (["zone_rate"], False)
    assert run(ada, project, "price") == 7


def test_an_import_may_hold_a_cycle(world: World) -> None:
    ada = world.person()
    source = "out = n > 0 ? {}(n: n - 1).out + 1 : 0;"
    project = world.project(
        ada,
        blueprints={
            "ping": blueprint("Ping", source.format("pong"), inputs="n: type number = 5"),
            "pong": blueprint("Pong", source.format("ping"), inputs="n: number"),
        },
    )
    assert run(ada, project, "ping") == 5


def test_of_several_with_one_name_callers_in_an_import_get_the_one_that_can_run(world: World) -> None:
    ada = world.person()
    broken = RATE.replace("weight * 2", "nothing").replace("weight: number", "kilos: number")
    project = world.project(ada, blueprints={"broken": broken, "price": PRICE, "rate": RATE})
    assert codes(shown(ada, project, "price")) == []
    assert run(ada, project, "price") == 7


def test_a_helper_that_hides_a_blueprint_is_said_in_an_import(world: World) -> None:
    ada = world.person()
    helper = "function zone_rate() -> a: number { a = 1; }\n"
    own = helper + blueprint("Own", "out = zone_rate().a;")
    project = world.project(ada, blueprints={"rate": RATE, "own": own})
    assert "hidden_blueprint" in [finding.code for finding in shown(ada, project, "own").findings]
    assert run(ada, project, "own") == 1


@both_databases
def test_a_changed_callee_is_what_the_next_run_calls(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"rate": RATE, "price": PRICE})
    assert run(ada, project, "price") == 7
    before = release(ada, project)
    saved = save(ada, project, "rate", RATE.replace("* 2", "* 10"))
    assert (saved.stopped, saved.started) == ((), ())
    assert release(ada, project) != before
    assert run(ada, project, "price") == 31


def test_a_save_that_puts_nothing_in_force_is_no_new_release(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"rate": RATE})
    before = release(ada, project)
    save(ada, project, "rate", RATE.replace("weight * 2", "nothing"))
    save(ada, project, "rate", RATE.replace("weight * 2", "nothing at all"))
    assert release(ada, project) == before


@both_databases
def test_a_callee_with_another_output_stops_its_callers_until_they_fit_again(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"rate": RATE, "price": PRICE})
    saved = save(ada, project, "rate", OTHER_OUTPUT)
    assert [affected.label for affected in saved.stopped] == ["Price"]
    assert [finding.code for finding in saved.stopped[0].findings] == ["unknown_output"]
    one = shown(ada, project, "price")
    assert one.in_force
    assert (one.can_run, codes(one)) == (False, ["unknown_output"])
    with pytest.raises(runs.NotInForceError):
        runs.run_in_console(ada.actor, one, {})
    saved = save(ada, project, "rate", RATE)
    assert [affected.label for affected in saved.started] == ["Price"]
    assert shown(ada, project, "price").findings == ()
    assert run(ada, project, "price") == 7


def test_a_newer_revision_that_was_made_for_the_change_comes_into_force_with_it(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"rate": RATE, "price": PRICE})
    ahead = save(ada, project, "price", PRICE.replace(".out", ".rate"))
    assert (ahead.error_count, ahead.number_in_force) == (1, 1)
    saved = save(ada, project, "rate", OTHER_OUTPUT)
    assert (saved.stopped, [affected.label for affected in saved.started]) == ((), ["Price"])
    one = shown(ada, project, "price")
    assert one.in_force == one.newest
    assert run(ada, project, "price") == 7


@both_databases
def test_a_caller_comes_into_force_once_its_callee_is_there(world: World) -> None:
    ada = world.person()
    last = blueprint("Last", "out = price().out * 100;").replace("price()", "price_of_all()")
    middle = PRICE.replace("//* Price", "//* Price of All")
    project = world.project(ada, blueprints={"last": last, "price": middle})
    assert codes(shown(ada, project, "price")) == ["unknown_function"]
    assert not shown(ada, project, "price").can_run
    # It can be read, so `last` has no error of its own; a run of it ends at the call.
    assert shown(ada, project, "last").can_run
    created = service.create_blueprint(ada.actor, project.id, source=RATE)
    assert created.can_run
    assert shown(ada, project, "price").can_run
    assert run(ada, project, "last") == 700


def test_renaming_a_callee_stops_its_callers(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"rate": RATE, "price": PRICE})
    saved = save(ada, project, "rate", RATE.replace("Zone Rate", "Zonal Rate"))
    assert [affected.findings[0].fix for affected in saved.stopped] == ["Did you mean `zonal_rate`?"]


def test_what_depends_on_a_warning_of_its_own_keeps_it(world: World) -> None:
    ada = world.person()
    foreign = "//#id 7f1d0c1e-6a0b-4a53-9f8e-2f5c1d9b7a10\n" + PRICE
    project = world.project(ada, blueprints={"rate": RATE, "price": PRICE})
    save(ada, project, "price", foreign)
    save(ada, project, "rate", OTHER_OUTPUT)
    assert [finding.code for finding in shown(ada, project, "price").findings] == [
        "id_not_used",
        "unknown_output",
    ]


def test_what_an_earlier_version_stored_is_checked_with_the_next_change(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"rate": RATE, "price": PRICE})
    with transaction() as session:
        revision = session.get_one(BlueprintRevision, shown(ada, project, "price").newest.id)
        revision.calls, revision.has_errors = None, True
        revision.findings = []
    save(ada, project, "rate", RATE.replace("* 2", "* 3"))
    one = shown(ada, project, "price")
    assert (one.can_run, one.newest.calls) == (True, ["zone_rate"])


def test_a_save_says_beforehand_what_it_would_break(world: World) -> None:
    ada = world.person()
    project = world.project(
        ada, blueprints={"rate": RATE, "price": PRICE, "other": blueprint("Other", "out = 1;")}
    )
    rate = project.blueprints["rate"]

    def broken(source: str, blueprint_id: str | None = rate) -> list[str]:
        found = service.would_break(ada.actor, project.id, blueprint_id, source=source)
        return [f"{affected.label}: {affected.findings[0].code}" for affected in found]

    assert broken(OTHER_OUTPUT) == ["Price: unknown_output"]
    assert broken(RATE.replace("Zone Rate", "Zonal Rate")) == ["Price: unknown_function"]
    assert broken(RATE.replace("* 2", "* 3")) == []
    assert broken("hello") == []
    assert broken(blueprint("New", "out = 1;"), None) == []
    save(ada, project, "rate", OTHER_OUTPUT)
    assert broken(OTHER_OUTPUT) == []  # it is broken already
    with pytest.raises(NotFoundError):
        service.would_break(world.person("Eve").actor, project.id, rate, source=RATE)


def test_a_blueprint_that_calls_itself_does_not_break_itself(world: World) -> None:
    ada = world.person()
    own = blueprint("Own", "out = n > 0 ? own(n: n - 1).out + 1 : 0;", inputs="n: type number = 3")
    project = world.project(ada, blueprints={"own": own})
    assert run(ada, project, "own") == 3
    changed = own.replace("out:", "n_out:").replace("out = ", "n_out = ").replace(").out", ").n_out")
    assert service.would_break(ada.actor, project.id, project.blueprints["own"], source=changed) == ()
    assert save(ada, project, "own", changed).error_count == 0


def test_a_run_that_ends_in_a_callee_says_where_on_the_page(world: World) -> None:
    ada = world.person()
    middle = PRICE.replace("//* Price", "//* Middle")
    top = blueprint("Top", "out = middle().out;")
    failing = RATE.replace("weight * 2", "null.x")
    project = world.project(ada, blueprints={"rate": failing, "middle": middle, "top": top})
    page = f"/projects/{project.id}/blueprints/{project.blueprints['top']}"
    answer = ada.client.post(f"{page}/run", headers={"HX-Request": "true"})
    text = " ".join(html.unescape(answer.get_data(as_text=True)).split())
    assert answer.status_code == 422
    rate_page = f"/projects/{project.id}/blueprints/{project.blueprints['rate']}"
    assert f'In <a href="{rate_page}#L4">Zone Rate</a>, line 4' in text
    assert 'Called from <code>middle</code>, line 4, called from <a href="#L4">line 4</a>' in text
    (record,) = runs.latest_runs(shown(ada, project, "top"))
    assert record.error_message == "The Blueprint failed at “Work it out”, line 4 of zone_rate."


def test_a_page_says_that_what_a_blueprint_uses_has_changed(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"rate": RATE, "price": PRICE})
    page = f"/projects/{project.id}/blueprints/{project.blueprints['rate']}/edit"
    newest = shown(ada, project, "rate").newest.id
    answer = ada.client.post(
        page, data={"source": OTHER_OUTPUT, "base_revision_id": newest}, follow_redirects=True
    )
    said = "Revision 2 saved, but not put into force: Price could not run any more with it."
    assert said in answer.get_data(as_text=True)
    page = f"/projects/{project.id}/blueprints/{project.blueprints['rate']}/put-in-force"
    dialog = ada.client.get(page).get_data(as_text=True)
    assert "Price could not run any more with it." in dialog
    assert "<code>zone_rate</code> has no output <code>out</code>." in dialog
    newest = shown(ada, project, "rate").newest.id
    answer = ada.client.post(page, data={"revision_id": newest}, follow_redirects=True)
    assert "Price cannot run any more, since this Blueprint has changed." in answer.get_data(as_text=True)
    page = f"/projects/{project.id}/blueprints/{project.blueprints['price']}"
    text = " ".join(html.unescape(ada.client.get(page).get_data(as_text=True)).split())
    assert "This Blueprint cannot run any more:" in text
    assert "<code>zone_rate</code> has no output <code>out</code>." in text
    assert ada.client.post(f"{page}/run").status_code == 422
    listed = ada.client.get(f"/projects/{project.id}").get_data(as_text=True)
    assert "what it uses has changed" in listed
    newest = shown(ada, project, "rate").newest.id
    page = f"/projects/{project.id}/blueprints/{project.blueprints['rate']}/edit"
    answer = ada.client.post(page, data={"source": RATE, "base_revision_id": newest}, follow_redirects=True)
    assert "Price can run now." in answer.get_data(as_text=True)


# The types document

LEVEL = 'define Level "Loyalty" as _text constrained_to ["basic", "gold"]\n'
BY_LEVEL = blueprint("By Level", 'out = level is "gold" ? 2 : 1;', inputs='level: type Level = "gold"')
CALLER = blueprint("Caller", 'out = by_level(level: "gold").out;')


def with_types(world: World, person: Person, types: str = LEVEL) -> StoredProject:
    files = {source_path("by-level"): BY_LEVEL, source_path("caller"): CALLER, TYPES_PATH: types}
    content = {path: text.encode() for path, text in files.items()}
    report = import_archive(person.actor, read_files("Levels", content))
    return StoredProject(
        id=report.project.id,
        name=report.project.name,
        appspace_id=report.project.appspace_id,
        blueprints={one.blueprint.slug: one.blueprint.id for one in report.blueprints},
    )


def save_types(person: Person, project: StoredProject, text: str) -> types_documents.SavedTypes:
    version = types_documents.get(person.actor, project.id).version
    return types_documents.save(person.actor, project.id, text=text, base_version=version)


@both_databases
def test_types_of_an_import_are_known_to_its_blueprints(world: World) -> None:
    ada = world.person()
    project = with_types(world, ada)
    one = shown(ada, project, "by-level")
    assert (codes(one), one.newest.uses_types) == ([], True)
    assert run(ada, project, "by-level") == 2
    assert run(ada, project, "caller") == 2


@both_databases
def test_a_changed_types_document_holds_for_the_next_run(world: World) -> None:
    ada = world.person()
    project = with_types(world, ada)
    assert run(ada, project, "caller") == 2
    narrower = LEVEL.replace('"gold"', '"silver"')
    broken = types_documents.try_out(ada.actor, project.id, text=narrower).stops
    assert [affected.label for affected in broken] == ["By Level", "Caller"]
    before = release(ada, project)
    saved = save_types(ada, project, narrower)
    assert [affected.label for affected in saved.stopped] == ["By Level", "Caller"]
    assert release(ada, project) != before
    assert not shown(ada, project, "caller").can_run
    saved = save_types(ada, project, LEVEL)
    assert sorted(affected.label for affected in saved.started) == ["By Level", "Caller"]
    assert run(ada, project, "caller") == 2


def test_a_types_document_is_stored_to_the_letter_and_taken_away_when_it_is_empty(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    assert types_documents.get(ada.actor, project.id).text == ""
    text = LEVEL.replace("\n", "\r\n")
    assert save_types(ada, project, text).changed
    assert types_documents.get(ada.actor, project.id).text == text
    assert "Level" in types_documents.get(ada.actor, project.id).types.definitions
    before = release(ada, project)
    assert not save_types(ada, project, text).changed
    assert release(ada, project) == before
    save_types(ada, project, "  \n")
    assert db.session.get(ProjectFile, (project.id, TYPES_PATH)) is None


def test_a_types_document_with_errors_is_refused_with_all_of_them(world: World) -> None:
    ada = world.person()
    project = with_types(world, ada)
    with pytest.raises(TypesDocumentError) as caught:
        save_types(ada, project, LEVEL + "define Two as\ndefine Three { a: Nothing }\n")
    assert len(caught.value.findings) >= 2
    assert all(sentence.startswith("Line ") for sentence in caught.value.errors["source"])
    assert types_documents.get(ada.actor, project.id).text == LEVEL


def test_a_types_document_over_a_newer_one_is_refused(world: World) -> None:
    ada = world.person()
    project = with_types(world, ada)
    seen = types_documents.get(ada.actor, project.id).version
    save_types(ada, project, LEVEL + "\n")
    with pytest.raises(ChangedMeanwhileError):
        types_documents.save(ada.actor, project.id, text="", base_version=seen)


def test_what_is_no_text_is_no_types_document(world: World) -> None:
    ada = world.person()
    project = with_types(world, ada)
    with pytest.raises(InvalidInputError):
        save_types(ada, project, "a\0b")


def test_strangers_do_not_reach_a_types_document(world: World) -> None:
    project = with_types(world, world.person())
    eve = world.person("Eve")
    for attempt in (
        lambda: types_documents.get(eve.actor, project.id),
        lambda: types_documents.try_out(eve.actor, project.id, text=""),
        lambda: types_documents.save(eve.actor, project.id, text="", base_version=""),
    ):
        with pytest.raises(NotFoundError):
            attempt()


def test_an_import_reports_what_is_wrong_with_its_types_document(world: World) -> None:
    ada = world.person()
    project = with_types(world, ada, LEVEL + "define Two as\n")
    report = ada.client.get(f"/projects/{project.id}/import-report").get_data(as_text=True)
    assert TYPES_PATH in report
    # Its sound definitions are there all the same.
    assert run(ada, project, "caller") == 2


def test_a_project_that_is_gone_has_no_environment(world: World) -> None:
    with pytest.raises(NotFoundError):
        programs.load_project("none")
    with pytest.raises(NotFoundError):
        programs.get("none", project_id="none")
    assert db.session.get(Project, "none") is None
