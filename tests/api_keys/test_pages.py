"""The pages of API keys as owner, member, stranger and nobody; without JavaScript, as a test client is."""

import json
import re
import shlex
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, insert, update
from werkzeug.test import TestResponse

from leapter.api_keys import keys, listing, service
from leapter.api_keys.models import ApiKey, ApiKeyUsage
from leapter.api_keys.records import KeyRecord
from leapter.clock import now
from leapter.db import db, new_id, transaction
from leapter.projects.models import Project
from leapter.projects.service import delete_project
from tests.api_keys.conftest import MakeProject
from tests.world import PRICE, Person, StoredProject, World

HTMX = {"HX-Request": "true"}


def page(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.get_data(as_text=True), "html.parser")


def text(node: Tag | None) -> str:
    assert node is not None
    return " ".join(node.get_text(" ").split())


def rows(soup: BeautifulSoup) -> list[Tag]:
    return soup.select("tbody tr[id]")


def listed(client: FlaskClient, query: str = "") -> list[str]:
    return [text(row.select_one(".key-name")) for row in rows(page(client.get("/api-keys" + query)))]


def fill(
    client: FlaskClient, name: str, *projects: StoredProject, path: str = "/api-keys/new"
) -> TestResponse:
    """Open the form and send it filled in, as a browser does."""
    form = page(client.get(path)).select_one("main form[method=post]")
    assert form is not None
    data = {field["name"]: field.get("value", "") for field in form.select("input[type=hidden]")}
    return client.post(path, data={**data, "name": name, "projects": [each.id for each in projects]})


def secret_of(response: TestResponse) -> str:
    secret = page(response).select_one("#new-key")
    assert secret is not None, response.get_data(as_text=True)
    assert keys.is_well_formed(secret.get_text())
    return secret.get_text()


def used(key: KeyRecord, **values: object) -> None:
    with transaction() as session:
        session.execute(update(ApiKeyUsage).where(ApiKeyUsage.key_id == key.id).values(**values))


# ---- who may enter ----


@pytest.mark.parametrize("path", ["", "/new", "/name-hint", "/{id}", "/{id}/projects", "/{id}/revoke"])
def test_pages_are_for_members_of_the_appspace(
    world: World, project: MakeProject, client: FlaskClient, path: str
) -> None:
    ada, eve = world.person("Ada"), world.person("Eve")
    grace = world.member(ada)
    key, _ = world.key(ada, project(ada))
    address = "/api-keys" + path.format(id=key.id)
    assert ada.client.get(address).status_code == 200
    assert grace.client.get(address).status_code == 200
    assert eve.client.get(address).status_code == (404 if "{id}" in path else 200)
    assert key.prefix not in eve.client.get(address).get_data(as_text=True)
    anonymous = client.get(address)
    assert anonymous.status_code == 303
    assert anonymous.location.startswith("/sign-in")


@pytest.mark.parametrize("path", ["projects", "revoke"])
def test_stranger_changes_nothing(world: World, project: MakeProject, path: str) -> None:
    ada, eve = world.person("Ada"), world.person("Eve")
    key, _ = world.key(ada, project(ada))
    hers = project(eve)
    answer = eve.client.post(
        f"/api-keys/{key.id}/{path}",
        data={"projects": [hers.id], "scope_version": "1", "confirmed": "1"},
    )
    assert answer.status_code == 404
    unchanged = listing.get_key(ada.actor, key.id)
    assert (unchanged.status, [each.name for each in unchanged.projects]) == ("active", ["Shipping"])


def test_member_may_do_all_that_the_owner_may(world: World, project: MakeProject) -> None:
    ada = world.person("Ada")
    grace = world.member(ada)
    shipping, lending = project(ada, "Shipping"), project(ada, "Lending")
    assert fill(grace.client, "Hers", shipping).status_code == 200
    (key,) = listing.list_all_keys(ada.actor, show_revoked=False)
    assert key.created_by_name == "Grace"
    answer = grace.client.post(
        f"/api-keys/{key.id}/projects",
        data={"projects": [lending.id], "scope_version": "1", "confirmed": "1"},
    )
    assert answer.status_code == 303
    assert grace.client.post(f"/api-keys/{key.id}/revoke").status_code == 303
    assert listing.get_key(ada.actor, key.id).revoked_by_name == "Grace"


def test_forged_requests_are_refused(csrf_app: Flask) -> None:
    with csrf_app.app_context():
        ada = _sign_in_with_csrf(csrf_app)
        shipping = World(csrf_app).project(ada, blueprints={})
        key, _ = World(csrf_app).key(ada, shipping)
        for path in ("new", f"{key.id}/projects", f"{key.id}/revoke"):
            answer = ada.client.post(f"/api-keys/{path}", data={"projects": [shipping.id], "name": "x"})
            assert answer.status_code == 422
        assert listing.list_keys(ada.actor, listing.KeyQuery(show_revoked=True)).existing == 1
        assert listing.get_key(ada.actor, key.id).status == "active"


def _sign_in_with_csrf(app: Flask) -> Person:
    app.config["WTF_CSRF_ENABLED"] = False
    person = World(app).person()
    app.config["WTF_CSRF_ENABLED"] = True
    return person


# ---- the table ----


def test_table_has_the_columns_in_their_order(world: World, project: MakeProject) -> None:
    ada = world.person()
    world.key(ada, project(ada))
    soup = page(ada.client.get("/api-keys"))
    headings = [text(cell) for cell in soup.select("thead th")]
    assert headings == ["Name", "Permissions", "Key", "Status", "Last Used", "Created", "Actions"]


def test_row_tells_all_about_a_key_but_its_secret(world: World, project: MakeProject) -> None:
    ada = world.person()
    _, secret = world.key(ada, project(ada))
    answer = ada.client.get("/api-keys")
    (row,) = rows(page(answer))
    cells = [text(cell) for cell in row.find_all(["th", "td"], recursive=False)]
    today = f"{now():%Y-%m-%d}"
    assert cells[:6] == ["Checkout", "Shipping", f"{secret[:12]}…", "Active", "Never", f"{today} by Ada"]
    assert secret[:13] not in answer.get_data(as_text=True)
    menu = [text(item) for item in row.select(".menu-item")]
    assert menu == ["Details", "Edit projects", "Revoke"]


def test_third_project_and_all_after_it_are_behind_a_count(world: World, project: MakeProject) -> None:
    ada = world.person()
    two = [project(ada, name) for name in ("A", "B")]
    world.key(ada, *two, name="Two")
    world.key(ada, *two, project(ada, "C"), project(ada, "D"), name="Four")
    soup = page(ada.client.get("/api-keys?sort=name"))
    four, both = (row.select_one(".column-permissions") for row in rows(soup))
    assert text(both) == "A B"
    assert text(four) == "A B +2 C D"
    assert [text(chip) for chip in four.select("details li")] == ["C", "D"]


def test_last_use_is_relative_with_the_exact_moment_on_hover(world: World, project: MakeProject) -> None:
    ada = world.person()
    key, _ = world.key(ada, project(ada))
    used(key, last_used_at=now(), use_count=3)
    (row,) = rows(page(ada.client.get("/api-keys")))
    time = row.select_one(".column-used time")
    assert text(time) == "just now"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", time["title"])


def test_revoked_keys_are_hidden_until_asked_for_and_counted(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping = project(ada)
    world.key(ada, shipping, name="Kept")
    for name in ("Gone", "Lost"):
        service.revoke_key(ada.actor, world.key(ada, shipping, name=name)[0].id)
    soup = page(ada.client.get("/api-keys"))
    assert text(soup.select_one(".show-revoked")) == "Show revoked keys (2)"
    assert listed(ada.client) == ["Kept"]
    assert sorted(listed(ada.client, "?revoked=1")) == ["Gone", "Kept", "Lost"]


def test_revoked_row_shows_its_date_and_the_refusals_since(world: World, project: MakeProject) -> None:
    ada = world.person()
    key, _ = world.key(ada, project(ada))
    service.revoke_key(ada.actor, key.id)
    used(key, refused_count=14, last_refused_at=now())
    (row,) = rows(page(ada.client.get("/api-keys?revoked=1")))
    assert text(row.select_one(".column-status")) == f"Revoked {now():%Y-%m-%d} refused 14 times since"
    assert [text(item) for item in row.select(".menu-item")] == ["Details"]
    used(key, refused_count=1)
    assert "refused once since" in text(page(ada.client.get("/api-keys?revoked=1")).select_one("tbody"))


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", ["Ärztehaus", "Kasse 100%", "Nightly"]),
        ("night", ["Nightly"]),
        ("ÄRZTE", ["Ärztehaus"]),
        ("100%", ["Kasse 100%"]),
        ("%", ["Kasse 100%"]),
        ("_", []),
        ("  kasse ", ["Kasse 100%"]),
        ("nothing like it", []),
    ],
)
def test_search_by_name(world: World, project: MakeProject, search: str, found: list[str]) -> None:
    ada = world.person()
    shipping = project(ada)
    for name in ("Nightly", "Ärztehaus", "Kasse 100%"):
        world.key(ada, shipping, name=name)
    soup = page(ada.client.get("/api-keys", query_string={"q": search}))
    assert sorted(text(row.select_one(".key-name")) for row in rows(soup)) == sorted(found)
    if not found:
        assert "No key matches" in text(soup.select_one("#list"))


def test_search_by_prefix_with_and_without_its_mark(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping = project(ada)
    key, _ = world.key(ada, shipping, name="Wanted")
    world.key(ada, shipping, name="Other")
    for search in (key.prefix, key.prefix[4:], key.prefix[:10], f" {key.prefix}"):
        assert listed(ada.client, f"?q={search}") == ["Wanted"]


def test_whole_key_in_the_search_does_not_stay_in_the_address(world: World, project: MakeProject) -> None:
    ada = world.person()
    _, secret = world.key(ada, project(ada))
    answer = ada.client.get(f"/api-keys?q={secret}&revoked=1")
    assert answer.status_code == 303
    assert answer.location == f"/api-keys?q={secret[:12]}&revoked=1"
    swapped = ada.client.get(f"/api-keys?q={secret}", headers=HTMX)
    assert swapped.headers["HX-Push-Url"] == "false"
    assert secret not in str(swapped.headers)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", ["alpha", "Beta", "gamma"]),
        ("-name", ["gamma", "Beta", "alpha"]),
        ("created", ["Beta", "alpha", "gamma"]),
        ("-created", ["gamma", "alpha", "Beta"]),
        ("used", ["gamma", "Beta", "alpha"]),
        ("-used", ["Beta", "gamma", "alpha"]),
        ("permissions", ["Beta", "gamma", "alpha"]),
        ("-permissions", ["alpha", "gamma", "Beta"]),
        ("-status", ["gamma", "alpha", "Beta"]),
        ("nonsense", ["gamma", "alpha", "Beta"]),
    ],
)
def test_every_column_sorts_both_ways(
    world: World, project: MakeProject, sort: str, order: list[str]
) -> None:
    ada = world.person()
    three = [project(ada, name) for name in "ABC"]
    beta, _ = world.key(ada, *three[:1], name="Beta")
    world.key(ada, *three, name="alpha")
    gamma, _ = world.key(ada, *three[:2], name="gamma")
    used(gamma, last_used_at=now())
    used(beta, last_used_at=now())
    service.revoke_key(ada.actor, gamma.id)
    assert listed(ada.client, f"?revoked=1&sort={sort}") == order


def test_headings_say_how_the_table_is_sorted_and_turn_it_round(world: World, project: MakeProject) -> None:
    ada = world.person()
    world.key(ada, project(ada))
    soup = page(ada.client.get("/api-keys?sort=name&q=check"))
    sorted_by = soup.select("th[aria-sort]")
    assert [(text(cell), cell["aria-sort"]) for cell in sorted_by] == [("Name", "ascending")]
    assert soup.select_one("#sort-name")["href"] == "/api-keys?q=check&sort=-name"
    assert soup.select_one("#sort-used")["href"] == "/api-keys?q=check&sort=-used"


def _many_keys(person: Person, project: StoredProject, count: int) -> None:
    made = [
        {
            "id": new_id(),
            "appspace_id": person.appspace_id,
            "name": f"Key {number:05}",
            "digest": keys.digest(str(number)),
            "prefix": "lpt_00000000",
            "created_by_name": "Ada",
        }
        for number in range(count)
    ]
    with transaction() as session:
        session.execute(insert(ApiKey), made)


def test_pages_hold_fifty_keys_and_keep_what_the_address_says(world: World, project: MakeProject) -> None:
    ada = world.person()
    _many_keys(ada, project(ada), 101)
    assert listed(ada.client, "?sort=name") == [f"Key {number:05}" for number in range(50)]
    assert listed(ada.client, "?sort=name&page=3") == ["Key 00100"]
    assert listed(ada.client, "?sort=name&page=99") == ["Key 00100"]
    assert len(listed(ada.client, "?page=0")) == 50
    soup = page(ada.client.get("/api-keys?sort=name&q=Key&page=2"))
    assert soup.select_one("#page-next")["href"] == "/api-keys?q=Key&sort=name&page=3"
    assert soup.select_one("#page-previous")["href"] == "/api-keys?q=Key&sort=name"


def test_ten_thousand_keys_cost_no_more_queries_than_ten(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping = project(ada)

    def queries() -> int:
        seen: list[str] = []

        def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert ada.client.get("/api-keys?sort=name").status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return sum(statement.lstrip().startswith("SELECT") for statement in seen)

    _many_keys(ada, shipping, 10)
    few = queries()
    with transaction() as session:
        session.execute(ApiKey.__table__.delete())
    _many_keys(ada, shipping, 10_000)
    assert queries() == few <= 6


def test_empty_page_says_what_keys_are_for_and_offers_one(world: World) -> None:
    ada = world.person()
    soup = page(ada.client.get("/api-keys"))
    assert "No API keys yet" in text(soup.select_one(".empty"))
    assert soup.select_one(".empty #create-key")["href"] == "/api-keys/new"
    assert len(soup.select("#create-key")) == 1


def test_page_of_revoked_keys_only_offers_to_show_them(world: World, project: MakeProject) -> None:
    ada = world.person()
    service.revoke_key(ada.actor, world.key(ada, project(ada))[0].id)
    offer = page(ada.client.get("/api-keys")).select_one("#list a.button")
    assert text(offer) == "Show 1 revoked key"
    assert listed(ada.client, offer["href"].removeprefix("/api-keys")) == ["Checkout"]


# ---- create, and the one-time reveal ----


def test_form_answers_with_the_key_itself(world: World, project: MakeProject) -> None:
    ada = world.person()
    answer = fill(ada.client, "Checkout", project(ada))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    secret = secret_of(answer)
    (key,) = listing.list_all_keys(ada.actor, show_revoked=False)
    assert db.session.get_one(ApiKey, key.id).digest == keys.digest(secret)
    soup = page(answer)
    assert [text(button) for button in soup.select("[data-key-reveal] [type=submit]")] == [
        "I have stored this key"
    ]
    advice = text(soup.select_one(".advice"))
    for word in ("secret store", "public repository", "client-side code", "Lost means a new one"):
        assert word in advice


def test_way_on_from_the_key_leads_to_its_marked_row(world: World, project: MakeProject) -> None:
    ada = world.person()
    form = page(fill(ada.client, "Checkout", project(ada))).select_one("[data-key-reveal]")
    answer = ada.client.get(
        form["action"], query_string={"created": form.select_one("[name=created]")["value"]}
    )
    (row,) = rows(page(answer))
    assert "is-new" in row["class"]
    assert row.has_attr("autofocus")
    assert "New" in text(row)


def test_same_form_sent_again_shows_no_key_and_makes_none(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping = project(ada)
    token = page(ada.client.get("/api-keys/new")).select_one("[name=creation_token]")["value"]
    data = {"name": "Checkout", "projects": [shipping.id], "creation_token": token}
    secret = secret_of(ada.client.post("/api-keys/new", data=data))
    for headers in ({}, HTMX):
        again = ada.client.post("/api-keys/new", data=data, headers=headers)
        assert again.status_code == 409
        assert secret[12:] not in again.get_data(as_text=True)
        soup = page(again)
        assert "already created" in text(soup)
        assert [text(link) for link in soup.select(".dialog-foot a")] == [
            "Create another key",
            "Revoke this key",
        ]
    assert listed(ada.client) == ["Checkout"]


def test_two_visits_of_the_form_make_two_keys(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping = project(ada)
    first, second = (secret_of(fill(ada.client, "Same", shipping)) for _ in range(2))
    assert first != second
    assert listed(ada.client) == ["Same", "Same"]


def test_faults_stand_beside_their_fields_and_keep_what_was_typed(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping = project(ada)
    answer = fill(ada.client, "x" * 101, shipping)
    soup = page(answer)
    assert answer.status_code == 422
    assert "at most 100 characters; this one has 101" in text(soup.select_one("#name-error"))
    assert soup.select_one("#name")["aria-invalid"] == "true"
    assert soup.select_one("#name")["value"] == "x" * 101
    assert soup.select_one(f"input[value='{shipping.id}']").has_attr("checked")
    answer = fill(ada.client, "Fine")
    assert answer.status_code == 422
    assert "at least one project" in text(page(answer).select_one("#projects-error"))
    assert listing.list_keys(ada.actor, listing.KeyQuery()).existing == 0


def test_key_pasted_as_a_name_is_refused_and_not_shown_again(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping = project(ada)
    _, secret = world.key(ada, shipping)
    answer = fill(ada.client, f"key {secret}", shipping)
    assert answer.status_code == 422
    assert "an API key itself" in text(page(answer).select_one("#name-error"))
    assert secret not in answer.get_data(as_text=True)


def test_project_deleted_since_the_form_was_opened_is_told(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping, lending = project(ada, "Shipping"), project(ada, "Lending")
    ada.client.post(f"/projects/{lending.id}/delete", data={"name": "Lending"})
    answer = fill(ada.client, "Checkout", shipping, lending)
    assert answer.status_code == 422
    soup = page(answer)
    assert "no longer there" in text(soup.select_one("#projects-error"))
    assert [box["data-name"] for box in soup.select("[name=projects]")] == ["Shipping"]
    assert soup.select_one("[name=projects]").has_attr("checked")


def test_deleted_project_is_named_where_a_key_had_it(world: World, project: MakeProject) -> None:
    ada, eve = world.person("Ada"), world.person("Eve")
    shipping, lending, returns = (project(ada, name) for name in ("Shipping", "Lending", "Returns"))
    world.key(ada, lending)
    delete_project(ada.actor, lending.id, typed_name="Lending")
    answer = fill(ada.client, "Checkout", shipping, lending, returns)
    soup = page(answer)
    assert text(soup.select_one("#projects-error")) == "The project “Lending” was deleted meanwhile."
    assert "the rest of your choice is still ticked" in text(soup.select_one(".project-choice"))
    ticked = [box["data-name"] for box in soup.select("[name=projects][checked]")]
    assert ticked == ["Returns", "Shipping"]
    told = text(page(fill(eve.client, "Mine", project(eve, "Hers"), lending)).select_one("#projects-error"))
    assert told == "1 of the 2 chosen projects is no longer there, or in another appspace."


def test_name_in_use_is_hinted_at_while_typing_and_after(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping = project(ada)
    key, _ = world.key(ada, shipping, name="Checkout")
    hint = ada.client.get("/api-keys/name-hint?name=+CHECKOUT", headers=HTMX).get_data(as_text=True)
    assert f"already a key called “Checkout” ({key.prefix}…" in hint
    assert ada.client.get("/api-keys/name-hint?name=Other", headers=HTMX).get_data(as_text=True).strip() == ""
    answer = fill(ada.client, "checkout", shipping)
    secret_of(answer)
    assert "Another key is called “Checkout” too" in text(page(answer))


def test_without_a_project_the_form_says_where_to_get_one(world: World) -> None:
    ada = world.person()
    soup = page(ada.client.get("/api-keys/new"))
    assert "There is no project yet" in text(soup.select_one(".choice-empty"))
    assert soup.select_one(".choice-empty a")["href"] == "/projects"
    assert not soup.select("main button[type=submit]:not(.nav-link)")


def test_curl_line_names_the_blueprint_and_holds_this_very_key(world: World) -> None:
    ada = world.person()
    shipping = world.project(ada)
    answer = fill(ada.client, "Checkout", shipping)
    secret = secret_of(answer)
    (line,) = page(answer).select("pre[data-secret]")
    words = shlex.split(line.get_text().replace("\\\n", " "))
    assert words[0] == "curl"
    blueprint = shipping.blueprints["parcel-price"]
    address = urlsplit(words[1])
    assert address.path == f"/runtime/api/v1/{ada.appspace_id}/{shipping.id}/models/{blueprint}/runs"
    assert words[2:6] == ["-H", f"X-API-Key: {secret}", "-H", "Content-Type: application/json"]
    run = ada.client.post(address.path, headers={"X-API-Key": secret}, json=json.loads(words[7]))
    assert run.status_code == 200, run.get_data(as_text=True)
    assert "outputData" in run.get_json()


def test_line_of_every_blueprint_is_there_to_choose(world: World) -> None:
    ada = world.person()
    first, second = world.project(ada, "Shipping"), world.project(ada, "Lending")
    soup = page(fill(ada.client, "Checkout", first, second))
    options = soup.select("#call-choice option")
    assert [group["label"] for group in soup.select("#call-choice optgroup")] == ["Lending", "Shipping"]
    assert [text(option) for option in options] == ["Parcel Price", "Parcel Price"]
    assert [option["value"] for option in options] == [call["id"] for call in soup.select("[data-call]")]


def test_lines_are_grouped_by_project_with_its_main_blueprint_first(world: World) -> None:
    ada = world.person()
    blueprints = {slug: PRICE.replace("Parcel Price", slug.title()) for slug in ("b", "a", "c")}
    projects = [world.project(ada, name, blueprints) for name in ("Shipping", "Lending")]
    with transaction() as session:
        session.execute(update(Project).values(main_slug="b"))
    soup = page(fill(ada.client, "Checkout", *projects))
    groups = {
        group["label"]: [text(option) for option in group.select("option")]
        for group in soup.select("#call-choice > optgroup")
    }
    assert groups == {"Lending": ["B", "A", "C"], "Shipping": ["B", "A", "C"]}
    assert len(soup.select("option[selected]")) == 1
    assert text(soup.select_one("#call-0 .call-name")) == "Lending: B"


def test_key_of_projects_that_cannot_run_says_so(world: World, project: MakeProject) -> None:
    ada = world.person()
    soup = page(fill(ada.client, "Checkout", project(ada)))
    assert "no Blueprint that can run yet" in text(soup.select_one(".call-examples"))


# ---- edit projects ----


def _edit(
    person: Person, key: KeyRecord, *projects: StoredProject, version: int = 1, **more: str
) -> TestResponse:
    data = {"projects": [each.id for each in projects], "scope_version": str(version), **more}
    return person.client.post(f"/api-keys/{key.id}/projects", data=data)


def test_edit_shows_the_projects_filled_in(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping = project(ada, "Shipping")
    project(ada, "Lending")
    key, _ = world.key(ada, shipping)
    soup = page(ada.client.get(f"/api-keys/{key.id}/projects"))
    boxes = {box["data-name"]: box.has_attr("checked") for box in soup.select("[name=projects]")}
    assert boxes == {"Lending": False, "Shipping": True}


def test_edit_says_what_it_adds_and_takes_away_before_it_does(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping, lending = project(ada, "Shipping"), project(ada, "Lending")
    key, _ = world.key(ada, shipping)
    answer = _edit(ada, key, lending, back="sort=name&page=1")
    soup = page(answer)
    assert text(soup.select_one(".scope-added")) == "Added: Lending"
    assert text(soup.select_one(".scope-removed")) == "Taken away: Shipping"
    assert [each.name for each in listing.get_key(ada.actor, key.id).projects] == ["Shipping"]
    confirmed = {field["name"]: field.get("value") for field in soup.select("main form[method=post] input")}
    done = ada.client.post(f"/api-keys/{key.id}/projects", data=confirmed)
    assert (done.status_code, done.location) == (303, "/api-keys?sort=name")
    assert [each.name for each in listing.get_key(ada.actor, key.id).projects] == ["Lending"]


def test_choosing_again_keeps_the_ticks(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping, lending = project(ada, "Shipping"), project(ada, "Lending")
    key, _ = world.key(ada, shipping)
    form = page(_edit(ada, key, lending, back="sort=name")).select_one("main form[method=post]")
    assert form is not None
    again = form.select_one("button[name=again]")
    assert text(again) == "Choose again"
    data = {field["name"]: field["value"] for field in form.select("input[type=hidden]")}
    answer = ada.client.post(form["action"], data={**data, "again": again["value"]})
    assert answer.status_code == 200
    soup = page(answer)
    boxes = {box["data-name"]: box.has_attr("checked") for box in soup.select("[name=projects]")}
    assert boxes == {"Lending": True, "Shipping": False}
    assert soup.select_one("[name=back]")["value"] == "sort=name"
    assert [each.name for each in listing.get_key(ada.actor, key.id).projects] == ["Shipping"]


def test_edit_needs_at_least_one_project(world: World, project: MakeProject) -> None:
    ada = world.person()
    key, _ = world.key(ada, project(ada))
    for more in ({}, {"confirmed": "1"}):
        answer = _edit(ada, key, **more)
        assert answer.status_code == 422
        assert "at least one project" in text(page(answer).select_one("#projects-error"))


def test_edit_of_an_older_state_shows_the_present_one(world: World, project: MakeProject) -> None:
    ada = world.person()
    grace = world.member(ada)
    shipping, lending, tax = (project(ada, name) for name in ("Shipping", "Lending", "Tax"))
    key, _ = world.key(ada, shipping)
    assert _edit(grace, key, lending, confirmed="1").status_code == 303
    for more in ({}, {"confirmed": "1"}):
        answer = _edit(ada, key, tax, **more)
        assert answer.status_code == 409
        soup = page(answer)
        assert "Grace changed what this key may call" in text(soup.select_one("[role=alert]"))
        assert [box["data-name"] for box in soup.select("[name=projects][checked]")] == ["Lending"]
        assert soup.select_one("[name=scope_version]")["value"] == "2"
    assert _edit(ada, key, tax, version=2, confirmed="1").status_code == 303


def test_edit_after_a_project_was_deleted_names_it(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping, lending = project(ada, "Shipping"), project(ada, "Lending")
    key, _ = world.key(ada, shipping, lending)
    ada.client.post(f"/projects/{lending.id}/delete", data={"name": "Lending"})
    answer = _edit(ada, key, shipping, lending, confirmed="1")
    assert answer.status_code == 409
    assert "the project Lending was deleted" in text(page(answer).select_one("[role=alert]"))


def test_key_whose_projects_are_all_gone_says_so_and_can_be_given_another(
    world: World, project: MakeProject
) -> None:
    ada = world.person()
    shipping = project(ada, "Shipping")
    key, _ = world.key(ada, shipping)
    ada.client.post(f"/projects/{shipping.id}/delete", data={"name": "Shipping"})
    assert "it may call nothing" in text(rows(page(ada.client.get("/api-keys")))[0])
    assert "no project left" in text(page(ada.client.get(f"/api-keys/{key.id}")).select_one(".notice"))
    assert _edit(ada, key, project(ada, "New"), version=2, confirmed="1").status_code == 303


def test_deleting_a_project_names_the_keys_that_lose_it(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping = project(ada, "Shipping")
    key, _ = world.key(ada, shipping)
    answer = ada.client.get(f"/projects/{shipping.id}/delete")
    assert f"Checkout ({key.prefix})" in answer.get_data(as_text=True)


# ---- revoke ----


def test_revoking_shows_what_would_break(world: World, project: MakeProject) -> None:
    ada = world.person()
    key, _ = world.key(ada, project(ada))
    used(
        key,
        use_count=1234,
        last_used_at=now(),
        last_used_agent="n8n/1.2",
        last_used_address="203.0.113.7",
    )
    told = text(page(ada.client.get(f"/api-keys/{key.id}/revoke")).select_one("main form[method=post]"))
    expected = ("Checkout", key.prefix, "Shipping", "just now", "1,234 times", "n8n/1.2", "203.0.113.7")
    for fact in (*expected, "no way back"):
        assert fact in told


def test_revoking_leads_back_to_where_one_was(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping = project(ada)
    for back, location in (
        ("", "/api-keys"),
        ("q=a b&sort=-used&revoked=1&page=2", "/api-keys?q=a+b&sort=-used&revoked=1&page=2"),
        ("key", "/api-keys/{id}"),
        ("https://elsewhere.example/", "/api-keys"),
        ("//elsewhere.example", "/api-keys"),
    ):
        key, _ = world.key(ada, shipping)
        answer = ada.client.post(f"/api-keys/{key.id}/revoke", data={"back": back})
        assert (answer.status_code, answer.location) == (303, location.format(id=key.id))
        assert listing.get_key(ada.actor, key.id).status == "revoked"


@pytest.mark.parametrize("path", ["projects", "revoke"])
def test_dialog_of_a_key_revoked_meanwhile_says_by_whom_and_when(
    world: World, project: MakeProject, path: str
) -> None:
    ada = world.person()
    grace = world.member(ada)
    shipping = project(ada)
    key, _ = world.key(ada, shipping)
    service.revoke_key(grace.actor, key.id)
    address = f"/api-keys/{key.id}/{path}"
    opened = ada.client.get(address)
    sent = ada.client.post(address, data={"projects": [shipping.id], "scope_version": "1"})
    assert (opened.status_code, sent.status_code) == (200, 409)
    for answer in (opened, sent):
        told = text(page(answer).select_one(".notice"))
        assert "was revoked by Grace at 2" in told
    assert listing.get_key(ada.actor, key.id).revoked_by_name == "Grace"


# ---- one key's page ----


def test_page_of_a_key_tells_its_history_use_and_refusals(world: World, project: MakeProject) -> None:
    ada = world.person()
    shipping, lending = project(ada, "Shipping"), project(ada, "Lending")
    key, _ = world.key(ada, shipping)
    service.set_projects(ada.actor, key.id, [lending.id])
    service.revoke_key(ada.actor, key.id)
    used(key, use_count=1, last_used_at=now(), last_used_agent="curl/8", last_used_address="203.0.113.7")
    used(key, refused_count=14, last_refused_at=now(), last_refused_agent="curl/9")
    soup = page(ada.client.get(f"/api-keys/{key.id}"))
    told = [text(entry) for entry in soup.select(".history > li")]
    assert [entry.split(" by Ada")[0] for entry in told] == ["Revoked", "Projects changed", "Created"]
    assert told[1].endswith("Added: Lending Taken away: Shipping From then on: Lending")
    assert told[0].endswith("From then on: nothing")
    whole = text(soup.select_one(".key-page"))
    for fact in ("1 time ", "curl/8", "203.0.113.7", "14 times", "curl/9"):
        assert fact in whole
    assert not soup.select("#edit-key, #revoke-key")


# ---- projects of one name ----


def test_projects_of_one_name_are_told_apart_wherever_they_are_named(world: World) -> None:
    ada = world.person()
    first, second = (world.project(ada, "Shipping") for _ in range(2))
    lending = world.project(ada, "Lending")
    one, two = (f"Shipping {each.id[:8]}" for each in (first, second))
    key, _ = world.key(ada, first, lending)
    table = text(page(ada.client.get("/api-keys")).select_one("td.column-permissions"))
    assert table == f"Lending {one}"
    form = page(ada.client.get(f"/api-keys/{key.id}/projects"))
    assert sorted(text(label) for label in form.select(".choice-list .check")) == sorted(
        ["Lending", one, two]
    )
    change = text(page(_edit(ada, key, second)).select_one(".scope-change"))
    assert change == f"Added: {two} Taken away: Lending, {one}"
    assert one in text(page(ada.client.get(f"/api-keys/{key.id}/revoke")).select_one(".facts"))
    reveal = page(fill(ada.client, "Other", first, second))
    groups = [group["label"] for group in reveal.select("#call-choice optgroup")]
    assert sorted(groups) == sorted(f"Shipping [{each.id[:8]}]" for each in (first, second))
    assert text(reveal.select_one(".call-name")) in (f"{one} : Parcel Price", f"{two} : Parcel Price")


def test_history_tells_a_deleted_project_from_its_namesake(world: World, project: MakeProject) -> None:
    ada = world.person()
    old, new = project(ada), project(ada)
    key, _ = world.key(ada, old)
    service.set_projects(ada.actor, key.id, [new.id])
    delete_project(ada.actor, old.id, typed_name="Shipping")
    service.revoke_key(ada.actor, key.id)
    soup = page(ada.client.get(f"/api-keys/{key.id}"))
    changed, created = [text(entry) for entry in soup.select(".history > li")][1:]
    assert f"Added: Shipping {new.id[:8]} Taken away: Shipping {old.id[:8]}" in changed
    assert created.endswith(f"From then on: Shipping {old.id[:8]}")


# ---- the secret ----


def test_created_key_leaves_no_trace_in_database_session_or_a_second_page(
    app: Flask, world: World, project: MakeProject
) -> None:
    ada = world.person()
    secret = secret_of(fill(ada.client, "Checkout", project(ada)))
    (key,) = listing.list_all_keys(ada.actor, show_revoked=False)
    for path in ("", "/new", f"/{key.id}", f"/{key.id}/projects", f"/{key.id}/revoke", "?q=Checkout"):
        assert secret[12:] not in ada.client.get("/api-keys" + path).get_data(as_text=True)
    cookie = ada.client.get_cookie("leapter_session")
    assert cookie is not None
    assert secret[4:] not in cookie.value
    db.session.remove()
    db.engine.dispose()
    home = app.extensions["leapter_settings"].home
    stored = [path.read_bytes() for path in home.iterdir()]
    assert any(keys.digest(secret).encode() in content for content in stored)
    assert not any(secret[12:].encode() in content for content in stored)


def test_address_of_the_table_is_read_leniently(world: World, project: MakeProject) -> None:
    ada = world.person()
    world.key(ada, project(ada))
    for query in (
        "?page=-1",
        "?page=x",
        "?page=99999999999",
        "?sort=;drop",
        "?revoked=yes",
        "?q=" + "x" * 5_000,
    ):
        assert ada.client.get("/api-keys" + query).status_code == 200
