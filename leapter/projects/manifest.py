"""The text of `leapter.project`, written: made anew, or an imported one with only what changed replaced.

An imported manifest may hold members that this product does not know, in any layout. What is replaced is
therefore cut out of the text and put back; all else stays as it was, byte for byte.
"""

import json
import re
from collections.abc import Mapping

BLUEPRINT_IDS = "blueprintIds"

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")


def new_manifest(
    *,
    project_id: str,
    label: str,
    description: str,
    main_slug: str | None,
    blueprint_ids: Mapping[str, str],
) -> bytes:
    """The manifest of a project that came without one; `blueprint_ids` is as in `archive.Manifest`."""
    manifest: dict[str, object] = {
        "leapFormat": 1,
        "app": {"id": project_id, "label": label, "description": description},
    }
    if main_slug is not None:
        manifest["main"] = main_slug
    manifest["version"] = "1.0.0"
    if blueprint_ids:
        manifest[BLUEPRINT_IDS] = dict(blueprint_ids)
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()


def with_members(content: bytes, members: Mapping[tuple[str, ...], object]) -> bytes:
    """A manifest with each of `members`, a path of names to a value, replaced or added.

    Args:
        content: a manifest that `archive.read_manifest` accepts.
    """
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    text = content.decode("utf-8-sig")
    for path, value in members.items():
        text = _with_member(text, _after_space(text, 0), path, value)
    return mark + text.encode()


def _with_member(text: str, start: int, path: tuple[str, ...], value: object) -> str:
    """`text` with a member of the object that begins at `start` set."""
    spans, layout = _members(text, start)
    name, rest = path[0], path[1:]
    if name in spans:
        begin, end = spans[name]
        if rest:
            return _with_member(text, begin, rest, value)
        return text[:begin] + _json(value, layout) + text[end:]
    for inner in reversed(rest):
        value = {inner: value}
    member = f"{layout}{json.dumps(name)}: {_json(value, layout)}"
    if not spans:
        return f"{text[: start + 1]}{member}{text[start + 1 :]}"
    last = max(end for _, end in spans.values())
    return f"{text[:last]},{member}{text[last:]}"


def _members(text: str, start: int) -> tuple[dict[str, tuple[int, int]], str]:
    """Where the values of an object's members begin and end, and the white space before its last name.

    Of a name that is there twice the last value counts, as it does for whoever reads the manifest.
    """
    spans: dict[str, tuple[int, int]] = {}
    layout = ""
    position = start
    while True:
        name_at = _after_space(text, position + 1)
        if text[name_at] == "}":  # only of an object without members
            return spans, layout
        layout = text[position + 1 : name_at]
        name, position = _DECODER.raw_decode(text, name_at)
        begin = _after_space(text, _after_space(text, position) + 1)
        _, end = _DECODER.raw_decode(text, begin)
        spans[name] = (begin, end)
        position = _after_space(text, end)
        if text[position] == "}":
            return spans, layout


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _json(value: object, layout: str) -> str:
    """`value` as JSON, its members on lines of their own where the members around it are."""
    if isinstance(value, dict) and "\n" in layout:
        return json.dumps(value, indent=2, ensure_ascii=False).replace("\n", layout)
    return json.dumps(value, ensure_ascii=False)
