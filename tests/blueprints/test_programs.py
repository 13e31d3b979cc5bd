"""Compiled programs are shared, bounded, made once."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from leapter import veritas
from leapter.blueprints.environments import Callee, ProjectEnvironment
from leapter.blueprints.programs import CannotRunError, LinkedProgram, Programs
from leapter.db import new_id

DOUBLE = """
function twice(number_given: number) -> result: number {
    result = number_given * 2;
}
"""


class Stored:
    """A project as a database would have it; "!" behind a revision says that it is not in force."""

    def __init__(self, sources: Mapping[str, str], **callees: str) -> None:
        self._prefix = new_id()  # a revision's id never comes twice
        self.sources = dict(sources)
        self.callees = callees
        self.types = ""
        self.release = "1"
        self.loads: list[str] = []
        self.project_loads = 0

    def load_source(self, revision_id: str) -> str:
        self.loads.append(revision_id.removeprefix(self._prefix))
        return self.sources[revision_id.removeprefix(self._prefix)]

    def load_project(self, project_id: str) -> ProjectEnvironment:
        self.project_loads += 1
        return ProjectEnvironment(
            release=self.release,
            types_text=self.types,
            callees={
                identifier: Callee(
                    blueprint_id=identifier,
                    revision_id=self._prefix + revision.strip("!"),
                    is_in_force="!" not in revision,
                )
                for identifier, revision in self.callees.items()
            },
            load_source=lambda revision_id: self.sources[revision_id.removeprefix(self._prefix)],
        )

    def programs(self, **bounds: int) -> Programs:
        return Programs(self.load_source, self.load_project, **bounds)

    def change(self, **callees: str) -> None:
        self.callees |= callees
        self.release += "+"

    def get(self, programs: Programs, revision_id: str) -> LinkedProgram:
        return programs.get(self._prefix + revision_id, project_id="p", release=self.release)

    def run(self, programs: Programs, revision_id: str) -> dict[str, object]:
        return self.get(programs, revision_id).run({}).outputs


def source(label: str, body: str, outputs: str = "a: number", inputs: str = "") -> str:
    return f"//* {label}\nfunction f({inputs}) -> {outputs} {{\n{body}\n}}"


def twice(revisions: str = "abcr") -> Stored:
    return Stored(dict.fromkeys(revisions, DOUBLE))


def test_a_revision_is_compiled_once_even_when_many_threads_ask_at_the_same_time() -> None:
    stored = twice()
    programs = stored.programs()
    together = threading.Barrier(8)

    def ask() -> object:
        together.wait()
        return stored.get(programs, "r").program

    with ThreadPoolExecutor(8) as pool:
        found = [task.result() for task in [pool.submit(ask) for _ in range(8)]]
    assert stored.loads == ["r"]
    assert len({id(program) for program in found}) == 1


def test_the_cache_holds_its_bound_and_drops_the_least_recently_used() -> None:
    stored = twice()
    programs = stored.programs(capacity=2)
    for revision_id in ("a", "b", "a", "c", "a", "b"):
        stored.get(programs, revision_id)
    assert len(programs) == 2
    assert stored.loads == ["a", "b", "c", "b"]


def test_the_cache_is_bounded_by_the_size_of_the_sources_too() -> None:
    stored = twice()
    stored.sources["large"] = DOUBLE + " " * 3 * len(DOUBLE)
    programs = stored.programs(source_capacity=2 * len(DOUBLE))
    for revision_id in "abc":
        stored.get(programs, revision_id)
    assert len(programs) == 2
    stored.get(programs, "large")
    assert len(programs) == 1


def test_a_source_with_errors_says_them_and_is_not_checked_again() -> None:
    stored = Stored({"r": "function broken( {"})
    programs = stored.programs()
    for _ in range(2):
        with pytest.raises(CannotRunError) as caught:
            stored.get(programs, "r")
        assert caught.value.findings
    assert stored.loads == ["r"]


def test_a_source_that_cannot_be_loaded_is_asked_for_again() -> None:
    stored = Stored({})
    programs = stored.programs()
    with pytest.raises(KeyError):
        stored.get(programs, "r")
    assert len(programs) == 0
    stored.sources["r"] = DOUBLE
    assert stored.get(programs, "r").run({"number_given": 4}).outputs == {"result": 8}


def test_what_depends_on_nothing_else_holds_for_every_release() -> None:
    stored = twice()
    programs = stored.programs()
    first = stored.get(programs, "r")
    stored.change()
    assert stored.get(programs, "r") is first
    assert stored.project_loads == 1


CALLER = source("Caller", "a = other().a * 10;")
OTHER = source("Other", "a = 1;")


def test_a_changed_callee_is_seen_by_the_next_run_and_the_caller_is_not_compiled_again() -> None:
    stored = Stored({"caller": CALLER, "one": OTHER, "two": source("Other", "a = 2;")}, other="one")
    programs = stored.programs()
    assert stored.run(programs, "caller") == {"a": 10}
    compiled = stored.get(programs, "caller").program
    stored.change(other="two")
    assert stored.run(programs, "caller") == {"a": 20}
    assert stored.get(programs, "caller").program is compiled
    assert stored.loads == ["caller", "one", "two"]


def test_the_same_release_is_linked_once() -> None:
    stored = Stored({"caller": CALLER, "one": OTHER}, other="one")
    programs = stored.programs()
    assert stored.get(programs, "caller") is stored.get(programs, "caller")
    assert stored.project_loads == 1


def test_a_callee_whose_outputs_change_stops_its_caller_until_they_are_back() -> None:
    stored = Stored(
        {"caller": CALLER, "one": OTHER, "two": source("Other", "b = 2;", "b: number")}, other="one"
    )
    programs = stored.programs()
    assert stored.run(programs, "caller") == {"a": 10}
    stored.change(other="two")
    with pytest.raises(CannotRunError) as caught:
        stored.get(programs, "caller")
    assert "unknown_output" in [finding.code for finding in caught.value.findings]
    stored.change(other="one")
    assert stored.run(programs, "caller") == {"a": 10}


@pytest.mark.parametrize("state", ["one!", "broken"])
def test_a_callee_that_cannot_run_ends_the_run_at_the_call(state: str) -> None:
    # Its inputs and outputs can be read, so that the caller has no error itself.
    broken = source("Other", "a = nothing;")
    stored = Stored({"caller": CALLER, "one": OTHER, "broken": broken}, other=state)
    with pytest.raises(veritas.OperationFailed, match="`other`") as caught:
        stored.run(stored.programs(), "caller")
    assert caught.value.node
    assert (caught.value.node.blueprint, caught.value.node.line) == ("caller", 3)


def test_everything_that_can_be_reached_is_linked_cycles_too() -> None:
    sources = {
        "a": source("A", "a = b(n: 3).a;"),
        "b": source("B", "a = n > 0 ? c(n: n - 1).a + 1 : 0;", inputs="n: number"),
        "c": source("C", "a = b(n: n).a;", inputs="n: number"),
        "d": source("D", "a = d().a + gone().a;"),
    }
    stored = Stored(sources, a="a", b="b", c="c")
    linked = stored.get(stored.programs(), "a")
    assert linked.run({}).outputs == {"a": 3}
    assert linked.library.keys() == {"b", "c"}


def test_threads_that_link_a_cycle_from_its_ends_do_not_wait_for_each_other() -> None:
    sources = {
        name: source(name, f"a = n > 0 ? {other}(n: n - 1).a + 1 : 0;", inputs="n: type number = 9")
        for name, other in zip("pqrs", "qrsp", strict=True)
    }
    stored = Stored(sources, p="p", q="q", r="r", s="s")
    programs = stored.programs()
    together = threading.Barrier(8)

    def ask(revision_id: str) -> object:
        together.wait(10)
        return stored.run(programs, revision_id)

    for _ in range(5):
        stored.change()
        with ThreadPoolExecutor(8) as pool:
            found = [pool.submit(ask, revision_id) for revision_id in "pqrspqrs"]
            assert [task.result(20) for task in found] == [{"a": 9}] * 8
    assert sorted(stored.loads) == ["p", "q", "r", "s"]


def test_a_program_counts_with_all_that_it_calls() -> None:
    sources = {"large": source("Other", "a = 1;") + " " * 1000}
    sources |= {f"caller{number}": CALLER for number in range(5)}
    stored = Stored(sources, other="large")
    programs = stored.programs(source_capacity=2500)
    for number in range(5):
        stored.run(programs, f"caller{number}")
    assert len(programs) == 2


def test_a_draft_runs_as_if_it_were_in_force() -> None:
    back = source("Other", "a = caller().a;", inputs="")
    stored = Stored({"caller": CALLER, "one": OTHER, "back": back}, caller="caller", other="back")
    programs = stored.programs()
    draft = source("Caller", "a = depth > 0 ? other().a : 7;", inputs="depth: type number = 0")
    linked = programs.of_draft(draft, "caller", stored.load_project("p"))
    assert linked.run({"depth": 1}).outputs == {"a": 7}
    with pytest.raises(CannotRunError):
        programs.of_draft("hello", None, stored.load_project("p"))


def test_a_renamed_draft_is_not_called_by_its_old_name() -> None:
    stored = Stored({"caller": CALLER, "one": OTHER}, caller="caller", other="one")
    draft = source("Another", "a = caller().a;")
    with pytest.raises(CannotRunError):
        stored.programs().of_draft(draft, "caller", stored.load_project("p"))
