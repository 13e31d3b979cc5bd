"""The pages that show a Blueprint as a document and as a diagram."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from leapter.blueprints import readings, service
from leapter.blueprints.importing import import_archive
from leapter.blueprints.models import source_path
from leapter.projects.archive import TYPES_PATH, read_files
from tests.blueprints.generated_sources import EXAMPLES
from tests.blueprints.sources import BROKEN, INPUTS, fee
from tests.blueprints.test_pages import page_of, soup
from tests.blueprints.test_specification import TYPES, WITH_HELPER
from tests.world import PRICE, Person, StoredProject, World

FRAGMENT = {"HX-Request": "true", "HX-Target": "reading"}


def saved(world: World, *sources: str) -> tuple[Person, StoredProject, str]:
    """A project with one Blueprint of several revisions, and the Blueprint's address."""
    ada = world.person()
    project = world.project(ada, blueprints={"late-fee": sources[0]})
    for source in sources[1:]:
        (shown,) = service.list_blueprints(ada.actor, project.id)
        service.save_revision(
            ada.actor, project.id, shown.blueprint.id, source=source, base_revision_id=shown.newest.id
        )
    return ada, project, page_of(project, "late-fee")


def text_of(page: BeautifulSoup | Tag) -> str:
    return " ".join(page.get_text(" ").split())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_each_place_of_an_example_leads_to_the_same_place_in_the_other_views(
    world: World, path: Path
) -> None:
    source = path.read_text()
    ada, _, url = saved(world, source)
    document, diagram = soup(ada.client, url + "/specification"), soup(ada.client, url + "/flow")
    page = soup(ada.client, url)
    places = {link["href"] for link in document.select(".spec a, .document a") if "#" in link["href"]}
    places |= {link["href"] for link in diagram.select("svg a")}
    assert len(places) > 40
    for place in places:
        address, anchor = place.split("#")
        target = {url: page, url + "/specification": document, url + "/flow": diagram, "": document}[address]
        assert target.find(id=anchor), place
    for shown in (document, diagram, page):
        ids = [element["id"] for element in shown.find_all(id=True)]
        assert len(set(ids)) == len(ids)


def test_the_document_says_what_goes_in_and_what_comes_out(world: World) -> None:
    ada, _, url = saved(world, INPUTS)
    page = soup(ada.client, url + "/specification")
    inputs, outputs = page.select(".spec-items")
    rows = [text_of(row) for row in inputs.select("tbody tr")]
    assert rows[0] == "Weight (kg) Line 5 weight On the scale. number required"
    assert rows[3] == 'Zone Line 11 zone text one of "eu" , "world" required'
    assert rows[6] == 'Names Line 17 names list of texts [ "a" , "b" ]'
    assert [text_of(row) for row in outputs.select("tbody tr")][1] == "Text Line 24 text text no value"
    assert all(head.get("scope") for head in page.select(".spec-table th"))


def test_the_document_reads_from_top_to_bottom(world: World) -> None:
    ada, _, url = saved(world, WITH_HELPER)
    page = soup(ada.client, url + "/specification")
    assert [text_of(heading) for heading in page.select(".spec h2, .spec h3")] == [
        "Inputs",
        "Outputs",
        "Rules",
        "1 Sum Line 14",
        "A Rate Line 2",
        "Inputs",
        "Outputs",
        "Rules",
        "How to read the expressions",
    ]
    rules = text_of(page.select_one(".spec-steps") or page)
    for sentence in (
        "All of them.",
        "1.1 Decide Any?",
        "If: None amounts . length is 0",
        "1.1.1 Finish",
        "Otherwise, if amounts [ 0 ] < 0 and not",
        '1.1.2 Refuse Refuse it "No"',
        "Otherwise go on with what follows.",
    ):
        assert sentence in rules, rules
    helper = page.find("a", string="rate")
    assert helper
    assert page.find(id=helper["href"].removeprefix("#"))


def test_a_table_of_the_source_is_a_table(world: World) -> None:
    source = next(path for path in EXAMPLES if path.parent.name == "parcel-price").read_text()
    ada, _, url = saved(world, source)
    table = soup(ada.client, url + "/specification").select_one(".spec-decision")
    assert table
    assert [text_of(head) for head in table.select("thead th")] == [
        "Row",
        "When",
        "then set",
        "zone",
        "chargeable_kg ≤ 2",
        "chargeable_kg ≤ 10",
        "tariff_eur",
    ]
    assert [text_of(row) for row in table.select("tbody tr")][:2] == [
        '1 "domestic" true any 4.90',
        '2 "domestic" any true 8.90',
    ]


def test_a_call_leads_to_the_page_of_the_blueprint_that_is_called(world: World) -> None:
    ada = world.person()
    calling = "//* Order\nfunction order() -> a: number {\n//* Ask\na = parcel_price(weight_kg: 2).price;\n}"
    project = world.project(ada, blueprints={"order": calling, "parcel-price": PRICE})
    page = soup(ada.client, page_of(project, "order") + "/specification")
    assert page.find("a", string="parcel_price")["href"] == page_of(project, "parcel-price")
    assert "Uses the Blueprint Parcel Price ." in text_of(page)


def test_a_type_of_the_project_is_explained_where_it_is_named(world: World) -> None:
    ada = world.person()
    source = "//* Greet\nfunction greet(who: Customer) -> text: _text {\n//* Greet\ntext = who.name;\n}"
    files = {source_path("greet"): source.encode(), TYPES_PATH: TYPES.encode()}
    report = import_archive(ada.actor, read_files("Types", files), name="Types")
    (shown,) = report.blueprints
    url = f"/projects/{report.project.id}/blueprints/{shown.blueprint.id}"
    page = soup(ada.client, url + "/specification")
    link = page.find("a", href="#type-Customer")
    assert link
    entry = page.find(id="type-Customer")
    assert entry
    assert "Tier" in text_of(entry)
    assert 'Another name for: text, one of "basic" , "gold"' in text_of(page.find(id="type-Tier") or page)
    assert not page.find(id="type-Unused")


def test_the_revision_in_force_is_shown_and_the_newest_on_request(world: World) -> None:
    ada, _, url = saved(world, fee(), BROKEN)
    for view in ("specification", "flow"):
        page = soup(ada.client, f"{url}/{view}")
        assert "Revision 1, in force" in text_of(page)
        other = page.find("a", string="show revision 2")
        assert other
        newest = soup(ada.client, other["href"])
        assert "Revision 2, not in force" in text_of(newest)
        assert "This revision has errors." in text_of(newest)
        assert newest.find("a", string="show that one")["href"] == f"{url}/{view}"
    assert "5" in text_of(soup(ada.client, url + "/specification").select_one(".spec-set") or page)


def test_findings_stand_beside_their_step(world: World) -> None:
    ada, _, url = saved(world, BROKEN)
    step = soup(ada.client, url + "/specification").select_one(".spec-step")
    assert step
    finding = step.select_one(".finding-error")
    assert finding
    assert "unknown_name is not declared." in text_of(finding)
    assert finding.find("a")["href"] == f"{url}#L8"
    marked = soup(ada.client, url + "/flow").select_one(".flow-has-error")
    assert marked
    assert marked["id"] == step["id"].replace("node-", "flow-")


def test_lines_of_another_revision_than_the_newest_lead_to_its_own_source(world: World) -> None:
    ada, _, url = saved(world, fee(), "\n\n\n" + BROKEN)
    place = soup(ada.client, url + "/specification").select_one(".spec-step .spec-place")
    assert place
    assert place["href"] == f"{url}?revision=in-force#L8"
    page = soup(ada.client, url + "?revision=in-force")
    line = page.find(id="L8")
    assert line
    assert line.text == "    fee = 5;"


@pytest.mark.parametrize(
    ("view", "inside"), [("source", ".source"), ("specification", ".spec"), ("flow", "svg.flow")]
)
def test_the_page_of_a_blueprint_shows_it_in_three_ways(world: World, view: str, inside: str) -> None:
    ada, _, url = saved(world, fee())
    page = soup(ada.client, f"{url}?view={view}")
    reading = page.find(id="reading")
    assert isinstance(reading, Tag)
    assert reading["data-view"] == view
    assert reading.select_one(inside)
    assert [tab.text for tab in reading.select(".tabs a")] == ["Source", "Specification", "Flow"]
    assert reading.select_one(".tabs a[aria-current=page]")["id"] == f"read-{view}"
    fragment = ada.client.get(f"{url}?view={view}", headers=FRAGMENT).get_data(as_text=True)
    assert fragment.strip().startswith("<section")
    assert BeautifulSoup(fragment, "html.parser").select_one(inside)


def test_a_reading_names_its_revision(world: World) -> None:
    ada, project, url = saved(world, fee(), BROKEN)
    (shown,) = service.list_blueprints(ada.actor, project.id)
    assert shown.in_force
    for wanted, revision in (("newest", shown.newest), ("in-force", shown.in_force)):
        reading = soup(ada.client, f"{url}?revision={wanted}").find(id="reading")
        assert isinstance(reading, Tag)
        assert reading["data-revision"] == revision.id


@pytest.mark.parametrize("view", ["/specification", "/flow", "?view=specification", "?view=flow"])
def test_a_blueprint_too_large_for_a_document_says_so(
    world: World, view: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, _, url = saved(world, fee())
    monkeypatch.setattr(readings, "MAX_NODES", 2)
    assert "too many to show as a document" in text_of(soup(ada.client, url + view))
    monkeypatch.setattr(readings, "MAX_NODES", 3)
    assert "too many" not in text_of(soup(ada.client, url + view))
    monkeypatch.setattr(readings, "MAX_CHARACTERS", 10)
    assert "more than 10 characters" in text_of(soup(ada.client, url + view))


def test_a_source_that_is_no_blueprint_has_no_document(world: World) -> None:
    ada, _, url = saved(world, "nothing of the kind")
    for view in ("specification", "flow"):
        assert "cannot be read far enough" in text_of(soup(ada.client, f"{url}/{view}"))
