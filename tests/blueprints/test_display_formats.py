import pytest

from leapter import veritas
from leapter.blueprints.display_formats import display_words, find_format, format_of


@pytest.mark.parametrize(
    ("annotations", "value", "shown"),
    [
        ({"format": "currency", "currency": "EUR", "fractionDigits": 2.0}, 1234.5, "1,234.50 EUR"),
        ({"format": "currency", "currency": "EUR"}, 7, "7.00 EUR"),
        ({"currency": "JPY", "fractionDigits": 0.0}, -1234.5, "-1,235 JPY"),
        ({"format": "currency"}, 0.125, "0.125"),
        ({"format": "percent"}, 0.069, "6.9 %"),
        ({"format": "percent", "fractionDigits": 1.0}, 0.07, "7.0 %"),
        ({"format": "number", "fractionDigits": 2.0}, 1.005, "1.01"),
        ({"fractionDigits": 1.0}, 12, "12.0"),
        ({"format": "number"}, 5e-324, "0.0000000000"),
        ({"format": "decimal", "fractionDigits": 0.0}, 1e21, "1,000,000,000,000,000,000,000"),
        # What is no count of decimals, and no code of a currency, is passed over.
        ({"format": "currency", "currency": "a currency", "fractionDigits": 1.5}, 2, "2.00"),
        ({"format": "number", "currency": ["EUR"], "fractionDigits": True}, 2, "2"),
        ({"format": "number", "fractionDigits": 11.0}, 2.5, "2.5"),
    ],
)
def test_a_number_is_written_as_its_annotations_ask(
    annotations: dict[str, object], value: float, shown: str
) -> None:
    found = format_of(annotations)
    assert found is not None
    assert found.write(value) == shown


def test_the_largest_number_can_be_written() -> None:
    found = format_of({"format": "currency", "currency": "EUR"})
    assert found is not None
    assert found.write(1.7976931348623157e308).endswith(",000.00 EUR")


@pytest.mark.parametrize(
    "annotations",
    [{}, {"unit": "kg"}, {"format": "barcode", "fractionDigits": 2.0}, {"format": ["currency"]}],
)
def test_annotations_without_a_meaning_change_nothing(annotations: dict[str, object]) -> None:
    assert format_of(annotations) is None


@pytest.mark.parametrize(
    ("annotations", "words"),
    [
        ({"format": "currency", "currency": "EUR", "fractionDigits": 2.0}, "money in EUR, with 2 decimals"),
        ({"format": "percent", "fractionDigits": 1.0}, "percentage, with 1 decimal"),
        ({"format": "number", "fractionDigits": 0.0, "unit": "kg"}, "number, with no decimals, unit: kg"),
        ({"format": "barcode"}, "format: barcode"),
        ({}, ""),
    ],
)
def test_a_format_in_words(annotations: dict[str, object], words: str) -> None:
    assert display_words(annotations) == words


def test_an_alias_is_shown_as_what_it_is_made_from_unless_it_says_otherwise() -> None:
    types = veritas.analyze_types("""
        @format: "currency" @currency: "EUR"
        define Euro as number

        define Price as Euro

        @currency: "USD"
        define Dollar as Euro

        define Share as percent
    """).types

    def written(name: str) -> str | None:
        found = find_format(veritas.Type(kind="named", name=name), types)
        return None if found is None else found.write(0.5)

    assert [written(name) for name in ("Price", "Dollar", "Share", "Gone")] == [
        "0.50 EUR",
        "0.50 USD",
        "50 %",
        None,
    ]
