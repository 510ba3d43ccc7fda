"""Where the key of hashes lives, and what is no key."""

import stat

import pytest

from crisiskit.errors import UserError
from crisiskit.intake.keys import secret


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("CRISISKIT_KEY_FILE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_the_key_is_made_once_and_for_its_owner_alone(home):
    key = secret()
    assert len(bytes.fromhex(key)) == 32
    assert secret() == key
    assert stat.S_IMODE((home / ".crisiskit" / "key").stat().st_mode) == 0o600
    assert [file.name for file in (home / ".crisiskit").iterdir()] == ["key"]


def test_two_machines_have_two_keys(tmp_path, monkeypatch):
    monkeypatch.setenv("CRISISKIT_KEY_FILE", str(tmp_path / "a"))
    first = secret()
    monkeypatch.setenv("CRISISKIT_KEY_FILE", str(tmp_path / "b"))
    assert secret() != first


def test_a_key_inside_a_git_working_tree_is_refused(home, monkeypatch):
    (home / "project" / ".git").mkdir(parents=True)
    monkeypatch.setenv("CRISISKIT_KEY_FILE", str(home / "project" / "params" / "key"))
    with pytest.raises(UserError, match="lies in the git working tree"):
        secret()
    assert not (home / "project" / "params").exists()


@pytest.mark.parametrize(("content", "said"), [
    (b"", "holds no key"), (b"short", "holds no key"), ("schlüssel".encode(), "not plain text"),
])
def test_a_file_that_holds_no_key_is_refused_without_showing_it(home, monkeypatch, content, said):
    (home / "key").write_bytes(content)
    monkeypatch.setenv("CRISISKIT_KEY_FILE", str(home / "key"))
    with pytest.raises(UserError, match=said) as caught:
        secret()
    assert "short" not in str(caught.value).replace(str(home), "")
