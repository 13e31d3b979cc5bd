import pytest
from sqlalchemy import func, select

from leapter.blueprints.models import Blueprint, BlueprintRevision, Run
from leapter.db import db
from leapter.errors import InvalidInputError, NotFoundError
from leapter.projects import dependents, service
from leapter.projects.models import Project
from tests.world import World

pytestmark = pytest.mark.both_databases


def test_a_new_project_is_in_the_persons_own_appspace(world: World) -> None:
    ada = world.person()
    project = service.create_project(ada.actor, name="  Shipping ", description=" What it costs. ")
    assert (project.name, project.description) == ("Shipping", "What it costs.")
    assert project.appspace_id == ada.appspace_id
    assert project.created_by_name == "Ada"
    assert [listed.project.id for listed in service.list_projects(ada.actor)] == [project.id]


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\nb", "a\0b", "a\u2028b"])
def test_a_name_that_cannot_be_read_is_refused(world: World, name: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        service.create_project(world.person().actor, name=name)
    assert list(caught.value.errors) == ["name"]


def test_a_name_of_100_characters_is_the_longest(world: World) -> None:
    assert service.create_project(world.person().actor, name="é" * 100).name == "é" * 100


def test_projects_are_listed_by_name_whatever_the_case(world: World) -> None:
    ada = world.person()
    for name in ("beta", "Alpha", "Gamma"):
        service.create_project(ada.actor, name=name)
    assert [listed.project.name for listed in service.list_projects(ada.actor)] == ["Alpha", "beta", "Gamma"]


def test_a_member_sees_the_projects_of_the_appspace_and_a_stranger_does_not(world: World) -> None:
    ada = world.person()
    grace = world.member(ada)
    eve = world.person("Eve")
    project = world.project(ada)
    assert service.get_project(grace.actor, project.id).name == "Shipping"
    assert [listed.appspace_name for listed in service.list_projects(grace.actor)] == ["Ada's appspace"]
    assert service.list_projects(eve.actor) == []
    with pytest.raises(NotFoundError):
        service.get_project(eve.actor, project.id)


def test_a_stranger_changes_nothing(world: World) -> None:
    project = world.project(world.person())
    eve = world.person("Eve").actor
    with pytest.raises(NotFoundError):
        service.rename_project(eve, project.id, name="Mine", description="")
    with pytest.raises(NotFoundError):
        service.change_settings(eve, project.id, ignores_unknown_inputs=True, keeps_run_data=True)
    with pytest.raises(NotFoundError):
        service.delete_project(eve, project.id, typed_name="Shipping")


def test_renaming_keeps_the_id(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    renamed = service.rename_project(ada.actor, project.id, name="Parcels", description="New")
    assert (renamed.id, renamed.name, renamed.description) == (project.id, "Parcels", "New")


def test_deleting_asks_for_the_name(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    with pytest.raises(InvalidInputError) as caught:
        service.delete_project(ada.actor, project.id, typed_name="shipping")
    assert caught.value.errors == {"name": ["This is not the project's name. Nothing was deleted."]}
    assert service.get_project(ada.actor, project.id)


def test_deleting_takes_everything_of_the_project_along(world: World) -> None:
    ada = world.person()
    project, other = world.project(ada), world.project(ada, "Other")
    service.delete_project(ada.actor, project.id, typed_name=" Shipping ")
    with pytest.raises(NotFoundError):
        service.get_project(ada.actor, project.id)
    for table in (Blueprint, BlueprintRevision, Run):
        statement = select(func.count()).select_from(table).where(table.project_id == project.id)
        assert db.session.scalar(statement) == 0
    assert service.get_project(ada.actor, other.id)


def test_what_depends_on_a_project_is_told_in_the_same_transaction(world: World) -> None:
    class Ledger:
        told: list[tuple[str, str]] = []  # noqa: RUF012 (one test's own class)
        refuses = True

        def losing(self, project_id: str) -> list[str]:
            return ["Checkout (lpt_1a2B3c4D)"]

        def before_delete(self, session: object, project: Project, actor_name: str) -> None:
            if self.refuses:
                raise RuntimeError
            self.told.append((project.name, actor_name))

    ledger = Ledger()
    dependents.register(world.app, ledger)
    ada = world.person()
    project = world.project(ada)
    assert "Checkout (lpt_1a2B3c4D)" in service.losing_project(project.id)
    with pytest.raises(RuntimeError):
        service.delete_project(ada.actor, project.id, typed_name="Shipping")
    assert service.get_project(ada.actor, project.id)
    ledger.refuses = False
    service.delete_project(ada.actor, project.id, typed_name="Shipping")
    assert ledger.told == [("Shipping", "Ada")]


@pytest.mark.parametrize(("count", "pages"), [(50, 1), (51, 2)])
def test_projects_come_fifty_a_page(world: World, count: int, pages: int) -> None:
    ada = world.person()
    for number in range(count):
        service.create_project(ada.actor, name=f"Project {number:03}")
    first = service.list_page(ada.actor)
    assert (len(first.rows), first.pages, first.matching) == (50, pages, count)
    last = service.list_page(ada.actor, page=9)
    assert (last.page, last.rows[-1].project.name) == (pages, f"Project {count - 1:03}")


def test_projects_are_found_by_any_part_of_the_name_in_any_case(world: World) -> None:
    ada = world.person()
    for name in ("Écluse 100%", "Shipping", "shop"):
        service.create_project(ada.actor, name=name)
    service.create_project(world.person("Eve").actor, name="Ship of Eve")

    def found(search: str) -> list[str]:
        return [listed.project.name for listed in service.list_page(ada.actor, search=search).rows]

    assert found(" SH") == ["Shipping", "shop"]
    assert found("écl") == ["Écluse 100%"]
    assert found("%") == ["Écluse 100%"]
    assert found("_") == []
    assert service.list_page(ada.actor, search="_").existing == 3
