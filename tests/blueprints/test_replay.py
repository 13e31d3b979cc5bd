"""A recorded run as steps of a page."""

from bs4 import BeautifulSoup, Tag

from leapter import veritas
from leapter.blueprints.replay import MAX_STEPS, Replay, ReplayedBlueprint, replay_of
from tests.world import Person, World

CALLEE = """//* Zone Rate
function zone_rate(code: _text) -> rate: type number = 1
{
    //* Is it far away?
    choose {
        //* Far
        if (code is "far") {
            //* Charge more
            rate = 2.5;
        }
    }
}
"""
CALLER = """//* Shipping
function shipping(code: _text, kg: number) -> fee: number
{
    //* Look up the rate
    var zone: any = zone_rate(code: code);
    var notes: list of _text = [];
    //* Multiply
    fee = zone.rate * kg;
    notes.push("done");
}
"""
COUNTING = """//* Count
function count(n: number) -> total: type number = 0
{
    var i: number = 0;
    //* As long as there is one
    while (i < n) {
        //* One more
        i += 1;
    }
    //* Give it
    total = i;
}
"""


def replay(source: str, inputs: dict[str, object]) -> Replay:
    document = veritas.analyze(source).document
    assert document is not None
    program = veritas.compile_program(document, model_id="main")
    message = ""
    try:
        trace = program.run(inputs, trace=True).trace
    except veritas.RunError as error:
        trace, message = error.trace, error.message
    assert trace is not None
    blueprint = ReplayedBlueprint(label="Main", url="/x", revision_id="r", document=document, is_shown=True)
    return replay_of(trace.to_json(), {"main": blueprint}, revision_number=1, message=message)


def test_steps_say_where_and_which_values_changed() -> None:
    found = replay(COUNTING, {"n": 1})
    assert [(step.label, step.line) for step in found.steps] == [
        ("Count", 2),
        ("var i: number = 0;", 4),
        ("As long as there is one", 6),
        ("As long as there is one", 6),
        ("One more", 8),
        ("Give it", 11),
        ("Count", 2),
    ]
    assert [{change.name: change.text for change in step.changes} for step in found.steps] == [
        {"n": "1", "total": "0"},
        {"i": "0"},
        {},
        {},
        {"i": "1"},
        {"total": "1"},
        {},
    ]


def test_a_long_run_is_cut_and_says_how_much_is_missing() -> None:
    whole = replay(COUNTING, {"n": 10})
    assert whole.left_out == 0
    cut = replay(COUNTING, {"n": 6_000})
    assert len(cut.steps) == MAX_STEPS
    assert cut.left_out == 2 * 6_000 + 5 - MAX_STEPS


def test_a_failing_run_ends_with_the_step_that_failed() -> None:
    found = replay(COUNTING.replace("total = i;", "throw 'no ' + i;"), {"n": 0})
    last = found.steps[-1]
    assert (last.label, last.event, last.is_failure) == ("Give it", "Refuses: no 0", True)


def test_a_long_value_is_cut() -> None:
    found = replay("function f(items: list of number) -> n: number { n = 1; }", {"items": [1] * 10_000})
    (change,) = found.steps[0].changes
    assert change.text is not None
    assert change.text.startswith("[1, 1, ")
    assert change.text.endswith("…")
    assert len(change.text) == 500


def test_a_change_inside_a_list_shows_the_list() -> None:
    source = "function f() -> items: list of number {\n items.push(1);\n items.push(2);\n}"
    texts = [change.text for step in replay(source, {}).steps for change in step.changes]
    assert texts == ["[]", "[1]", "[1, 2]"]


def test_a_value_that_goes_away_is_absent_from_then_on() -> None:
    found = replay("function f() -> n: number {\n n = 1;\n n = absent;\n}", {})
    assert [(change.name, change.text) for step in found.steps for change in step.changes] == [
        ("n", "1"),
        ("n", None),
    ]


# On the page


def run_by_steps(person: Person, url: str, **typed: str) -> BeautifulSoup:
    fields = {f"input.{name}": text for name, text in typed.items()}
    answer = person.client.post(f"{url}/run", data={**fields, "steps": "1"})
    return BeautifulSoup(answer.text, "html.parser")


def steps_of(page: BeautifulSoup) -> list[Tag]:
    return page.select("#replay .replay-step")


def test_the_page_lists_the_steps_also_those_of_a_called_blueprint(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"zone-rate": CALLEE, "shipping": CALLER})
    url = f"/projects/{project.id}/blueprints/{project.blueprints['shipping']}"
    page = run_by_steps(ada, url, code="far", kg="2")
    labels = [step.a.text for step in steps_of(page) if step.a]
    assert labels[:3] == ["Shipping", "Look up the rate", "Zone Rate"]
    assert "Charge more" in labels
    assert labels.index("Charge more") < labels.index("Multiply")
    depths = {step.a.text: step["data-depth"] for step in steps_of(page) if step.a}
    assert (depths["Multiply"], depths["Charge more"]) == ("0", "1")
    charged = next(step for step in steps_of(page) if step.a and step.a.text == "Charge more")
    assert charged.a
    assert charged.a["href"] == f"/projects/{project.id}/blueprints/{project.blueprints['zone-rate']}#L9"
    assert [item.get_text(" ", strip=True) for item in charged.select("li")] == ["rate 2.5"]
    assert "fee 5" in [item.get_text(" ", strip=True) for item in page.select("#replay .replay-changes > li")]


def test_a_plain_run_has_no_steps(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"zone-rate": CALLEE})
    url = f"/projects/{project.id}/blueprints/{project.blueprints['zone-rate']}"
    for answer in (ada.client.post(f"{url}/run", data={"input.code": "far"}), ada.client.get(url)):
        card = BeautifulSoup(answer.text, "html.parser").find(id="replay")
        assert isinstance(card, Tag)
        assert not card.contents, "an empty card must not show"


def test_inputs_that_do_not_fit_have_no_steps_and_keep_their_errors(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"zone-rate": CALLEE, "shipping": CALLER})
    url = f"/projects/{project.id}/blueprints/{project.blueprints['shipping']}"
    page = run_by_steps(ada, url, code="far", kg="two")
    assert not steps_of(page)
    assert "must be a number" in page.text


def test_a_plain_run_takes_the_steps_of_the_one_before_away(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"zone-rate": CALLEE})
    url = f"/projects/{project.id}/blueprints/{project.blueprints['zone-rate']}"
    answer = ada.client.post(
        f"{url}/run", data={"input.code": "far"}, headers={"HX-Request": "true", "HX-Target": "run"}
    )
    replaced = BeautifulSoup(answer.text, "html.parser").find(id="replay")
    assert isinstance(replaced, Tag)
    assert replaced["hx-swap-oob"] == "true"
    assert not replaced.text.strip()
