"""The form of a key: what is minted is accepted, whatever differs from it is not."""

import re
import string

from hypothesis import given
from hypothesis import strategies as st

from leapter.api_keys import keys


def test_key_has_the_form_that_secret_scanners_match() -> None:
    for _ in range(200):
        assert re.fullmatch(r"lpt_[0-9A-Za-z]{36}", keys.mint())


def test_minted_keys_are_well_formed_and_all_differ() -> None:
    minted = {keys.mint() for _ in range(1_000)}
    assert len(minted) == 1_000
    assert all(keys.is_well_formed(key) for key in minted)


def test_every_character_of_the_alphabet_occurs_in_the_random_part() -> None:
    seen = {character for _ in range(500) for character in keys.mint()[4:34]}
    assert seen == set(string.digits + string.ascii_letters)


@given(st.integers(min_value=0, max_value=39), st.sampled_from(keys.ALPHABET + "_-é"))
def test_one_wrong_character_is_noticed(place: int, other: str) -> None:
    key = keys.mint()
    wrong = key[:place] + other + key[place + 1 :]
    assert keys.is_well_formed(wrong) is (wrong == key)


@given(st.integers(min_value=4, max_value=38))
def test_two_swapped_characters_are_noticed(place: int) -> None:
    key = keys.mint()
    swapped = key[:place] + key[place + 1] + key[place] + key[place + 2 :]
    assert keys.is_well_formed(swapped) is (swapped == key)


@given(st.integers(min_value=0, max_value=39))
def test_key_cut_short_is_noticed(length: int) -> None:
    assert not keys.is_well_formed(keys.mint()[:length])


def test_key_with_something_around_it_is_noticed() -> None:
    key = keys.mint()
    for wrong in (key + "\n", " " + key, key + key[-1], key.upper(), key.replace("lpt_", "lpt-"), f'"{key}"'):
        assert not keys.is_well_formed(wrong)


@given(st.text())
def test_any_other_text_is_refused_without_an_error(text: str) -> None:
    assert not keys.is_well_formed(text)


def test_checksum_is_the_crc32_in_base_62() -> None:
    # crc32(b"lpt_" + b"0" * 30) is 2,068,212,987, which is 2Fy0fz in base 62.
    assert keys.is_well_formed("lpt_" + "0" * 30 + "2Fy0fz")


def test_key_is_found_inside_other_text() -> None:
    key = keys.mint()
    assert keys.contains_key(key)
    assert keys.contains_key(f"my key: {key}.")
    assert not keys.contains_key(key[:-1])
    assert not keys.contains_key("lpt_" + "x" * 36)


def test_display_prefix_shows_eight_characters_and_never_more() -> None:
    key = keys.mint()
    assert keys.display_prefix(key) == key[:12]
    assert len(keys.display_prefix(key)) == len("lpt_") + 8


def test_digest_is_the_sha256_of_the_whole_key_in_hexadecimal() -> None:
    assert keys.digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
