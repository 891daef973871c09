"""Why a photo is not taken: each a sentence for beside the field, whose name is in the detail."""

from typing import Final

from shared.problems import Malformed, NotMet, TooLarge, WrongState

__all__ = [
    "FIELD",
    "NotAPhoto",
    "PhotoDamaged",
    "PhotoMissing",
    "PhotoMoves",
    "PhotoTooLarge",
    "TooManyPhotos",
    "TooManyPixels",
]

FIELD: Final = "photo"
"""The part of the form that holds the file."""


class PhotoMissing(Malformed):
    """The form has one part, called `photo`, with a file in it."""

    zh = "请选择一张照片。"
    en = "Choose a photo."


class PhotoTooLarge(TooLarge):
    """At most 8 MB."""

    zh = "照片超过 8 MB，请换一张小一点的。"
    en = "This photo is larger than 8 MB. Choose a smaller one."


class NotAPhoto(NotMet):
    """The first bytes are of none of the four kinds, whatever the file is called."""

    zh = "这不是照片，请上传 JPEG、PNG、WebP 或 HEIC 格式的照片。"
    en = "This is not a photo. Send a JPEG, PNG, WebP or HEIC file."


class PhotoMoves(NotMet):
    """A picture that moves."""

    zh = "不能上传动图或视频，请选一张静止的照片。"
    en = "This picture moves. Choose a still photo."


class TooManyPixels(NotMet):
    """At most 40 million pixels, and no more than there is memory for."""

    zh = "照片的像素太多，最多 4000 万像素，请换一张小一点的。"
    en = "This photo has too many pixels: 40 million at most. Choose a smaller one."


class PhotoDamaged(NotMet):
    """It begins like a photo, but cannot be read to its end."""

    zh = "照片打不开，可能已损坏，请重拍或换一张。"
    en = "This photo cannot be opened; it may be damaged. Take it again, or choose another one."


class TooManyPhotos(WrongState):
    """Six of one person's."""

    zh = "每人最多上传 6 张照片。"
    en = "You have added six photos already; that is the most."
