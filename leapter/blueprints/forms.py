"""Forms of imports, sources and tests."""

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    MultipleFileField,
    SelectField,
    StringField,
    TextAreaField,
)


class ImportForm(FlaskForm):
    """A zip, or source files."""

    files = MultipleFileField("Files")
    name = StringField("Project name")


class SourceForm(FlaskForm):
    """The source of a Blueprint, with the revision it was typed over."""

    base_revision_id = HiddenField()
    source = TextAreaField("Source")


class SuiteForm(FlaskForm):
    """The name of a new test suite."""

    label = StringField("Name")


class SuiteTextForm(FlaskForm):
    """The file of a test suite, with what tells whether it was changed meanwhile."""

    base_digest = HiddenField()
    text = TextAreaField("File")


class CaseForm(FlaskForm):
    """A test case. `case_id` is for a new one, `base_digest` for one that is there."""

    case_id = HiddenField()
    base_digest = HiddenField()
    suite = SelectField("Suite", validate_choice=False)
    suite_label = StringField("Name of the new suite")
    label = StringField("Name")
    group = StringField("Group")
    inputs = TextAreaField("Inputs")
    expects_error = BooleanField("The run is to end with an error")
    expected = TextAreaField("Expected outputs")


class PutInForceForm(FlaskForm):
    """Which revision was looked at."""

    revision_id = HiddenField()


class TypesForm(FlaskForm):
    """A types document, with the version it was typed over."""

    base_version = HiddenField()
    source = TextAreaField("Types document")
