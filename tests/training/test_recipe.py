"""Recipes: checked when built, JSON in and out, changed by a shell's texts."""

import pytest

from alexnet_viz.errors import RecipeError
from alexnet_viz.training.recipe import PRESETS, Recipe, preset, settings


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_json(name):
    assert preset(name).preset == name
    assert Recipe.from_json(preset(name).as_json()) == preset(name)


def test_the_textbook_as_it_is_printed():
    recipe = preset("textbook")
    assert (recipe.learning_rate, recipe.momentum, recipe.batch_size, recipe.epochs) == (0.01, 0.9, 32, 10)
    assert (recipe.preprocessing.resize, recipe.preprocessing.crop) == (256, 224)
    assert (recipe.weight_decay, recipe.label_smoothing, recipe.augmentation) == (0, 0, "none")


def test_the_paper_as_it_is_printed():
    recipe = preset("paper")
    assert recipe.spec(1000).input_size == 227
    assert (recipe.batch_size, recipe.momentum, recipe.weight_decay, recipe.epochs) == (128, 0.9, 5e-4, 90)
    assert (recipe.schedule, recipe.init, recipe.pca_colour, recipe.ten_crop) == ("plateau", "paper", 0.1, True)


def test_texts_become_values_of_the_fields_own_types():
    recipe = preset("quick").with_changes(
        "epochs=20", "learning_rate=1e-3", "nesterov=no", "classes=3", "sizes=0:64, 10:96", "data=folder:/a=b"
    )
    assert (recipe.epochs, recipe.learning_rate, recipe.nesterov, recipe.classes) == (20, 0.001, False, 3)
    assert (recipe.sizes, recipe.input_size, recipe.data) == (((0, 64), (10, 96)), 96, "folder:/a=b")
    assert recipe.with_changes("classes=none").classes is None


def test_the_input_grows_with_the_epochs():
    recipe = preset("textbook").changed(sizes=((0, 128), (4, 160), (8, 224)))
    assert [recipe.size_at(epoch) for epoch in range(10)] == [128] * 4 + [160] * 4 + [224] * 2
    assert recipe.spec(10).input_size == 224


def test_a_new_variant_brings_its_own_input_size_unless_one_was_chosen():
    assert preset("textbook").changed(variant="paper").input_size == 227
    assert preset("textbook").changed(input_size=128).changed(variant="paper").input_size == 128


def test_other_epochs_stretch_the_growing_of_the_input_and_the_warm_up():
    recipe = preset("textbook").changed(sizes=((0, 128), (4, 160), (8, 224)), warmup_epochs=2.0)
    assert recipe.changed(epochs=5).sizes == ((0, 128), (2, 160), (4, 224))
    assert recipe.changed(epochs=5).warmup_epochs == 1
    assert recipe.changed(epochs=1).sizes == ((0, 224),)
    assert recipe.changed(epochs=30, sizes=((0, 64),)).sizes == ((0, 64),)


def test_a_chosen_input_size_holds_throughout():
    recipe = preset("quick").changed(input_size=128)
    assert (recipe.size_at(0), recipe.size_at(2)) == (128, 128)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("change", ["epochs=1", "epochs=200", "variant=single-tower", "input_size=160"])
def test_every_preset_takes_the_usual_changes(name, change):
    assert preset(name).with_changes(change).preset == name


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("epochs=few", "epochs must be a whole number"),
        ("epochs=0", "epochs must be a whole number from 1 to 100000, not 0"),
        ("learning_rate=nan", "learning_rate must be a number from 1e-09 to 100, not nan"),
        ("nesterov=perhaps", "nesterov must be true or false"),
        ("lr=1", "no setting 'lr'"),
        ("epochs", "NAME=VALUE"),
        ("variant=vgg", "variant must be one of torchvision, paper, single-tower"),
        ("schedule=linear", "schedule must be one of"),
        ("data=photos", "no data 'photos'"),
        ("data=folder", "write folder:PATH"),
        ("input_size=40", "at pool5"),
        ("sizes=1:64", "begin with epoch 0"),
        ("sizes=0:64,20:96", "there are 10"),
        ("sizes=0:40,2:224", "does not fit"),
        ("sizes=0-64", "FROM_EPOCH:SIDE"),
        ("warmup_epochs=10", "less than epochs"),
        ("processes=5", "use 35"),
        ("momentum=1.5", "momentum must be a number from 0 to 0.9999, not 1.5"),
    ],
)
def test_what_cannot_work_is_refused_in_one_sentence(change, told):
    with pytest.raises(RecipeError, match=told):
        preset("textbook").with_changes(change)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"variant": "paper", "sizes": ((0, 128), (2, 227))}, "variant=torchvision only"),
        ({"sizes": ((0, 128),), "input_size": 224}, "make them equal"),
        ({"epochs": True}, "whole number"),
        ({"dropout": "0.5"}, "dropout must be a number"),
        ({"nesterov": True, "optimizer": "adamw"}, "optimizer=sgd"),
        ({"precision": "fp16", "device": "cpu"}, "needs a GPU"),
        ({"sizes": 5}, "pairs"),
    ],
)
def test_values_of_the_wrong_kind_are_refused(values, told):
    with pytest.raises(RecipeError, match=told):
        Recipe(**values)


@pytest.mark.parametrize("text", ["", "[]", '{"colour": 1}'])
def test_json_that_is_no_recipe_is_refused(text):
    with pytest.raises(RecipeError):
        Recipe.from_json(text)


def test_an_unknown_preset_names_those_there_are():
    with pytest.raises(RecipeError, match="quick, textbook, paper, torchvision, bundled"):
        preset("best")


def test_every_setting_has_what_a_form_needs():
    assert all(one.group and one.label and one.help.endswith(".") for one in settings().values())


def test_every_settings_text_is_read_back():
    for recipe in PRESETS.values():
        for name, setting in settings().items():
            assert setting.parse(setting.format(getattr(recipe, name))) == getattr(recipe, name)


def test_batch_normalisation_over_several_processes_needs_gpus():
    with pytest.raises(RecipeError, match="needs GPUs: set processes=1"):
        preset("quick").changed(processes=2, device="cpu")
