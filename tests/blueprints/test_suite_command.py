"""`leapter test`: suites of projects in files, without a database."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.world import PRICE

CASE = {"id": "two", "label": "Two", "input": {"weight_kg": 2}, "expectedOutput": {"price": 5}}
RATE = "//* Rate\nfunction f() -> euros: number {\n//* Set it\neuros = 2.5;\n}\n"
CALLER = "//* Caller\nfunction f() -> price: number {\n//* Ask\nprice = rate().euros * 2;\n}\n"
TYPED = '//* Typed\nfunction f(level: type Level = "gold") -> out: Level {\n//* Same\nout = level;\n}\n'


def write(folder: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return folder


def suite(*cases: dict[str, Any]) -> dict[str, Any]:
    return {"id": "s", "label": "Suite", "testCases": list(cases)}


def leapter_test(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command in the folder of `path`, in which no database can be."""
    command = Path(sys.executable).with_name("leapter")
    return subprocess.run(
        [command, "test", path.name, *options],
        cwd=path.parent,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "LEAPTER_HOME": "/dev/null/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )


def project(folder: Path, *cases: dict[str, Any], source: str = PRICE) -> Path:
    return write(
        folder,
        {
            "logic/parcel-price/parcel-price.logic.vts": source,
            "logic/parcel-price/tests/prices.test.json": suite(*cases),
        },
    )


def test_green_suites_end_with_0(tmp_path: Path) -> None:
    done = leapter_test(project(tmp_path / "shop", CASE))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["shop", "  Parcel Price: 1 test passes", "1 test passes."]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop"]


def test_a_failing_case_ends_with_1_and_says_where_it_differs(tmp_path: Path) -> None:
    failing = {**CASE, "id": "other", "label": "Other", "expectedOutput": {"price": 6, "tax": 1}}
    none = {"id": "none", "label": "No weight", "input": {}, "expectedOutput": {"price": 0}}
    done = leapter_test(project(tmp_path / "shop", CASE, failing, none))
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "shop",
        "  Parcel Price: 2 of 3 tests fail",
        (
            "    logic/parcel-price/tests/prices.test.json: Other: 2 values differ. "
            "`tax` is no output of this Blueprint."
        ),
        "      price: expected 6, was 5",
        "      tax: expected 1, was nothing",
        (
            "    logic/parcel-price/tests/prices.test.json: No weight: "
            "The run ended with an error: Input `weight_kg` is required."
        ),
        "2 of 3 tests fail.",
    ]


def test_an_error_says_its_line_and_long_values_are_cut(tmp_path: Path) -> None:
    source = PRICE.replace("price = weight_kg * 2.5;", 'throw "Closed.";')
    long = {**CASE, "label": "Long", "expectsError": True, "expectedOutput": {"detail": "x" * 500}}
    done = leapter_test(project(tmp_path / "shop", {**CASE, "id": "a"}, long, source=source))
    assert "      at line 11 of parcel_price, “Two and a half euros a kilogram” (X-" in done.stdout
    assert f'detail: expected "{"x" * 199}…, was "Closed."' in done.stdout


def test_json_has_every_result(tmp_path: Path) -> None:
    done = leapter_test(project(tmp_path / "shop", {**CASE, "expectedOutput": {"price": 6}}), "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["isGreen"], told["total"], told["passed"]) == (False, 1, 0)
    (blueprint,) = told["projects"][0]["blueprints"]
    assert blueprint["file"] == "logic/parcel-price/parcel-price.logic.vts"
    (case,) = blueprint["suites"][0]["cases"]
    assert case["status"] == "failed"
    assert case["differences"] == [{"path": "price", "expected": 6, "actual": 5}]


def test_a_blueprint_with_errors_ends_with_1(tmp_path: Path) -> None:
    done = leapter_test(project(tmp_path / "shop", CASE, source=PRICE.replace("weight_kg *", "weight *")))
    assert done.returncode == 1
    assert "  Parcel Price: not run, since it has errors" in done.stdout
    assert "    logic/parcel-price/parcel-price.logic.vts:11:" in done.stdout
    assert done.stdout.splitlines()[-1] == "There are no tests."


def test_a_suite_with_errors_ends_with_1(tmp_path: Path) -> None:
    folder = project(tmp_path / "shop", CASE)
    write(folder, {"logic/parcel-price/tests/odd.test.json": "{"})
    done = leapter_test(folder)
    assert done.returncode == 1
    assert "    logic/parcel-price/tests/odd.test.json:1:2: error: The text is not JSON" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 test passes, and 1 test suite has errors."


def test_a_suite_of_no_blueprint_ends_with_1(tmp_path: Path) -> None:
    done = leapter_test(write(project(tmp_path / "shop", CASE), {"tests/prices.test.json": suite(CASE)}))
    assert done.returncode == 1
    assert "  tests/prices.test.json: belongs to no Blueprint, so it is not run" in done.stdout


def test_a_project_without_tests_says_so_and_ends_with_0(tmp_path: Path) -> None:
    folder = write(tmp_path / "shop", {"logic/parcel-price/parcel-price.logic.vts": PRICE})
    done = leapter_test(folder)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "There are no tests.")


def test_blueprints_see_each_other_and_the_types(tmp_path: Path) -> None:
    files = {
        "logic/caller/caller.logic.vts": CALLER,
        "logic/caller/tests/a.test.json": suite({"id": "a", "expectedOutput": {"price": 5}}),
        "logic/rate/rate.logic.vts": RATE,
        "logic/typed/typed.logic.vts": TYPED,
        "logic/typed/tests/a.test.json": suite(
            {"id": "a", "expectedOutput": {"out": "gold"}},
            {"id": "b", "input": {"level": "lead"}, "expectsError": True},
        ),
        "data/types.data.vts": 'define Level "Loyalty" as _text constrained_to ["basic", "gold"]\n',
    }
    done = leapter_test(write(tmp_path / "shop", files))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "3 tests pass.")


def test_a_callee_with_errors_is_what_fails_its_callers_case(tmp_path: Path) -> None:
    files = {
        "logic/caller/caller.logic.vts": CALLER,
        "logic/caller/tests/a.test.json": suite({"id": "a", "expectedOutput": {"price": 5}}),
        "logic/rate/rate.logic.vts": RATE.replace("2.5", "nothing"),
    }
    done = leapter_test(write(tmp_path / "shop", files))
    assert done.returncode == 1
    assert "  Rate: not run, since it has errors" in done.stdout
    assert "  Caller: 1 of 1 tests fails" in done.stdout


def test_of_two_with_one_name_the_second_is_an_error(tmp_path: Path) -> None:
    files = {"logic/a/a.logic.vts": RATE, "logic/b/b.logic.vts": RATE}
    done = leapter_test(write(tmp_path / "shop", files))
    assert done.returncode == 1
    assert (
        "logic/b/b.logic.vts:1:1: error: The Blueprint “Rate” of this project is called rate too."
        in done.stdout
    )


def test_types_with_errors_end_with_1(tmp_path: Path) -> None:
    done = leapter_test(write(project(tmp_path / "shop", CASE), {"data/types.data.vts": "define 7"}))
    assert done.returncode == 1
    assert "    data/types.data.vts:1:8: error: " in done.stdout


def test_an_error_is_printed_with_its_line_a_caret_and_the_fix(tmp_path: Path) -> None:
    files = {"logic/rate/rate.logic.vts": RATE.replace("2.5", "pric")}
    done = leapter_test(write(tmp_path / "shop", files))
    lines = done.stdout.splitlines()
    place = next(number for number, line in enumerate(lines) if "error: `pric` is not declared." in line)
    source, caret, fix = lines[place + 1 : place + 4]
    assert source.index("pric;") == caret.index("^") > 7
    assert fix.startswith("      Fix: ")


def test_a_folder_of_projects_and_zips_is_run_whole(tmp_path: Path) -> None:
    project(tmp_path / "all" / "one", CASE)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("logic/parcel-price/parcel-price.logic.vts", PRICE)
        archive.writestr("logic/parcel-price/tests/a.test.json", json.dumps(suite(CASE, {**CASE, "id": "b"})))
    (tmp_path / "all" / "two.zip").write_bytes(content.getvalue())
    (tmp_path / "all" / "notes").mkdir()
    done = leapter_test(tmp_path / "all")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "one",
        "  Parcel Price: 1 test passes",
        "two",
        "  Parcel Price: 2 tests pass",
        "3 tests pass.",
    ]
    assert leapter_test(tmp_path / "all" / "two.zip").stdout.splitlines()[-1] == "2 tests pass."


@pytest.mark.parametrize(("name", "code"), [("nothing", 2), ("empty", 1)])
def test_what_is_no_project_is_refused_with_a_sentence(tmp_path: Path, name: str, code: int) -> None:
    (tmp_path / "empty").mkdir()
    done = leapter_test(tmp_path / name)
    assert done.returncode == code
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr
