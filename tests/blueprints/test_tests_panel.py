"""The tests of a Blueprint: the panel, its dialogs, and how they decide what comes into force."""

import json
import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from leapter import veritas
from leapter.blueprints import service, suite_files, suite_texts, tests_panel, trials
from leapter.blueprints.importing import import_archive
from leapter.blueprints.models import Blueprint
from leapter.db import db
from leapter.errors import ChangedMeanwhileError, InvalidInputError, NotFoundError
from leapter.projects.archive import read_files
from leapter.projects.models import ProjectFile
from leapter.projects.service import change_settings
from tests.blueprints.sources import BROKEN
from tests.world import PRICE, Person, StoredProject, World

HTMX = {"HX-Request": "true"}

PASSES = {"id": "two", "label": "Two kilograms", "input": {"weight_kg": 2}, "expectedOutput": {"price": 5}}
FAILS = {
    "id": "four",
    "label": "Four kilograms",
    "group": "Heavy",
    "input": {"weight_kg": 4},
    "expectedOutput": {"price": 9},
}
FAULTY = {"id": "none", "label": "No weight", "group": "Heavy", "input": {}, "expectedOutput": {"price": 0}}
REFUSING = PRICE.replace(
    "    //* Two and a half",
    """    //* Too heavy?
    choose {
        //* Above 30 kg
        if (weight_kg > 30) {
            //* Refuse it
            throw "Too heavy.";
        }
    }
    //* Two and a half""",
)
DEAR = PRICE.replace("2.5", "3")


def suite_text(*cases: dict[str, Any], **members: Any) -> bytes:
    data = {"id": "prices", "label": "Prices", "modelType": "testSuite", "testCases": list(cases), **members}
    return json.dumps(data).encode()


def value_of(page: BeautifulSoup, name: str) -> str:
    """What the field `name` of a page holds."""
    field = page.select_one(f"[name={name}]")
    assert field is not None
    return str(field.get("value", field.text))


class Scene:
    """A project with one Blueprint and its test suites, as one person sees it."""

    def __init__(self, world: World, *cases: dict[str, Any], source: str = PRICE, **members: Any) -> None:
        self.world = world
        self.person: Person = world.person()
        self.project: StoredProject = world.project(self.person, blueprints={"parcel-price": source})
        self.id = self.project.blueprints["parcel-price"]
        self.url = f"/projects/{self.project.id}/blueprints/{self.id}"
        if cases:
            self.put("prices", suite_text(*cases, **members))

    @property
    def client(self) -> FlaskClient:
        return self.person.client

    def put(self, name: str, content: bytes) -> None:
        path = f"logic/parcel-price/tests/{name}.test.json"
        db.session.merge(ProjectFile(project_id=self.project.id, path=path, content=content))
        db.session.commit()

    def file(self, name: str = "prices") -> bytes:
        db.session.expire_all()
        path = f"logic/parcel-price/tests/{name}.test.json"
        return bytes(db.session.get_one(ProjectFile, (self.project.id, path)).content)

    def case(self, case_id: str) -> str:
        """The address of a case."""
        stored = suite_files.get_suite(db.session.get_one(Blueprint, (self.project.id, self.id)), "prices")
        case = suite_texts.find_case(stored, case_id)
        assert case is not None
        return f"{self.url}/tests/prices/cases/{tests_panel.case_key(stored, case)}"

    def page(self, path: str = "/tests", **form: str) -> BeautifulSoup:
        answer = self.client.post(self.url + path, data=form) if form else self.client.get(self.url + path)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return BeautifulSoup(answer.data, "html.parser")

    def run(self, **form: str) -> BeautifulSoup:
        return self.page("/tests", **(form or {"all": "y"}))

    def save(self, source: str) -> str:
        """Save a source over the newest; what the page then says."""
        shown = service.get_blueprint(self.person.actor, self.project.id, self.id)
        answer = self.client.post(
            f"{self.url}/edit",
            data={"base_revision_id": shown.newest.id, "source": source},
            follow_redirects=True,
        )
        assert answer.status_code == 200
        return text_of(BeautifulSoup(answer.data, "html.parser").select_one("#toasts"))

    def number_in_force(self) -> int | None:
        db.session.expire_all()
        shown = service.get_blueprint(self.person.actor, self.project.id, self.id)
        return shown.in_force.number if shown.in_force else None

    def put_in_force(self, **form: str) -> TestResponse:
        shown = service.get_blueprint(self.person.actor, self.project.id, self.id)
        data = {"revision_id": shown.newest.id, **form}
        return self.client.post(f"{self.url}/put-in-force", data=data, follow_redirects=True)


def calling(expression: str) -> str:
    """A Blueprint without inputs whose output is `expression`."""
    return f"//* Caller\nfunction f() -> out: number {{\n//* Ask\nout = {expression};\n}}\n"


def text_of(element: Any) -> str:
    assert element is not None
    return " ".join(element.text.split())


def rows_of(element: Any) -> list[list[str]]:
    return [
        [text_of(cell) for cell in row.select("th, td")] for row in element.select(".differences tbody tr")
    ]


# ---- who may see what ----


@pytest.mark.parametrize(
    "path",
    [
        "/tests",
        "/tests/new",
        "/tests/prices/file",
        "/tests/prices/delete",
        "/tests/prices/cases/new",
        "{case}/edit",
        "{case}/delete",
        "/put-in-force",
    ],
)
def test_pages_open_for_members_and_for_nobody_else(world: World, path: str) -> None:
    tested = Scene(world, PASSES)
    url = path.format(case=tested.case("two")) if "{case}" in path else tested.url + path
    assert tested.client.get(url).status_code == 200
    assert world.member(tested.person).client.get(url).status_code == 200
    assert world.person("Mallory").client.get(url).status_code == 404
    anonymous = world.app.test_client().get(url)
    assert anonymous.status_code == 303
    assert anonymous.location.startswith("/sign-in")


@pytest.mark.parametrize("path", ["/tests/nothing/file", "/tests/prices/cases/0000/edit"])
def test_what_is_not_there_is_not_found(world: World, path: str) -> None:
    tested = Scene(world, PASSES)
    assert tested.client.get(tested.url + path).status_code == 404


# ---- the panel ----


def test_a_blueprint_without_tests_says_how_to_get_some(world: World) -> None:
    page = Scene(world).page()
    assert "Run the Blueprint, look at what comes out" in text_of(page.select_one("#suites"))
    assert page.select_one("#run-all") is None


def test_the_panel_lists_cases_by_group_before_anything_ran(world: World) -> None:
    page = Scene(world, FAILS, PASSES, FAULTY).page()
    assert [text_of(group) for group in page.select(".case-group")] == ["Heavy"]
    assert [text_of(label) for label in page.select(".case-label")] == [
        "Four kilograms",
        "No weight",
        "Two kilograms",
    ]
    assert page.select(".badge") == []
    assert "They run revision 1, which is in force." in text_of(page.select_one("main"))


def test_all_run_and_say_what_passes_what_differs_and_what_ended_in_an_error(world: World) -> None:
    page = Scene(world, FAILS, PASSES, FAULTY).run()
    assert text_of(page.select_one("#tests-summary")) == "2 of 3 tests fail, with revision 1."
    assert [text_of(badge) for badge in page.select("#suites .badge")] == [
        "1 of 3 pass",
        "Failed",
        "Error",
        "Passed",
    ]
    failed, ended = page.select(".case-result")
    assert rows_of(failed) == [["price", "9", "10"]]
    assert "The run ended with an error: Input weight_kg is required." in text_of(ended)


def test_an_error_links_to_the_line_that_it_ended_at(world: World) -> None:
    heavy = {"id": "x", "label": "31 kg", "input": {"weight_kg": 31}, "expectedOutput": {"price": 1}}
    tested = Scene(world, heavy, source=REFUSING)
    result = tested.run().select_one(".case-result")
    assert "Too heavy. At line 15, “Refuse it”" in text_of(result)
    link = result.select_one("a")["href"]  # type: ignore[union-attr]  # text_of saw it
    assert link == f"{tested.url}?view=source&revision=newest#L15"
    assert BeautifulSoup(tested.client.get(link).data, "html.parser").select_one("#L15") is not None


def test_where_the_newest_revision_has_errors_the_line_is_shown_in_the_one_in_force(world: World) -> None:
    heavy = {"id": "x", "label": "31 kg", "input": {"weight_kg": 31}, "expectedOutput": {"price": 1}}
    tested = Scene(world, heavy, source=REFUSING)
    tested.save(BROKEN)
    link = tested.run().select_one(".case-result a")
    assert link is not None
    assert str(link["href"]).endswith("?view=source&revision=in-force#L15")


def test_an_error_in_a_blueprint_that_is_called_names_that_one(world: World) -> None:
    ada = world.person()
    caller = calling("parcel_price(weight_kg: 31).price")
    project = world.project(ada, blueprints={"parcel-price": REFUSING, "caller": caller})
    world.suite(project, {"id": "a", "label": "A", "expectedOutput": {"out": 1}}, slug="caller")
    url = f"/projects/{project.id}/blueprints/{project.blueprints['caller']}/tests"
    page = BeautifulSoup(ada.client.post(url, data={"all": "y"}).data, "html.parser")
    assert "Too heavy. At line 15 of parcel_price, “Refuse it”" in text_of(page.select_one(".case-result"))


def test_an_import_says_how_its_tests_fare(world: World) -> None:
    ada = world.person()
    files = {
        "logic/parcel-price/parcel-price.logic.vts": PRICE.encode(),
        "logic/parcel-price/tests/prices.test.json": suite_text(PASSES, FAILS),
        "tests/stray.test.json": suite_text(PASSES),
    }
    report = import_archive(ada.actor, read_files("shop", files))
    assert report.notes == (
        "1 of 2 tests fails.",
        "Parcel Price: 1 of 2 tests fails.",
        "tests/stray.test.json is beside no Blueprint, so it is kept and not run.",
    )
    assert report.blueprints[0].in_force is not None  # nothing was in force before that it could break


def test_one_suite_runs_alone(world: World) -> None:
    tested = Scene(world, PASSES)
    tested.put("more", suite_text(FAILS, label="More"))
    page = tested.run(suite="prices")
    assert text_of(page.select_one("#tests-summary")) == "1 test passes, with revision 1."
    assert len(page.select("#suites .badge")) == 2


def test_one_case_runs_alone(world: World) -> None:
    tested = Scene(world, PASSES, FAILS)
    page = tested.run(suite="prices", case=tested.case("four").rsplit("/", 1)[1])
    assert text_of(page.select_one("#tests-summary")) == "Four kilograms: fails, with revision 1."
    assert [text_of(badge) for badge in page.select("#suites .badge")] == ["Failed"]


def test_what_was_deleted_meanwhile_is_just_not_run(world: World) -> None:
    tested = Scene(world, PASSES)
    assert text_of(tested.run(suite="gone").select_one("#tests-summary")) == ""
    assert text_of(tested.run(suite="prices", case="0").select_one("#tests-summary")) == ""


def test_a_suite_that_cannot_be_read_says_where(world: World) -> None:
    tested = Scene(world)
    tested.put("odd", b'{"id": "odd",\n "testCases": [}')
    page = tested.run()
    assert text_of(page.select_one(".finding")).startswith("Line 2, column 16 error The text is not JSON")
    assert text_of(page.select_one("#tests-summary")) == "1 test suite has errors, with revision 1."


def test_the_newest_revision_without_errors_is_the_one_that_is_tested(world: World) -> None:
    tested = Scene(world, PASSES)
    tested.save(BROKEN)
    page = tested.run()
    assert "They run revision 1, which is in force: revision 2 has errors." in text_of(page)
    assert text_of(page.select_one("#tests-summary")) == "1 test passes, with revision 1."


def test_without_a_sound_revision_nothing_can_be_run(world: World) -> None:
    tested = Scene(world, PASSES, source=BROKEN)
    page = tested.run()
    assert "No revision of this Blueprint is without errors yet" in text_of(page)
    assert page.select_one("#run-all") is None


def test_unknown_inputs_are_taken_as_the_project_takes_them(world: World) -> None:
    tested = Scene(world, {**PASSES, "input": {"weight_kg": 2, "colour": "red"}})
    assert "1 of 1 tests fails" in text_of(tested.run().select_one("#tests-summary"))
    change_settings(tested.person.actor, tested.project.id, ignores_unknown_inputs=True, keeps_run_data=False)
    assert "1 test passes" in text_of(tested.run().select_one("#tests-summary"))


# ---- suites ----


def test_a_new_suite_gets_a_file_named_after_it(world: World) -> None:
    tested = Scene(world)
    for _ in range(2):
        answer = tested.client.post(f"{tested.url}/tests/new", data={"label": " Edges & limits "})
        assert answer.status_code == 303
    made = json.loads(tested.file("edges-limits"))
    assert (made["label"], made["modelType"], made["testCases"]) == ("Edges & limits", "testSuite", [])
    assert json.loads(tested.file("edges-limits-2"))["id"] != made["id"]


@pytest.mark.parametrize(
    ("label", "words"), [(" ", "Give the suite a name."), ("x" * 201, "201 characters; 200 are the most")]
)
def test_a_suite_needs_a_name(world: World, label: str, words: str) -> None:
    tested = Scene(world)
    answer = tested.client.post(f"{tested.url}/tests/new", data={"label": label})
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)


def test_a_suite_is_deleted_with_its_file_alone(world: World) -> None:
    tested = Scene(world, PASSES)
    tested.put("more", suite_text(FAILS))
    assert "with its one case" in text_of(tested.page("/tests/prices/delete"))
    assert tested.client.post(f"{tested.url}/tests/prices/delete").status_code == 303
    assert tested.file("more") == suite_text(FAILS)
    assert tested.client.get(f"{tested.url}/tests/prices/delete").status_code == 404


def test_the_file_of_a_suite_is_edited_as_text(world: World) -> None:
    tested = Scene(world)
    tested.put("prices", b'{"testCases": [,]}\r\n')
    digest = value_of(tested.page("/tests/prices/file"), "base_digest")
    answer = tested.client.post(
        f"{tested.url}/tests/prices/file", data={"base_digest": digest, "text": '{"testCases": [7]}'}
    )
    assert answer.status_code == 422
    assert "Line 1, column 16: A test case is a JSON object." in answer.get_data(as_text=True)
    answer = tested.client.post(
        f"{tested.url}/tests/prices/file", data={"base_digest": digest, "text": '{"testCases":\r\n []}\r\n'}
    )
    assert answer.status_code == 303
    assert tested.file() == b'{"testCases":\r\n []}\r\n'


def test_a_file_that_was_changed_meanwhile_is_not_written_over(world: World) -> None:
    tested = Scene(world, PASSES)
    url = f"{tested.url}/tests/prices/file"
    answer = tested.client.post(url, data={"base_digest": "older", "text": '{"testCases": []}'})
    assert answer.status_code == 409
    page = BeautifulSoup(answer.data, "html.parser")
    assert "this file was changed in the meantime" in text_of(page)
    assert "Two kilograms" in text_of(page.select_one(".suite-text"))
    digest = value_of(page, "base_digest")
    assert tested.file() == suite_text(PASSES)
    assert (
        tested.client.post(url, data={"base_digest": digest, "text": '{"testCases": []}'}).status_code == 303
    )
    assert tested.file() == b'{"testCases": []}'


# ---- cases ----


def test_an_edited_case_is_written_and_what_else_the_file_holds_stays(world: World) -> None:
    tested = Scene(world, {**PASSES, "note": "kept"}, FAILS, author={"name": "Grace"})
    page = tested.page(tested.case("two").removeprefix(tested.url) + "/edit")
    form = {field["name"]: field.get("value") or field.text for field in page.select("main [name]")}
    answer = tested.client.post(
        f"{tested.case('two')}/edit",
        data={
            **{name: form[name] for name in ("base_digest", "inputs", "expected")},
            "label": "Two kg",
            "group": "Light",
        },
    )
    assert answer.status_code == 303
    expected = json.loads(suite_text({**PASSES, "note": "kept"}, FAILS, author={"name": "Grace"}))
    expected["testCases"][0] |= {"label": "Two kg", "group": "Light"}
    assert json.loads(tested.file()) == expected
    assert tested.file() == (json.dumps(expected, indent=2) + "\n").encode()


def test_a_case_saved_as_it_was_leaves_the_file_byte_for_byte(world: World) -> None:
    tested = Scene(world, PASSES, FAILS)
    page = tested.page(tested.case("four").removeprefix(tested.url) + "/edit")
    form = {
        field["name"]: field.get("value") or field.text
        for field in page.select("main [name]")
        if field.get("type") != "checkbox"
    }
    assert form["group"] == "Heavy"
    assert tested.client.post(f"{tested.case('four')}/edit", data=form).status_code == 303
    assert tested.file() == suite_text(PASSES, FAILS)


def test_what_is_wrong_with_a_case_stands_beside_its_field(world: World) -> None:
    tested = Scene(world, PASSES)
    answer = tested.client.post(
        f"{tested.case('two')}/edit",
        data={"label": "", "group": "x" * 201, "inputs": '{"a":\r\n 1,}', "expected": "[1]"},
    )
    assert answer.status_code == 422
    page = BeautifulSoup(answer.data, "html.parser")
    assert text_of(page.select_one("#label-error")) == "Give the case a name."
    assert text_of(page.select_one("#group-error")) == "A group’s name has at most 200 characters."
    assert text_of(page.select_one("#inputs-error")).startswith("Line 2, column 4: The text is not JSON")
    assert text_of(page.select_one("#expected-error")) == 'Write a JSON object, such as {"name": 1}.'
    assert tested.file() == suite_text(PASSES)


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ('{"price": 1}', "Where an error is expected"),
        ('{"detail": 1}', "Where an error is expected"),
        ('{"detail": "a", "detail": "b"}', "written twice"),
        ('{"detail": ' + '{"a":' * 98 + "1" + "}" * 99, "nested too deeply"),
    ],
)
def test_an_expected_error_is_its_text_or_nothing(world: World, expected: str, words: str) -> None:
    tested = Scene(world, PASSES)
    data = {"label": "No", "expects_error": "y" if "nested" not in words else "", "expected": expected}
    if "nested" in words:
        del data["expects_error"]
    answer = tested.client.post(f"{tested.url}/tests/prices/cases/new", data=data)
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)


def test_a_case_changed_in_another_tab_is_not_written_over_unseen(world: World) -> None:
    tested = Scene(world, PASSES)
    data = {"base_digest": "older", "label": "Mine", "inputs": "{}", "expected": "{}"}
    answer = tested.client.post(f"{tested.case('two')}/edit", data=data)
    assert answer.status_code == 409
    page = BeautifulSoup(answer.data, "html.parser")
    assert "this case was changed in the meantime" in text_of(page)
    assert '"weight_kg": 2' in text_of(page.select_one(".stale-case"))
    assert value_of(page, "label") == "Mine"
    data["base_digest"] = value_of(page, "base_digest")
    assert tested.client.post(f"{tested.case('two')}/edit", data=data).status_code == 303
    assert json.loads(tested.file())["testCases"][0]["label"] == "Mine"


def test_true_instead_of_one_is_a_change(world: World) -> None:
    tested = Scene(world, {**PASSES, "expectedOutput": {"price": 1}})
    stored = suite_files.get_suite(db.session.get_one(Blueprint, (tested.project.id, tested.id)), "prices")
    now = suite_texts.as_change(stored.suite.cases[0])
    suite_files.change_case(
        tested.person.actor,
        tested.project.id,
        tested.id,
        "prices",
        case_id="two",
        change=suite_texts.CaseChange(
            label=now.label, group="", inputs=now.inputs, expected='{"price": true}', expects_error=False
        ),
        base_digest=suite_texts.case_digest(stored.suite.cases[0]),
    )
    assert json.loads(tested.file())["testCases"][0]["expectedOutput"] == {"price": True}


def test_a_case_that_expects_no_error_any_more_loses_that_member(world: World) -> None:
    tested = Scene(world, {"label": "No id", "group": "G", "expectsError": True})
    page = tested.page(tested.case("case-1").removeprefix(tested.url) + "/edit")
    digest = value_of(page, "base_digest")
    data = {"base_digest": digest, "label": "No id", "group": "", "expected": '{"price": 0}'}
    assert tested.client.post(f"{tested.case('case-1')}/edit", data=data).status_code == 303
    (case,) = json.loads(tested.file())["testCases"]
    assert case == {"label": "No id", "input": {}, "expectedOutput": {"price": 0}, "id": "case-1"}


def test_a_case_is_deleted_and_the_others_stay(world: World) -> None:
    tested = Scene(world, PASSES, FAILS)
    url = tested.case("two")
    assert tested.client.post(f"{url}/delete").status_code == 303
    assert json.loads(tested.file())["testCases"] == [FAILS]
    assert tested.client.post(f"{url}/delete").status_code == 404


def test_a_new_case_is_added_once_however_often_its_form_is_sent(world: World) -> None:
    tested = Scene(world, PASSES)
    page = tested.page("/tests/prices/cases/new")
    assert json.loads(value_of(page, "inputs")) == {"weight_kg": 2}
    data = {
        "case_id": value_of(page, "case_id"),
        "label": "One",
        "inputs": '{"weight_kg": 1}',
        "expected": '{"price": 2.5}',
    }
    for _ in range(2):
        assert tested.client.post(f"{tested.url}/tests/prices/cases/new", data=data).status_code == 303
    cases = json.loads(tested.file())["testCases"]
    assert [case["label"] for case in cases] == ["Two kilograms", "One"]
    assert cases[1]["expectedOutput"] == {"price": 2.5}


def test_no_case_is_added_to_a_suite_that_cannot_be_read(world: World) -> None:
    tested = Scene(world)
    tested.put("prices", b"{")
    answer = tested.client.post(f"{tested.url}/tests/prices/cases/new", data={"label": "One"})
    assert answer.status_code == 422
    assert "This suite cannot be read; mend its file first." in answer.get_data(as_text=True)


# ---- a run becomes a case ----


def test_a_run_is_saved_as_a_case_of_a_new_suite(world: World) -> None:
    tested = Scene(world)
    answer = tested.client.post(f"{tested.url}/run", data={"input.weight_kg": "2"})
    form = BeautifulSoup(answer.data, "html.parser").select_one("form[action$='/tests/from-run']")
    assert form is not None
    sent = {field["name"]: field["value"] for field in form.select("input")}
    page = BeautifulSoup(tested.client.post(str(form["action"]), data=sent).data, "html.parser")
    filled = {field["name"]: field.get("value") or field.text for field in page.select("main [name]")}
    assert json.loads(filled["inputs"]) == {"weight_kg": 2}
    assert json.loads(filled["expected"]) == {"price": 5}
    data = {name: filled[name] for name in ("case_id", "inputs", "expected")}
    data |= {"label": "Two", "suite": "", "suite_label": "From runs"}
    for _ in range(2):
        answer = tested.client.post(f"{tested.url}/tests/from-run", data=data)
        assert answer.status_code == 303
    (case,) = json.loads(tested.file("from-runs"))["testCases"]
    assert (case["label"], case["input"], case["expectedOutput"]) == ("Two", {"weight_kg": 2}, {"price": 5})
    assert "1 test passes" in text_of(tested.run().select_one("#tests-summary"))


def test_a_run_that_ended_with_an_error_becomes_a_case_that_expects_it(world: World) -> None:
    tested = Scene(world, PASSES, source=REFUSING)
    answer = tested.client.post(f"{tested.url}/run", data={"input.weight_kg": "31"})
    form = BeautifulSoup(answer.data, "html.parser").select_one("form[action$='/tests/from-run']")
    assert form is not None
    sent = {field["name"]: field["value"] for field in form.select("input")}
    sent |= {"label": "Heavy", "suite": "prices"}
    assert tested.client.post(str(form["action"]), data=sent).status_code == 303
    case = json.loads(tested.file())["testCases"][1]
    assert (case["expectsError"], case["expectedOutput"]) == (True, {"detail": "Too heavy."})
    assert "2 tests pass" in text_of(tested.run().select_one("#tests-summary"))


def test_a_run_saved_without_a_name_says_what_is_missing(world: World) -> None:
    tested = Scene(world)
    data = {"label": "A", "suite": "", "suite_label": "", "inputs": "{}", "expected": "{}"}
    answer = tested.client.post(f"{tested.url}/tests/from-run", data=data)
    assert answer.status_code == 422
    page = BeautifulSoup(answer.data, "html.parser")
    assert text_of(page.select_one("#suite_label-error")) == "Give the new suite a name."


def test_what_is_too_large_for_a_test_is_not_offered_as_one() -> None:
    outcome = veritas.Outcome(outputs={"text": "x" * 200_000}, warnings=(), statements=1, trace=None)
    assert tests_panel.offer({}, outcome, None) is None


# ---- what comes into force ----


def test_a_revision_with_green_tests_is_in_force_at_once(world: World) -> None:
    tested = Scene(world, PASSES)
    assert tested.save(REFUSING) == "Revision 2 in force; 1 test passes."
    assert tested.number_in_force() == 2


def test_a_revision_with_red_tests_is_kept_and_held(world: World) -> None:
    tested = Scene(world, PASSES)
    said = tested.save(DEAR)
    assert said == "Revision 2 saved, but not put into force: 1 of 1 tests fails. Revision 1 stays in force."
    assert tested.number_in_force() == 1
    page = tested.page("")
    held = page.select_one(".held")
    assert "Revision 2 is not in force. When it was last tested: 1 of 1 tests fails." in text_of(held)
    assert "Callers run revision 1." in text_of(held)
    assert rows_of(held) == [["price", "5", "6"]]
    assert "Run revision 1" in text_of(page.select_one("#run"))
    projects = text_of(BeautifulSoup(tested.client.get(f"/projects/{tested.project.id}").data, "html.parser"))
    assert "Runs revision 1the newest is not in force" in projects
    assert "which is not in force: callers run revision 1" in text_of(tested.page())


def test_a_broken_suite_holds_a_revision_too(world: World) -> None:
    tested = Scene(world, PASSES)
    tested.put("odd", b"[]")
    said = tested.save(REFUSING)
    assert "1 test passes, and 1 test suite has errors." in said
    assert tested.number_in_force() == 1


def test_a_held_revision_is_put_into_force_anyway(world: World) -> None:
    tested = Scene(world, PASSES)
    tested.save(DEAR)
    dialog = tested.page("/put-in-force")
    assert "Now, 1 of 1 tests fails." in text_of(dialog)
    assert rows_of(dialog) == [["price", "5", "6"]]
    assert "Put into force anyway" in text_of(dialog.select_one("main form footer"))
    answer = tested.put_in_force()
    assert "Revision 2 is in force, though 1 of 1 tests fails." in answer.get_data(as_text=True)
    assert tested.number_in_force() == 2
    in_force = text_of(tested.page("").select_one(".in-force-red"))
    assert "Revision 2 is in force although 1 of 1 tests fails; put into force by Ada, " in in_force
    assert "Ready, tests red" in text_of(tested.page("").select_one(".facts-row"))
    project = tested.client.get(f"/projects/{tested.project.id}").get_data(as_text=True)
    assert "Ready, tests red" in project
    # Sent twice, as by a second tab, it says the same and changes nothing.
    assert "Revision 2 is in force." in tested.put_in_force().get_data(as_text=True)
    assert "is in force already" in text_of(tested.page("/put-in-force"))


def test_tests_that_pass_again_end_the_notice_about_red_ones(world: World) -> None:
    tested = Scene(world, PASSES)
    tested.save(DEAR)
    tested.put_in_force()
    tested.put("prices", suite_text({**PASSES, "expectedOutput": {"price": 6}}))
    tested.run(suite="prices")
    assert tested.page("").select_one(".in-force-red")
    tested.run()
    assert tested.page("").select_one(".in-force-red") is None
    tested.put("prices", suite_text(PASSES))
    tested.run()
    assert "although 1 of 1 tests fails; put into" in text_of(tested.page("").select_one(".in-force-red"))


def test_mended_tests_let_a_held_revision_come_into_force(world: World) -> None:
    tested = Scene(world, PASSES)
    tested.save(DEAR)
    tested.put("prices", suite_text({**PASSES, "expectedOutput": {"price": 6}}))
    assert tested.number_in_force() == 1
    assert "All is well now: 1 test passes." in text_of(tested.page("/put-in-force"))
    assert "Revision 2 is in force." in tested.put_in_force().get_data(as_text=True)
    assert tested.number_in_force() == 2


def test_a_project_that_demands_green_tests_gets_them(world: World) -> None:
    tested = Scene(world, PASSES)
    settings = f"/projects/{tested.project.id}/settings"
    assert tested.client.post(settings, data={"demands_green_tests": "y"}).status_code == 303
    tested.save(DEAR)
    held = tested.page("").select_one(".held")
    assert held is not None
    assert held.select_one("#put-in-force") is None
    assert "This project demands that all tests pass." in text_of(held)
    dialog = tested.page("/put-in-force")
    assert "This project demands that all tests pass" in text_of(dialog)
    assert dialog.select_one("main form button[type=submit]") is None
    answer = tested.put_in_force()
    assert answer.status_code == 422
    assert "This project demands that all tests pass, and 1 of 1 tests fails." in answer.get_data(
        as_text=True
    )
    assert tested.number_in_force() == 1
    tested.put("prices", suite_text({**PASSES, "expectedOutput": {"price": 6}}))
    tested.run()
    assert tested.page("").select_one(".held #put-in-force")
    tested.put("prices", suite_text(PASSES))
    tested.client.post(settings, data={"keeps_run_data": "y"})
    assert tested.put_in_force().status_code == 200
    assert tested.number_in_force() == 2


def test_a_revision_that_is_not_the_newest_any_more_is_not_put_into_force(world: World) -> None:
    tested = Scene(world, PASSES)
    tested.save(DEAR)
    answer = tested.put_in_force(revision_id="another")
    assert answer.status_code == 422
    assert "Revision 2 was saved in the meantime." in answer.get_data(as_text=True)
    assert tested.number_in_force() == 1


def test_a_revision_with_errors_is_not_put_into_force(world: World) -> None:
    tested = Scene(world, PASSES)
    tested.save(BROKEN)
    assert "Revision 2 has errors, so it cannot run." in text_of(tested.page("/put-in-force"))
    answer = tested.put_in_force()
    assert answer.status_code == 422
    assert "Revision 2 cannot run." in answer.get_data(as_text=True)
    assert tested.number_in_force() == 1


def test_a_held_revision_whose_name_was_taken_meanwhile_stays_held(world: World) -> None:
    tested = Scene(world, PASSES)
    tested.save(DEAR.replace("Parcel Price", "Parcel Cost"))
    service.create_blueprint(
        tested.person.actor, tested.project.id, source=PRICE.replace("Parcel Price", "Parcel Cost")
    )
    answer = tested.put_in_force()
    assert answer.status_code == 422
    assert "is called parcel_cost too" in answer.get_data(as_text=True)
    assert tested.number_in_force() == 1


def test_a_blueprint_of_which_nothing_was_in_force_is_held_too(world: World) -> None:
    tested = Scene(world, PASSES, source=BROKEN)
    said = tested.save(DEAR)
    assert said == "Revision 2 saved, but not put into force: 1 of 1 tests fails."
    assert tested.number_in_force() is None
    page = text_of(tested.page(""))
    assert "Until a revision is in force, nobody can call this Blueprint." in page
    assert "Not in force" in page
    assert tested.put_in_force().status_code == 200
    assert tested.number_in_force() == 2


def test_tests_that_take_too_long_hold_a_revision_and_say_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leapter.blueprints.verdicts.WALL_TIME_S", 0.0)
    tested = Scene(world, PASSES)
    assert "1 of 1 tests fails" in tested.save(REFUSING)
    assert "may take 0 seconds together" in text_of(tested.page("").select_one(".held"))


def test_saving_a_suite_does_not_change_what_is_in_force(world: World) -> None:
    tested = Scene(world, PASSES)
    data = {"base_digest": "", "label": "x", "inputs": "{}", "expected": '{"price": 1}'}
    page = tested.page(tested.case("two").removeprefix(tested.url) + "/edit")
    data["base_digest"] = value_of(page, "base_digest")
    assert tested.client.post(f"{tested.case('two')}/edit", data=data).status_code == 303
    assert tested.number_in_force() == 1
    assert "1 of 1 tests fails" in text_of(tested.run().select_one("#tests-summary"))


def test_many_failing_cases_are_kept_in_part_and_counted(world: World) -> None:
    cases = [{**FAILS, "id": f"c{number}", "label": f"Case {number}"} for number in range(12)]
    tested = Scene(world, *cases)
    tested.save(DEAR)
    held = tested.page("").select_one(".held")
    assert held is not None
    assert len(held.select("details")) == 10
    assert "And 2 more." in text_of(held)


def test_where_green_tests_are_demanded_nothing_comes_into_force_by_itself(world: World) -> None:
    tested = Scene(world, PASSES, source=PRICE.replace("weight_kg * 2.5", "rate(kg: weight_kg).euros"))
    change_settings(
        tested.person.actor,
        tested.project.id,
        ignores_unknown_inputs=False,
        keeps_run_data=False,
        demands_green_tests=True,
    )
    assert tested.number_in_force() is None
    rate = "//* Rate\nfunction f(kg: number) -> euros: number {\n//* Dear\neuros = kg * 9;\n}\n"
    service.create_blueprint(tested.person.actor, tested.project.id, source=rate)
    assert tested.number_in_force() is None
    assert "Put into force" in text_of(tested.page("").select_one(".held"))
    assert "1 of 1 tests fails" in text_of(tested.page("/put-in-force"))
    assert tested.put_in_force().status_code == 422


def test_a_project_that_changes_while_tests_run_is_looked_at_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tested = Scene(world, PASSES)
    judge = trials.judge

    def change_meanwhile(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(trials, "judge", judge)
        source = calling("parcel_price(weight_kg: 1).price")
        service.create_blueprint(tested.person.actor, tested.project.id, source=source)
        return judge(*arguments, **options)

    monkeypatch.setattr(trials, "judge", change_meanwhile)
    renamed = PRICE.replace("Parcel Price", "Parcel Cost")
    assert "Caller could not run any more with it. Revision 1 stays in force." in tested.save(renamed)
    assert tested.number_in_force() == 1


# ---- verbs ----


def test_verbs_refuse_strangers(world: World) -> None:
    tested = Scene(world, PASSES)
    stranger = world.person("Mallory").actor
    where = (stranger, tested.project.id, tested.id)
    for refused in (
        lambda: suite_files.create_suite(*where, label="x"),
        lambda: suite_files.delete_suite(*where, "prices"),
        lambda: suite_files.delete_case(*where, "prices", case_id="two"),
        lambda: suite_files.write_suite(*where, "prices", text="{}", base_digest=""),
        lambda: service.put_in_force(*where, revision_id=""),
    ):
        with pytest.raises(NotFoundError):
            refused()
    assert tested.file() == suite_text(PASSES)


def test_a_suite_and_a_project_grow_to_their_bounds_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tested = Scene(world, PASSES)
    where = (tested.person.actor, tested.project.id, tested.id)
    huge = suite_texts.CaseChange(
        label="Huge", group="", inputs=json.dumps({"a": "x" * 1_100_000}), expected="{}", expects_error=False
    )
    with pytest.raises(InvalidInputError, match="longer than 1 MiB"):
        suite_files.add_case(*where, "prices", case_id="huge", change=huge)
    monkeypatch.setattr(suite_files, "MAX_UNPACKED_BYTES", 100)
    with pytest.raises(InvalidInputError, match="as large as they may be"):
        suite_files.create_suite(*where, label="More")
    monkeypatch.setattr(suite_files, "MAX_FILES", 1)
    with pytest.raises(InvalidInputError, match="at most 1 files"):
        suite_files.create_suite(*where, label="More")
    with pytest.raises(InvalidInputError, match="not Unicode"):
        suite_files.write_suite(*where, "prices", text="\ud800", base_digest="")
    with pytest.raises(ChangedMeanwhileError):
        suite_files.write_suite(*where, "prices", text="{}", base_digest="")


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("logic/late-fee/late-fee.logic.vts", "logic/late-fee/tests"),
        ("logic/Late Fee/Late Fee.logic.vts", "logic/Late Fee/tests"),
        ("rules/late-fee.logic.vts", "logic/late-fee/tests"),
        ("late-fee.vts", "logic/late-fee/tests"),
    ],
)
def test_suites_are_beside_a_source_that_has_a_folder_of_its_own(path: str, folder: str) -> None:
    assert suite_texts.suite_folder(path, "late-fee") == folder


def test_fragments_are_what_htmx_takes_from_an_answer(world: World) -> None:
    tested = Scene(world, PASSES)
    answer = tested.client.post(f"{tested.url}/tests", data={"all": "y"}, headers=HTMX)
    text = answer.get_data(as_text=True)
    assert "<html" not in text
    for wanted in re.findall(r'hx-(?:select|target)="#([^"]+)"', text):
        if wanted != "dialog-body":
            assert f'id="{wanted}"' in text, wanted
