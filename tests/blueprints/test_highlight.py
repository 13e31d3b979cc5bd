import re
from html import unescape

import pytest

from leapter.blueprints.checking import lines_of
from leapter.blueprints.highlight import marked_lines, marked_types_lines
from tests.blueprints.sources import INPUTS, fee

ODD = 'x = "<b>\\"</b>"; // "not a string" <i>\r\n/* a\r\nb */ """open\n\n description'


@pytest.mark.parametrize("source", [fee(), INPUTS, ODD, "", "\n", "<script>alert(1)</script>", '"""'])
def test_marked_lines_hold_the_very_text_of_the_source(source: str) -> None:
    text = "\n".join(unescape(re.sub(r"<[^>]*>", "", str(line))) for line in marked_lines(source))
    assert text == "\n".join(lines_of(source)).removesuffix("\n")


def test_every_span_ends_on_its_line() -> None:
    for line in marked_lines(ODD):
        assert line.count("<span") == line.count("</span>")


def test_a_keyword_in_a_string_or_comment_is_none() -> None:
    (line,) = marked_lines('"if" // if')
    assert "code-keyword" not in line
    assert "code-keyword" in marked_lines("if (x)")[0]


def test_100000_characters_are_the_most_that_are_marked() -> None:
    longest = "if\n" + " " * 99_997
    assert "code-keyword" in marked_lines(longest)[0]
    assert marked_lines(longest + " ")[0] == "if"


def test_types_have_their_own_keywords() -> None:
    first, second = marked_types_lines('@format: "currency"\ndefine type as list of Euro // define')
    assert first.startswith('<span class="code-annotation">@format</span>: <span class="code-string">')
    assert re.findall(r'code-keyword">(\w+)', second) == ["define", "as", "list", "of"]
    assert "code-keyword" not in marked_lines("define as")[0]
