"""What `make bench` measures is what it says. How long it takes is for `make bench` to tell."""

from leapter.veritas import analyze, ast
from tests.bench import language, pricing


def statements(body: list[ast.Statement]) -> int:
    count = len(body)
    for statement in body:
        if isinstance(statement, ast.Choose):
            count += sum(statements(branch.body) for branch in statement.branches)
        elif isinstance(statement, ast.Section | ast.ForIn):
            count += statements(statement.body)
    return count


def test_the_pricing_blueprint_has_forty_statements_and_gives_what_the_code_by_hand_gives() -> None:
    language.pricing_program()
    document = analyze(pricing.SOURCE).document
    assert document is not None
    assert statements(document.main.body) == 40


def test_the_source_to_parse_has_150_lines() -> None:
    assert len(language.source_of_150_lines().splitlines()) == 150


def test_every_bound_of_the_language_is_measured() -> None:
    figures = language.measure(count=2)
    assert [figure.bound for figure in figures if figure.bound is not None] == [3.0, 2.0, 10.0]
    for figure in figures:
        assert 0 < figure.spread.least <= figure.spread.middle <= figure.spread.most
