"""What the directory takes from its environment."""

import pytest
from pydantic import ValidationError

from services.directory.settings import Settings


def test_a_password_that_is_refused_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JINLIN_OPERATOR_PASSWORD", "too-short")
    with pytest.raises(ValidationError, match="operator_password") as refused:
        Settings()
    assert "too-short" not in str(refused.value)
