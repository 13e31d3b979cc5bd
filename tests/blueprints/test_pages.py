import html
import io
import re
import zipfile
from contextvars import Context

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from leapter.blueprints import runs, service
from leapter.blueprints.template_source import TEMPLATE_SOURCE
from leapter.db import db
from leapter.errors import NotFoundError
from leapter.projects.service import change_settings
from tests.blueprints.sources import BROKEN, INPUTS, fee
from tests.world import PRICE, Person, StoredProject, World

HTMX = {"HX-Request": "true"}


def soup(client: FlaskClient, url: str) -> BeautifulSoup:
    answer = client.get(url)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return BeautifulSoup(answer.data, "html.parser")


def page_of(project: StoredProject, slug: str = "parcel-price") -> str:
    return f"/projects/{project.id}/blueprints/{project.blueprints[slug]}"


def with_inputs(world: World) -> tuple[Person, StoredProject]:
    ada = world.person()
    return ada, world.project(ada, blueprints={"every-input": INPUTS})


FILLED = {
    "input.weight": "2",
    "input.note": "tell",
    "input.remote": "false",
    "input.zone": '"eu"',
    "input.level": "1",
    "input.prices": "1\r\n2.5",
    "input.names": "x\r\ny",
    "input.greeting": "<hi>",
}

# ---- who may see what ----


@pytest.mark.parametrize(
    "path",
    [
        "/projects/{project}",
        "/projects/{project}/blueprints",
        "/projects/{project}/import-report",
        "/projects/{project}/blueprints/new",
        "/projects/{project}/blueprints/{blueprint}",
        "/projects/{project}/blueprints/{blueprint}/edit",
        "/projects/{project}/blueprints/{blueprint}/specification",
        "/projects/{project}/blueprints/{blueprint}/flow",
    ],
)
def test_pages_open_for_members_and_for_nobody_else(world: World, path: str) -> None:
    ada = world.person()
    project = world.project(ada)
    url = path.format(project=project.id, blueprint=project.blueprints["parcel-price"])
    assert "Shipping" in ada.client.get(url).get_data(as_text=True)
    assert world.member(ada).client.get(url).status_code == 200
    stranger = world.person("Eve").client.get(url)
    assert stranger.status_code == 404
    assert "Shipping" not in stranger.get_data(as_text=True)
    assert world.app.test_client().get(url).location.startswith("/sign-in")


@pytest.mark.parametrize("action", ["run", "edit", "../new"])
def test_a_stranger_can_do_nothing(world: World, action: str) -> None:
    ada = world.person()
    project = world.project(ada)
    url = page_of(project) + "/run" if action == "run" else page_of(project) + "/edit"
    if action == "../new":
        url = f"/projects/{project.id}/blueprints/new"
    data = {"input.weight_kg": "1", "source": fee(), "base_revision_id": "x"}
    assert world.person("Eve").client.post(url, data=data).status_code == 404
    assert world.app.test_client().post(url, data=data).location.startswith("/sign-in")
    (shown,) = service.list_blueprints(ada.actor, project.id)
    assert shown.newest.number == 1
    assert runs.latest_runs(shown) == []


def test_a_block_alone_is_what_htmx_gets(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    for url in ("/projects", f"/projects/{project.id}", page_of(project), page_of(project) + "/edit"):
        fragment = ada.client.get(url, headers=HTMX).get_data(as_text=True)
        assert "<html" not in fragment
        assert "<h1" in fragment


@pytest.mark.parametrize("bad", ["x", "00000000-0000-0000-0000-000000000000", "%00"])
def test_an_address_that_names_nothing_is_a_404(world: World, bad: str) -> None:
    ada = world.person()
    project = world.project(ada)
    assert ada.client.get(f"/projects/{bad}").status_code == 404
    assert ada.client.get(f"/projects/{project.id}/blueprints/{bad}").status_code == 404


def test_the_id_in_capitals_opens_the_same_page(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    assert ada.client.get(f"/projects/{project.id.upper()}").status_code == 200


# ---- the list, and examples ----


def test_the_empty_page_says_what_a_project_is_and_offers_the_examples(world: World) -> None:
    ada = world.person()
    page = soup(ada.client, "/projects")
    assert "A project is a set of Blueprints" in page.text
    assert page.find(id="create-project")
    assert page.find(id="import-project")
    form = page.find(id="example-parcel-shipping").find_parent("form")
    answer = ada.client.post(form["action"])
    assert answer.status_code == 303
    assert "Parcel Price" in ada.client.get(answer.location).get_data(as_text=True)
    assert not soup(ada.client, "/projects").find(id="example-parcel-shipping")


def test_the_list_counts_the_blueprints_of_each_project(world: World) -> None:
    ada = world.person()
    world.project(ada, "Fees", blueprints={"a": fee("A"), "b": fee("B")})
    world.project(ada, "Nothing", blueprints={})
    world.project(world.person("Eve"), "Hidden")
    rows = soup(ada.client, "/projects").select("tbody tr")
    assert [(row.th.a.text, row.td.text) for row in rows] == [("Fees", "2"), ("Nothing", "0")]


def test_an_example_that_does_not_exist_is_a_404(world: World) -> None:
    assert world.person().client.post("/projects/examples/nothing").status_code == 404


# ---- a project ----


def test_a_project_shows_which_blueprints_run(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"late-fee": fee(), "odd": BROKEN.replace("Late", "Odd")})
    rows = {row.th.a.text: row.text for row in soup(ada.client, f"/projects/{project.id}").select("tbody tr")}
    assert "Ready" in rows["Late Fee"]
    assert "Main" in rows["Late Fee"]
    assert "late_fee" in rows["Late Fee"]
    assert "Cannot run" in rows["Odd Fee"]
    assert "1 error" in rows["Odd Fee"]


# ---- import ----


def zipped(files: dict[str, str]) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for path, text in files.items():
            target.writestr(path, text)
    buffer.seek(0)
    return buffer


def test_an_import_reports_every_finding_with_file_line_and_column(world: World) -> None:
    ada = world.person()
    files = {"logic/late-fee/late-fee.logic.vts": BROKEN, "logic/late-fee/tests/a.test.json": "{"}
    answer = ada.client.post("/projects/import", data={"files": (zipped(files), "fees.zip"), "name": "Dues"})
    assert answer.status_code == 303
    page = soup(ada.client, answer.location)
    text = " ".join(page.text.split())
    place = page.select_one(".finding-place a[href$='#L8']")
    assert place is not None
    source = soup(ada.client, str(place["href"]).partition("#")[0])
    assert "^" in (source.select_one("#L8 + .line-finding .excerpt") or source).text
    assert "Dues: 1 Blueprint, 1 other file." in text
    assert "logic/late-fee/late-fee.logic.vts line 8, column 11" in text
    assert "logic/late-fee/tests/a.test.json line 1, column 2" in text
    assert "The tests of Late Fee were not run, since it cannot run." in text


def test_several_source_files_import_as_one_project(world: World) -> None:
    ada = world.person()
    files = [(io.BytesIO(fee(name).encode()), f"{name}.vts") for name in ("b", "a")]
    answer = ada.client.post("/projects/import", data={"files": files, "name": ""})
    page = soup(ada.client, answer.location)
    assert "B: 2 Blueprints." in page.text
    assert "every Blueprint is ready to run" in page.text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("fees.zip", b"not a zip", "fees.zip is not a zip that can be read"),
        ("late-fee.vts", b"\xff", "late-fee.vts is not UTF-8 text"),
        ("late-fee.vts", b"\0", "late-fee.vts is not text: line 1 holds a NUL byte"),
    ],
)
def test_an_import_that_is_refused_says_why_beside_the_field(
    world: World, name: str, content: bytes, said: str
) -> None:
    ada = world.person()
    answer = ada.client.post("/projects/import", data={"files": (io.BytesIO(content), name), "name": "Kept"})
    assert answer.status_code == 422
    page = BeautifulSoup(answer.data, "html.parser")
    field = page.find(id="files")
    assert said in page.find(id=field["aria-describedby"].split()[-1]).text
    assert page.find(id="name")["value"] == "Kept"


def test_an_import_of_nothing_asks_for_files(world: World) -> None:
    answer = world.person().client.post("/projects/import", data={"name": ""})
    assert answer.status_code == 422
    assert "Choose a zip of a project, or .vts files." in answer.get_data(as_text=True)


def test_an_upload_of_more_than_16_mebibytes_is_refused(world: World) -> None:
    answer = world.person().client.post(
        "/projects/import",
        data=b"--x--",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(16 * 1024 * 1024 + 1)},
    )
    assert answer.status_code == 413
    page = BeautifulSoup(answer.data, "html.parser")
    files = page.find(id="files")
    assert files["aria-invalid"] == "true"
    assert "larger than 16 MiB" in page.find(id=files["aria-describedby"].split()[-1]).text


def test_a_large_upload_of_nobody_in_particular_shows_no_form(world: World) -> None:
    answer = world.app.test_client().post(
        "/projects/import", environ_overrides={"CONTENT_LENGTH": str(16 * 1024 * 1024 + 1)}
    )
    assert "files" not in answer.get_data(as_text=True)
    assert answer.status_code in (303, 413)


@pytest.mark.parametrize("name", ["x.exe", "notes"])
def test_a_file_of_another_kind_is_told_what_is_taken(world: World, name: str) -> None:
    data = {"files": (io.BytesIO(b"MZ"), name), "name": "Kept"}
    answer = world.person().client.post("/projects/import", data=data)
    assert answer.status_code == 422
    assert f"{name} cannot be imported; choose a .zip or .vts file." in answer.get_data(as_text=True)
    assert 'value="Kept"' in answer.get_data(as_text=True)


def test_the_list_is_searched_and_paged_by_its_address(world: World) -> None:
    ada = world.person()
    for number in range(51):
        world.project(ada, f"Fees {number:02}", blueprints={})
    world.project(ada, "Shipping", blueprints={})

    def names(url: str) -> list[str]:
        return [row.th.a.text for row in soup(ada.client, url).select("tbody tr")]

    assert names("/projects?q=ship") == ["Shipping"]
    assert len(names("/projects?q=fees")) == 50
    following = soup(ada.client, "/projects?q=fees").find(id="page-next")["href"]
    assert names(following) == ["Fees 50"]
    assert len(names("/projects?page=x")) == 50
    assert names("/projects?page=99") == ["Fees 50", "Shipping"]
    nothing = soup(ada.client, "/projects?q=%3Cb%3E")
    assert "No project has “<b>” in its name." in nothing.text
    assert not nothing.find(id="example-parcel-shipping")


# ---- a Blueprint ----


def test_a_name_of_several_words_stands_as_it_is_written(world: World) -> None:
    ada = world.person()
    page = soup(ada.client, page_of(world.project(ada)))
    assert page.select_one(".parameters tbody th code").text == "weight_kg"


def test_the_page_tells_inputs_outputs_and_source(world: World) -> None:
    ada, project = with_inputs(world)
    page = soup(ada.client, page_of(project, "every-input"))
    inputs = {row.th.code.text: " ".join(row.text.split()) for row in page.select(".parameters tbody tr")}
    assert inputs["weight"] == "weight Weight (kg)On the scale. number required required"
    assert inputs["zone"] == "zone Zone text eu world required required"
    assert inputs["names"] == 'names Names list of texts default ["a", "b"] ["a", "b"]'
    assert inputs["greeting"].endswith('"hello"')
    assert inputs["total"].startswith("total Total number")
    lines = page.select(".line")
    assert [line["id"] for line in lines[:2]] == ["L1", "L2"]
    # The parser of this test, unlike a browser, shortens the spaces before a span.
    assert [line.text.strip() for line in lines] == [line.strip() for line in INPUTS.splitlines()]


def test_a_finding_stands_beside_its_line(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"late-fee": BROKEN})
    page = soup(ada.client, page_of(project, "late-fee"))
    beside = page.find(id="L8").find_next_sibling()
    assert "Error in line 8" in beside.text
    assert "unknown_name" in beside.text
    assert "This Blueprint cannot run" in page.text
    assert not page.find("button", string=re.compile("Run"))
    assert not page.find(id="curl")


def test_a_finding_after_the_last_line_is_shown_too(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"late-fee": fee().removesuffix("}\n") + "\n\n"})
    assert soup(ada.client, page_of(project, "late-fee")).select(".line-finding")


def test_the_curl_line_has_the_real_address_and_inputs_that_pass(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    answer = ada.client.get(page_of(project), base_url="http://localhost:8443")
    curl = BeautifulSoup(answer.data, "html.parser").find(id="curl").text
    blueprint_id = project.blueprints["parcel-price"]
    url = f"/runtime/api/v1/{ada.appspace_id}/{project.id}/models/{blueprint_id}/runs"
    assert f"curl http://localhost:8443{url} " in curl
    assert '-H "X-API-Key: $LEAPTER_API_KEY"' in curl
    assert re.search(r"-d '\{\"weight_kg\": [0-9.]+\}'", curl)


def test_a_label_is_text_and_nothing_else(world: World) -> None:
    ada = world.person()
    source = PRICE.replace("Parcel Price", "<img src=x> Price").replace("Weight (kg)", "<b>W</b>")
    project = world.project(ada, name="<i>P</i>", blueprints={"parcel-price": source})
    for url in (page_of(project), f"/projects/{project.id}", page_of(project) + "/edit", "/projects"):
        text = ada.client.get(url).get_data(as_text=True)
        assert "<img src=x>" not in text
        assert "<b>W</b>" not in text
        assert "<i>P</i>" not in text


# ---- the Run panel ----


def test_a_run_shows_its_outputs_as_a_table_and_as_json(world: World) -> None:
    ada, project = with_inputs(world)
    answer = ada.client.post(page_of(project, "every-input") + "/run", data=FILLED)
    assert answer.status_code == 200
    result = BeautifulSoup(answer.data, "html.parser").find(id="run-result")
    values = [cell.text for cell in result.select("td")]
    assert values == ["6.5", "eu x+y <hi> false"]
    assert '"total": 6.5' in result.find(id="run-json").text


def test_what_was_typed_stays(world: World) -> None:
    ada, project = with_inputs(world)
    answer = ada.client.post(
        page_of(project, "every-input") + "/run", data=FILLED | {"input.weight": "heavy"}
    )
    assert answer.status_code == 422
    page = BeautifulSoup(answer.data, "html.parser")
    assert page.find(id="input.weight")["value"] == "heavy"
    assert page.find(id="input.weight")["aria-invalid"] == "true"
    assert page.find(id="input.prices").text.split() == ["1", "2.5"]
    assert page.select_one("#input\\.zone option[selected]")["value"] == '"eu"'
    assert page.find(id="input.greeting")["value"] == "<hi>"
    assert 'This must be a number such as 12.5, not "heavy".' in page.find(id="input.weight-error").text


def test_a_date_that_does_not_exist_stands_as_typed_with_its_fault(world: World) -> None:
    ada = world.person()
    source = "//* Due\nfunction due(day: date) -> out: date { out = add_duration(day, 'P1M'); }"
    project = world.project(ada, blueprints={"due": source})
    answer = ada.client.post(page_of(project, "due") + "/run", data={"input.day": "2026-02-30"})
    assert answer.status_code == 422
    page = BeautifulSoup(answer.data, "html.parser")
    # A field of type date would send nothing of what it cannot read.
    assert (page.find(id="input.day")["type"], page.find(id="input.day")["value"]) == ("text", "2026-02-30")
    assert "Such as 2026-03-31." in page.find(id="input.day-hint").text
    assert "there is no 2026-02-30." in page.find(id="input.day-error").text
    answer = ada.client.post(page_of(project, "due") + "/run", data={"input.day": "2026-01-31"})
    assert "2026-02-28" in BeautifulSoup(answer.data, "html.parser").find(id="run-result").text


def test_faults_of_the_run_stand_beside_their_inputs(world: World) -> None:
    ada, project = with_inputs(world)
    answer = ada.client.post(
        page_of(project, "every-input") + "/run", data=FILLED | {"input.prices": '[1, "x"]', "input.note": ""}
    )
    assert answer.status_code == 422
    page = BeautifulSoup(answer.data, "html.parser")
    assert "prices[1]" in page.find(id="input.prices-error").text
    assert "This is required." in page.find(id="input.note-error").text
    assert "2 inputs need another look" in page.find(id="run-result").text


def test_an_error_of_the_blueprint_names_its_node_and_line(world: World) -> None:
    ada, project = with_inputs(world)
    answer = ada.client.post(page_of(project, "every-input") + "/run", data=FILLED | {"input.note": "fail"})
    assert answer.status_code == 422
    result = BeautifulSoup(answer.data, "html.parser").find(id="run-result")
    assert "It was asked to fail." in result.text
    assert "Say so" in result.text
    line = INPUTS.split("\n").index('            throw "It was asked to fail.";') + 1
    assert result.find("a")["href"] == f"#L{line}"


def test_htmx_gets_the_panel_alone_and_the_list_of_runs_is_told(world: World) -> None:
    ada, project = with_inputs(world)
    answer = ada.client.post(page_of(project, "every-input") + "/run", data=FILLED, headers=HTMX)
    text = answer.get_data(as_text=True)
    assert text.strip().startswith('<section class="card run" id="run"')
    assert "leapter:ran" in answer.headers["HX-Trigger"]


def test_the_example_fills_the_panel_with_inputs_that_run(world: World) -> None:
    ada, project = with_inputs(world)
    page = soup(ada.client, page_of(project, "every-input") + "?inputs=example")
    data = {field["name"]: field.get("value", field.text) for field in page.select("#run .input")}
    data |= {
        select["name"]: select.select_one("option[selected]")["value"]
        for select in page.select("#run select")
    }
    assert ada.client.post(page_of(project, "every-input") + "/run", data=data).status_code == 200


def test_a_blueprint_that_cannot_run_does_not_run(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"late-fee": BROKEN})
    answer = ada.client.post(page_of(project, "late-fee") + "/run")
    assert answer.status_code == 422
    assert "nothing to run" in answer.get_data(as_text=True)


def test_the_panel_runs_the_revision_in_force_not_the_newest(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"late-fee": fee()})
    shown = service.get_blueprint(ada.actor, project.id, project.blueprints["late-fee"])
    data = {"source": BROKEN, "base_revision_id": shown.newest.id}
    ada.client.post(page_of(project, "late-fee") + "/edit", data=data)
    answer = ada.client.post(page_of(project, "late-fee") + "/run")
    assert answer.status_code == 200
    assert "Run revision 1" in answer.get_data(as_text=True)


# ---- runs ----


def test_a_run_is_listed_with_who_ran_it_and_without_its_data(world: World) -> None:
    ada, project = with_inputs(world)
    url = page_of(project, "every-input")
    ada.client.post(url + "/run", data=FILLED, headers={"User-Agent": "agent/1 \x7f" + "x" * 300})
    ada.client.post(url + "/run", data=FILLED | {"input.note": "fail"})
    failed, succeeded = soup(ada.client, url).select("#latest-runs tbody tr:not(.row-more)")
    assert "200" in succeeded.text
    assert "Ada" in succeeded.text
    assert "in the console" in succeeded.text
    # What was thrown may quote an input, and this project keeps none.
    assert "It was asked to fail." not in failed.text
    assert re.search(r"The Blueprint refused at .*line \d+\.", failed.text)
    assert not succeeded.find("details")
    stored = runs.latest_runs(service.get_blueprint(ada.actor, project.id, project.blueprints["every-input"]))
    assert [run.status for run in stored] == [422, 200]
    assert stored[0].error_code == "blueprint_error"
    assert (stored[1].key_id, stored[1].input_data, stored[1].output_data) == (None, None, None)


def test_data_of_runs_is_kept_where_the_project_says_so(world: World) -> None:
    ada, project = with_inputs(world)
    change_settings(ada.actor, project.id, ignores_unknown_inputs=False, keeps_run_data=True)
    url = page_of(project, "every-input")
    ada.client.post(url + "/run", data=FILLED)
    text = soup(ada.client, url).select_one("#latest-runs .run-data").text
    assert '"weight": 2' in text
    assert '"total": 6.5' in text
    ada.client.post(url + "/run", data=FILLED | {"input.note": "fail"})
    assert "It was asked to fail." in soup(ada.client, url).select_one("#latest-runs").text


def test_no_value_typed_into_the_panel_is_stored_in_the_message_of_a_run(world: World) -> None:
    ada, project = with_inputs(world)
    answer = ada.client.post(
        page_of(project, "every-input") + "/run",
        data=FILLED | {"input.zone": '"4711"', "input.level": "4712"},
    )
    assert "4711" in answer.get_data(as_text=True)
    shown = service.get_blueprint(ada.actor, project.id, project.blueprints["every-input"])
    (stored,) = runs.latest_runs(shown)
    assert stored.error_message == "Inputs do not fit: `zone`, `level`."


def test_the_latest_50_runs_are_listed(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    shown = service.get_blueprint(ada.actor, project.id, project.blueprints["parcel-price"])
    for weight in range(51):
        runs.run_in_console(ada.actor, shown, {"weight_kg": weight})
    assert len(soup(ada.client, page_of(project)).select("#latest-runs tbody tr:not(.row-more)")) == 50


@pytest.mark.both_databases
def test_a_run_of_a_project_that_was_deleted_meanwhile_finds_it_gone(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    shown = service.get_blueprint(ada.actor, project.id, project.blueprints["parcel-price"])
    db.session.commit()
    url = f"/projects/{project.id}/delete"
    # As another worker would: what this one has read stays as it was.
    Context().run(FlaskClient.open, ada.client, url, method="POST", data={"name": "Shipping"})
    with pytest.raises(NotFoundError):
        runs.run_in_console(ada.actor, shown, {"weight_kg": 2})


@pytest.mark.both_databases
def test_a_thrown_message_that_no_database_can_hold_is_recorded_all_the_same(world: World) -> None:
    ada = world.person()
    source = fee(extra='    //* Fail\n    throw "a\\u0000b\\ud800";\n')
    project = world.project(ada, blueprints={"late-fee": source})
    change_settings(ada.actor, project.id, ignores_unknown_inputs=False, keeps_run_data=True)
    shown = service.get_blueprint(ada.actor, project.id, project.blueprints["late-fee"])
    assert runs.run_in_console(ada.actor, shown, {}).error is not None
    (stored,) = runs.latest_runs(shown)
    assert stored.error_message is not None
    assert stored.error_message.startswith("a\ufffdb")


# ---- edit and create ----


def test_saving_makes_a_new_revision_and_says_what_is_in_force(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"late-fee": fee()})
    url = page_of(project, "late-fee")

    def save(source: str) -> str:
        base = soup(ada.client, url + "/edit").find(id="base_revision_id")["value"]
        answer = ada.client.post(url + "/edit", data={"source": source, "base_revision_id": base})
        assert answer.status_code == 303
        return html.unescape(ada.client.get(answer.location).get_data(as_text=True))

    assert "Revision 2 saved. It is in force from now on; it has no tests yet." in save(fee(amount="6"))
    assert (
        "Revision 3 saved. It cannot run: 1 error, so its tests were not run. Revision 2 stays in force."
        in save(BROKEN)
    )
    assert "Nothing has changed: this is revision 3." in save(BROKEN)
    assert "Revision 4 saved. It is in force from now on; it has no tests yet." in save(fee())


def test_a_source_survives_the_form_unchanged(world: World) -> None:
    ada = world.person()
    source = "\n\n" + fee().replace("What is due.", "</textarea> & <b>")
    project = world.project(ada, blueprints={"late-fee": source})
    url = page_of(project, "late-fee") + "/edit"
    page = soup(ada.client, url)
    # A browser drops the line end right after <textarea>, and sends CR LF for every other one.
    shown = page.find("textarea").text.replace("\r\n", "\n").removeprefix("\n")
    assert shown == source
    data = {
        "source": shown.replace("\n", "\r\n"),
        "base_revision_id": page.find(id="base_revision_id")["value"],
    }
    answer = ada.client.post(url, data=data)
    assert "Nothing has changed" in ada.client.get(answer.location).get_data(as_text=True)


def test_a_save_over_somebody_elses_revision_shows_theirs_and_loses_nothing(world: World) -> None:
    ada = world.person()
    grace = world.member(ada)
    project = world.project(ada, blueprints={"late-fee": fee()})
    url = page_of(project, "late-fee") + "/edit"
    base = soup(ada.client, url).find(id="base_revision_id")["value"]
    grace.client.post(url, data={"source": fee(amount="6"), "base_revision_id": base})
    answer = ada.client.post(url, data={"source": fee(amount="7"), "base_revision_id": base})
    assert answer.status_code == 409
    page = BeautifulSoup(answer.data, "html.parser")
    assert "Grace saved revision 2" in page.text
    assert "fee = 7;" in page.find("textarea").text
    assert "fee = 6;" in page.select_one(".source").text
    again = page.find(id="base_revision_id")["value"]
    saved = ada.client.post(url, data={"source": fee(amount="7"), "base_revision_id": again})
    assert saved.status_code == 303
    (shown,) = service.list_blueprints(ada.actor, project.id)
    assert (shown.newest.number, shown.newest.source) == (3, fee(amount="7"))


def test_a_new_blueprint_starts_from_a_template_that_runs(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={})
    url = f"/projects/{project.id}/blueprints/new"
    assert soup(ada.client, url).find("textarea").text.strip() == TEMPLATE_SOURCE.strip()
    answer = ada.client.post(url, data={"source": TEMPLATE_SOURCE.replace("\n", "\r\n")})
    assert answer.status_code == 303
    assert "Blueprint Discount created." in ada.client.get(answer.location).get_data(as_text=True)
    (shown,) = service.list_blueprints(ada.actor, project.id)
    assert shown.newest.source == TEMPLATE_SOURCE
    assert shown.findings == ()
    run = ada.client.post(
        answer.location + "/run", data={"input.total": "200", "input.level": '"gold"'}
    ).get_data(as_text=True)
    assert "&#34;saved&#34;: 20" in run


def test_a_new_blueprint_with_errors_is_stored_and_says_so(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={})
    answer = ada.client.post(f"/projects/{project.id}/blueprints/new", data={"source": BROKEN})
    assert answer.status_code == 303
    assert "Blueprint created. It cannot run yet: 1 error." in ada.client.get(answer.location).get_data(
        as_text=True
    )


def test_a_source_that_cannot_be_stored_stays_in_the_form(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    for url in (page_of(project) + "/edit", f"/projects/{project.id}/blueprints/new"):
        answer = ada.client.post(url, data={"source": "typed\0text"})
        assert answer.status_code == 422
        page = BeautifulSoup(answer.data, "html.parser")
        assert "NUL byte" in page.text
        assert "typed" in page.find("textarea").text


def test_a_source_of_a_mebibyte_goes_through_the_form(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={})
    source = fee() + "// é\n" + " " * (1024 * 1024 - len(fee()) - len("// é\n".encode()))
    head = b'--x\r\nContent-Disposition: form-data; name="source"\r\n\r\n'
    answer = ada.client.post(
        f"/projects/{project.id}/blueprints/new",
        data=head + source.encode() + b"\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 303
    (shown,) = service.list_blueprints(ada.actor, project.id)
    assert shown.newest.source == source


def test_names_in_messages_are_shown_as_code(world: World) -> None:
    ada = world.person()
    source = PRICE.replace("weight_kg * 2.5", "wieght_kg * 2.5")
    project = world.project(ada, blueprints={"parcel-price": source})
    url = f"/projects/{project.id}/blueprints/{project.blueprints['parcel-price']}"
    finding = BeautifulSoup(ada.client.get(url).data, "html.parser").select_one(".line-finding p")
    assert [code.text for code in finding.find_all("code")] == ["wieght_kg", "weight_kg"]
    assert "`" not in finding.text


def test_all_faults_are_told_in_one_round_and_inputs_are_counted(world: World) -> None:
    ada, project = with_inputs(world)
    typed = FILLED | {"input.weight": "12.000,50", "input.prices": '["x", "y"]', "input.note": ""}
    answer = ada.client.post(page_of(project, "every-input") + "/run", data=typed)
    page = BeautifulSoup(answer.data, "html.parser")
    assert "12.000,50" in page.find(id="input.weight-error").text
    assert "prices[1]" in page.find(id="input.prices-error").text
    assert "This is required." in page.find(id="input.note-error").text
    assert "3 inputs need another look" in page.find(id="run-result").text
