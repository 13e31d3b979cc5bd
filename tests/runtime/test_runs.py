"""Running Blueprints over HTTP: what is sent, what comes back."""

import io
import uuid
from typing import Any

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from leapter import veritas
from leapter.blueprints.models import Blueprint, BlueprintRevision, Run
from leapter.config import MAX_BODY_BYTES
from leapter.db import db, transaction
from leapter.projects.models import Project
from leapter.runtime.problems import to_json
from tests.runtime.conftest import BLUEPRINTS, Caller, flush
from tests.world import World


@pytest.mark.both_databases
def test_a_run_answers_with_the_outputs_and_its_id(caller: Caller) -> None:
    answer = caller.run({"weight_kg": 2})
    assert (answer.status_code, answer.json) == (200, {"outputData": {"price": 5}})
    assert answer.content_type == "application/json"
    assert answer.data == b'{"outputData":{"price":5}}'  # not 5.0: as a JavaScript program prints it
    assert uuid.UUID(answer.headers["X-Run-Id"]).version == 7
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_answer_sets_no_cookie_and_does_not_vary_with_one(caller: Caller) -> None:
    answer = caller.run()
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers


@pytest.mark.both_databases
def test_a_blueprint_answers_to_its_id_its_slug_and_its_call_identifier(caller: Caller) -> None:
    blueprint_id = caller.project.blueprints["parcel-price"]
    for name in (blueprint_id, blueprint_id.upper(), "parcel-price", "parcel_price"):
        assert caller.run(blueprint=name).status_code == 200, name


@pytest.mark.both_databases
def test_a_name_that_fits_two_blueprints_means_the_id_then_the_slug(caller: Caller) -> None:
    with transaction() as session:
        for slug, call_identifier in (("nothing-asked", "fee"), ("operation", "operation")):
            session.execute(
                update(Blueprint).where(Blueprint.slug == slug).values(call_identifier=call_identifier)
            )
        session.execute(update(Blueprint).where(Blueprint.slug == "parcel-price").values(slug="fee"))
    assert caller.run({"weight_kg": 2}, blueprint="fee").json == {"outputData": {"price": 5}}


def test_ids_in_the_address_may_be_written_in_capitals(caller: Caller) -> None:
    assert (
        caller.run(path=caller.path().replace(caller.project.id, caller.project.id.upper())).status_code
        == 200
    )


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "*/*",
        "application/*",
        "application/json, text/plain, */*",
        "application/json; charset=utf-8",
        'Application/JSON;profile="a,b;q=0"; Q=.5',
        "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
        "*",
        "application/json;q=1.",
        "application/json;q=much",
        "application/*;q=0, application/json",
        "json",
        ",;=, /",
        "",
    ],
)
def test_clients_need_no_particular_accept_header(caller: Caller, accept: str | None) -> None:
    headers = {} if accept is None else {"Accept": accept}
    assert caller.run(headers=headers).status_code == 200


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "application/xml;q=x, json",
        "application/json;q=0",
        "*/*, application/json; q=0.000",
        "*;q=0",
    ],
)
def test_a_client_that_excludes_json_is_told_406(caller: Caller, accept: str) -> None:
    answer = caller.run(headers={"Accept": accept})
    assert (answer.status_code, answer.json["code"]) == (406, "not_acceptable")


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/Problem+JSON"]
)
def test_a_body_declared_as_json_is_read(caller: Caller, content_type: str) -> None:
    assert caller.run(data=b'{"weight_kg": 2}', content_type=content_type).status_code == 200


def test_a_body_without_a_declaration_is_read_as_json(caller: Caller) -> None:
    assert caller.run(data=b'{"weight_kg": 2}', content_type=None).status_code == 200


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "text/plain", "text/json", "multipart/form-data"]
)
def test_a_body_declared_as_something_else_is_415(caller: Caller, content_type: str) -> None:
    answer = caller.run(data=b'{"weight_kg": 2}', content_type=content_type)
    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")
    assert "Content-Type: application/json" in answer.json["detail"]


@pytest.mark.parametrize("body", [b"", b" \r\n", b"{}"])
def test_an_empty_body_is_an_object_without_members(caller: Caller, body: bytes) -> None:
    assert caller.run(data=body, blueprint="nothing-asked").json == {"outputData": {"answer": 42}}


def test_an_empty_body_may_be_declared_as_anything(caller: Caller) -> None:
    for length in ({}, {"Content-Length": "0"}, {"Transfer-Encoding": "chunked"}):
        for declared in ({"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Encoding": "gzip"}):
            answer = caller.run(data=b"", blueprint="nothing-asked", headers={**declared, **length})
            assert answer.json == {"outputData": {"answer": 42}}, (declared, length)
    streamed = {"input_stream": io.BytesIO(b"a=1"), "headers": {"X-API-Key": caller.secret}}
    answer = caller.client.post(caller.path(), content_type="application/x-www-form-urlencoded", **streamed)
    assert answer.status_code == 415


def test_a_key_that_is_sent_twice_is_that_key_and_two_keys_are_none(caller: Caller, world: World) -> None:
    _, other = world.key(caller.person, caller.project)
    # A server joins a header that comes twice with a comma.
    for joint in (",", ", "):
        assert caller.run(headers={"X-API-Key": caller.secret + joint + caller.secret}).status_code == 200
    answer = caller.run(headers={"X-API-Key": f"{caller.secret},{other}"})
    assert (answer.status_code, answer.json["code"]) == (401, "malformed_api_key")
    assert "was sent twice, with different values" in answer.json["detail"]
    assert "it has 41 characters" in caller.run(headers={"X-API-Key": f"{caller.secret},"}).json["detail"]


def test_an_address_with_two_slashes_is_json_too(caller: Caller) -> None:
    answer = caller.run(path=caller.path().replace("/models/", "//models/"))
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    # Before the path they come from a base URL that ends with one.
    assert caller.run(environ_overrides={"PATH_INFO": f"/{caller.path()}"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b'{"weight_kg": 2', 1, 16),
        (b'{\n  "weight_kg": two\n}', 2, 16),
        ('{"zoné": "ü" x}'.encode(), 1, 14),
        (b'{"weight_kg": NaN}', 1, 15),
        (b'{"weight_kg": Infinity}', 1, 15),
        (b"{'weight_kg': 2}", 1, 2),
        (b'{"weight_kg": 2,}', 1, 16),
        (b'{"weight_kg": 2} {}', 1, 18),
        (b'{"zone": "\\ud83d"}', 1, 11),
        (b'{"zone":\n "\xff"}', 2, 3),
        (b'{"zone": "a\tb"}', 1, 12),
        ('{"zone": "home"}'.encode("utf-16"), 1, 1),
    ],
)
def test_a_body_that_is_not_json_is_400_with_its_place(
    caller: Caller, body: bytes, line: int, column: int
) -> None:
    answer = caller.run(data=body)
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_json")
    assert f"line {line}, column {column}." in answer.json["detail"]
    assert "X-Run-Id" not in answer.headers


@pytest.mark.parametrize(
    ("body", "reason", "column"),
    [
        (b'{"weight_kg": 1e400}', "holds a number that is too large", 15),
        (b'{"weight_kg": -1e400}', "holds a number that is too large", 15),
        (b'{"weight_kg": 1' + b"0" * 400 + b"}", "holds a number that is too large", 15),
        (b"[" * 5000 + b"]" * 5000, "is nested too deeply", 1026),
    ],
)
def test_a_body_that_is_json_beyond_the_limits_is_told_so(
    caller: Caller, body: bytes, reason: str, column: int
) -> None:
    answer = caller.run(data=body)
    assert (answer.status_code, answer.json["code"]) == (400, "json_beyond_limits")
    assert f"The body {reason}" in answer.json["detail"]
    assert f"line 1, column {column}." in answer.json["detail"]
    assert "not JSON" not in answer.text


@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP, identity", "x-secret"])
def test_a_compressed_body_is_415_and_told_how_to_send_it(caller: Caller, encoding: str) -> None:
    answer = caller.run(headers={"Content-Encoding": encoding})
    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_content_encoding")
    assert f"“{encoding}”" in answer.json["detail"]
    assert answer.headers["Accept-Encoding"] == "identity"


def test_a_body_that_is_declared_to_be_as_it_is_is_read(caller: Caller) -> None:
    assert caller.run(headers={"Content-Encoding": " Identity"}).status_code == 200


def test_a_misspelt_input_is_told_which_was_meant_in_a_well_formed_sentence(caller: Caller) -> None:
    answer = caller.run({"weight_kg": 2, "zoen": "home"})
    assert answer.json["detail"] == ("Input `zoen` is not an input of this Blueprint (did you mean `zone`?).")


def test_null_for_a_choice_is_called_null(caller: Caller) -> None:
    answer = caller.run({"weight_kg": 2, "zone": None})
    assert answer.json["errors"] == [
        {"path": "zone", "message": 'must be one of "home", "abroad"; it is null'}
    ]


@pytest.mark.parametrize(
    ("body", "noun"),
    [(b"[]", "a list"), (b"null", "null"), (b"true", "a boolean"), (b"1", "a number"), (b'"a"', "a text")],
)
def test_a_body_that_is_no_object_is_400(caller: Caller, body: bytes, noun: str) -> None:
    answer = caller.run(data=body)
    assert (answer.status_code, answer.json["code"]) == (400, "body_not_object")
    assert f"is {noun} where an object is needed" in answer.json["detail"]


def test_a_byte_order_mark_before_the_body_is_ignored(caller: Caller) -> None:
    assert caller.run(data=b'\xef\xbb\xbf{"weight_kg": 2}').status_code == 200


def test_a_member_given_twice_counts_as_given_last(caller: Caller) -> None:
    assert caller.run(data=b'{"weight_kg": 2, "weight_kg": 4}').json == {"outputData": {"price": 10}}


def test_an_integer_past_64_bits_is_the_nearest_number(caller: Caller) -> None:
    answer = caller.run(data=b'{"weight_kg": 100000000000000000000000}')
    assert answer.json["outputData"]["price"] == 2.5e23


def test_half_a_character_in_an_output_leaves_as_json_that_anyone_can_read(caller: Caller) -> None:
    answer = caller.run({"t": "\N{PACKAGE}"}, blueprint="first-character")
    assert answer.status_code == 200
    assert answer.data.decode("utf-8")
    assert answer.json["outputData"]["big"] == 1e21


def test_what_the_fast_writer_of_json_refuses_is_written_all_the_same() -> None:
    assert to_json({"half": "\ud83d", "big": 10**30}) == b'{"half":"\\ud83d","big":1' + b"0" * 30 + b"}"


def _padded(size: int) -> bytes:
    body = b'{"weight_kg": 2}'
    return body + b" " * (size - len(body))


def test_a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_413(caller: Caller) -> None:
    assert caller.run(data=_padded(MAX_BODY_BYTES)).status_code == 200
    answer = caller.run(data=_padded(MAX_BODY_BYTES + 1))
    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")


def test_an_input_that_does_not_fit_is_422_and_all_faults_are_listed(caller: Caller) -> None:
    answer = caller.run({"zone": "moon", "colour": "red"})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert {fault["path"] for fault in answer.json["errors"]} == {"weight_kg", "zone", "colour"}
    assert all(fault["message"] for fault in answer.json["errors"])
    assert "weight_kg" in answer.json["detail"]
    assert answer.json["runId"] == answer.headers["X-Run-Id"]


def test_a_number_sent_as_text_is_not_taken_for_a_number(caller: Caller) -> None:
    assert caller.run({"weight_kg": "2"}).json["errors"][0]["path"] == "weight_kg"


@pytest.mark.parametrize(
    ("blueprint", "inputs", "code", "words"),
    [
        (
            "refusal",
            {"weight_kg": 31.5},
            "blueprint_error",
            "Parcels over 31.5 kg go by freight.",
        ),
        ("endless", {}, "limit_exceeded", "1,000,000"),
        ("operation", {"list_given": []}, "operation_failed", "max"),
    ],
)
def test_a_run_that_ends_in_an_error_is_422_with_its_message_and_its_place(
    caller: Caller, blueprint: str, inputs: dict[str, Any], code: str, words: str
) -> None:
    answer = caller.run(inputs, blueprint=blueprint)
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert words in answer.json["detail"] or words.replace(",", "") in answer.json["detail"]
    assert answer.json["runId"] == answer.headers["X-Run-Id"]
    assert answer.json["node"]["line"] > 0
    assert answer.json["node"].keys() == {"id", "label", "line"}


def test_what_a_blueprint_throws_is_the_detail_to_the_letter(caller: Caller) -> None:
    answer = caller.run({"weight_kg": 40}, blueprint="refusal")
    assert answer.json["detail"] == "Parcels over 40 kg go by freight."


def test_a_blueprint_with_errors_cannot_run_and_says_so(caller: Caller) -> None:
    with transaction() as session:
        session.execute(update(Blueprint).values(revision_in_force_id=None))
    answer = caller.run()
    assert (answer.status_code, answer.json["code"]) == (422, "blueprint_has_errors")
    assert "“Parcel Price” has errors and cannot run" in answer.json["detail"]
    one = "function f() -> out: number {\n    out++;\n}"
    two = f"function f() -> out: number {{\n    out = lpt_{'0aB' * 12};\n    out++;\n}}"
    for source, said in (
        (one, "has 1 error and cannot run: line 2: There is no `++`."),
        (two, "has 2 errors and cannot run. The first: line 2: `lpt_…` is not declared."),
    ):
        kept = [finding.to_json() for finding in veritas.analyze(source).findings]
        with transaction() as session:
            session.execute(update(BlueprintRevision).values(findings=kept))
        assert caller.run().json["detail"] == f"The Blueprint “Parcel Price” {said}"


def test_a_blueprint_whose_label_is_taken_says_so(caller: Caller, world: World) -> None:
    twins = dict.fromkeys(("first", "second"), BLUEPRINTS["nothing-asked"])
    project = world.project(caller.person, "Twins", twins)
    _, secret = world.key(caller.person, project)
    path = caller.path("second").replace(caller.project.id, project.id)
    answer = caller.run({}, path=path, headers={"X-API-Key": secret})
    assert (answer.status_code, answer.json["code"]) == (422, "blueprint_has_errors")
    assert "“Nothing Asked” of this project is called nothing_asked too" in answer.json["detail"]


def test_a_project_may_have_unknown_inputs_ignored_and_warns(caller: Caller) -> None:
    with transaction() as session:
        session.execute(update(Project).values(ignores_unknown_inputs=True))
    answer = caller.run({"weight_kg": 2, "colour": "red"})
    assert (answer.status_code, answer.json["outputData"]) == (200, {"price": 5})
    assert len(answer.json["warnings"]) == 1
    assert "colour" in answer.json["warnings"][0]


def test_a_correlation_id_is_echoed_on_results_and_on_problems(caller: Caller) -> None:
    for answer in (
        caller.run(headers={"X-Correlation-Id": "order-7"}),
        caller.run({}, headers={"X-Correlation-Id": "order-7"}),
        caller.run(headers={"X-Correlation-Id": "order-7", "X-API-Key": "wrong"}),
        caller.run(headers={"X-Correlation-Id": "order-7"}, path=f"{caller.base}/nothing"),
        caller.run(headers={"X-Correlation-Id": "order-7"}, path=f"{caller.base}/models"),
    ):
        assert answer.headers["X-Correlation-Id"] == "order-7"


def test_a_correlation_id_is_cut_at_200_characters(caller: Caller) -> None:
    answer = caller.run(headers={"X-Correlation-Id": "x" * 201})
    assert answer.headers["X-Correlation-Id"] == "x" * 200


def test_a_correlation_id_outside_latin_letters_comes_back_as_it_was_sent(caller: Caller) -> None:
    sent = "Auftrag-é-Ω".encode().decode("latin-1")
    answer = caller.run(headers={"X-Correlation-Id": sent})
    flush()
    assert answer.headers["X-Correlation-Id"] == sent
    assert db.session.scalar(select(Run.correlation_id)) == "Auftrag-é-Ω"


def test_an_unexpected_fault_is_500_with_a_run_id_and_nothing_of_the_inside(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller.run()  # the program is compiled now

    def fail(*args: object, **options: object) -> None:
        raise MemoryError("secret-of-the-inside")

    monkeypatch.setattr("leapter.veritas.Program.run", fail)
    with capture_logs() as log:
        answer = caller.run()
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert answer.json["runId"] == answer.headers["X-Run-Id"]
    assert "inside" not in answer.text
    flush()
    assert db.session.scalar(select(Run.status).where(Run.id == answer.json["runId"])) == 500
    assert [(line["event"], line["request_id"]) for line in log] == [
        ("unexpected_error", answer.json["request_id"])
    ]


@pytest.mark.both_databases
def test_a_run_is_recorded_with_who_when_and_what_came_of_it(caller: Caller) -> None:
    answer = caller.run(
        {"weight_kg": 2},
        headers={"X-Correlation-Id": "order-7", "User-Agent": "shop/1.0"},
        environ_base={"REMOTE_ADDR": "203.0.113.7"},
    )
    flush()
    run = db.session.get(Run, answer.headers["X-Run-Id"])
    assert run is not None
    assert (run.project_id, run.blueprint_id) == (
        caller.project.id,
        caller.project.blueprints["parcel-price"],
    )
    assert (run.revision_number, run.status, run.error_code) == (1, 200, None)
    assert (run.key_id, run.caller) == (caller.record.id, caller.secret[:12])
    assert (run.correlation_id, run.client_address, run.client_agent) == (
        "order-7",
        "203.0.113.7",
        "shop/1.0",
    )
    assert run.duration_us >= 0
    assert run.input_data is None
    assert run.output_data is None


@pytest.mark.both_databases
def test_a_failed_run_is_recorded_with_its_error(caller: Caller) -> None:
    answer = caller.run({"weight_kg": 40}, blueprint="refusal")
    flush()
    run = db.session.get(Run, answer.headers["X-Run-Id"])
    assert run is not None
    assert (run.status, run.error_code) == (422, "blueprint_error")
    assert run.error_message == "The Blueprint refused at “Too heavy”, line 5."


_ENDINGS = [
    ("parcel-price", {"zone": "moon-4711"}, "Inputs do not fit: `weight_kg`, `zone`."),
    (
        "parcel-price",
        {"weight_kg": 1, "card-4711": 1},
        "Inputs do not fit: names that are no inputs of this Blueprint.",
    ),
    (
        "operation",
        {"list_given": [1, "4711"], "zone[4711]": 1},
        "Inputs do not fit: `list_given`, names that are no inputs of this Blueprint.",
    ),
    ("refusal", {"weight_kg": 4711}, "The Blueprint refused at “Too heavy”, line 5."),
    ("operation", {"list_given": []}, "The Blueprint failed at “The largest”, line 5."),
    ("endless", {}, "A limit of runs was reached at line 5."),
]


@pytest.mark.parametrize(("blueprint", "inputs", "message"), _ENDINGS)
def test_no_value_of_a_caller_is_stored_in_the_message_of_a_run(
    caller: Caller, blueprint: str, inputs: dict[str, Any], message: str
) -> None:
    answer = caller.run(inputs, blueprint=blueprint)
    flush()
    stored = caller.get(f"/runs/{answer.headers['X-Run-Id']}")
    assert stored.json["error"] == {"code": answer.json["code"], "detail": message}
    if "4711" in str(inputs):
        assert "4711" in answer.text  # the caller itself is told everything


def test_a_message_is_stored_as_it_was_where_the_project_keeps_the_data(caller: Caller) -> None:
    with transaction() as session:
        session.execute(update(Project).values(keeps_run_data=True))
    answer = caller.run({"weight_kg": 40}, blueprint="refusal")
    flush()
    stored = caller.get(f"/runs/{answer.headers['X-Run-Id']}")
    assert stored.json["error"]["detail"] == "Parcels over 40 kg go by freight."


@pytest.mark.both_databases
def test_inputs_and_outputs_are_kept_only_where_the_project_says_so(caller: Caller) -> None:
    with transaction() as session:
        session.execute(update(Project).values(keeps_run_data=True))
    done, refused = caller.run({"weight_kg": 2}), caller.run({"weight_kg": None, "zone": "moon"})
    flush()
    run = db.session.get(Run, done.headers["X-Run-Id"])
    assert run is not None
    assert (run.input_data, run.output_data) == ({"weight_kg": 2}, {"price": 5})
    run = db.session.get(Run, refused.headers["X-Run-Id"])
    assert run is not None
    assert (run.input_data, run.output_data) == ({"weight_kg": None, "zone": "moon"}, None)


def test_control_characters_of_a_client_never_reach_a_record(caller: Caller) -> None:
    caller.run(headers={"User-Agent": "shop\x1b[2J\x7f" + "x" * 300})
    flush()
    agent = db.session.scalar(select(Run.client_agent))
    assert agent == ("shop[2J" + "x" * 300)[:200]


@pytest.mark.both_databases
def test_every_way_to_write_a_text_survives_the_record(caller: Caller) -> None:
    with transaction() as session:
        session.execute(update(Project).values(keeps_run_data=True))
    answer = caller.run({"t": "\N{PACKAGE}\0"}, blueprint="first-character")
    assert answer.status_code == 200
    flush()
    run = db.session.get(Run, answer.headers["X-Run-Id"])
    assert run is not None
    assert run.input_data == {"t": "\N{PACKAGE}\0"}
