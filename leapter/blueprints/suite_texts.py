"""The texts of test suites: taken apart, changed, written again. What a suite holds besides stays in it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from leapter import veritas
from leapter.db import new_id
from leapter.errors import ChangedMeanwhileError, InvalidInputError, NotFoundError
from leapter.projects.slugs import slug_of
from leapter.veritas.json_text import JsonFault, decode, parse

ENDING = ".test.json"
MAX_LABEL_CHARACTERS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredSuite:
    """A suite with its file. `name` is the file's, without its ending: it is unique in the Blueprint."""

    name: str
    path: str
    content: bytes
    suite: veritas.Suite

    @property
    def label(self) -> str:
        """What to call it: its label, or the file's name where it has none."""
        return self.suite.label or self.name

    @property
    def digest(self) -> str:
        """Tells one content of the file from another."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseChange:
    """What a case is to be; its other members stay. `inputs` and `expected` are the texts of JSON objects."""

    label: str
    group: str
    inputs: str
    expected: str
    expects_error: bool


def suite_folder(source_path: str, slug: str) -> str:
    """Where a Blueprint's suites are: beside its source, if that has a folder of its own."""
    parent = PurePosixPath(source_path).parent
    return f"{parent}/tests" if slug_of(parent.name) == slug else f"logic/{slug}/tests"


def suites_among(files: Mapping[str, bytes], folder: str) -> list[StoredSuite]:
    """The suites in a folder of a project, by path."""
    return [stored_suite(path, files[path]) for path in sorted(files) if _is_suite_in(path, folder)]


def find_case(stored: StoredSuite, case_id: str) -> veritas.Case | None:
    """The case of a suite with this id."""
    return next((case for case in stored.suite.cases if case.id == case_id), None)


def as_change(case: veritas.Case) -> CaseChange:
    """A case as its form shows it."""
    return CaseChange(
        label=case.label,
        group=case.group,
        inputs=pretty(case.inputs),
        expected=pretty(case.expected),
        expects_error=case.expects_error,
    )


def case_digest(case: veritas.Case) -> str:
    """Tells one state of a case from another."""
    data = [case.label, case.group, case.inputs, case.expected, case.expects_error]
    return hashlib.sha256(json.dumps(data).encode()).hexdigest()


def pretty(value: object) -> str:
    """A JSON value as suites are written."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def new_suite(label: str, cases: list[dict[str, Any]]) -> bytes:
    """The content of a suite's file.

    Raises:
        InvalidInputError: it would be too long.
    """
    data = {
        "id": new_id(),
        "label": label,
        "modelType": "testSuite",
        "contentType": "application/json",
        "testCases": cases,
    }
    return _written(data)


def with_case(stored: StoredSuite, case: dict[str, Any]) -> bytes:
    """The suite with one case more, at its end; unchanged where it has one with the same id.

    Raises:
        InvalidInputError: it cannot be read, or would be too long.
    """
    if find_case(stored, case["id"]):
        return stored.content
    data = _data(stored)
    data["testCases"] = [*(data.get("testCases") or []), case]
    return _written(data)


def with_changed_case(stored: StoredSuite, case_id: str, members: dict[str, Any], base_digest: str) -> bytes:
    """The suite with other members (see `members_of`) in a case.

    Raises:
        ChangedMeanwhileError: `case_digest` of the case is not `base_digest` any more.
        InvalidInputError: the suite would be too long.
        NotFoundError: it has no such case.
    """
    case, data, cases = _taken_apart(stored, case_id)
    if case_digest(case) != base_digest:
        raise ChangedMeanwhileError("test case")
    # As text: to Python, true is 1.
    if pretty(_members_now(case)) == pretty(members):
        return stored.content
    kept = cases[case.position]
    for member in {"group", "expectsError"} - set(members):
        kept.pop(member, None)
    kept.update(members)
    kept.setdefault("id", case.id)
    return _written(data)


def without_case(stored: StoredSuite, case_id: str) -> bytes:
    """The suite without a case.

    Raises:
        NotFoundError: it has no such case.
    """
    case, data, cases = _taken_apart(stored, case_id)
    del cases[case.position]
    return _written(data)


def stored_suite(path: str, content: bytes) -> StoredSuite:
    """A suite's file, read."""
    return StoredSuite(name=name_of(path), path=path, content=content, suite=veritas.read_suite(content))


def name_of(path: str) -> str:
    """The name of the suite in a file."""
    return PurePosixPath(path).name.removesuffix(ENDING)


def _taken_apart(stored: StoredSuite, case_id: str) -> tuple[veritas.Case, dict[str, Any], list[Any]]:
    case = find_case(stored, case_id)
    if case is None:
        raise NotFoundError("test case")
    data = _data(stored)
    return case, data, data["testCases"]


def _data(stored: StoredSuite) -> dict[str, Any]:
    """The suite's object with all its members.

    Raises:
        InvalidInputError: the file holds none.
    """
    try:
        data, _ = parse(decode(stored.content))
    except JsonFault:
        data = None
    if not isinstance(data, dict) or not isinstance(data.get("testCases") or [], list):
        raise InvalidInputError({"": ["This suite cannot be read; mend its file first."]})
    return data


def _written(data: dict[str, Any]) -> bytes:
    content = encoded(f"{pretty(data)}\n")
    if any(finding.code == "suite_not_json" for finding in veritas.read_suite(content).findings):
        raise InvalidInputError({"": ["The values are nested too deeply for a test suite."]})
    return content


def _members_now(case: veritas.Case) -> dict[str, Any]:
    """As `members_of` gives them for a case that nobody has changed."""
    members: dict[str, Any] = {"label": case.label}
    if case.group:
        members["group"] = case.group
    members |= {"input": dict(case.inputs), "expectedOutput": dict(case.expected)}
    if case.expects_error:
        members["expectsError"] = True
    return members


def encoded(text: str) -> bytes:
    """A suite's text as it is stored.

    Raises:
        InvalidInputError: it is too long, or no Unicode.
    """
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidInputError({"text": ["The text holds characters that are not Unicode."]}) from None
    if len(content) > veritas.MAX_SUITE_BYTES:
        raise InvalidInputError({"": ["The suite would be longer than 1 MiB; use another one."]})
    return content


def members_of(change: CaseChange) -> dict[str, Any]:
    """The members of a case that a change says, in their usual order.

    Raises:
        InvalidInputError: with every field that is not acceptable.
    """
    errors: dict[str, list[str]] = {}
    members: dict[str, Any] = {}
    try:
        members["label"] = checked_label(change.label, "label", "case")
    except InvalidInputError as error:
        errors |= error.errors
    group = change.group.strip()
    if len(group) > MAX_LABEL_CHARACTERS:
        errors["group"] = [f"A group’s name has at most {MAX_LABEL_CHARACTERS} characters."]
    if group:
        members["group"] = group
    for field, name, text in (
        ("inputs", "input", change.inputs),
        ("expected", "expectedOutput", change.expected),
    ):
        try:
            members[name] = _object(text)
        except ValueError as error:
            errors[field] = [str(error)]
    if change.expects_error:
        members["expectsError"] = True
        expected = members.get("expectedOutput", {})
        if not set(expected) <= {"detail"} or not isinstance(expected.get("detail", ""), str):
            errors["expected"] = [
                'Where an error is expected, this is {"detail": "the error’s text"}, or {} for any error.'
            ]
    if errors:
        raise InvalidInputError(errors)
    return members


def _object(text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        value, has_twins = parse(text)
    except JsonFault as fault:
        before = text[: fault.offset].replace("\r\n", "\n")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        raise ValueError(f"Line {line}, column {column}: {fault.message}") from None
    if not isinstance(value, dict):
        raise ValueError('Write a JSON object, such as {"name": 1}.')
    if has_twins:
        raise ValueError("A member is written twice; remove the one that is not meant.")
    return value


def checked_label(label: str, field: str, noun: str) -> str:
    """A label without blanks at its ends.

    Raises:
        InvalidInputError: it is empty or too long; said beside `field`.
    """
    label = label.strip()
    if not label:
        raise InvalidInputError({field: [f"Give the {noun} a name."]})
    if len(label) > MAX_LABEL_CHARACTERS:
        raise InvalidInputError(
            {field: [f"The name has {len(label)} characters; {MAX_LABEL_CHARACTERS} are the most."]}
        )
    return label


def _is_suite_in(path: str, folder: str) -> bool:
    return path.endswith(ENDING) and PurePosixPath(path).parent == PurePosixPath(folder)
