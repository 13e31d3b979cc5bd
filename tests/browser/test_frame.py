"""What holds on every page: no complaint of the browser, no violation that axe finds."""

from tests.browser.conftest import Visitor


def test_the_sign_in_page_is_accessible(visit: Visitor) -> None:
    window = visit()
    window.go("/sign-in")
    window.assert_accessible()
