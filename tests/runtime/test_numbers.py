"""Numbers in answers are spelled as JavaScript spells them."""

import json
import math
import os
import random
import struct
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import update

from leapter.db import transaction
from leapter.projects.models import Project
from leapter.runtime.problems import to_json
from leapter.veritas import SpelledNumber
from tests.prepare import find_node
from tests.runtime.conftest import Caller, flush
from tests.world import World

SAME = """\
//* Same
function same(all: list of number, one: number, half: text) ->
    all_out: list of number, one_out: number, half_out: text
{
    //* As it came
    all_out = all;
    //* As it came
    one_out = one;
    //* Perhaps half a character
    half_out = half.charAt(0);
}
"""
SPELLED = {
    "1e20": "100000000000000000000",
    "123456789012345680000": "123456789012345680000",
    "18446744073709551616": "18446744073709552000",
    "-9223372036854775808": "-9223372036854776000",
    "999999999999999900000": "999999999999999900000",
    "1e21": "1e+21",
    "0.000001": "0.000001",
    "-0.00000123": "-0.00000123",
    "0.00001": "0.00001",
    "1e-7": "1e-7",
    "9.99e-7": "9.99e-7",
}


@pytest.fixture
def same(caller: Caller, world: World) -> Caller:
    """A project whose Blueprint gives back what it is given."""
    project = world.project(caller.person, "Numbers", {"same": SAME})
    record, secret = world.key(caller.person, project)
    return Caller(person=caller.person, project=project, record=record, secret=secret, client=caller.client)


def _body(numbers: list[str], *, one: str = "1", half: str = "a") -> str:
    return f'{{"all": [{",".join(numbers)}], "one": {one}, "half": "{half}"}}'


@pytest.mark.parametrize("half", ["a", "\\ud83d\\ude00"], ids=["plain", "half a character"])
@pytest.mark.parametrize(("sent", "spelled"), SPELLED.items())
def test_a_number_goes_out_as_javascript_prints_it(same: Caller, sent: str, spelled: str, half: str) -> None:
    many = [sent] + ["1"] * 60
    for numbers in ([sent], many):
        answer = same.run(blueprint="same", data=_body(numbers, one=sent, half=half))
        shown = ",".join([spelled, *numbers[1:]])
        assert f'"all_out":[{shown}],"one_out":{spelled},' in answer.text


@pytest.mark.both_databases
def test_a_stored_run_has_the_numbers_that_were_answered(same: Caller) -> None:
    with transaction() as session:
        session.execute(update(Project).values(keeps_run_data=True))
    answer = same.run(blueprint="same", data=_body(list(SPELLED), one="1e20"))
    flush()
    stored = same.get(f"/runs/{answer.headers['X-Run-Id']}").text
    assert answer.text.removeprefix('{"outputData":').removesuffix("}") in stored


def test_a_trace_has_the_numbers_that_were_answered(same: Caller) -> None:
    answer = same.run(blueprint="same", path=f"{same.path('same')}?trace=true", data=_body([], one="1e20"))
    assert '"value":100000000000000000000' in answer.text


def test_two_thousand_numbers_go_out_as_node_writes_them(same: Caller) -> None:
    node = find_node()
    if node is None:
        if os.environ.get("CI") == "true":
            pytest.fail("There is no Node to compare with.")
        pytest.skip("There is no Node to compare with.")
    chance = random.Random(20260331)
    numbers: list[str] = []
    while len(numbers) < 2000:
        if len(numbers) % 2:
            number = struct.unpack("d", struct.pack("Q", chance.getrandbits(64)))[0]
        else:
            number = chance.choice((1, -1)) * chance.random() * 10.0 ** chance.randint(-9, 24)
        if math.isfinite(number):
            numbers.append(repr(float(round(number)) if len(numbers) % 3 == 0 else number))
    script = Path(__file__).parents[1] / "veritas" / "node.js"
    done = subprocess.run(
        [node, str(script)],
        input=json.dumps({"numbers": numbers}),
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    answer = same.run(blueprint="same", data=_body(numbers))
    sent = answer.text.removeprefix('{"outputData":{"all_out":[').partition("]")[0].split(",")
    assert sent == json.loads(done.stdout)


def test_only_what_json_can_carry_is_written() -> None:
    assert to_json({"a": (SpelledNumber(1e20), None)}) == b'{"a":[100000000000000000000,null]}'
    with pytest.raises(TypeError):
        to_json({"a": object()})
