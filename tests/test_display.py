import json
import os

import pytest

from alexnet_viz.display import display_name, json_text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("été – 猫 🐈", "été – 猫 🐈"),
        (os.fsdecode(b"caf\xe9"), "caf�"),
        (os.fsdecode(b"\xe9\xe8/a"), "��/a"),
        ("\ud83d", "�"),
        ("\ud83d\ude00", "😀"),  # two halves of a pair are one character
    ],
)
def test_a_name_can_be_shown_and_encoded(name, shown):
    assert display_name(name) == shown
    assert display_name(name).encode().decode() == shown


def test_json_keeps_a_name_exactly_and_can_be_written_as_utf8():
    for name in ("été", os.fsdecode(b"caf\xe9")):
        assert json.loads(json_text({"place": name}).encode().decode())["place"] == name
    assert json_text(["été"]) == '["été"]'
