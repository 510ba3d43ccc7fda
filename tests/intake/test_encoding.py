"""Encodings: found, declared, and wrong."""

import pytest

from crisiskit.errors import UserError

TEXT = "town,note\r\nDoña Ana,café\r\nMálaga,plain\r\n"
ROWS = [(2, "Doña Ana", "café"), (3, "Málaga", "plain")]


@pytest.mark.parametrize(
    ("codec", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16-le"), ("utf-16-le", "utf-16-le"),
     ("utf-16-be", "utf-16-be"), ("latin-1", "latin-1"), ("cp1252", "latin-1")],
)
def test_encoding_is_found(read, rows, codec, found):
    """Without a character that tells them apart, cp1252 is Latin-1."""
    read_file = read(TEXT.encode(codec))
    assert (rows(read_file), read_file.encoding, read_file.rejects) == (ROWS, found, ())


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("order", ["le", "be"])
def test_utf16_with_a_mark(read, rows, order, ends):
    content = ("\ufeff" + TEXT.replace("\r\n", ends)).encode(f"utf-16-{order}")
    found = read(content)
    assert (rows(found), found.encoding, found.columns) == (ROWS, f"utf-16-{order}", ("town", "note"))


def test_cp1252_by_its_quotation_marks_and_euros(read, rows):
    text = "a,b\n“Caller’s mother”,€ 5 – paid\nDoña,café\n"
    found = read(text.encode("cp1252"))
    assert rows(found) == [(2, "“Caller’s mother”", "€ 5 – paid"), (3, "Doña", "café")]
    assert (found.encoding, found.notes) == ("cp1252", ("encoding guessed: cp1252",))


@pytest.mark.parametrize("codec", ["cp1252", "mac-roman", "cp437"])
def test_encoding_is_told_from_a_page_of_text(read, rows, codec):
    text = "provincia,localidad\n" + "Córdoba,Río Cuarto\nMálaga,Doña Ana\nNeuquén,San Martín\nplain,text\n" * 5
    found = read(text.encode(codec))
    assert found.encoding in (codec, "latin-1" if codec == "cp1252" else codec)
    assert rows(found)[:2] == [(2, "Córdoba", "Río Cuarto"), (3, "Málaga", "Doña Ana")]


def test_few_foreign_bytes_are_cp1252(read, rows):
    found = read(b"a,b\n98\xb0 F,\xbd hour\n" + b"x,y\n" * 3000 + b"it\x92s,z\n")
    assert (found.encoding, rows(found)[0], rows(found)[-1]) == ("cp1252", (2, "98° F", "½ hour"), (3003, "it’s", "z"))


@pytest.mark.parametrize("codec", ["cp1252", "cp850", "shift_jis", "utf-16-le"])
def test_declared_encoding_wins(read, rows, codec):
    text = "a,b\n1,é\n" if codec != "shift_jis" else "a,b\n1,日本\n"
    found = read(text.encode(codec), encoding=codec)
    assert rows(found)[0][2] == text[-2:-1] or rows(found)[0][2] == "日本"


def test_mostly_utf8_loses_only_the_broken_line(read, rows):
    found = read("a,b\n1,é\n2,ü\n3,".encode() + b"\xe9\n" + "4,ö\n".encode())
    assert [row[1] for row in rows(found)] == ["1", "2", "4"]
    assert [(r.line, r.reason, r.text) for r in found.rejects] == [(4, "a byte that utf-8 does not have", "3,\ufffd")]


def test_declared_utf8_that_is_latin1(read, rows):
    found = read(TEXT.encode("latin-1"), encoding="utf-8")
    assert (rows(found), [r.line for r in found.rejects]) == ([], [2, 3])


def test_utf16_that_is_cut_off_loses_only_its_last_line(read, rows):
    found = read(b"\xff\xfe" + "a,b\n1,2\n3,4".encode("utf-16-le") + b"\x35")
    assert (rows(found), [r.line for r in found.rejects]) == ([(2, "1", "2")], [3])


@pytest.mark.parametrize(
    ("content", "declared", "message"),
    [
        (b"a\n1\n", "base64", "there is no encoding 'base64'"),
        (b"a\n1\n", "utf8x", "there is no encoding 'utf8x'; did you mean 'utf-8'"),
        (b"\xff\xfea\0", "cp1252", "encoding is declared cp1252, but the byte-order mark says utf-16-le"),
        (b"caf\xe9,b\n1,2\n", "utf-8", "the header on line 1 holds bytes that its encoding does not have"),
    ],
)
def test_encodings_that_cannot_be(read, content, declared, message):
    with pytest.raises(UserError, match=message):
        read(content, encoding=declared)
