"""The key of hashes: made of random bits on first use, readable by its owner alone, outside any repository."""

import os
import secrets
from pathlib import Path

from crisiskit.errors import UserError


def secret() -> str:
    """The key of `hash: true`, from $CRISISKIT_KEY_FILE, else ~/.crisiskit/key; made of 256 random bits on first use.

    Who has the key can try names against the hashes, so it is readable by its owner alone and stands outside any
    repository. Raises UserError for a key file inside a git working tree, or one that cannot be read or holds no key.
    """
    named = os.environ.get("CRISISKIT_KEY_FILE")
    path = Path(named).expanduser() if named else Path.home() / ".crisiskit" / "key"
    path = path.absolute()
    tree = next((folder for folder in path.resolve().parents if (folder / ".git").exists()), None)
    if tree:
        raise UserError(f"the key file {path} lies in the git working tree {tree}, where it could be committed; "
                        "set CRISISKIT_KEY_FILE to a file outside")
    try:
        if not path.exists():
            _create(path)
        key = path.read_text("ascii").strip()
    except UnicodeDecodeError:
        raise UserError(f"the key file {path} is not plain text") from None
    except OSError as error:
        raise UserError(f"the key file {path} cannot be used ({error.strerror})") from error
    if len(key) < 32:
        raise UserError(f"the key file {path} holds no key (32 characters or more); remove it and a new one is made, "
                        "whose hashes differ from those made before")
    return key


def _create(path: Path) -> None:
    """Write a new key in one step: of two processes that begin together, both read the key of the first."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
