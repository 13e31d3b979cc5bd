"""The official client of the Model Context Protocol against two workers, in each of its modes."""

import json
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp_types import TextContent, Tool

from leapter.api_keys import service as api_keys
from leapter.blueprints.call_examples import call_examples
from leapter.blueprints.importing import EXAMPLES_FOLDER, import_archive, import_example
from leapter.projects.archive import read_files
from tests.mcp_client import MODES, with_client
from tests.runtime.conftest import BLUEPRINTS
from tests.servers import Server
from tests.world import World, world_on


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("mcp"), workers=2) as server:
        yield server


@pytest.fixture
def world(server: Server) -> Iterator[World]:
    """Makes people, projects and keys in the server's database."""
    with world_on(server) as world:
        yield world


def text_of(result: Any) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


@pytest.mark.parametrize("mode", MODES)
def test_the_client_lists_calls_and_is_refused_once_its_key_is_revoked(
    server: Server, world: World, mode: str
) -> None:
    ada = world.person("Ada")
    project = world.project(ada, "Shipping", BLUEPRINTS)
    record, secret = world.key(ada, project)

    async def script(client: Client) -> None:
        assert client.protocol_version == ("2025-11-25" if mode == "legacy" else "2026-07-28")
        if mode != MODES[2]:  # in that mode the client asks for nothing before it is told to
            assert client.server_info is not None
            assert (client.server_info.title, client.server_info.version) == (
                "Leapter",
                version("leapter-self-hosted"),
            )
            assert "“Shipping”" in str(client.instructions)
            assert client.server_capabilities.tools is not None

        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {slug.replace("-", "_") for slug in BLUEPRINTS}
        price = tools["parcel_price"]
        assert (price.title, price.description) == ("Parcel Price", "What a parcel costs.")
        assert price.annotations is not None
        assert price.annotations.read_only_hint

        done = await client.call_tool("parcel_price", {"weight_kg": 2})
        assert (done.is_error, done.structured_content) == (False, {"price": 5})
        assert json.loads(text_of(done)) == done.structured_content

        failed = await client.call_tool("parcel_price", {"weight_kg": "two"})
        assert (failed.is_error, failed.structured_content) == (True, None)
        assert text_of(failed) == "Input `weight_kg` must be a number, not text."
        thrown = await client.call_tool("refusal", {"weight_kg": 40})
        assert (thrown.is_error, text_of(thrown)) == (True, "Parcels over 40 kg go by freight.")

        with pytest.raises(MCPError, match="Unknown tool: there is no “no_such_tool”") as unknown:
            await client.call_tool("no_such_tool", {})
        assert unknown.value.code == -32602

        with world.app.app_context():
            api_keys.revoke_key(ada.actor, record.id)
        for refused in (client.call_tool("parcel_price", {"weight_kg": 2}), client.list_tools()):
            with pytest.raises(MCPError, match=r"^This API key was revoked on 20.* UTC\.$"):
                await refused

    headers = {"X-API-Key": secret} if mode == "legacy" else {"Authorization": f"Bearer {secret}"}
    url = f"{server.url}/runtime/api/v1/{ada.appspace_id}/{project.id}/mcp"
    with_client(url, headers, mode, script)

    async def nothing(client: Client) -> None:
        await client.list_tools()

    with pytest.raises(MCPError, match="This API key was revoked"):
        with_client(url, headers, mode, nothing)


# Outputs of all kinds: without a value, or handed on as they came in.
ODD = {
    "data/types.data.vts": """\
define Zone "Where to" as _text
    constrained_to ["home", "abroad"]

define Item "What is sent" {
    name: _text "Name"
    ends: date? "Until when"
}
""",
    "logic/odd/odd.logic.vts": """\
//* Odd
function odd(given: any single, until: type date = null) ->
    day: type date,
    never: type number,
    zone: type Zone,
    choice: type text choice ["a", "b"],
    amounts: type list of number,
    span: type range,
    item: type Item,
    items: type list of Item,
    named: type map of Item
{
    //* Hand on
    day = until;
    zone = null;
    choice = null;
    amounts = [1, null];
    span = given.span;
    item = given.item;
    items = [given.item, null];
    named = {"a": given.item, "b": null};
}
""",
}


def test_outputs_without_a_value_fit_the_schema_that_clients_check(server: Server, world: World) -> None:
    ada = world.person("Ada")
    files = {path: source.encode() for path, source in ODD.items()}
    project = import_archive(ada.actor, read_files("Odd", files), name="Odd").project
    _, secret = world.key(ada, project)
    url = f"{server.url}/runtime/api/v1/{project.appspace_id}/{project.id}/mcp"
    given = [
        {},
        {"item": {}, "span": {}},
        {"item": {"name": None, "more": 1}, "span": {"min": 1, "max": None}},
    ]

    async def script(client: Client) -> None:
        (tool,) = (await client.list_tools()).tools
        assert tool.output_schema is not None
        assert tool.output_schema["properties"]["never"] == {"type": ["number", "null"]}
        for one in given:
            done = await client.call_tool("odd", {"given": one})
            assert not done.is_error, text_of(done)
            assert done.structured_content == json.loads(text_of(done))
            assert done.structured_content["day"] is None

    with_client(url, {"X-API-Key": secret}, "auto", script)


def test_every_example_is_a_tool_whose_answers_fit_its_schema(server: Server, world: World) -> None:
    ada = world.person("Ada")
    names = sorted(manifest.parent.name for manifest in EXAMPLES_FOLDER.glob("*/leapter.project"))
    projects = [import_example(ada.actor, name).project for name in names]
    _, secret = world.key(ada, *projects)
    examples, total = call_examples([project.id for project in projects], 100)
    assert total == len(examples) > 5

    for project in projects:
        inputs = {
            example.blueprint_label: example.inputs
            for example in examples
            if example.project_id == project.id
        }

        async def call_all(client: Client, inputs: dict[str, Any] = inputs) -> list[Tool]:
            tools = (await client.list_tools()).tools
            for tool in tools:
                assert tool.output_schema is not None
                # The client itself checks the outputs by the schema.
                done = await client.call_tool(tool.name, dict(inputs[str(tool.title)]))
                assert not done.is_error, text_of(done)
            return tools

        url = f"{server.url}/runtime/api/v1/{project.appspace_id}/{project.id}/mcp"
        tools = with_client(url, {"X-API-Key": secret}, "auto", call_all)
        assert {tool.title for tool in tools} == set(inputs)
