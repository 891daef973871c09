"""A pasted chat is read; whatever is not understood stays in the words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.pages.desk.chat import Chat, read_chat

LAMP = "我家住文化路1号院3栋2单元501，楼道灯不亮了，电话138 1234-1234"


@pytest.mark.parametrize(
    ("text", "chat"),
    [
        (f"张桂兰 10:32\n{LAMP}", Chat("张桂兰", "13812341234", "文化路1号院3栋", LAMP)),
        (
            "姓名：李四\n电话：+86 13812345678\n地址：幸福小区12号楼1单元\n内容：水管漏水",
            Chat("李四", "13812345678", "幸福小区12号楼", "幸福小区12号楼1单元\n水管漏水"),
        ),
        (
            "王师傅 2026-11-20 上午 9:05:01\n宇辉星城 5栋 下水道堵了 0712-2851234",
            Chat("王师傅", "07122851234", "宇辉星城 5栋", "宇辉星城 5栋 下水道堵了 0712-2851234"),
        ),
        (
            "我是王阿姨，三栋门口堆了垃圾",
            Chat("王阿姨", "", "三栋", "我是王阿姨，三栋门口堆了垃圾"),
        ),
        ("我是住在楼上的", Chat("", "", "", "我是住在楼上的")),
        ("单号 138123412345 没送到", Chat("", "", "", "单号 138123412345 没送到")),
        ("", Chat()),
    ],
)
def test_what_a_chat_says(text: str, chat: Chat) -> None:
    assert read_chat(text) == chat


@given(st.text(max_size=300))
def test_nothing_that_was_said_is_lost(text: str) -> None:
    chat = read_chat(text)
    told = f"{chat.name} {chat.words}"
    for line in text.splitlines():
        if not any(one in line for one in ":："):  # no label, and no time above a message
            assert line.strip() in told
