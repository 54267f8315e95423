"""The guess of an encoding: short texts in the languages and code pages that files without one come in."""

from __future__ import annotations

import pytest

from bankklient_lab.formats.decoding import CENTRAL_EUROPEAN, Decoder

ENCODINGS = ("cp1250", "cp852", "iso8859-2")
WORDS = (
    *("Dvořák", "Tomáš", "Šárka", "Kůň", "Nájemné", "ŽIŽKOV", "Příjem na účet", "PŘÍKAZ K ÚHRADĚ"),
    *("Úhrada faktury č. 5", "Poplatek za vedení účtu", "CEPLOVá MARKéTA"),
    *("POISŤOVŇA", "Mesačný poplatok", "Ľubomír Kráľ", "Nákup v obchode"),
    *("Łódź", "Kraków", "Gdańsk", "Poznań", "Wpłata", "ŚWIĘTOKRZYSKIE", "Płatność za usługę", "Zażółć gęślą jaźń"),
    *("Győr", "Átutalás", "Kötelező", "Székesfehérvár", "BÉRLETI DÍJ", "Számlavezetési díj", "Tűzoltó utca"),
    *("Müller", "Straße", "Großmann", "MÜNCHEN", "Jäger", "Gebühren", "Rückzahlung", "Zinsen für März"),
)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", WORDS)
def test_a_few_words_tell_the_code_page(text: str, encoding: str) -> None:
    assert Decoder(ENCODINGS, CENTRAL_EUROPEAN).decode(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_words_of_several_languages_tell_the_code_page(encoding: str) -> None:
    text = "\n".join(WORDS)
    decoder = Decoder(ENCODINGS, CENTRAL_EUROPEAN)
    assert decoder.decode(text.encode(encoding)) == text
    assert (decoder.encoding, decoder.unsure, decoder.replaced) == (encoding, False, False)


def test_equally_plausible_words_take_the_first_code_page_and_say_so() -> None:
    decoder = Decoder(ENCODINGS, CENTRAL_EUROPEAN)
    assert decoder.decode("Božena".encode("iso8859-2")) == "Boľena"
    assert decoder.unsure


def test_utf8_is_no_guess() -> None:
    decoder = Decoder(ENCODINGS, CENTRAL_EUROPEAN)
    assert decoder.decode("Łódź".encode()) == "Łódź"
    assert (decoder.encoding, decoder.unsure) == ("utf-8", False)


def test_later_blocks_keep_the_code_page_of_the_first() -> None:
    decoder = Decoder(ENCODINGS, CENTRAL_EUROPEAN)
    blocks = ("ASCII", "Příjem na účet", "Božena")
    assert [decoder.decode(block.encode("cp852")) for block in blocks] == list(blocks)
