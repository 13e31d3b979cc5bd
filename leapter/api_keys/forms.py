"""Forms of API keys. What is acceptable is for the service to say; the forms carry values."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField, SelectMultipleField, StringField


class CreateForm(FlaskForm):
    """A name and projects; the token makes a form that is sent twice create one key."""

    name = StringField("Key Name")
    projects = SelectMultipleField("Projects", validate_choice=False)
    creation_token = HiddenField()


class ProjectsForm(FlaskForm):
    """The projects of a key, chosen while its scope was at `scope_version`."""

    projects = SelectMultipleField("Projects", validate_choice=False)
    scope_version = IntegerField()


class RevokeForm(FlaskForm):
    """Nothing but the protection against forged requests."""
