"""The page of a project's types, the form that changes them, and where types are shown elsewhere."""

import html
import io
import json
import zipfile

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from leapter import veritas
from leapter.blueprints import service, types_documents, types_reading, types_trials
from leapter.blueprints.importing import import_archive
from leapter.blueprints.models import source_path
from leapter.blueprints.types_source import STARTER_SOURCE
from leapter.projects.archive import TYPES_PATH, read_files
from leapter.projects.service import change_settings
from tests.world import Person, StoredProject, World

TYPES = """\
define Tier "Loyalty band" as _text constrained_to ["basic", "gold"]

@format: "currency" @currency: "EUR" @fractionDigits: 2
define Euro "Money" as number

define Customer "A buyer" {
    name: _text "Legal name"
    tier: Tier
    spent: list of Euro? "Each purchase"
}
"""
WELCOME = """\
//* Welcome
function welcome(
    //* Customer
    customer: Customer,
    //* Level
    level: type Tier = "basic"
) ->
    //* Credit
    credit: Euro
{
    //* "Customer" in a text: Customer
    credit = customer.tier is "gold" ? 1250 : sum(if_absent(customer.spent, []));
}
"""
PLAIN = """\
//* Plain
function plain(a: number) -> b: number {
    // customer: Customer
    //* Say it
    b = a;
}
"""


def with_types(world: World, types: str | None = TYPES) -> tuple[Person, StoredProject]:
    ada = world.person()
    files = {source_path("welcome"): WELCOME.encode(), source_path("plain"): PLAIN.encode()}
    if types is not None:
        files[TYPES_PATH] = types.encode()
    report = import_archive(ada.actor, read_files("Shop", files), name="Shop")
    return ada, StoredProject(
        id=report.project.id,
        name=report.project.name,
        appspace_id=report.project.appspace_id,
        blueprints={one.blueprint.slug: one.blueprint.id for one in report.blueprints},
    )


def url_of(project: StoredProject, path: str = "") -> str:
    return f"/projects/{project.id}/types{path}"


def soup(client: FlaskClient, url: str) -> BeautifulSoup:
    answer = client.get(url)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return BeautifulSoup(answer.data, "html.parser")


def words(element: object) -> str:
    return " ".join(getattr(element, "text", "").split())


def filled(client: FlaskClient, project: StoredProject, source: str) -> dict[str, str]:
    """What a browser sends after `source` was typed into the form as it is shown now."""
    form = soup(client, url_of(project, "/edit")).find(id="types-form")
    return {"base_version": form.find(id="base_version")["value"], "source": source.replace("\n", "\r\n")}


def said_after(client: FlaskClient, location: str) -> str:
    return html.unescape(client.get(location).get_data(as_text=True))


def stored(person: Person, project: StoredProject) -> str:
    return types_documents.get(person.actor, project.id).text


# ---- who may ----


@pytest.mark.parametrize("path", ["", "/edit"])
def test_the_pages_open_for_members_and_for_nobody_else(world: World, path: str) -> None:
    ada, project = with_types(world)
    url = url_of(project, path)
    assert "Customer" in ada.client.get(url).get_data(as_text=True)
    assert world.member(ada).client.get(url).status_code == 200
    stranger = world.person("Eve").client.get(url)
    assert stranger.status_code == 404
    assert "Customer" not in stranger.get_data(as_text=True)
    assert world.app.test_client().get(url).location.startswith("/sign-in")


def test_members_save_and_nobody_else_does(world: World) -> None:
    ada, project = with_types(world)
    data = filled(ada.client, project, TYPES.replace('"gold"', '"gold", "new"'))
    assert world.person("Eve").client.post(url_of(project, "/edit"), data=data).status_code == 404
    anonymous = world.app.test_client().post(url_of(project, "/edit"), data=data)
    assert anonymous.location.startswith("/sign-in")
    assert stored(ada, project) == TYPES
    assert world.member(ada).client.post(url_of(project, "/edit"), data=data).status_code == 303
    assert '"new"' in stored(ada, project)


def test_a_save_without_the_token_of_the_form_is_refused(world: World) -> None:
    ada, project = with_types(world)
    data = filled(ada.client, project, TYPES + "// more")
    world.app.config["WTF_CSRF_ENABLED"] = True
    assert ada.client.post(url_of(project, "/edit"), data=data).status_code == 422
    assert stored(ada, project) == TYPES


# ---- reading ----


def test_each_type_says_what_it_is_and_who_uses_it(world: World) -> None:
    ada, project = with_types(world)
    page = soup(ada.client, url_of(project))
    tier, euro, customer = (page.find(id=f"type-{name}") for name in ("Tier", "Euro", "Customer"))
    assert 'Text, one of: "basic" "gold"'.lower() in words(tier).lower()
    assert "Used by Welcome, Customer" in words(tier)
    assert "number, shown as money in EUR, with 2 decimals" in words(euro)
    rows = [words(row) for row in customer.select("tbody tr")]
    assert rows == ["name Legal name text", "tier Tier", "spent Each purchase list of Euro optional"]
    assert customer.select_one('a[href="#type-Euro"]')
    assert customer.select_one(f'a[href$="{project.blueprints["welcome"]}"]')
    # A comment that names a type does not use it.
    assert "Plain" not in page.text
    assert "define" in [keyword.text for keyword in page.select(".source .code-keyword")]
    assert page.select_one(".source .code-annotation").text == "@format"


def test_with_more_source_than_can_be_searched_nobody_is_said_to_use_a_type(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, project = with_types(world)
    monkeypatch.setattr(types_reading, "MAX_SEARCHED_CHARACTERS", len(WELCOME))
    assert "Used by Welcome" in words(soup(ada.client, url_of(project)))
    monkeypatch.setattr(types_reading, "MAX_SEARCHED_CHARACTERS", len(WELCOME) - 1)
    page = words(soup(ada.client, url_of(project)))
    assert "Used by" not in page
    assert "Nothing uses it" not in page


def test_a_type_that_nothing_uses_says_so(world: World) -> None:
    ada, project = with_types(
        world, TYPES + 'define Spare {}\n@format: "number"\ndefine Only as _text constrained_to ["x"]'
    )
    page = soup(ada.client, url_of(project))
    assert "It has no fields." in words(page.find(id="type-Spare"))
    assert "Nothing uses it yet." in words(page.find(id="type-Spare"))
    assert page.select_one('.type-index a[href="#type-Spare"]')
    assert "always:" in words(page.find(id="type-Only"))


def test_errors_of_imported_types_stand_at_their_lines(world: World) -> None:
    ada, project = with_types(world, TYPES.replace("tier: Tier", "tier: Teir"))
    page = soup(ada.client, url_of(project))
    assert "There is an error in the types: the first is in line 8." in words(page)
    assert "Blueprints cannot use Customer until it is mended." in words(page)
    assert page.find(id="type-Customer") is None
    assert page.find(id="type-Tier")
    finding = page.find(id="L8").find_next_sibling()
    assert "Cannot find type 'Teir' Did you mean Tier? (column 11)" in words(finding)


def test_a_project_without_types_is_taught_what_they_are(world: World) -> None:
    ada, project = with_types(world, None)
    page = soup(ada.client, url_of(project))
    assert "No types yet" in page.text
    assert STARTER_SOURCE.splitlines()[-1] in page.select_one(".source").text
    started = soup(ada.client, page.find(id="start-from-example")["href"])
    assert started.find("textarea").text.strip() == STARTER_SOURCE.strip()
    assert soup(ada.client, page.find(id="edit-types")["href"]).find("textarea").text.strip() == ""


def test_the_example_to_start_from_is_sound() -> None:
    analysis = veritas.analyze_types(STARTER_SOURCE)
    assert analysis.findings == ()
    assert list(analysis.types.definitions) == ["Tier", "Euro", "Customer"]


def test_the_project_leads_to_its_types(world: World) -> None:
    ada, project = with_types(world)
    link = soup(ada.client, f"/projects/{project.id}").find(id="types")
    assert (link["href"], link["class"]) == (url_of(project), ["button"])
    other, without = with_types(world, None)
    assert soup(other.client, f"/projects/{without.id}").find(id="types")["class"] == ["menu-item"]


# ---- changing ----


def test_saved_types_are_in_force_at_once(world: World) -> None:
    ada, project = with_types(world)
    run = f"/projects/{project.id}/blueprints/{project.blueprints['welcome']}/run"
    inputs = {"input.customer": '{"name": "x", "tier": "silver"}', "input.level": '"basic"'}
    assert ada.client.post(run, data=inputs).status_code == 422
    data = filled(ada.client, project, TYPES.replace('"gold"', '"gold", "silver"'))
    answer = ada.client.post(url_of(project, "/edit"), data=data)
    assert answer.status_code == 303
    assert "Types saved. They are in force from now on." in said_after(ada.client, answer.location)
    assert stored(ada, project) == TYPES.replace('"gold"', '"gold", "silver"')
    assert ada.client.post(run, data=inputs).status_code == 200


def test_types_that_did_not_change_say_so(world: World) -> None:
    ada, project = with_types(world)
    answer = ada.client.post(url_of(project, "/edit"), data=filled(ada.client, project, TYPES))
    assert "Nothing has changed." in said_after(ada.client, answer.location)


def test_types_with_errors_are_not_saved_and_say_where(world: World) -> None:
    ada, project = with_types(world)
    typed = TYPES.replace("as number", "as numbr").replace("name: _text", "name _text")
    answer = ada.client.post(url_of(project, "/edit"), data=filled(ada.client, project, typed))
    assert answer.status_code == 422
    page = BeautifulSoup(answer.data, "html.parser")
    assert "as numbr" in page.find("textarea").text
    assert "Nothing was saved. There are 2 errors, the first in line 4." in words(
        page.find(id="source-error")
    )
    first, second = page.select(".finding")
    assert first.select_one("[data-place=source]")["data-line"] == "4"
    assert "Cannot find type 'numbr' Did you mean number?" in words(first)
    assert 'define Euro "Money" as numbr' in first.select_one(".excerpt").text
    assert "line 7" in words(second).lower()
    assert stored(ada, project) == TYPES


def test_a_text_that_cannot_be_stored_stays_in_the_form(world: World) -> None:
    ada, project = with_types(world)
    data = filled(ada.client, project, TYPES + "// \0")
    answer = ada.client.post(url_of(project, "/edit"), data=data)
    assert answer.status_code == 422
    page = BeautifulSoup(answer.data, "html.parser")
    assert "NUL byte" in page.text
    assert "define Customer" in page.find("textarea").text


def test_types_saved_meanwhile_are_shown_below_what_was_typed(world: World) -> None:
    ada, project = with_types(world)
    data = filled(ada.client, project, TYPES.replace("Loyalty band", "Mine"))
    grace = world.member(ada)
    theirs = filled(grace.client, project, TYPES.replace("Loyalty band", "Theirs"))
    assert grace.client.post(url_of(project, "/edit"), data=theirs).status_code == 303
    answer = ada.client.post(url_of(project, "/edit"), data=data)
    assert answer.status_code == 409
    page = BeautifulSoup(answer.data, "html.parser")
    assert "somebody saved other types" in page.text
    assert "Mine" in page.find("textarea").text
    assert "Theirs" in page.select_one(".source").text
    assert "Theirs" in stored(ada, project)
    data["base_version"] = page.find(id="base_version")["value"]
    assert ada.client.post(url_of(project, "/edit"), data=data).status_code == 303
    assert "Mine" in stored(ada, project)


def test_types_that_would_stop_blueprints_are_saved_after_a_second_word(world: World) -> None:
    ada, project = with_types(world)
    typed = TYPES.replace("define Euro", "define Money").replace("list of Euro", "list of Money")
    data = filled(ada.client, project, typed)
    answer = ada.client.post(url_of(project, "/edit"), data=data)
    assert answer.status_code == 422
    page = BeautifulSoup(answer.data, "html.parser")
    assert "1 Blueprint would stop working" in page.text
    assert page.find("a", string="Welcome")
    assert "Cannot find type 'Euro'" in words(page.select_one(".finding"))
    assert "define Money" in page.find("textarea").text
    assert stored(ada, project) == TYPES
    button = page.find(id="save-anyway")
    assert button["form"] == page.find(id="types-form")["id"]
    agreed = {button["name"]: button["value"]}
    # What was agreed to is this text, and no other one.
    other = {**data, "source": typed.replace("define Tier", "define Band"), **agreed}
    assert ada.client.post(url_of(project, "/edit"), data=other).status_code == 422
    assert stored(ada, project) == TYPES
    answer = ada.client.post(url_of(project, "/edit"), data={**data, **agreed})
    assert answer.status_code == 303
    assert "Welcome cannot run any more, since the types have changed." in said_after(
        ada.client, answer.location
    )
    assert stored(ada, project) == typed
    answer = ada.client.post(url_of(project, "/edit"), data=filled(ada.client, project, TYPES))
    assert "Welcome can run now." in said_after(ada.client, answer.location)


def test_an_empty_text_takes_the_types_away(world: World) -> None:
    ada, project = with_types(world)
    shown = service.get_blueprint(ada.actor, project.id, project.blueprints["welcome"])
    service.save_revision(
        ada.actor,
        project.id,
        project.blueprints["welcome"],
        source=PLAIN.replace("Plain", "Welcome"),
        base_revision_id=shown.newest.id,
    )
    answer = ada.client.post(url_of(project, "/edit"), data=filled(ada.client, project, " \n"))
    assert "The project has no types any more." in said_after(ada.client, answer.location)
    assert "No types yet" in said_after(ada.client, url_of(project))


def test_types_keep_their_line_endings(world: World) -> None:
    ada, project = with_types(world, TYPES.replace("\n", "\r\n"))
    answer = ada.client.post(url_of(project, "/edit"), data=filled(ada.client, project, TYPES))
    assert "Nothing has changed." in said_after(ada.client, answer.location)
    ada.client.post(url_of(project, "/edit"), data=filled(ada.client, project, TYPES + "// more\n"))
    assert stored(ada, project) == (TYPES + "// more\n").replace("\n", "\r\n")


# ---- where types are shown elsewhere ----


def test_inputs_and_outputs_lead_to_their_types(world: World) -> None:
    ada, project = with_types(world)
    page = soup(ada.client, f"/projects/{project.id}/blueprints/{project.blueprints['welcome']}")
    links = [link["href"] for link in page.select(".parameters td a")]
    assert links == [f"{url_of(project)}#type-{name}" for name in ("Customer", "Tier", "Euro")]


def test_an_input_of_a_structure_begins_with_an_example_and_says_its_fields(world: World) -> None:
    ada, project = with_types(world)
    page = soup(ada.client, f"/projects/{project.id}/blueprints/{project.blueprints['welcome']}")
    run = page.find(id="run")
    assert '"tier": "basic"' in run.find("textarea").text
    hint = run.find(id="input.customer-hint")
    assert "As JSON, with name, tier, spent (optional). More on Customer" in words(hint)
    assert hint.a["href"] == f"{url_of(project)}#type-Customer"
    # An alias is the field of what it stands for.
    assert [option.text for option in run.find(id="input.level").find_all("option")] == ["basic", "gold"]


def test_faults_inside_a_structure_stand_beside_its_field(world: World) -> None:
    ada, project = with_types(world)
    url = f"/projects/{project.id}/blueprints/{project.blueprints['welcome']}/run"
    typed = '{"nam": "Ada", "tier": "silver"}'
    answer = ada.client.post(url, data={"input.customer": typed, "input.level": '"basic"'})
    assert answer.status_code == 422
    page = BeautifulSoup(answer.data, "html.parser")
    errors = words(page.find(id="input.customer-error"))
    assert 'customer.tier must be one of "basic", "gold"' in errors
    assert "customer.name is required" in errors
    assert "customer.nam is not a field of Customer" in errors
    assert page.find(id="input.customer").text.strip() == typed


def test_a_result_is_shown_as_its_type_asks_and_as_it_is(world: World) -> None:
    ada, project = with_types(world)
    url = f"/projects/{project.id}/blueprints/{project.blueprints['welcome']}/run"
    data = {"input.customer": '{"name": "Ada", "tier": "gold"}', "input.level": '"basic"'}
    page = BeautifulSoup(ada.client.post(url, data=data).data, "html.parser")
    assert words(page.select_one("#run-result td.value")) == "1,250.00 EUR"
    assert '"credit": 1250' in page.find(id="run-json").text


# ---- import and export ----


def test_the_import_report_lists_findings_of_the_types_first(world: World) -> None:
    ada, project = with_types(world, TYPES.replace("tier: Tier", "tier: Teir"))
    first, *_ = soup(ada.client, f"/projects/{project.id}/import-report").select(".finding")
    assert f"{TYPES_PATH} line 8, column 11 error Cannot find type 'Teir'" in words(first)


def test_an_export_carries_the_types_as_they_were_saved(world: World) -> None:
    ada, project = with_types(world)
    typed = TYPES + "// saved here\n"
    ada.client.post(url_of(project, "/edit"), data=filled(ada.client, project, typed))
    answer = ada.client.get(f"/projects/{project.id}/export")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.read(TYPES_PATH) == typed.encode()


def test_a_types_document_alone_is_no_project_and_the_form_says_what_to_do(world: World) -> None:
    ada = world.person()
    data = {"files": (io.BytesIO(TYPES.encode()), "types.data.vts"), "name": "Types"}
    answer = ada.client.post("/projects/import", data=data)
    assert answer.status_code == 422
    assert "types.data.vts defines types, which alone are no project." in answer.get_data(as_text=True)


def test_loose_files_with_a_types_document_become_a_project_that_uses_it(world: World) -> None:
    ada = world.person()
    files = [
        (io.BytesIO(TYPES.encode()), "shop.data.vts"),
        (io.BytesIO(WELCOME.encode()), "welcome.logic.vts"),
    ]
    answer = ada.client.post("/projects/import", data={"files": files, "name": ""})
    assert answer.status_code == 303
    page = said_after(ada.client, answer.location)
    assert "Welcome imported." in page
    assert "Ready" in page


def test_two_types_documents_are_one_too_many(world: World) -> None:
    ada = world.person()
    names = ("a.data.vts", "b.data.vts", "welcome.logic.vts")
    files = [(io.BytesIO(WELCOME.encode()), name) for name in names]
    answer = ada.client.post("/projects/import", data={"files": files, "name": ""})
    assert answer.status_code == 422
    assert "a.data.vts and b.data.vts both define types" in answer.get_data(as_text=True)


# ---- what types do to tests ----

RATED = """\
define Rate as number constrained_to [0.05, 0.1]

define Order {
    amount: number
    rate: Rate
}
"""
DISCOUNT = """\
//* Discount
function discount(order: Order) -> off: number {
    //* Off
    off = order.amount * order.rate;
}
"""
CALLER = """\
//* Caller
function caller(amount: number) -> off: number {
    //* Ask
    off = discount(order: { amount: amount, rate: 0.1 }).off;
}
"""


def with_tested_types(world: World) -> tuple[Person, StoredProject]:
    """Two Blueprints with tests: one uses types, the other calls it. A test of each is red already."""
    ada = world.person()
    asks = {"order": {"amount": 100, "rate": 0.1}}
    suites = {
        "discount": [
            {"id": "ten", "label": "Ten percent", "input": asks, "expectedOutput": {"off": 10}},
            {"id": "red", "label": "Red before", "input": asks, "expectedOutput": {"off": 11}},
        ],
        "caller": [
            {"id": "call", "label": "Through a call", "input": {"amount": 50}, "expectedOutput": {"off": 5}}
        ],
        "plain": [{"id": "one", "label": "One", "input": {"a": 1}, "expectedOutput": {"b": 1}}],
    }
    files = {TYPES_PATH: RATED.encode()}
    for slug, source in {"discount": DISCOUNT, "caller": CALLER, "plain": PLAIN}.items():
        suite = {"id": slug, "label": "Suite", "modelType": "testSuite", "testCases": suites[slug]}
        files[source_path(slug)] = source.encode()
        files[f"logic/{slug}/tests/main.test.json"] = json.dumps(suite).encode()
    report = import_archive(ada.actor, read_files("Shop", files), name="Shop")
    assert all(one.can_run for one in report.blueprints), [one.findings for one in report.blueprints]
    return ada, StoredProject(
        id=report.project.id,
        name=report.project.name,
        appspace_id=report.project.appspace_id,
        blueprints={one.blueprint.slug: one.blueprint.id for one in report.blueprints},
    )


def test_types_that_turn_tests_red_are_saved_after_a_second_word(world: World) -> None:
    ada, project = with_tested_types(world)
    data = filled(ada.client, project, RATED.replace("0.1]", "0.2]"))
    answer = ada.client.post(url_of(project, "/edit"), data=data)
    assert answer.status_code == 422
    page = BeautifulSoup(answer.data, "html.parser")
    assert "Tests of 2 Blueprints would fail" in words(page.find(id="breaking-title"))
    assert [words(case) for case in page.select(".reddened h3, .reddened summary")] == [
        "Caller",
        "Through a call in main",
        "Discount",
        "Ten percent in main",
    ]
    assert stored(ada, project) == RATED
    button = page.find(id="save-anyway")
    answer = ada.client.post(url_of(project, "/edit"), data={**data, button["name"]: button["value"]})
    assert answer.status_code == 303
    said = said_after(ada.client, answer.location)
    assert "Types saved." in said
    assert "Discount: 2 of 2 tests fail." in said
    assert "0.2]" in stored(ada, project)
    page_of_discount = f"/projects/{project.id}/blueprints/{project.blueprints['discount']}"
    red = words(soup(ada.client, page_of_discount).select_one(".in-force-red"))
    assert "Revision 1 is in force although 2 of 2 tests fail; types saved by Ada, " in red
    # Back again: nothing that passes now fails with it.
    answer = ada.client.post(url_of(project, "/edit"), data=filled(ada.client, project, RATED))
    assert answer.status_code == 303
    red = words(soup(ada.client, page_of_discount).select_one(".in-force-red"))
    assert "although 1 of 2 tests fails" in red


def test_where_green_tests_are_demanded_types_that_turn_tests_red_are_refused(world: World) -> None:
    ada, project = with_tested_types(world)
    change_settings(
        ada.actor, project.id, ignores_unknown_inputs=False, keeps_run_data=False, demands_green_tests=True
    )
    data = filled(ada.client, project, RATED.replace("0.1]", "0.2]"))
    answer = ada.client.post(url_of(project, "/edit"), data=data)
    assert answer.status_code == 422
    page = BeautifulSoup(answer.data, "html.parser")
    assert (
        "Nothing was saved. This project demands that all tests pass, and with these types 1 test of Caller "
        "would fail and 1 test of Discount would fail."
    ) in words(page.find(id="source-error"))
    assert page.find(id="save-anyway") is None
    assert "0.2]" in page.find("textarea").text
    assert [words(case) for case in page.select(".reddened summary")] == [
        "Through a call in main",
        "Ten percent in main",
    ]
    assert stored(ada, project) == RATED
    with pytest.raises(types_documents.RefusedTypesError):
        types_documents.save(
            ada.actor,
            project.id,
            text=RATED.replace("Order", "Purchase"),
            base_version=types_documents.get(ada.actor, project.id).version,
        )
    wider = filled(ada.client, project, RATED.replace("0.1]", "0.1, 0.2]"))
    assert ada.client.post(url_of(project, "/edit"), data=wider).status_code == 303


def test_cases_for_which_there_is_no_time_count_as_red(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, project = with_tested_types(world)
    monkeypatch.setattr(types_trials, "WALL_TIME_S", 0.0)
    trial = types_documents.try_out(ada.actor, project.id, text=RATED + "// more\n")
    assert [(one.label, len(one.cases)) for one in trial.reddened] == [("Caller", 1), ("Discount", 2)]
