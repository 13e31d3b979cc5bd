"""A manifest is rewritten only where something has changed."""

import json

import pytest

from leapter.projects.archive import read_manifest
from leapter.projects.manifest import new_manifest, with_members

PROJECT_ID = "7f1d0c1e-6a0b-4a53-9f8e-2f5c1d9b7a10"
BLUEPRINT_ID = "0b9f6f0e-7a5d-4a0e-8b9d-3c2a1f0e9d8c"


def test_a_new_manifest_reads_back_as_what_it_says() -> None:
    content = new_manifest(
        project_id=PROJECT_ID,
        label="Gebühren",
        description="What is due.",
        main_slug="late-fee",
        blueprint_ids={"late-fee": BLUEPRINT_ID},
    )
    read = read_manifest(content)
    assert (read.project_id, read.label, read.description) == (PROJECT_ID, "Gebühren", "What is due.")
    assert (read.main_slug, read.blueprint_ids) == ("late-fee", {"late-fee": BLUEPRINT_ID})
    assert "Gebühren".encode() in content


def test_a_new_manifest_leaves_out_what_there_is_not() -> None:
    content = new_manifest(
        project_id=PROJECT_ID, label="Fees", description="", main_slug=None, blueprint_ids={}
    )
    assert list(json.loads(content)) == ["leapFormat", "app", "version"]


ODD = (
    '\ufeff{ "note" : [1.50, "}", {"main": 0}],\r\n'
    '\t"app":{"color":"\\u0023fff", "label"  :  "Fees"  } ,\r\n'
    '\t"main": "a", "main": "late-fee"\r\n}  \r\n'
).encode()


@pytest.mark.parametrize(
    ("path", "value", "before", "after"),
    [
        (("app", "label"), "Dues", b'"label"  :  "Fees"', b'"label"  :  "Dues"'),
        (("main",), "early-fee", b'"main": "late-fee"', b'"main": "early-fee"'),
        (("app", "description"), 'A "b"', b'"Fees"  }', b'"Fees", "description": "A \\"b\\""  }'),
        (("version",), 2, b'"late-fee"\r\n}', b'"late-fee", "version": 2\r\n}'),
    ],
)
def test_only_the_member_that_changed_is_replaced(
    path: tuple[str, ...], value: object, before: bytes, after: bytes
) -> None:
    assert with_members(ODD, {path: value}) == ODD.replace(before, after)


def test_a_member_that_is_new_takes_the_layout_of_those_before_it() -> None:
    content = b'{\n    "app": {\n        "label": "Fees"\n    },\n    "main": "a"\n}\n'
    changed = with_members(content, {("app", "id"): PROJECT_ID, ("blueprintIds",): {"a": BLUEPRINT_ID}})
    assert changed.decode() == (
        '{\n    "app": {\n        "label": "Fees",\n        "id": "' + PROJECT_ID + '"\n    },\n'
        '    "main": "a",\n    "blueprintIds": {\n      "a": "' + BLUEPRINT_ID + '"\n    }\n}\n'
    )


@pytest.mark.parametrize("content", [b"{}", b" { } ", b'{"app": {}}', b'{"main": "a"}', b'{"app": { }}\n'])
def test_members_are_added_where_there_were_none(content: bytes) -> None:
    changed = with_members(content, {("app", "label"): "Fees", ("main",): "late-fee"})
    read = read_manifest(changed)
    assert (read.label, read.main_slug) == ("Fees", "late-fee")


def test_ids_of_blueprints_that_are_none_are_nobody_s() -> None:
    for value in (None, 1, [], "x", {"a": 1, "b": "x"}):
        assert read_manifest(json.dumps({"blueprintIds": value}).encode()).blueprint_ids == {}
    given = json.dumps({"blueprintIds": {"a": BLUEPRINT_ID.upper(), "b": "x"}}).encode()
    assert read_manifest(given).blueprint_ids == {"a": BLUEPRINT_ID}
