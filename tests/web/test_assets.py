"""Static files: kept for a year under an address that changes with them, refused when altered."""

import base64
import hashlib
import re

from bs4 import BeautifulSoup
from flask.testing import FlaskClient


def test_every_asset_of_a_page_is_served_for_a_year_and_matches_its_integrity(client: FlaskClient) -> None:
    page = BeautifulSoup(client.get("/sign-in").data, "html.parser")
    linked = [(tag["href"], tag["integrity"]) for tag in page.select("link[rel=stylesheet]")]
    linked += [(tag["src"], tag["integrity"]) for tag in page.select("script")]
    assert any("htmx" in address for address, _ in linked)
    for address, integrity in linked:
        answer = client.get(address, buffered=True)
        assert answer.status_code == 200
        assert answer.cache_control.max_age == 31_536_000
        assert integrity == "sha256-" + base64.b64encode(hashlib.sha256(answer.data).digest()).decode()


def test_an_asset_of_another_version_is_not_found(client: FlaskClient) -> None:
    page = client.get("/sign-in").get_data(as_text=True)
    address = re.search(r"/assets/[0-9a-f]+/app\.js", page)
    assert address
    assert client.get(address[0], buffered=True).status_code == 200
    assert client.get("/assets/0000000000000000/app.js").status_code == 404


def test_a_file_outside_the_folder_is_not_found(client: FlaskClient) -> None:
    assert client.get("/assets/0000000000000000/../leapter/db.py").status_code == 404


def test_pages_are_never_stored_and_carry_a_policy_without_unsafe(client: FlaskClient) -> None:
    headers = client.get("/sign-in").headers
    assert headers["Cache-Control"] == "no-store"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
