import pytest

from leapter import veritas
from leapter.blueprints import service
from leapter.blueprints.service import StaleRevisionError
from leapter.errors import InvalidInputError, NotFoundError
from leapter.projects.service import get_project
from tests.blueprints.sources import BROKEN, fee
from tests.world import Person, StoredProject, World

pytestmark = pytest.mark.both_databases

OWN_ID = "7f1d0c1e-6a0b-4a53-9f8e-2f5c1d9b7a10"


def save(
    person: Person, project: StoredProject, blueprint_id: str, source: str, *, base: str | None = None
) -> service.SavedRevision:
    shown = service.get_blueprint(person.actor, project.id, blueprint_id)
    return service.save_revision(
        person.actor, project.id, blueprint_id, source=source, base_revision_id=base or shown.newest.id
    )


def test_the_first_blueprint_of_a_project_is_its_main_one(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={})
    first = service.create_blueprint(ada.actor, project.id, source=fee("Late Fee"))
    service.create_blueprint(ada.actor, project.id, source=fee("Annual Fee"))
    assert (first.blueprint.slug, first.blueprint.call_identifier) == ("late-fee", "late_fee")
    assert first.in_force == first.newest
    assert get_project(ada.actor, project.id).main_slug == "late-fee"
    listed = service.list_blueprints(ada.actor, project.id)
    assert [one.blueprint.label for one in listed] == ["Late Fee", "Annual Fee"]


def test_a_blueprint_takes_the_id_of_its_source_where_it_is_free(world: World) -> None:
    ada = world.person()
    project, other = world.project(ada, blueprints={}), world.project(ada, "Other", blueprints={})
    source = f"//#id {OWN_ID.upper()}\n" + fee()
    first = service.create_blueprint(ada.actor, project.id, source=source)
    elsewhere = service.create_blueprint(ada.actor, other.id, source=source)
    again = service.create_blueprint(ada.actor, project.id, source=source.replace("Late Fee", "Early Fee"))
    assert first.blueprint.id == elsewhere.blueprint.id == OWN_ID
    assert again.blueprint.id != OWN_ID
    assert [finding.code for finding in again.findings] == ["id_not_used"]
    assert again.in_force


def test_an_id_that_is_no_uuid_is_said_and_not_used(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={})
    shown = service.create_blueprint(ada.actor, project.id, source="//#id 12\n" + fee())
    assert "id_is_no_uuid" in [finding.code for finding in shown.findings]
    assert len(shown.blueprint.id) == 36


def test_a_blueprint_with_errors_is_stored_and_cannot_run(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={})
    shown = service.create_blueprint(ada.actor, project.id, source=BROKEN)
    assert shown.in_force is None
    assert shown.error_count == 1
    assert shown.newest.source == BROKEN
    assert shown.findings[0].line == 8


def test_a_source_that_is_no_blueprint_at_all_is_stored_too(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={})
    shown = service.create_blueprint(ada.actor, project.id, source="hello ?!")
    again = service.create_blueprint(ada.actor, project.id, source="")
    assert shown.in_force is None
    assert (shown.blueprint.slug, again.blueprint.slug) == ("blueprint", "blueprint-2")
    assert shown.error_count
    assert again.error_count


def test_the_previous_revision_stays_in_force_when_the_new_one_has_errors(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"late-fee": fee()})
    blueprint_id = project.blueprints["late-fee"]
    good = save(ada, project, blueprint_id, fee("Late Fee (EU)"))
    assert (good.number, good.number_in_force, good.error_count) == (2, 2, 0)
    bad = save(ada, project, blueprint_id, BROKEN.replace("Late Fee", "Very Late Fee"))
    assert (bad.number, bad.number_in_force, bad.error_count) == (3, 2, 1)
    shown = service.get_blueprint(ada.actor, project.id, blueprint_id)
    assert (shown.newest.number, shown.in_force and shown.in_force.number) == (3, 2)
    assert (shown.blueprint.label, shown.blueprint.call_identifier) == ("Late Fee (EU)", "late_fee_eu")
    assert save(ada, project, blueprint_id, fee("Very Late Fee")).number_in_force == 4


def test_saving_what_is_there_already_makes_no_revision(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"late-fee": fee()})
    saved = save(ada, project, project.blueprints["late-fee"], fee())
    assert (saved.number, saved.changed) == (1, False)


def test_a_save_over_a_newer_revision_of_somebody_else_is_refused(world: World) -> None:
    ada = world.person()
    grace = world.member(ada)
    project = world.project(ada, blueprints={"late-fee": fee()})
    blueprint_id = project.blueprints["late-fee"]
    seen = service.get_blueprint(ada.actor, project.id, blueprint_id).newest.id
    save(grace, project, blueprint_id, fee(amount="6"))
    with pytest.raises(StaleRevisionError):
        save(ada, project, blueprint_id, fee(amount="7"), base=seen)
    assert service.get_blueprint(ada.actor, project.id, blueprint_id).newest.source == fee(amount="6")


def test_two_blueprints_with_one_call_identifier_do_not_both_run(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"first": fee("Late Fee")})
    second = service.create_blueprint(ada.actor, project.id, source=fee("Late  fee!"))
    assert second.in_force is None
    (finding,) = second.findings
    assert (finding.code, finding.line) == ("duplicate_call_identifier", 1)
    assert "Late Fee" in finding.message
    assert second.blueprint.call_identifier != "late_fee"


def test_renaming_the_other_lets_the_second_run(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"first": fee("Late Fee"), "second": fee("Late Fee")})
    saved = save(ada, project, project.blueprints["first"], fee("First Fee"))
    assert [affected.slug for affected in saved.started] == ["second"]
    shown = service.get_blueprint(ada.actor, project.id, project.blueprints["second"])
    assert shown.in_force
    assert shown.findings == ()
    assert shown.blueprint.call_identifier == "late_fee"


def test_a_blueprint_that_cannot_run_keeps_no_identifier_from_one_that_can(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"broken": BROKEN, "good": fee("Late Fee")})
    good = service.get_blueprint(ada.actor, project.id, project.blueprints["good"])
    assert good.in_force
    assert good.blueprint.call_identifier == "late_fee"


@pytest.mark.parametrize("length", [200, 201])
def test_a_label_of_200_characters_is_the_longest_that_runs(world: World, length: int) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={})
    shown = service.create_blueprint(ada.actor, project.id, source=fee("x" * length))
    assert (shown.in_force is not None) == (length == 200)
    assert shown.blueprint.label == "x" * 200


@pytest.mark.parametrize(("function", "identifier"), [("late_fee", "late_fee"), ("$", None)])
def test_a_label_without_ascii_letters_leaves_the_name_of_the_function(
    world: World, function: str, identifier: str | None
) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={})
    source = fee("費用").replace("late_fee", function)
    shown = service.create_blueprint(ada.actor, project.id, source=source)
    assert shown.blueprint.label == "費用"
    assert (shown.blueprint.call_identifier if shown.in_force else None) == identifier
    assert shown.error_count == (0 if identifier else 1)


def test_a_source_of_1_mebibyte_is_the_longest_that_is_stored(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={})
    longest = fee() + " " * (1024 * 1024 - len(fee()))
    assert service.create_blueprint(ada.actor, project.id, source=longest).newest.source == longest
    with pytest.raises(InvalidInputError, match="longer than 1 MiB"):
        service.create_blueprint(ada.actor, project.id, source=longest + " ")


@pytest.mark.parametrize(
    ("source", "said"), [("a\0b", "NUL byte"), ("\ud800", "not Unicode")], ids=["nul", "surrogate"]
)
def test_what_is_no_text_is_not_stored(world: World, source: str, said: str) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={})
    with pytest.raises(InvalidInputError, match=said):
        service.create_blueprint(ada.actor, project.id, source=source)


def test_strangers_find_no_blueprint(world: World) -> None:
    ada = world.person()
    eve = world.person("Eve")
    project = world.project(ada)
    blueprint_id = project.blueprints["parcel-price"]
    own = world.project(eve, blueprints={})
    for project_id in (project.id, own.id):
        with pytest.raises(NotFoundError):
            service.get_blueprint(eve.actor, project_id, blueprint_id)
        with pytest.raises(NotFoundError):
            service.save_revision(eve.actor, project_id, blueprint_id, source=fee(), base_revision_id="any")
    with pytest.raises(NotFoundError):
        service.create_blueprint(eve.actor, project.id, source=fee())
    with pytest.raises(NotFoundError):
        service.list_blueprints(eve.actor, project.id)


@pytest.mark.parametrize(
    ("model", "typed", "expected"),
    [
        ("a\nb\n", "a\r\nc\r\n", "a\nc\n"),
        ("a\r\nb\r\n", "a\r\nc\r\n", "a\r\nc\r\n"),
        ("a\r\nb\nc", "a\r\nb\r\nc", "a\r\nb\nc"),
        ("a\r\nb\nc", "a\r\nb\r\nd", "a\nb\nd"),
        ("", "a\r\nb", "a\nb"),
    ],
)
def test_a_form_does_not_change_line_endings(model: str, typed: str, expected: str) -> None:
    assert service.with_line_endings_of(typed, model) == expected


def test_findings_are_stored_whole(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"late-fee": BROKEN})
    shown = service.get_blueprint(ada.actor, project.id, project.blueprints["late-fee"])
    assert shown.findings == veritas.analyze(BROKEN).findings
