"""Forms of imports and sources."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, MultipleFileField, StringField, TextAreaField


class ImportForm(FlaskForm):
    """A zip, or source files."""

    files = MultipleFileField("Files")
    name = StringField("Project name")


class SourceForm(FlaskForm):
    """The source of a Blueprint, with the revision it was typed over."""

    base_revision_id = HiddenField()
    source = TextAreaField("Source")
