from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings

from leapter import veritas
from leapter.blueprints.flow import Diagram, diagrams_of
from leapter.blueprints.flow_parts import Block, Edge, Shape, Text
from leapter.blueprints.specification import specification_of
from leapter.blueprints.text_width import BOLD, MONO, PLAIN, SMALL, Font
from tests.blueprints.generated_sources import EXAMPLES, sources
from tests.blueprints.test_specification import WITH_HELPER, ids_in_the_tree

FONTS: dict[str, Font] = {"label": PLAIN, "title": BOLD, "word": SMALL, "code": MONO, "head": MONO}
PRICE = next(path for path in EXAMPLES if path.parent.name == "parcel-price").read_text()


def draw(source: str) -> tuple[Diagram, ...]:
    analysis = veritas.analyze(source)
    assert analysis.document is not None
    return diagrams_of(specification_of(analysis.document, analysis.findings))


def edges_of(diagram: Diagram) -> list[Edge]:
    return list({id(edge): edge for band in diagram.bands for edge in band.edges}.values())


def ids_of(diagram: Diagram) -> Iterator[str]:
    for shape in diagram.shapes:
        if shape.node_id:
            yield shape.node_id
        yield from (line.node_id for line in shape.lines)


def overlap(one: Shape, other: Shape) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def assert_texts_fit(shape: Shape) -> None:
    lines = [(text, 0.0, shape.height) for text in shape.texts]
    lines += [(text, line.y, line.y + line.height) for line in shape.lines for text in line.texts]
    for text, top, bottom in lines:
        width = FONTS[text.style].width(text.text)
        left = text.x - (width / 2 if text.centred else 0)
        assert left >= 0, text
        assert left + width <= shape.width, text
        base = text.y + (top if top else 0)
        assert top < base <= bottom, text
    for above, below in pairwise(shape.lines):
        assert above.y + above.height <= below.y
    if shape.lines:
        assert shape.lines[-1].y + shape.lines[-1].height <= shape.height


def assert_crosses_no_shape(edge: Edge, shapes: tuple[Shape, ...]) -> None:
    for (x, y), (to_x, to_y) in pairwise(edge.points):
        left, right = sorted((x, to_x))
        top, bottom = sorted((y, to_y))
        for shape in shapes:
            inside = (
                left < shape.x + shape.width - 1
                and right > shape.x + 1
                and top < shape.y + shape.height - 1
                and bottom > shape.y + 1
            )
            assert not inside, (edge.points, shape)


def on_the_edge_of(shape: Shape, x: float, y: float) -> bool:
    within = shape.x <= x <= shape.x + shape.width and shape.y <= y <= shape.y + shape.height
    return within and (y in (shape.y, shape.y + shape.height) or x in (shape.x, shape.x + shape.width))


def loops_around(diagram: Diagram, shape: Shape) -> list[Shape]:
    """The heads of the loops that a shape is in, the outermost first."""
    frames = {id(frame): frame for band in diagram.bands for frame in band.frames if frame.kind == "loop"}
    around = [
        frame
        for frame in frames.values()
        if frame.x <= shape.x < frame.x + frame.width and frame.y < shape.y < frame.y + frame.height
    ]
    heads = {(head.x, head.y): head for head in diagram.shapes if head.kind == "loop"}
    return [heads[frame.x, frame.y] for frame in sorted(around, key=lambda frame: frame.y)]


def reached_from(diagram: Diagram, shape: Shape) -> list[str]:
    """The nodes that the line out of the bottom of a shape leads to; "" is the end."""
    reached = []
    x, y = shape.x + shape.width / 2, shape.y + shape.height
    waiting, seen = [(x, y)], set()
    while waiting:
        point = waiting.pop()
        seen.add(point)
        for edge in edges_of(diagram):
            if edge.points[0] != point or edge.points[-1] in seen:
                continue
            if edge.has_arrow:
                reached += [to.node_id for to in diagram.shapes if on_the_edge_of(to, *edge.points[-1])]
            else:
                waiting.append(edge.points[-1])
    return reached


def assert_is_drawn_well(source: str) -> None:
    analysis = veritas.analyze(source)
    assert analysis.document is not None
    diagrams = diagrams_of(specification_of(analysis.document))
    shown = [node_id for diagram in diagrams for node_id in ids_of(diagram)]
    assert len(set(shown)) == len(shown)
    assert set(shown) == set(ids_in_the_tree(veritas.syntax_tree(analysis.document)))
    for diagram in diagrams:
        for one, other in combinations(diagram.shapes, 2):
            assert not overlap(one, other), (one, other)
        edges = edges_of(diagram)
        arrows = [edge.points[-1] for edge in edges if edge.has_arrow]
        tails = [point for edge in edges for point in edge.points]
        for shape in diagram.shapes:
            assert_texts_fit(shape)
            assert shape.x >= 0
            assert shape.x + shape.width <= diagram.width
            entered = any(y == shape.y and shape.x <= x <= shape.x + shape.width for x, y in arrows)
            assert entered or shape.kind == "start", shape
            left = any(on_the_edge_of(shape, x, y) and y > shape.y for x, y in tails)
            if shape.kind in ("leave", "next"):
                loops = loops_around(diagram, shape)
                assert left == bool(loops), shape
                if shape.kind == "next" and loops:
                    assert reached_from(diagram, shape) == [loops[-1].node_id]
            else:
                assert left == (shape.kind not in ("refuse", "finish", "end")), shape
        for edge in edges:
            assert_crosses_no_shape(edge, diagram.shapes)
            assert all(0 <= x <= diagram.width and 0 <= y <= diagram.height for x, y in edge.points)
            assert all(one[0] == other[0] or one[1] == other[1] for one, other in pairwise(edge.points))
            if edge.has_arrow:
                assert any(on_the_edge_of(shape, *edge.points[-1]) for shape in diagram.shapes), edge
        assert_bands_cover(diagram)


def assert_bands_cover(diagram: Diagram) -> None:
    assert diagram.bands[0].y == 0
    for above, below in pairwise(diagram.bands):
        assert above.y + above.height == below.y
    last = diagram.bands[-1]
    assert last.y + last.height == diagram.height
    for band in diagram.bands:
        for shape in band.shapes:
            assert band.y <= shape.y
            assert shape.y + shape.height <= band.y + band.height
        for edge in edges_of(diagram):
            heights = [y for _, y in edge.points]
            reaches_in = min(heights) < band.y + band.height and max(heights) > band.y
            assert edge in band.edges or not reaches_in


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_an_example_is_drawn_without_overlaps_or_loose_ends(path: Path) -> None:
    assert_is_drawn_well(path.read_text())


@given(sources)
@settings(max_examples=80, deadline=None)
def test_any_source_is_drawn_without_overlaps_or_loose_ends(source: str) -> None:
    assert_is_drawn_well(source)


def test_a_helper_has_a_diagram_of_its_own() -> None:
    total, rate = draw(WITH_HELPER)
    assert (total.chapter.label, rate.chapter.label) == ("Total", "Rate")
    assert [text.text for text in rate.shapes[0].texts] == ["Helper A", "Rate"]


def test_each_kind_of_step_has_its_shape() -> None:
    kinds = [shape.kind for shape in draw(PRICE)[0].shapes]
    assert (kinds[0], kinds[-1]) == ("start", "end")
    assert {"section", "step", "question", "branch", "otherwise", "refuse", "table", "loop"} <= set(kinds)
    assert "call" in [shape.kind for shape in draw(WITH_HELPER)[0].shapes]


JUMPS = """//* F
function f(a: list of number) -> b: number {
    //* Each
    @L-1 for (var x in a) {
        //* Which?
        choose {
            //* Skip
            if (x < 0) {
                //* Next
                @V-1 continue;
            }
            //* Stop
            if (x > 9) {
                //* Out
                @V-2 break;
            }
        }
        //* Add it
        b += x;
    }
    //* After it
    @V-3 b = 0;
}"""


def test_the_next_round_leads_to_its_loop_and_leaving_it_to_what_follows() -> None:
    assert_is_drawn_well(JUMPS)
    (diagram,) = draw(JUMPS)
    shapes = {shape.node_id: shape for shape in diagram.shapes}
    assert reached_from(diagram, shapes["V-1"]) == ["L-1"]
    assert reached_from(diagram, shapes["V-2"]) == ["V-3"]


def test_outside_of_a_loop_there_is_no_next_round() -> None:
    assert_is_drawn_well(
        "function f() -> b: number { choose { if (b is 0) { continue; } if (b > 9) { break; } } b = 1; }"
    )


@pytest.mark.parametrize("branches", [1, 3, 5])
def test_jumps_out_of_many_branches_in_sections_are_drawn(branches: int) -> None:
    inner = "\n".join(
        f'if (x is {number}) {{ section "S" {{ choose {{ if (b > 1) {{ continue; }} }} b = 2; break; }} }}'
        for number in range(branches)
    )
    loop = f"for (var x in a) {{ choose {{ {inner} }} b = 3; }}"
    assert_is_drawn_well(f"function f(a: list of number) -> b: number {{ {loop} b = 4; }}")


def test_conditions_and_messages_are_shown_over_three_lines_before_they_are_cut() -> None:
    message = "Give as many days late as instalments, and leave out what is not overdue yet."
    condition = "first_amount > 0 and second_amount > 0 and third_amount > 0"
    source = f"""function f() -> b: number {{ choose {{
//* Is it so?
if ({condition}) {{
//* Say why
throw "{message}"; }} }} }}"""
    assert_is_drawn_well(source)
    texts = {shape.kind: " ".join(text.text for text in shape.texts) for shape in draw(source)[0].shapes}
    assert condition in texts["branch"]
    assert message in texts["refuse"]


def test_many_branches_stand_below_each_other() -> None:
    branches = "\n".join(f"if (a is {number}) {{ b = {number}; }}" for number in range(6))
    source = f"function f(a: number) -> b: number {{ choose {{ {branches} }} }}"
    assert_is_drawn_well(source)
    (diagram,) = draw(source)
    places = [(shape.x, shape.y) for shape in diagram.shapes if shape.kind == "branch"]
    assert len({x for x, _ in places}) == 1
    assert diagram.width < 800


def test_a_row_of_a_table_shows_its_cells_and_says_all_of_them() -> None:
    shape = next(shape for shape in draw(PRICE)[0].shapes if shape.kind == "table")
    assert [text.text for text in shape.lines[0].texts] == ['"domestic"', "true", "any", "4.90"]
    assert shape.lines[0].title == '"domestic" · true · any · 4.90'
    assert shape.texts[-1].text == "→ tariff_eur"


def test_a_finding_marks_its_node() -> None:
    source = PRICE.replace("price_eur = round(tariff_eur +", "price_eur = round(tarif +")
    found = {shape.texts[0].text: shape.severity for shape in draw(source)[0].shapes if shape.severity}
    assert found == {"4": "error"}
    marked = next(shape for shape in draw(source)[0].shapes if shape.severity)
    assert "`tarif` is not declared." in marked.title


def test_a_long_diagram_is_cut_between_frames_where_a_page_ends() -> None:
    (diagram,) = draw(PRICE)
    frames = [frame for band in diagram.bands for frame in band.frames]
    cuts = [band.y for band in diagram.bands[1:]]
    assert any(not any(frame.y < cut < frame.y + frame.height for frame in frames) for cut in cuts)


def test_a_table_longer_than_a_page_stays_whole() -> None:
    rows = "\n".join(f"| {number} | {number} |" for number in range(200))
    source = f"function f(a: number) -> b: number {{\ndecide first\n| a | -> b |\n|---|---|\n{rows}\n}}"
    assert_is_drawn_well(source)


@pytest.mark.parametrize("font", [PLAIN, BOLD, SMALL, MONO])
@pytest.mark.parametrize(
    "text", ["", "short", "several words that need lines", "x" * 300, "雨" * 40, "a " * 90]
)
def test_text_is_broken_into_lines_that_fit(font: Font, text: str) -> None:
    lines = font.lines(text, 100, 4)
    assert len(lines) <= 4
    assert all(font.width(line) <= 100 for line in lines)
    kept = "".join(lines).replace(" ", "").removesuffix("…")
    assert text.replace(" ", "").startswith(kept)


def test_the_corners_of_an_edge_are_rounded() -> None:
    assert Edge(points=((0, 0), (0, 20), (30, 20)), has_arrow=False).path == "M0 0L0 14Q0 20 6 20L30 20"
    assert Edge(points=((0, 0), (0, 4), (30, 4)), has_arrow=False).path == "M0 0L0 2Q0 4 2 4L30 4"


def test_an_edge_has_no_corner_where_it_does_not_turn() -> None:
    block = Block(width=10, height=10, axis=5)
    block.join((0, 0), (0, 5), (0, 5), (0, 9))
    block.join((3, 3), (3, 3))
    block.put(Text(x=1, y=2, text="x", style="word"), 10, 10)
    edge, text = block.placed()
    assert isinstance(edge, Edge)
    assert edge.points == ((0, 0), (0, 9))
    assert isinstance(text, Text)
    assert (text.x, text.y) == (11, 12)
