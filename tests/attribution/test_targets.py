"""Targets and settings: what they mean in words and numbers, and what is no question."""

import importlib

import numpy as np
import pytest
import torch

from alexnet_viz.attribution.methods import METHODS, method
from alexnet_viz.attribution.session import attribute
from alexnet_viz.attribution.targets import Target, class_index, counterpart
from alexnet_viz.errors import AttributionError, SettingError
from tests.attribution.conftest import photo, shared


def test_a_targets_value(network, x):
    outputs = network.record(x.detach())
    logits = outputs["fc8"][0]
    assert Target.of_class(4).of(outputs["fc8"])[0] == logits[4]
    assert Target.contrast(4, 1).of(outputs["fc8"])[0] == logits[4] - logits[1]
    assert Target.unit("conv3", 2, 1, 5).of(outputs["conv3"])[0] == outputs["conv3"][0, 2, 1, 5]
    torch.testing.assert_close(Target.unit("conv3", 2).of(outputs["conv3"])[0], outputs["conv3"][0, 2].mean())
    np.testing.assert_array_equal(Target(4).of(outputs["fc8"].numpy()), logits[4:5])


def test_targets_in_words():
    names = ("tabby", "lynx")
    assert Target(0).describe(names) == "logit of tabby"
    assert Target.contrast(0, 1).describe(names) == "logit of tabby minus logit of lynx"
    assert Target(7).describe(names) == "logit of class 7"
    assert Target.unit("conv2", 5).describe(names) == "conv2, channel 5"
    assert Target.unit("conv2", 5, 3, 4).describe() == "conv2, channel 5 at row 3, column 4"


def test_the_same_question_to_a_network_with_other_classes():
    here, there = ("tabby", "lynx", "7", "fox"), ("dog", "tabby, tabby cat", "Lynx, catamount", "x", "y", "z", "u", "v")
    assert counterpart(Target(0), here, there) == (Target(1), [])
    assert counterpart(Target.contrast(1, 0), here, there) == (Target.contrast(2, 1), [])
    assert counterpart(Target.contrast(0, 3), here, there) == (Target(1), ["fox"])
    assert counterpart(Target.contrast(3, 0), here, there) == (None, ["fox"])
    assert counterpart(Target(2), here, there) == (None, ["7"])  # a name, not a number
    assert counterpart(Target(1), there, here) == (Target(0), [])
    unit = Target.unit("conv3", 4)
    assert counterpart(unit, here, there) == (unit, [])


@pytest.mark.parametrize(
    ("key", "target", "layer", "settings", "message"),
    [
        ("saliency", Target(20), None, {}, "fc8 has no class 20: choose 0 to 19"),
        ("saliency", Target.contrast(1, 1), None, {}, "two different classes"),
        ("saliency", Target.unit("conv9", 0), None, {}, "no layer 'conv9'"),
        ("saliency", Target.unit("conv5", 0, 13, 0), None, {}, "lies outside"),
        ("saliency", Target.unit("conv5", 0, 1), None, {}, "both y and x"),
        ("saliency", Target.unit("fc6", 0, 1, 1), None, {}, "fc6 has no map"),
        ("no-such", Target(0), None, {}, "no method 'no-such'"),
        ("grad-cam", Target(0), "fc6", {}, "needs a layer with maps"),
        ("grad-cam", Target.unit("conv3", 0), "conv5", {}, "conv5 lies behind conv3"),
        ("saliency", Target(0), None, {"steps": 3}, "has no setting steps"),
        ("integrated-gradients", Target(0), None, {"steps": 1}, "a whole number from 2 to 300"),
        ("integrated-gradients", Target(0), None, {"steps": "many"}, "a whole number from 2 to 300"),
        ("integrated-gradients", Target(0), None, {"steps": 2.5}, "a whole number from 2 to 300"),
        ("integrated-gradients", Target(0), None, {"baseline": "white"}, "one of black, mean"),
        ("integrated-gradients", Target(0), None, {"baseline": "photo"}, "needs another photo"),
        ("grad-cam", Target(0), None, {"rectify": "perhaps"}, "true or false"),
        ("rise", Target(0), None, {"kept": 2}, "a number from 0.05 to 0.95"),
    ],
)
def test_what_is_no_question_says_why(key, target, layer, settings, message):
    with pytest.raises((AttributionError, SettingError), match=message):
        attribute(shared(), photo(), key, target, layer, settings)


def test_a_photo_of_another_size():
    with pytest.raises(AttributionError, match="3×127×127"):
        attribute(shared(), photo("cat", 131), "saliency", Target(0))


def test_every_method_has_a_whole_card_and_the_function_it_names():
    for key, card in METHODS.items():
        module, name = card.function.split(".")
        assert callable(getattr(importlib.import_module(f"alexnet_viz.attribution.{module}"), name))
        assert card.key == key
        assert card.traps
        assert card.asks.endswith("?")
        assert card.resolve() == {setting.name: setting.default for setting in card.settings}
        for setting in card.settings:
            assert (
                setting.parse(setting.format(setting.default)) == setting.default
            )  # as it comes from an address or a shell
            assert setting.help
    assert method("lime").resolve({"samples": "120"})["samples"] == 120


def test_a_class_by_name():
    names = ("tabby, tabby cat", "Egyptian cat", "lynx", "crane", "crane")
    assert class_index("tabby cat", names) == class_index("Tabby", names) == class_index("tabby, tabby cat", names) == 0
    assert class_index("egyptian CAT", names) == 1
    assert class_index("2", names) == 2
    with pytest.raises(AttributionError, match=r"no class 'cat': did you mean tabby, tabby cat, Egyptian cat\?"):
        class_index("cat", names)
    with pytest.raises(AttributionError, match="did you mean Egyptian cat"):
        class_index("Egiptian cat", names)
    with pytest.raises(AttributionError, match="give the number, 3 and 4"):
        class_index("crane", names)
    with pytest.raises(AttributionError, match="no class 'xyzzy': give a name it has, or a number from 0 to 4"):
        class_index("xyzzy", names)
    with pytest.raises(AttributionError, match="no class '5'"):
        class_index("5", names)
