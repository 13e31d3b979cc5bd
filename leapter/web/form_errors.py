"""What the routes of all forms share."""

from flask import request
from flask_wtf import FlaskForm

from leapter.errors import InvalidInputError


def put_errors(form: FlaskForm, error: InvalidInputError) -> None:
    """Put what a service said of each field beside that field, and the rest above the form."""
    for name, sentences in error.errors.items():
        if name in form:
            form[name].errors = [*form[name].errors, *sentences]
        else:
            form.form_errors.extend(sentences)


def status_of(form: FlaskForm) -> int:
    """The HTTP status of a page with `form` on it: 422 if what was sent has errors."""
    return 422 if request.method == "POST" and (form.errors or form.form_errors) else 200
