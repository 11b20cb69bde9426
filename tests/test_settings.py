"""Settings: what values they take, their text and back."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexnet_viz.errors import SettingError
from alexnet_viz.settings import Setting

STEPS = Setting("steps", "int", 50, low=2, high=300)
RATE = Setting("rate", "float", 0.1, low=0)
NESTEROV = Setting("nesterov", "bool", False)
BASELINE = Setting("baseline", "choice", "black", options=("black", "mean"))
START = Setting("start", "text", "")
CLASSES = Setting("classes", "int", None, low=1, optional=True)


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        (STEPS, 1, "steps must be a whole number from 2 to 300, not 1."),
        (STEPS, 2.5, "steps must be a whole number from 2 to 300, not 2.5."),
        (STEPS, True, "steps must be a whole number from 2 to 300, not True."),
        (STEPS, None, "steps must be a whole number from 2 to 300, not None."),
        (RATE, -1, "rate must be a number of at least 0, not -1.0."),
        (RATE, math.nan, "rate must be a number of at least 0, not nan."),
        (RATE, math.inf, "rate must be a number of at least 0, not inf."),
        (NESTEROV, 1, "nesterov must be true or false, not 1."),
        (BASELINE, "white", "baseline must be one of black, mean, not 'white'."),
        (START, 3, "start must be a text, not 3."),
        (CLASSES, 0, "classes must be a whole number of at least 1, not 0."),
        (Setting("top", "int", 5, high=20), 21, "top must be a whole number of at most 20, not 21."),
    ],
)
def test_a_value_that_it_does_not_take(setting, value, message):
    with pytest.raises(SettingError) as error:
        setting.check(value)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        (STEPS, " 120 ", 120),
        (RATE, "5e-05", 5e-05),
        (RATE, "3", 3.0),
        (NESTEROV, "Yes", True),
        (NESTEROV, "0", False),
        (BASELINE, "mean", "mean"),
        (CLASSES, "none", None),
        (CLASSES, "", None),
        (CLASSES, "7", 7),
    ],
)
def test_a_text_of_it(setting, text, value):
    assert setting.parse(text) == value
    assert type(setting.parse(text)) is type(value)
    assert setting.parse(setting.format(value)) == value


@pytest.mark.parametrize("text", ["many", "2.5", "1", "9" * 5000, "", "nan", "٣٣٣٣"])
def test_a_text_that_is_none_of_it(text):
    with pytest.raises(SettingError, match="a whole number from 2 to 300, not"):
        STEPS.parse(text)


@given(st.floats(0, 1e300))
def test_the_text_of_a_number_is_read_back_to_the_bit(value):
    assert RATE.parse(RATE.format(value)) == value


def test_a_number_is_clamped_to_its_bounds():
    assert STEPS.clamp(1) == 2
    assert STEPS.clamp(5000) == 300


def test_an_option_has_a_title_where_one_is_given():
    assert Setting("view", "choice", "map", options={"map": "One map"}).title("map") == "One map"
    assert BASELINE.title("mean") == "mean"
