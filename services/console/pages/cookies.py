"""Cookies: the session's, the form's and the language's."""

from typing import Final

from fastapi import Request, Response

__all__ = ["Cookies"]

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
PIECE_CHARACTERS: Final = 3800
"""A browser drops a cookie over 4096 bytes without a word; a token of 20 communities is longer."""

MOST_PIECES: Final = 4


class Cookies:
    """The cookies of one browser, as a request brought them and its answer changes them.

    All are HttpOnly and SameSite=Lax, and Secure under a `__Host-` name. Only plain http on a
    loopback address goes without: not every browser stores Secure cookies there. Behind an edge
    that speaks https the address is not loopback, so its word on the scheme is not needed.
    """

    def __init__(self, request: Request) -> None:
        """Read what `request` brought."""
        self._brought = request.cookies
        self.are_secure = not _is_plain_loopback(request)

    def get(self, name: str) -> str:
        """A value, put together again; empty when there is none."""
        return "".join(self._brought.get(one, "") for one in self._pieces(name))

    def put(self, answer: Response, name: str, value: str, *, kept_seconds: int | None) -> None:
        """Keep a value; without `kept_seconds` until the browser is closed.

        Raises ValueError for a value that no browser would keep.
        """
        names = self._pieces(name)
        size = PIECE_CHARACTERS
        pieces = [value[start : start + size] for start in range(0, len(value), size)]
        if len(pieces) > len(names):
            raise ValueError(f"{len(value)} characters are too many for the cookie {name}")
        for one, piece in zip(names, pieces, strict=False):
            self._set(answer, one, piece, kept_seconds)
        self._forget(answer, names[len(pieces) :])

    def keep(self, answer: Response, name: str, value: str, *, kept_seconds: int) -> None:
        """Keep a value, unless the browser brought just that."""
        if self.get(name) != value:
            self.put(answer, name, value, kept_seconds=kept_seconds)

    def forget(self, answer: Response, name: str) -> None:
        """Have the browser drop a value."""
        self._forget(answer, self._pieces(name))

    def _pieces(self, name: str) -> list[str]:
        full = f"__Host-{name}" if self.are_secure else name
        return [full, *(f"{full}-{number}" for number in range(2, MOST_PIECES + 1))]

    def _forget(self, answer: Response, names: list[str]) -> None:
        for one in names:
            if one in self._brought:
                self._set(answer, one, "", 0)

    def _set(self, answer: Response, name: str, value: str, kept_seconds: int | None) -> None:
        answer.set_cookie(
            name,
            value,
            max_age=kept_seconds,
            path="/",
            secure=self.are_secure,
            httponly=True,
            samesite="lax",
        )


def _is_plain_loopback(request: Request) -> bool:
    return request.url.scheme == "http" and request.url.hostname in LOOPBACK
