"""What a flow diagram is made of: shapes with their texts, frames, lines. Lengths are in pixels."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

ShapeKind = Literal[
    "start", "end", "section", "step", "call", "question", "branch", "otherwise", "table", "loop", "next",
    "leave", "refuse", "finish",
]  # fmt: skip
TextStyle = Literal["label", "title", "word", "code", "head"]
Severity = Literal["", "warning", "error"]

CORNER = 6  # radius where an edge turns


@dataclass(kw_only=True, slots=True)
class Text:
    """One line of text on the base line `y`. `x` is where it begins, or its middle where `centred`."""

    x: float
    y: float
    text: str
    style: TextStyle
    centred: bool = False


@dataclass(kw_only=True, slots=True)
class Line:
    """A node inside a shape, such as a row of a table, from `y` below the shape's upper edge on."""

    node_id: str
    y: float
    height: float
    texts: tuple[Text, ...]
    title: str
    severity: Severity


@dataclass(kw_only=True, slots=True)
class Shape:
    """A box; its texts and lines count from its upper left corner. `title` is all that it stands for.

    `node_id` is empty where the source has no such node: the branch that nobody wrote, and the end.
    """

    kind: ShapeKind
    node_id: str
    width: float
    height: float
    texts: tuple[Text, ...]
    title: str
    lines: tuple[Line, ...] = ()
    severity: Severity = ""
    x: float = 0
    y: float = 0

    @property
    def outline(self) -> str:
        """The points of a question's six corners, for SVG."""
        width, height, edge = self.width, self.height, min(20, self.height / 2)
        corners = (
            (edge, 0),
            (width - edge, 0),
            (width, height / 2),
            (width - edge, height),
            (edge, height),
            (0, height / 2),
        )
        return " ".join(f"{x:g},{y:g}" for x, y in corners)


@dataclass(kw_only=True, slots=True)
class Frame:
    """What lies around the steps of a section or a loop."""

    kind: Literal["section", "loop"]
    width: float
    height: float
    x: float = 0
    y: float = 0


@dataclass(kw_only=True, slots=True)
class Edge:
    """A line through `points`, with an arrow at its end where it meets a shape."""

    points: tuple[tuple[float, float], ...]
    has_arrow: bool

    @property
    def path(self) -> str:
        """The line for SVG, its corners rounded."""
        (x, y), *rest = self.points
        parts = [f"M{x:g} {y:g}"]
        for (next_x, next_y), after in zip(rest, [*rest[1:], None], strict=True):
            if after is None:
                parts.append(f"L{next_x:g} {next_y:g}")
                break
            reach = min(CORNER, _distance(x, y, next_x, next_y) / 2, _distance(next_x, next_y, *after) / 2)
            into_x, into_y = _towards(next_x, next_y, x, y, reach)
            out_x, out_y = _towards(next_x, next_y, *after, reach)
            parts.append(f"L{into_x:g} {into_y:g}Q{next_x:g} {next_y:g} {out_x:g} {out_y:g}")
            x, y = next_x, next_y
        return "".join(parts)


def _distance(x: float, y: float, to_x: float, to_y: float) -> float:
    """Edges run straight up, down, left or right."""
    return abs(to_x - x) + abs(to_y - y)


def _towards(x: float, y: float, to_x: float, to_y: float, reach: float) -> tuple[float, float]:
    def sign(number: float) -> int:
        return (number > 0) - (number < 0)

    return x + reach * sign(to_x - x), y + reach * sign(to_y - y)


Part = Shape | Frame | Edge | Text


@dataclass(kw_only=True, slots=True)
class Block:
    """Parts with their places in a rectangle. Control comes in at the top of `axis`, and leaves at its bottom
    where the block `is_open`; `meets_shape` says whether there is a shape right at the top. A way to the next
    round of the loop around it, and one out of that loop, leave at the bottom too: at `again` and at `out`.
    """

    width: float
    height: float
    axis: float
    is_open: bool = True
    meets_shape: bool = True
    again: float | None = None
    out: float | None = None
    parts: "list[tuple[float, float, Part | Block]]" = field(default_factory=list)

    def put(self, part: "Part | Block", x: float = 0, y: float = 0) -> None:
        """Add a part with its corner at (x, y)."""
        self.parts.append((x, y, part))

    def join(self, *points: tuple[float, float], arrow: bool = False) -> None:
        """Add an edge through `points`, leaving out those that are where the one before is."""
        kept = [point for point, before in zip(points, (None, *points), strict=False) if point != before]
        # Points in between on one straight line would be corners without a turn.
        turning = [
            point
            for place, point in enumerate(kept)
            if place in (0, len(kept) - 1) or not _is_straight(kept[place - 1], point, kept[place + 1])
        ]
        if len(turning) > 1:
            self.put(Edge(points=tuple(turning), has_arrow=arrow))

    def placed(self) -> Iterator[Part]:
        """All parts at their places in this block; a frame before what is in it."""
        waiting: list[tuple[float, float, Part | Block]] = [(0, 0, self)]
        while waiting:
            x, y, part = waiting.pop()
            if isinstance(part, Block):
                waiting += [(x + dx, y + dy, inner) for dx, dy, inner in reversed(part.parts)]
                continue
            if isinstance(part, Edge):
                part.points = tuple((x + point_x, y + point_y) for point_x, point_y in part.points)
            else:
                part.x, part.y = part.x + x, part.y + y
            yield part


def _is_straight(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    return a[0] == b[0] == c[0] or a[1] == b[1] == c[1]
