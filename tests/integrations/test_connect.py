"""The Connect dialog: real addresses, snippets that run, and a way to a key and back."""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from leapter.api_keys.service import revoke_key
from leapter.integrations import snippets
from tests.servers import Server
from tests.world import PRICE, Person, StoredProject, World, world_on

HTMX = {"HX-Request": "true"}
BROKEN = "//* Broken\nfunction broken(a: number) -> b: number { b = c; }\n"

# What a shell, Python and JavaScript each write differently.
AWKWARD = 'Ada’s "$HOME" isn\'t `here` \\n – äöü 🐦'
GREETING = """\
//* Greeting
function greeting(name: type _text, loud: type boolean, weights: list of number) ->
    text: type _text
{
    text = name;
}
"""


def connect_url(project: StoredProject, slug: str | None = None, **query: str) -> str:
    path = f"/projects/{project.id}" + (f"/blueprints/{project.blueprints[slug]}" if slug else "")
    return f"{path}/connect?" + "&".join(f"{name}={value}" for name, value in query.items())


def page(answer: TestResponse) -> BeautifulSoup:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return BeautifulSoup(answer.data, "html.parser")


def shown(client: FlaskClient, url: str) -> BeautifulSoup:
    return page(client.get(url))


def is_route(app: Flask, url: str, method: str) -> bool:
    endpoint, _ = app.url_map.bind("").match(urlsplit(url).path, method=method)
    return bool(endpoint)


def test_each_tab_has_its_address_and_works_as_page_and_as_dialog(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    for tab, title in (("rest", "Web API"), ("mcp", "AI (MCP)"), ("n8n", "n8n")):
        whole = shown(ada.client, connect_url(project, tab=tab))
        assert whole.select_one(".connect .tabs [aria-current=page]").text == title
        assert not whole.select(".connect .tabs [hx-get]")
        part = page(ada.client.get(connect_url(project, tab=tab), headers=HTMX))
        assert part.select_one(".tabs [aria-current=page]").text == title
        links = part.select(".tabs a")
        assert [link["href"] for link in links] == [link["hx-get"] for link in links]
        assert [parse_qs(urlsplit(link["href"]).query)["tab"] for link in links] == [
            ["rest"],
            ["mcp"],
            ["n8n"],
        ]
    opener = shown(ada.client, f"/projects/{project.id}").select_one("#connect-project")
    assert opener["hx-get"].endswith("/connect")


def test_addresses_are_those_that_answer(world: World, app: Flask) -> None:
    ada = world.person()
    project = world.project(ada)
    base = f"http://localhost/runtime/api/v1/{ada.appspace_id}/{project.id}"
    rest = shown(ada.client, connect_url(project))
    address = rest.select_one("#connect-address").text
    assert address == f"{base}/models/{project.blueprints['parcel-price']}/runs"
    assert is_route(app, address, "POST")
    assert f" {base}/openapi " in rest.select_one("#connect-openapi").text
    assert is_route(app, f"{base}/openapi", "GET")
    mcp = shown(ada.client, connect_url(project, tab="mcp"))
    assert mcp.select_one("#connect-mcp-address").text == f"{base}/mcp"
    assert is_route(app, f"{base}/mcp", "POST")
    assert "parcel_price" in mcp.select_one(".connect-part").text


def test_the_configurations_of_mcp_clients_can_be_read_by_them(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    key, _ = world.key(ada, project)

    def snippet(show: str) -> str:
        url = connect_url(project, tab="mcp", show=show, key=key.id)
        return str(shown(ada.client, url).select_one("#connect-snippet").text)

    url = f"http://localhost/runtime/api/v1/{ada.appspace_id}/{project.id}/mcp"
    desktop = json.loads(snippet("claude-desktop"))["mcpServers"]["shipping"]
    assert desktop["command"] == "npx"
    assert desktop["args"][:3] == ["-y", "mcp-remote", url]
    assert desktop["args"][-2:] == ["--header", "X-API-Key:${LEAPTER_API_KEY}"]
    assert desktop["env"] == {"LEAPTER_API_KEY": f"<the key {key.prefix}…>"}
    cursor = json.loads(snippet("cursor"))["mcpServers"]["shipping"]
    assert cursor == {"url": url, "headers": {"X-API-Key": "${env:LEAPTER_API_KEY}"}}
    code = json.loads(snippet("vscode"))
    assert code["servers"]["shipping"]["url"] == url
    assert code["servers"]["shipping"]["headers"] == {"X-API-Key": "${input:leapter-api-key}"}
    assert code["inputs"][0]["id"] == "leapter-api-key"
    assert code["inputs"][0]["password"] is True
    assert "claude mcp add" in snippet("claude-code")
    assert "'X-API-Key: ${LEAPTER_API_KEY}'" in snippet("claude-code")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [("http://localhost:8000/x/mcp", False), ("https://a.example/mcp", False), ("http://10.0.0.1/mcp", True)],
)
def test_the_bridge_is_told_where_plain_http_is_meant(url: str, allowed: bool) -> None:
    entry = json.loads(snippets.claude_desktop_json("a", url, prefix=None))["mcpServers"]["a"]
    assert ("--allow-http" in entry["args"]) is allowed


def test_n8n_gets_a_table_and_a_workflow_without_a_key(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    key, _ = world.key(ada, project)
    url = f"http://localhost/runtime/api/v1/{ada.appspace_id}/{project.id}/models/"
    soup = shown(ada.client, connect_url(project, tab="n8n", key=key.id))
    workflow = json.loads(soup.select_one("#connect-snippet").text)
    (node,) = (node for node in workflow["nodes"] if node["type"].endswith("httpRequest"))
    assert node["parameters"]["url"] == f"{url}{project.blueprints['parcel-price']}/runs"
    rows = {row.th.text: row.td for row in soup.select(".n8n-fields tbody tr") if row.td}
    assert rows["URL"].pre.text == node["parameters"]["url"]
    assert rows["Value"].text == f"the key {key.prefix}…"
    assert rows["Header Auth"].text == node["credentials"]["httpHeaderAuth"]["name"]
    leapter = shown(ada.client, connect_url(project, tab="n8n", show="leapter"))
    assert leapter.select_one(".n8n-fields pre").text == "http://localhost"


def test_the_chooser_lists_the_active_keys_of_the_project_and_shows_the_chosen_one(world: World) -> None:
    ada = world.person()
    project, other = world.project(ada), world.project(ada, "Other")
    first, _ = world.key(ada, project, name="First")
    second, secret = world.key(ada, project, other, name="Second")
    elsewhere, _ = world.key(ada, other, name="Elsewhere")
    gone, _ = world.key(ada, project, name="Gone")
    revoke_key(ada.actor, gone.id)
    soup = shown(ada.client, connect_url(project))
    options = [option.text for option in soup.select("#connect-key option")]
    assert options == ["Choose a key…", f"First ({first.prefix}…)", f"Second ({second.prefix}…)"]
    for tab in ("rest", "mcp", "n8n"):
        text = ada.client.get(connect_url(project, tab=tab, key=second.id)).get_data(as_text=True)
        assert secret not in text
        assert f'href="/api-keys/{second.id}"' in text
        assert "never used" in text
        test = BeautifulSoup(text, "html.parser").select_one("#connect-test")["href"]
        assert parse_qs(urlsplit(test).query) == {"client": [tab], "key": [second.id], "start": ["1"]}
    for lost in (elsewhere.id, gone.id, "nonsense"):
        soup = shown(ada.client, connect_url(project, key=lost))
        assert "may not call this project" in soup.select_one(".notice-warning").text
        assert not soup.select("#connect-key option[selected]")


def test_a_blueprint_is_chosen_on_the_projects_dialog_and_fixed_on_its_own(world: World) -> None:
    ada = world.person()
    sources = {"b": PRICE.replace("Parcel Price", "B"), "a": PRICE.replace("Parcel Price", "A"), "c": BROKEN}
    project = world.project(ada, blueprints=sources)
    soup = shown(ada.client, connect_url(project))
    first, *_ = options = [option.text for option in soup.select("#connect-blueprint option")]
    assert sorted(options) == ["A", "B"]
    other = {"A": "b", "B": "a"}[first]
    chosen = shown(ada.client, connect_url(project, blueprint=project.blueprints[other]))
    assert f"/models/{project.blueprints[other]}/runs" in chosen.select_one("#connect-address").text
    broken = f"/projects/{project.id}/blueprints/{project.blueprints['c']}"
    assert "1 Blueprint cannot run" in chosen.select_one(".left-out").text
    assert chosen.select_one(".left-out a")["href"] == broken
    own = shown(ada.client, connect_url(project, other))
    assert not own.select("#connect-blueprint, .left-out")
    assert f"/models/{project.blueprints[other]}/runs" in own.select_one("#connect-address").text


def test_what_cannot_run_says_so_and_what_to_do(world: World) -> None:
    ada = world.person()
    broken = world.project(ada, "Broken", {"broken": BROKEN})
    empty = world.project(ada, "Empty", {})
    for url, link in (
        (connect_url(broken, "broken"), f"/projects/{broken.id}/blueprints/{broken.blueprints['broken']}"),
        (connect_url(broken), f"/projects/{broken.id}/import-report"),
        (connect_url(empty), f"/projects/{empty.id}/blueprints/new"),
    ):
        soup = shown(ada.client, url)
        assert soup.select_one(".notice a")["href"] == link
        assert not soup.select(".connect .tabs, .connect pre")


def test_members_may_connect_and_strangers_find_nothing(world: World, client: FlaskClient) -> None:
    ada = world.person()
    project = world.project(ada)
    for url in (connect_url(project), connect_url(project, "parcel-price")):
        assert world.member(ada).client.get(url).status_code == 200
        assert world.person("Mallory").client.get(url).status_code == 404
        assert client.get(url).location.startswith("/sign-in")


# ---- a key, made on the way ----


def create(person: Person, project: StoredProject, then: str) -> TestResponse:
    form = page(person.client.get("/api-keys/new", query_string={"project": project.id, "then": then}))
    boxes = form.select(".dialog-form input[name]:not([type=checkbox]), .dialog-form input[checked]")
    fields = {box["name"]: box.get("value", "") for box in boxes}
    assert form.select_one("[name=projects]").has_attr("checked")
    return person.client.post("/api-keys/new", data={**fields, "name": "Made here"})


def test_a_key_made_here_leads_back_with_itself_chosen(world: World) -> None:
    ada = world.person()
    world.project(ada, "Another")  # by name it comes first, but the chosen ones are seen at once
    project = world.project(ada)
    slug = project.blueprints["parcel-price"]
    dialog = shown(ada.client, connect_url(project, tab="mcp", show="cursor", blueprint=slug))
    then = parse_qs(urlsplit(dialog.select_one("#connect-create-key")["href"]).query)["then"][0]
    reveal = page(create(ada, project, then))
    form = reveal.select_one("[data-key-reveal]")
    assert form["action"] == f"/projects/{project.id}/connect"
    assert form.select_one("[type=submit]").text == "I have stored it. Continue to Connect"
    query = {field["name"]: field["value"] for field in form.select("input[type=hidden]")}
    assert query.keys() == {"tab", "show", "blueprint", "key"}
    back = page(ada.client.get(form["action"], query_string=query))
    assert back.select_one(".shown-choice [aria-current]").text == "Cursor"
    assert "Made here" in back.select_one("#connect-key option[selected]").text
    pages = [urlsplit(link["href"]).path for link in form.select(".where-to a")]
    assert pages == ["/integrations/rest", "/integrations/mcp", "/integrations/n8n"]


@pytest.mark.parametrize(
    "then",
    [
        "https://evil.example/projects/{id}/connect",
        "//evil.example/projects/{id}/connect",
        "/\\evil.example",
        "/api-keys/{id}/revoke",
        "/sign-out",
        "/nothing",
        "javascript:alert(1)",
        "/projects/{id}/connect" + "x" * 600,
    ],
)
def test_the_way_back_leads_nowhere_else(world: World, then: str) -> None:
    ada = world.person()
    project = world.project(ada)
    form = page(create(ada, project, then.format(id=project.id))).select_one("[data-key-reveal]")
    assert form["action"] == "/api-keys"


def test_the_way_back_keeps_only_what_its_page_knows(world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    then = f"/projects/{project.id}/connect?tab=n8n&created=1&key=other&x=y#z"
    form = page(create(ada, project, then)).select_one("[data-key-reveal]")
    assert {field["name"] for field in form.select("input[type=hidden]")} == {"tab", "key"}
    assert form.select_one("[name=key]")["value"] != "other"


# ---- the snippets, as printed, against a real server ----


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("connect"), workers=1) as server:
        yield server


@pytest.fixture
def server_world(server: Server) -> Iterator[World]:
    with world_on(server) as world:
        yield world


RUNS = {
    "curl": ["bash", "-c"],
    "python": [sys.executable, "-c"],
    "javascript": ["node", "-e"],
}


def fetched(server: Server, person: Person, path: str) -> BeautifulSoup:
    cookie = person.client.get_cookie("leapter_session")
    assert cookie is not None
    request = urllib.request.Request(server.url + path, headers={"Cookie": f"{cookie.key}={cookie.value}"})
    with urllib.request.urlopen(request) as answer:
        return BeautifulSoup(answer.read(), "html.parser")


def test_the_snippets_run_as_printed_and_say_why_they_are_refused(
    server: Server, server_world: World, tmp_path: Path
) -> None:
    ada = server_world.person()
    project = server_world.project(ada, blueprints={"greeting": GREETING})
    inputs = {"name": AWKWARD, "loud": True, "weights": [1, 2.5, -3e-7, 10**15]}
    case = {"id": "one", "label": "One", "input": inputs, "expectedOutput": {"text": AWKWARD}}
    server_world.suite(project, case, slug="greeting")
    key, secret = server_world.key(ada, project)

    def run(
        show: str, snippet: str = "connect-snippet", key: str = secret
    ) -> subprocess.CompletedProcess[str]:
        code = fetched(server, ada, connect_url(project, show=show)).select_one(f"#{snippet}").text
        return subprocess.run(
            [*RUNS[show], code],
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "LEAPTER_API_KEY": key},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    for show in RUNS:
        done = run(show)
        assert done.returncode == 0, done.stderr
        printed = done.stdout
        if show == "curl":
            assert json.loads(printed) == {"outputData": {"text": AWKWARD}}
        else:
            assert re.match(r"\{ ?'?text'?: ", printed)
            assert "🐦" in printed
    # As a person does it: the shell asks for the key first.
    ask = fetched(server, ada, connect_url(project)).select_one("#connect-variable").text
    first_call = (
        fetched(server, ada, f"/integrations/rest?project={project.id}").select_one("#step-first").text
    )
    done = subprocess.run(
        ["bash", "-c", f"{ask}\n{first_call}"],
        input=f"{secret}\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "greeting" in done.stdout
    assert secret not in done.stdout + done.stderr
    document = tmp_path / "openapi.json"
    assert run("curl", "connect-openapi").returncode == 0
    assert json.loads(document.read_text())["openapi"] == "3.0.3"
    document.unlink()
    for show in ("python", "javascript"):
        done = run(show, key="")
        assert (done.returncode, done.stderr) == (1, "Set LEAPTER_API_KEY first.\n")
    revoke_key(ada.actor, key.id)
    assert run("curl", "connect-openapi").returncode != 0
    assert not document.exists()
    for show in RUNS:
        done = run(show)
        told = done.stdout if show == "curl" else done.stderr
        assert "revoked" in told, told
        assert "Traceback" not in told
        assert show == "curl" or done.returncode == 1
