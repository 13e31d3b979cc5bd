"""What pages say once a revision or a types document was saved, or a revision put into force."""

from leapter.blueprints.rechecking import Affected
from leapter.blueprints.service import SavedRevision
from leapter.blueprints.types_documents import SavedTypes


def saved_message(saved: SavedRevision) -> str:
    """What to say once a revision was saved."""
    return _what_was_saved(saved) + _consequences(saved, "this Blueprint has changed")


def put_message(put: SavedRevision) -> str:
    """What to say once a revision was put into force."""
    objected = put.trial is not None and not put.trial.verdict.is_green
    though = f", though {put.trial.verdict.summary}" if put.trial and objected else ""
    return f"Revision {put.number} is in force{though}." + _consequences(put, "this Blueprint has changed")


def types_saved_message(saved: SavedTypes, *, is_empty: bool) -> str:
    """What to say once a types document was saved; `is_empty` says that it was taken away."""
    if not saved.changed:
        return "Nothing has changed."
    what = "The project has no types any more." if is_empty else "Types saved. They are in force from now on."
    red = "".join(f" {one.label}: {one.verdict.summary}." for one in saved.reddened[:3])
    more = f" Tests of {len(saved.reddened) - 3} more Blueprints fail." if len(saved.reddened) > 3 else ""
    return what + _consequences(saved, "the types have changed") + red + more


def errors_counted(count: int) -> str:
    """So many errors."""
    return "1 error" if count == 1 else f"{count} errors"


def _consequences(saved: SavedRevision | SavedTypes, since: str) -> str:
    message = ""
    if saved.stopped:
        message += f" {_labels(saved.stopped)} cannot run any more, since {since}."
    if saved.started:
        message += f" {_labels(saved.started)} can run now."
    return message


def _labels(affected: tuple[Affected, ...]) -> str:
    labels = [each.label for each in affected[:3]]
    if len(affected) > len(labels):
        labels.append(f"{len(affected) - len(labels)} more")
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def _what_was_saved(saved: SavedRevision) -> str:
    if not saved.changed:
        return f"Nothing has changed: this is revision {saved.number}."
    stays = f" Revision {saved.number_in_force} stays in force." if saved.number_in_force else ""
    if saved.error_count:
        why = f"It cannot run: {errors_counted(saved.error_count)}, so its tests were not run."
        return f"Revision {saved.number} saved. {why}{stays}"
    if saved.is_held:
        why = saved.trial.summary if saved.trial else "its project has changed while it was saved"
        return f"Revision {saved.number} saved, but not put into force: {why}.{stays}"
    if saved.trial and saved.trial.verdict.total:
        return f"Revision {saved.number} in force; {saved.trial.verdict.summary}."
    return f"Revision {saved.number} saved. It is in force from now on; it has no tests yet."
