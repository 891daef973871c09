"""The version of the code that runs: the images hold no package that could be asked."""

from typing import Final

__all__ = ["VERSION"]

VERSION: Final = "0.1.0"
