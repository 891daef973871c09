"""Codes that people read from paper and type: made at random, shown once, kept as hashes."""

import hashlib
import re
import secrets
import unicodedata
from typing import Final

__all__ = ["LETTERS", "code_hash", "new_code", "typed_code", "without_codes"]

LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: five bits a letter, none of which is taken for another."""

_MISREAD: Final = str.maketrans("OIL", "011")
_CODE_IN_PATH: Final = re.compile(r"(/f|/follow-up)/[^/]+")


def new_code(letters: int) -> str:
    """So many random letters, in groups of four that a person can type."""
    code = "".join(secrets.choice(LETTERS) for _ in range(letters))
    return "-".join(code[start : start + 4] for start in range(0, letters, 4))


def typed_code(code: str) -> str:
    """A code as it was made, however it was typed: spaces, any case, full width, O for 0."""
    plain = unicodedata.normalize("NFKC", code).upper()
    return "".join(one for one in plain if one.isalnum()).translate(_MISREAD)


def code_hash(code: str) -> bytes:
    """What is kept of a code, however it is typed."""
    return hashlib.sha256(typed_code(code).encode()).digest()


def without_codes(path: str) -> str:
    """A path for logs and traces: the codes that open something stay on their paper."""
    return _CODE_IN_PATH.sub(r"\1/…", path)
