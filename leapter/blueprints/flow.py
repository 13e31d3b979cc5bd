"""The flow of a Blueprint as a diagram: where each step stands, and the lines between them."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from leapter.blueprints.flow_parts import Block, Edge, Frame, Part, Shape, Text
from leapter.blueprints.flow_shapes import (
    BOX_WIDTH,
    branch_shape,
    end_shape,
    header_shape,
    otherwise_shape,
    question_shape,
    start_shape,
    step_shape,
)
from leapter.blueprints.specification import Branch, Chapter, Specification, Step
from leapter.blueprints.text_width import SMALL

_GAP = 26  # between two steps
_LANE_GAP = 22  # between two branches
_TURN = 14  # from a shape to where its edge turns
_MARGIN = 18  # between a frame and what is in it
_RAIL = 36  # the same beside the steps of a loop: its edges run there
_JUMP = 8  # from a shape to the line that begins the next round; twice as far, the one that leaves the loop
_JUMP_RAIL = 14  # what such a line takes beside the steps that it passes
_MAX_LANES = 4  # branches side by side; more stand below each other
_EDGE = 4  # around the whole diagram
# Pixels of a printed page without its margins: as wide as A4, as high as Letter. The first one has the title.
_PAGE_WIDTH = 680
_PAGE_HEIGHT = 900
_FIRST_PAGE_HEIGHT = 740


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """A horizontal part of a diagram that fits on a page; no shape and no text is cut at its ends.

    Frames and edges that reach into the next band are in both.
    """

    y: float
    height: float
    shapes: list[Shape]
    frames: list[Frame]
    edges: list[Edge]
    texts: list[Text]


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagram:
    """The flow of one function, from top to bottom in bands."""

    chapter: Chapter
    width: float
    height: float
    bands: tuple[Band, ...]

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """All its shapes, each once."""
        return tuple(shape for band in self.bands for shape in band.shapes)


def diagrams_of(specification: Specification) -> tuple[Diagram, ...]:
    """The diagram of the Blueprint, then that of each helper."""
    return tuple(_diagram(chapter) for chapter in (specification.main, *specification.appendices))


def _diagram(chapter: Chapter) -> Diagram:
    steps = [_block(step, in_loop=False) for step in chapter.steps]
    flow = _sequence([_alone(start_shape(chapter)), *steps, _alone(end_shape(chapter))])
    whole = Block(width=flow.width + 2 * _EDGE, height=flow.height + 2 * _EDGE, axis=flow.axis + _EDGE)
    whole.put(flow, _EDGE, _EDGE)
    return Diagram(
        chapter=chapter,
        width=whole.width,
        height=whole.height,
        bands=_bands(list(whole.placed()), whole.width, whole.height),
    )


def _block(step: Step, *, in_loop: bool) -> Block:
    if step.kind == "section":
        return _section(step, in_loop=in_loop)
    if step.kind in ("each", "count", "while"):
        return _loop(step)
    if step.kind == "choose":
        return _choose(step, in_loop=in_loop)
    block = _alone(step_shape(step))
    block.is_open = step.kind not in ("refuse", "finish", "leave", "next")
    # Outside of a loop, which is an error, there is nowhere to go.
    if in_loop and step.kind == "next":
        block.again = block.axis
    if in_loop and step.kind == "leave":
        block.out = block.axis
    return block


def _blocks(steps: Sequence[Step], *, in_loop: bool) -> list[Block]:
    return [_block(step, in_loop=in_loop) for step in steps]


def _alone(shape: Shape) -> Block:
    block = Block(width=shape.width, height=shape.height, axis=shape.width / 2)
    block.put(shape)
    return block


def _sequence(blocks: Sequence[Block]) -> Block:
    """Blocks below each other, on one axis."""
    last = blocks[-1]
    # Beside what follows, lines to the next round run down on the left, those out of the loop on the right.
    passes_left = any(block.again is not None for block in blocks[:-1])
    passes_right = any(block.out is not None for block in blocks[:-1])
    axis = max(block.axis for block in blocks) + (_JUMP_RAIL if passes_left else 0)
    right = max(block.width - block.axis for block in blocks) + (_JUMP_RAIL if passes_right else 0)
    whole = Block(
        width=axis + right,
        height=0,
        axis=axis,
        is_open=last.is_open,
        meets_shape=blocks[0].meets_shape,
    )
    y: float = 0
    before: Block | None = None
    jumps: list[tuple[bool, float, float]] = []  # whether to the next round, and from where
    for block in blocks:
        if before is not None:
            y += _GAP
            if before.is_open:
                whole.join((axis, y - _GAP), (axis, y), arrow=block.meets_shape)
        left = axis - block.axis
        whole.put(block, left, y)
        y += block.height
        if block.again is not None:
            jumps.append((True, left + block.again, y))
        if block.out is not None:
            jumps.append((False, left + block.out, y))
        before = block
    whole.height = y
    if (passes_left and last.again is not None) or (passes_right and last.out is not None):
        whole.height += 3 * _JUMP
        if last.is_open:
            whole.join((axis, y), (axis, whole.height))
    for is_again, x, top in jumps:
        passes = passes_left if is_again else passes_right
        rail = (2 if is_again else whole.width - 2) if passes else x
        turn = top + (_JUMP if is_again else 2 * _JUMP)
        if passes or whole.height > top:
            path = ((x, turn), (rail, turn)) if passes else ()
            whole.join((x, top), *path, (rail, whole.height))
        if is_again:
            whole.again = rail
        else:
            whole.out = rail
    return whole


def _section(step: Step, *, in_loop: bool) -> Block:
    if not step.steps:
        return _alone(header_shape(step, BOX_WIDTH))
    inner = _sequence(_blocks(step.steps, in_loop=in_loop))
    width = max(inner.width, BOX_WIDTH) + 2 * _MARGIN
    left = (width - inner.width) / 2
    header = header_shape(step, width)
    top = header.height + _GAP
    height = top + inner.height + _MARGIN
    axis = left + inner.axis
    block = Block(width=width, height=height, axis=axis, is_open=inner.is_open)
    block.put(Frame(kind="section", width=width, height=height))
    block.put(header)
    block.join((axis, header.height), (axis, top), arrow=inner.meets_shape)
    block.put(inner, left, top)
    if inner.is_open:
        block.join((axis, top + inner.height), (axis, height))
    if inner.again is not None:
        block.again = left + inner.again
        block.join((block.again, top + inner.height), (block.again, height))
    if inner.out is not None:
        block.out = left + inner.out
        block.join((block.out, top + inner.height), (block.out, height))
    return block


def _loop(step: Step) -> Block:
    if not step.steps:
        return _alone(header_shape(step, BOX_WIDTH))
    inner = _sequence(_blocks(step.steps, in_loop=True))
    width = max(inner.width, BOX_WIDTH) + 2 * _RAIL
    left = (width - inner.width) / 2
    header = header_shape(step, width)
    top = header.height + _GAP
    bottom = top + inner.height
    height = bottom + 2 * _TURN + _MARGIN
    axis = left + inner.axis
    block = Block(width=width, height=height, axis=axis)
    block.put(Frame(kind="loop", width=width, height=height))
    block.put(header)
    block.join((axis, header.height), (axis, top), arrow=inner.meets_shape)
    block.put(inner, left, top)
    back, out = _MARGIN, width - _MARGIN
    ends = [axis] if inner.is_open else []
    if inner.again is not None:
        ends.append(left + inner.again)
    for x in ends:
        turn = bottom + _TURN
        block.join((x, bottom), (x, turn), (back, turn), (back, header.height), arrow=True)
    if ends:
        block.put(Text(x=back + 7, y=header.height + 16, text="again", style="word"))
    end = bottom + 2 * _TURN
    if inner.out is not None:
        block.join((left + inner.out, bottom), (left + inner.out, end), (axis, end), (axis, height))
    block.join((out, header.height), (out, end), (axis, end), (axis, height))
    done = "done"
    block.put(Text(x=out - 7 - SMALL.width(done), y=header.height + 16, text=done, style="word"))
    return block


def _choose(step: Step, *, in_loop: bool) -> Block:
    question = question_shape(step)
    if len(step.branches) + (not step.has_else) > _MAX_LANES:
        return _ladder(question, step, in_loop=in_loop)
    lanes = [_lane(branch, place == 0, in_loop=in_loop) for place, branch in enumerate(step.branches)]
    if not step.has_else:
        lanes.append(_alone(otherwise_shape()))
    goes_again = any(lane.again is not None for lane in lanes)
    goes_out = any(lane.out is not None for lane in lanes)
    width = sum(lane.width for lane in lanes) + _LANE_GAP * (len(lanes) - 1)
    # A single branch goes straight down, and the way around it passes on its right.
    axis = lanes[0].axis if len(lanes) == 2 and not step.has_else else width / 2
    left = max(0.0, question.width / 2 - axis)
    width = max(left + width, left + axis + question.width / 2)
    left += _JUMP_RAIL if goes_again else 0
    width += (_JUMP_RAIL if goes_again else 0) + (_JUMP_RAIL if goes_out else 0)
    axis += left
    fan = question.height + _TURN
    top = question.height + 2 * _TURN
    bottom = top + max(lane.height for lane in lanes)
    merge = bottom + (_JUMP if goes_again else 0) + (_JUMP if goes_out else 0) + _TURN
    block = Block(width=width, height=merge, axis=axis, is_open=any(lane.is_open for lane in lanes))
    block.again = 2 if goes_again else None
    block.out = width - 2 if goes_out else None
    block.put(question, axis - question.width / 2)
    for lane in lanes:
        middle = left + lane.axis
        end = top + lane.height
        block.join((axis, question.height), (axis, fan), (middle, fan), (middle, top), arrow=True)
        block.put(lane, left, top)
        if lane.is_open:
            block.join((middle, end), (middle, merge), (axis, merge))
        if lane.again is not None and block.again is not None:
            x, turn = left + lane.again, bottom + _JUMP
            block.join((x, end), (x, turn), (block.again, turn), (block.again, merge))
        if lane.out is not None and block.out is not None:
            x, turn = left + lane.out, bottom + _JUMP + (_JUMP if goes_again else 0)
            block.join((x, end), (x, turn), (block.out, turn), (block.out, merge))
        left += lane.width + _LANE_GAP
    return block


def _lane(branch: Branch, is_first: bool, *, in_loop: bool) -> Block:
    return _sequence([_alone(branch_shape(branch, is_first)), *_blocks(branch.steps, in_loop=in_loop)])


def _ladder(question: Shape, step: Step, *, in_loop: bool) -> Block:
    """Many branches: their conditions below each other, and what is done for each on its right."""
    bodies = [
        _sequence(_blocks(branch.steps, in_loop=in_loop)) if branch.steps else None
        for branch in step.branches
    ]
    pills = [branch_shape(branch, place == 0) for place, branch in enumerate(step.branches)]
    axis = question.width / 2
    body_left = axis + max(question.width, BOX_WIDTH) / 2 + 2 * _LANE_GAP
    rail = body_left + max(body.width if body else 0 for body in bodies) + _LANE_GAP
    block = Block(width=rail + 2, height=0, axis=axis)
    if any(body is not None and body.again is not None for body in bodies):
        block.again = block.width + _JUMP
        block.width += _JUMP_RAIL
    if any(body is not None and body.out is not None for body in bodies):
        block.out = block.width + _JUMP
        block.width += _JUMP_RAIL
    block.put(question)
    y = question.height
    ends: list[tuple[tuple[float, float], ...]] = []
    jumps: list[tuple[tuple[float, float], ...]] = []
    goes_on = True
    for branch, pill, body in zip(step.branches, pills, bodies, strict=True):
        if goes_on:
            block.join((axis, y), (axis, y + _GAP), arrow=True)
        y += _GAP
        block.put(pill, axis - pill.width / 2, y)
        middle, edge = y + pill.height / 2, axis + pill.width / 2
        bottom = y + pill.height
        if body is None:
            ends.append(((edge, middle), (rail, middle)))
        else:
            top = middle + _GAP
            entry = body_left + body.axis
            block.join((edge, middle), (entry, middle), (entry, top), arrow=body.meets_shape)
            block.put(body, body_left, top)
            end = turn = top + body.height
            for x, to in ((body.again, block.again), (body.out, block.out)):
                if x is not None and to is not None:
                    turn += _JUMP
                    jumps.append(((body_left + x, end), (body_left + x, turn), (to, turn)))
            turn += _TURN
            if body.is_open:
                ends.append(((entry, end), (entry, turn), (rail, turn)))
            bottom = max(bottom, turn)
        if branch.condition is not None:
            block.join((axis, y + pill.height), (axis, bottom))
        goes_on = branch.condition is not None
        y = bottom
    merge = y + _TURN
    for path in ends:
        block.join(*path, (rail, merge), (axis, merge))
    for path in jumps:
        block.join(*path, (path[-1][0], merge))
    if goes_on:
        block.join((axis, y), (axis, merge))
    block.height, block.is_open = merge, goes_on or bool(ends)
    return block


def _bands(parts: list[Part], width: float, height: float) -> tuple[Band, ...]:
    shapes = [part for part in parts if isinstance(part, Shape)]
    frames = [part for part in parts if isinstance(part, Frame)]
    edges = [part for part in parts if isinstance(part, Edge)]
    texts = [part for part in parts if isinstance(part, Text)]
    whole = [(shape.y, shape.y + shape.height) for shape in shapes]
    whole += [(text.y - SMALL.size, text.y + SMALL.size / 2) for text in texts]
    # What is wider than a page is printed smaller.
    scale = max(1, width / _PAGE_WIDTH)
    cuts = _cuts(whole, frames, height, _PAGE_HEIGHT * scale, _FIRST_PAGE_HEIGHT * scale)
    bands = [
        Band(y=top, height=bottom - top, shapes=[], frames=[], edges=[], texts=[])
        for top, bottom in pairwise([0.0, *cuts, height])
    ]
    for shape in shapes:
        bands[bisect_right(cuts, shape.y)].shapes.append(shape)
    for text in texts:
        bands[bisect_right(cuts, text.y)].texts.append(text)
    for frame in frames:
        for band in bands[bisect_left(cuts, frame.y) : bisect_right(cuts, frame.y + frame.height) + 1]:
            band.frames.append(frame)
    for edge in edges:
        heights = [y for _, y in edge.points]
        for band in bands[bisect_left(cuts, min(heights)) : bisect_right(cuts, max(heights)) + 1]:
            band.edges.append(edge)
    return tuple(bands)


def _cuts(
    whole: list[tuple[float, float]], frames: list[Frame], height: float, page: float, first_page: float
) -> list[float]:
    """Where to cut between pages: in the middle of a gap, rather between frames than through one.

    Args:
        whole: where each thing that must not be cut begins and ends.
        frames: what may be cut.
        height: of the whole diagram.
        page: what fits on a page; on the first one there is less room.
    """
    ends = sorted({frame.y for frame in frames} | {frame.y + frame.height for frame in frames})
    gaps: list[float] = []
    reached = 0.0
    for top, bottom in sorted(whole):
        if top > reached:
            # The ends of frames part the gap: between two of them, or beside one.
            parts = [reached, *ends[bisect_right(ends, reached) : bisect_left(ends, top)], top]
            gaps += [(above + below) // 2 for above, below in pairwise(parts) if below - above > 2]
        reached = max(reached, bottom)
    cuts: list[float] = []
    start, room = 0.0, first_page
    while height - start > room:
        first = bisect_right(gaps, start)
        # What is higher than a page stays whole; it ends at the next gap.
        fitting = gaps[first : bisect_right(gaps, start + room)] or gaps[first : first + 1]
        if not fitting:
            break
        late = fitting[bisect_right(fitting, start + room / 2) :] or fitting
        start = min(late, key=lambda gap: (_crossed(frames, gap), -gap))
        cuts.append(start)
        room = page
    return cuts


def _crossed(frames: list[Frame], y: float) -> int:
    return sum(frame.y < y < frame.y + frame.height for frame in frames)
