"""What Schemathesis is to look at beside its own checks; it imports this module by its name."""

from typing import Any

import schemathesis

# A Blueprint may refuse whatever its author has it refuse, and a run has limits: no schema can tell of that.
_OF_THE_BLUEPRINT = frozenset(("blueprint_error", "operation_failed", "limit_exceeded"))


@schemathesis.check
def valid_inputs_reach_the_blueprint(ctx: Any, response: Any, case: Any) -> None:
    """Inputs that the document allows are refused by the Blueprint alone, and never by the run boundary."""
    if response.status_code == 422 and case.meta is not None and case.meta.generation.mode.is_positive:
        code = response.json()["code"]
        assert code in _OF_THE_BLUEPRINT, response.text


@schemathesis.check
def answers_to_programs_are_never_kept(ctx: Any, response: Any, case: Any) -> None:
    """Whatever is answered: no cache may keep it."""
    assert response.headers["cache-control"] == ["no-store"], response.headers
