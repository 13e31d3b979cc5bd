"""Test suites: what a Blueprint is expected to answer, read from `….test.json` files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leapter.veritas.findings import Finding, Findings
from leapter.veritas.json_text import JsonFault, Path, decode, parse, places
from leapter.veritas.source import Source

MAX_SUITE_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One case. `expected` holds outputs by name; with `expects_error` at most the error's text, `detail`.

    `group` is "" for a case of none. `id` is unique in its suite; `position` counts the elements of
    `testCases` from 0, those with errors too.
    """

    position: int
    id: str
    label: str
    group: str
    inputs: Mapping[str, object]
    expected: Mapping[str, object]
    expects_error: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Suite:
    """What could be read of a suite. A case with errors is not among `cases`: there is nothing to run."""

    id: str
    label: str
    cases: tuple[Case, ...]
    findings: tuple[Finding, ...]

    @property
    def has_errors(self) -> bool:
        return any(finding.severity == "error" for finding in self.findings)


def read_suite(content: bytes) -> Suite:
    """Reads the content of a suite's file, at most MAX_SUITE_BYTES long. What is wrong with it gives
    findings, never an error; members that are not known here mean nothing, and are fine.
    """
    if len(content) > MAX_SUITE_BYTES:
        return _unread("", 0, "suite_too_long", "The suite is longer than 1 MiB.", "Split it into several.")
    text = ""
    try:
        text = decode(content)
        data, has_twins = parse(text)
    except JsonFault as fault:
        text = text or content.decode("utf-8", "replace").removeprefix("\ufeff")
        return _unread(text, fault.offset, "suite_not_json", fault.message, "Mend the file, or delete it.")
    reader = _Reader(text)
    suite_id, label, cases = reader.suite(data)
    if has_twins:
        reader.twins()
    return Suite(id=suite_id, label=label, cases=cases, findings=reader.findings.sorted())


def _unread(text: str, offset: int, code: str, message: str, fix: str) -> Suite:
    findings = Findings(Source(text))
    findings.error(offset, code, message, fix)
    return Suite(id="", label="", cases=(), findings=findings.sorted())


_NOUNS: Mapping[type, str] = {dict: "an object", list: "a list", str: "text", bool: "true or false"}


class _Reader:
    """Takes a suite apart. The places of its values are looked up once something is found to be wrong."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._places: tuple[Mapping[Path, int], list[tuple[Path, int]]] | None = None
        self._is_faulty = False
        self.findings = Findings(Source(text))

    def suite(self, data: Any) -> tuple[str, str, tuple[Case, ...]]:
        if not isinstance(data, dict):
            self._error((), "suite_not_object", "A test suite is a JSON object.")
            return "", "", ()
        if data.get("modelType", "testSuite") != "testSuite":
            self._error(("modelType",), "wrong_member", "The modelType of a test suite is “testSuite”.")
        if data.get("contentType", "application/json") != "application/json":
            self._error(
                ("contentType",), "wrong_member", "Only cases of the content type “application/json” can run."
            )
        suite_id = self._member(data, (), "id", str) or ""
        label = self._member(data, (), "label", str) or suite_id
        if data.get("testCases") is None:
            self._warning(
                (), "suite_without_cases", "The suite has no list of cases, testCases.", "Add cases to it."
            )
        return suite_id, label, tuple(self._cases(self._member(data, (), "testCases", list) or []))

    def twins(self) -> None:
        for path, offset in self._placed()[1]:
            self.findings.warning(
                offset,
                "member_written_twice",
                f"The member “{path[-1]}” is written twice; the last one counts.",
                "Remove the one that is not meant.",
            )

    def _cases(self, found: list[Any]) -> Iterator[Case]:
        ids: set[str] = set()
        for position, data in enumerate(found):
            place: Path = ("testCases", position)
            case = self._case(data, place, position) if isinstance(data, dict) else None
            if not isinstance(data, dict):
                self._error(place, "case_not_object", "A test case is a JSON object.")
            elif case is not None and case.id in ids:
                self._error(
                    (*place, "id") if "id" in data else place,
                    "case_id_taken",
                    f"Another case of this suite has the id “{case.id}” too, so this one is not run.",
                    "Give it an id of its own.",
                )
            elif case is not None:
                ids.add(case.id)
                yield case

    def _case(self, data: dict[str, Any], place: Path, position: int) -> Case | None:
        """The case, or None where a member is wrong: every one of them is then told."""
        self._is_faulty = False
        case_id = self._member(data, place, "id", str)
        label = self._member(data, place, "label", str)
        group = self._member(data, place, "group", str)
        inputs = self._member(data, place, "input", dict)
        expected = self._member(data, place, "expectedOutput", dict)
        expects_error = self._member(data, place, "expectsError", bool) or False
        if expects_error and expected and not isinstance(expected.get("detail", ""), str):
            self._error(
                (*place, "expectedOutput", "detail"),
                "wrong_member",
                "With expectsError, the detail of expectedOutput is the text of the error.",
            )
        if self._is_faulty:
            return None
        ignored = next((name for name in expected or () if expects_error and name != "detail"), None)
        if ignored is not None:
            self._warning(
                (*place, "expectedOutput", ignored),
                "output_beside_error",
                "With expectsError, nothing of expectedOutput is compared but detail, the text of the error.",
                "Remove it, or remove expectsError.",
            )
        if not case_id:
            case_id = f"case-{position + 1}"
            self._warning(place, "case_without_id", "The case has no id.", "Give it one of its own.")
        if not expects_error and not expected:
            self._warning(
                place,
                "case_expects_nothing",
                "The case expects nothing, so it passes whatever the outputs are.",
                "Name the outputs that matter in expectedOutput.",
            )
        return Case(
            position=position,
            id=case_id,
            label=label or case_id,
            group=group or "",
            inputs=inputs or {},
            expected=expected or {},
            expects_error=expects_error,
        )

    def _member(self, data: dict[str, Any], place: Path, name: str, kind: type) -> Any:
        """The member; None where it is missing, null, or (which is an error) of another kind."""
        value = data.get(name)
        if value is None or isinstance(value, kind):
            return value
        self._error((*place, name), "wrong_member", f"The member {name} must be {_NOUNS[kind]}.")
        return None

    def _error(self, place: Path, code: str, message: str, fix: str | None = None) -> None:
        self._is_faulty = True
        self.findings.error(self._placed()[0][place], code, message, fix)

    def _warning(self, place: Path, code: str, message: str, fix: str) -> None:
        self.findings.warning(self._placed()[0][place], code, message, fix)

    def _placed(self) -> tuple[Mapping[Path, int], list[tuple[Path, int]]]:
        if self._places is None:
            self._places = places(self._text)
        return self._places
