import json
import os

import pytest

from alexnet_viz.display import display_name, json_text, one_line


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


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Screenshot at 3.15.20\u202fPM.png", "Screenshot at 3.15.20\u202fPM.png"),
        ("photo\u00a01\u3000猫", "photo\u00a01\u3000猫"),
        ("👩\u200d🔬.jpg", "👩\u200d🔬.jpg"),
        ("\x1b[31mred\r\n\u2028.jpg", "�[31mred���.jpg"),
        ("gpj.\u202eexe", "gpj.�exe"),  # turns the direction of what follows
        (os.fsdecode(b"caf\xe9"), "caf�"),
    ],
)
def test_a_line_of_a_terminal_keeps_what_can_be_read_and_nothing_that_controls(name, shown):
    assert one_line(name) == shown
