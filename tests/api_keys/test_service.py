"""What the verbs on keys do, on both databases."""

import threading
from collections.abc import Callable
from typing import get_args

import pytest
from flask import Flask
from sqlalchemy import select

from leapter.accounts.access import OPERATOR, Actor
from leapter.api_keys import keys, listing, service
from leapter.api_keys.errors import AlreadyCreatedError, KeyChangedError
from leapter.api_keys.models import ApiKey, ApiKeyEvent
from leapter.api_keys.records import SortColumn
from leapter.db import db, new_id
from leapter.errors import InvalidInputError, NotFoundError
from leapter.projects.service import delete_project
from tests.api_keys.conftest import MakeProject
from tests.world import Person, StoredProject, World

pytestmark = pytest.mark.both_databases


def create(actor: Actor, *projects: StoredProject, name: str = "Checkout", token: str | None = None) -> str:
    key, _ = service.create_key(
        actor,
        name=name,
        project_ids=[project.id for project in projects],
        creation_token=token or new_id(),
    )
    return key.id


def refusal(call: Callable[[], object]) -> dict[str, list[str]]:
    with pytest.raises(InvalidInputError) as caught:
        call()
    return caught.value.errors


def names(person: Person, key_id: str) -> list[str]:
    return [project.name for project in listing.get_key(person.actor, key_id).projects]


def delete(actor: Actor, project: StoredProject) -> None:
    delete_project(actor, project.id, typed_name=project.name)


# ---- create ----


def test_created_key_is_stored_as_digest_and_prefix_only(world: World, project: MakeProject) -> None:
    ada = world.person()
    key, secret = world.key(ada, project(ada))
    stored = db.session.get_one(ApiKey, key.id)
    assert stored.digest == keys.digest(secret)
    assert stored.prefix == secret[:12]
    assert secret[12:] not in str(vars(stored))
    assert secret[12:] not in repr(key)
    assert key.appspace_id == ada.appspace_id
    assert key.created_by_name == "Ada"
    assert key.status == "active"


def test_same_form_sent_again_makes_no_second_key(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping, token = project(ada), new_id()
    first = create(ada.actor, shipping, token=token)
    with pytest.raises(AlreadyCreatedError) as caught:
        create(ada.actor, shipping, name="Another name", token=token)
    assert caught.value.key.id == first
    assert listing.list_keys(ada.actor, listing.KeyQuery()).existing == 1


def test_same_form_sent_twice_at_once_makes_one_key(app: Flask, world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping, token = project(ada), new_id()
    start = threading.Barrier(2)
    made: list[str] = []
    refused: list[str] = []

    def send() -> None:
        with app.app_context():
            start.wait()
            try:
                made.append(create(ada.actor, shipping, token=token))
            except AlreadyCreatedError as error:
                refused.append(error.key.id)

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert refused == made
    assert listing.list_keys(ada.actor, listing.KeyQuery()).existing == 1


def test_token_of_somebody_elses_form_tells_nothing_of_their_key(world: World, project: MakeProject) -> None:
    ada, eve, token = world.person("Ada"), world.person("Eve"), new_id()
    create(ada.actor, project(ada), token=token)
    hers = project(eve)
    errors = refusal(lambda: create(eve.actor, hers, token=token))
    assert list(errors) == [""]


@pytest.mark.parametrize(
    "name", ["", "   ", "\t\n", "\u200b", "a\nb", "a\x00b", "a\u2028b", "a\u202eb", "x" * 101]
)
def test_unusable_name_is_refused(world: World, project: MakeProject, name: str) -> None:
    ada = world.person()
    shipping = project(ada)
    assert list(refusal(lambda: create(ada.actor, shipping, name=name))) == ["name"]


@pytest.mark.parametrize("name", ["x", "x" * 100, "  trimmed ", "Kasse “Süd” 🛒", "می‌خواهم"])
def test_any_other_name_is_taken_as_it_is_but_for_its_ends(
    world: World, project: MakeProject, name: str
) -> None:
    ada = world.person()
    key, _ = world.key(ada, project(ada), name=name)
    assert key.name == name.strip()


def test_name_in_use_is_no_obstacle_and_can_be_pointed_out(world: World, project: MakeProject) -> None:
    ada, eve = world.person("Ada"), world.person("Eve")
    shipping = project(ada)
    first = create(ada.actor, shipping, name="Kasse Süd")
    second = create(ada.actor, shipping, name="Kasse Süd")
    assert first != second
    found = listing.find_key_by_name(ada.actor, " kasse SÜD ", except_id=second)
    assert found is not None
    assert found.id == first
    assert listing.find_key_by_name(eve.actor, "Kasse Süd") is None
    for key_id in (first, second):
        service.revoke_key(ada.actor, key_id)
    assert listing.find_key_by_name(ada.actor, "Kasse Süd") is None


def test_key_needs_a_project_and_both_faults_are_told_at_once(world: World) -> None:
    ada = world.person()
    assert sorted(refusal(lambda: create(ada.actor, name=""))) == ["name", "projects"]


def test_key_cannot_be_given_a_project_one_may_not_see(world: World, project: MakeProject) -> None:
    ada, eve = world.person("Ada"), world.person("Eve")
    hers, foreign = project(eve), project(ada)
    assert list(refusal(lambda: create(eve.actor, hers, foreign))) == ["projects"]


def test_key_spans_no_two_appspaces_even_for_the_operator(world: World, project: MakeProject) -> None:
    hers, his = project(world.person("Ada")), project(world.person("Bob"))
    assert list(refusal(lambda: create(OPERATOR, hers, his))) == ["projects"]


def test_key_has_a_thousand_projects_at_most(world: World) -> None:
    ada = world.person()
    errors = refusal(
        lambda: service.create_key(
            ada.actor, name="N", project_ids=[new_id() for _ in range(1_001)], creation_token=new_id()
        )
    )
    assert errors == {"projects": ["A key has at most 1,000 projects; these are 1,001."]}


# ---- set projects ----


def test_new_projects_replace_the_old_ones(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping, lending, tax = (project(ada, name) for name in ("Shipping", "Lending", "Tax"))
    key, secret = world.key(ada, shipping, lending)
    changed = service.set_projects(
        ada.actor, key.id, [lending.id, tax.id], expected_scope_version=key.scope_version
    )
    assert names(ada, key.id) == ["Lending", "Tax"]
    assert changed.scope_version == key.scope_version + 1
    assert db.session.get_one(ApiKey, key.id).digest == keys.digest(secret)


def test_edit_of_an_older_state_is_refused_with_the_present_one(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping, lending, tax = (project(ada, name) for name in ("Shipping", "Lending", "Tax"))
    key, _ = world.key(ada, shipping)
    service.set_projects(ada.actor, key.id, [lending.id], expected_scope_version=1)
    with pytest.raises(KeyChangedError) as caught:
        service.set_projects(ada.actor, key.id, [tax.id], expected_scope_version=1)
    assert [each.name for each in caught.value.key.projects] == ["Lending"]
    assert names(ada, key.id) == ["Lending"]


def test_same_edit_sent_twice_is_no_conflict_and_no_second_entry(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping, lending = project(ada, "Shipping"), project(ada, "Lending")
    key, _ = world.key(ada, shipping)
    for _ in range(2):
        service.set_projects(ada.actor, key.id, [lending.id], expected_scope_version=1)
    assert [entry.kind for entry in listing.history(ada.actor, key.id)] == ["scope_changed", "created"]


def test_revoked_key_cannot_be_given_projects(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping, lending = project(ada, "Shipping"), project(ada, "Lending")
    key, _ = world.key(ada, shipping)
    service.revoke_key(ada.actor, key.id)
    with pytest.raises(KeyChangedError) as caught:
        service.set_projects(ada.actor, key.id, [lending.id], expected_scope_version=1)
    assert caught.value.key.status == "revoked"


def test_last_project_cannot_be_taken_away(world: World, project: MakeProject) -> None:
    ada = world.person()
    key, _ = world.key(ada, project(ada))
    assert list(refusal(lambda: service.set_projects(ada.actor, key.id, []))) == ["projects"]
    assert names(ada, key.id) == ["Shipping"]


def test_project_of_another_appspace_cannot_be_added(world: World, project: MakeProject) -> None:
    ada, bob = world.person("Ada"), world.person("Bob")
    hers, his = project(ada), project(bob)
    key, _ = world.key(ada, hers)
    for actor in (ada.actor, OPERATOR):
        errors = refusal(lambda actor=actor: service.set_projects(actor, key.id, [hers.id, his.id]))
        assert list(errors) == ["projects"]


# ---- revoke ----


def test_revoked_key_stays_revoked_by_the_first_to_do_it(world: World, project: MakeProject) -> None:
    ada = world.person()
    key, _ = world.key(ada, project(ada))
    first, first_did = service.revoke_key(ada.actor, key.id)
    second, second_did = service.revoke_key(OPERATOR, key.id)
    assert (first_did, second_did) == (True, False)
    assert second.revoked_at == first.revoked_at
    assert second.revoked_by_name == "Ada"
    assert [entry.kind for entry in listing.history(ada.actor, key.id)] == ["revoked", "created"]


# ---- strangers ----


def test_stranger_finds_no_key_whatever_the_verb(world: World, project: MakeProject) -> None:
    ada, eve = world.person("Ada"), world.person("Eve")
    hers = project(eve)
    key, _ = world.key(ada, project(ada))
    for verb in (
        lambda: listing.get_key(eve.actor, key.id),
        lambda: listing.history(eve.actor, key.id),
        lambda: service.set_projects(eve.actor, key.id, [hers.id]),
        lambda: service.revoke_key(eve.actor, key.id),
    ):
        with pytest.raises(NotFoundError):
            verb()
    assert listing.list_keys(eve.actor, listing.KeyQuery()).rows == ()
    assert listing.find_keys_by_prefix(eve.actor, key.prefix) == ()
    assert listing.choosable_projects(eve.actor, ada.appspace_id) == ()
    assert listing.get_key(ada.actor, key.id).status == "active"


# ---- history, deleted projects ----


def test_history_tells_who_could_call_what_and_when(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping, lending = project(ada, "Shipping"), project(ada, "Lending")
    key, _ = world.key(ada, shipping)
    service.set_projects(OPERATOR, key.id, [lending.id, shipping.id])
    delete(world.member(ada, "Bob").actor, shipping)
    service.revoke_key(ada.actor, key.id)
    told = [
        (entry.kind, entry.actor_name, [each.name for each in entry.projects])
        for entry in listing.history(ada.actor, key.id)
    ]
    assert told == [
        ("revoked", "Ada", []),
        ("project_deleted", "Bob", ["Lending"]),
        ("scope_changed", "command line", ["Lending", "Shipping"]),
        ("created", "Ada", ["Shipping"]),
    ]


def test_deleted_project_leaves_its_keys_and_makes_open_edits_start_anew(
    world: World, project: MakeProject
) -> None:
    ada = world.person()
    shipping, lending = project(ada, "Shipping"), project(ada, "Lending")
    key, _ = world.key(ada, shipping, lending)
    delete(ada.actor, shipping)
    assert names(ada, key.id) == ["Lending"]
    with pytest.raises(KeyChangedError):
        service.set_projects(
            ada.actor, key.id, [shipping.id, lending.id], expected_scope_version=key.scope_version
        )
    events = db.session.scalars(select(ApiKeyEvent.detail).where(ApiKeyEvent.kind == "project_deleted")).all()
    assert events == [{"removed": [{"id": shipping.id, "name": "Shipping"}]}]


def test_keys_that_would_lose_a_project_are_named_unless_revoked(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping, lending = project(ada, "Shipping"), project(ada, "Lending")
    beta, _ = world.key(ada, shipping, name="beta")
    alpha, _ = world.key(ada, shipping, lending, name="Alpha")
    world.key(ada, lending, name="Elsewhere")
    gone, _ = world.key(ada, shipping, name="Gone")
    service.revoke_key(ada.actor, gone.id)
    assert service.ProjectDependents().losing(shipping.id) == [
        f"Alpha ({alpha.prefix})",
        f"beta ({beta.prefix})",
    ]


def test_edit_and_revocation_at_once_leave_one_of_the_two_stories(
    app: Flask, world: World, project: MakeProject
) -> None:
    ada = world.person()
    shipping, lending = project(ada, "Shipping"), project(ada, "Lending")
    key, _ = world.key(ada, shipping)
    start = threading.Barrier(2)
    refused: list[KeyChangedError] = []

    def edit() -> None:
        with app.app_context():
            start.wait()
            try:
                service.set_projects(ada.actor, key.id, [lending.id], expected_scope_version=1)
            except KeyChangedError as error:
                refused.append(error)

    def revoke() -> None:
        with app.app_context():
            start.wait()
            service.revoke_key(ada.actor, key.id)

    threads = [threading.Thread(target=edit), threading.Thread(target=revoke)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    told = [entry.kind for entry in listing.history(ada.actor, key.id)]
    assert told == (["revoked", "created"] if refused else ["revoked", "scope_changed", "created"])
    assert names(ada, key.id) == (["Shipping"] if refused else ["Lending"])


# ---- listing ----


@pytest.mark.parametrize("column", get_args(SortColumn))
def test_every_order_of_the_list_is_one_of_all_keys(
    world: World, project: MakeProject, column: SortColumn
) -> None:
    ada = world.person()
    shipping, lending = project(ada, "Shipping"), project(ada, "Lending")
    made = {
        create(ada.actor, shipping, name="Ärztehaus"),
        create(ada.actor, shipping, lending, name="Kasse 100%"),
    }
    service.revoke_key(ada.actor, create(ada.actor, lending, name="Gone"))
    for descending in (False, True):
        query = listing.KeyQuery(sort=column, descending=descending)
        listed = listing.list_keys(ada.actor, query)
        assert {row.id for row in listed.rows} == made
        assert (listed.existing, listed.matching, listed.revoked, listed.pages) == (3, 2, 1, 1)


@pytest.mark.parametrize(("search", "found"), [("ÄRZTE", 1), ("100%", 1), ("_", 0), ("lpt_", 2)])
def test_search_finds_letters_of_any_case_and_no_wildcards(
    world: World, project: MakeProject, search: str, found: int
) -> None:
    ada = world.person()
    shipping = project(ada)
    for name in ("Ärztehaus", "Kasse 100%"):
        create(ada.actor, shipping, name=name)
    assert listing.list_keys(ada.actor, listing.KeyQuery(search=search)).matching == found
