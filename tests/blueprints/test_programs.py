"""Compiled programs are shared, bounded, made once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from leapter.blueprints.programs import CannotRunError, Programs

DOUBLE = """
function twice(number_given: number) -> result: number {
    result = number_given * 2;
}
"""


def test_a_revision_is_compiled_once_even_when_many_threads_ask_at_the_same_time() -> None:
    programs = Programs()
    loads: list[str] = []
    together = threading.Barrier(8)

    def load(revision_id: str) -> str:
        loads.append(revision_id)
        return DOUBLE

    def ask() -> object:
        together.wait()
        return programs.get("r1", load)

    with ThreadPoolExecutor(8) as pool:
        found = [task.result() for task in [pool.submit(ask) for _ in range(8)]]
    assert loads == ["r1"]
    assert len({id(program) for program in found}) == 1


def test_the_cache_holds_its_bound_and_drops_the_least_recently_used() -> None:
    programs = Programs(capacity=2)
    loads: list[str] = []

    def load(revision_id: str) -> str:
        loads.append(revision_id)
        return DOUBLE

    for revision_id in ("a", "b", "a", "c", "a", "b"):
        programs.get(revision_id, load)
    assert len(programs) == 2
    assert loads == ["a", "b", "c", "b"]


def test_the_cache_is_bounded_by_the_size_of_the_sources_too() -> None:
    programs = Programs(source_capacity=2 * len(DOUBLE))
    for revision_id in "abc":
        programs.get(revision_id, lambda _: DOUBLE)
    assert len(programs) == 2
    programs.get("large", lambda _: DOUBLE + " " * 3 * len(DOUBLE))
    assert len(programs) == 1


def test_a_source_with_errors_says_them_and_is_not_checked_again() -> None:
    programs = Programs()
    loads: list[str] = []

    def load(revision_id: str) -> str:
        loads.append(revision_id)
        return "function broken( {"

    for _ in range(2):
        with pytest.raises(CannotRunError) as caught:
            programs.get("r1", load)
        assert caught.value.findings
    assert loads == ["r1"]


def test_a_source_that_cannot_be_loaded_is_asked_for_again() -> None:
    programs = Programs()

    def fail(revision_id: str) -> str:
        raise ConnectionError(revision_id)

    with pytest.raises(ConnectionError):
        programs.get("r1", fail)
    assert len(programs) == 0
    assert programs.get("r1", lambda _: DOUBLE).run({"number_given": 4}).outputs == {"result": 8}
