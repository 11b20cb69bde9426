"""``classify``: what AlexNet says about photos."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from alexnet_viz.commands.common import count, load_model, network_options, print_notes
from alexnet_viz.commands.photos import Failures, photos_in, read
from alexnet_viz.display import json_text, one_line
from alexnet_viz.values import Classification, WeightsInfo

if TYPE_CHECKING:
    from alexnet_viz.commands.common import Commands


def add(commands: Commands) -> None:
    """The command and its options."""
    classify = commands.add_parser("classify", help="what AlexNet says about photos")
    classify.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="image files, or folders of them")
    classify.add_argument("--top", type=count, default=5, metavar="N", help="how many classes (default 5)")
    network_options(classify)
    classify.set_defaults(run=_classify)


def _classify(options: argparse.Namespace) -> int:
    from alexnet_viz.inspection.predictions import classify

    model = load_model(options)
    photos = photos_in(options.photos)
    answers, failures = [], Failures(len(photos))
    for photo in photos:
        with failures.of(photo):
            answers.append(classify(model, read(photo), str(photo), options.top)[2])
            if not options.json:
                _print_answer(answers[-1], model.info)
    if options.json:
        print(json_text([answer.as_dict() for answer in answers], indent=2))
    print_notes(model.info)
    return failures.code()


def _print_answer(answer: Classification, info: WeightsInfo) -> None:
    from alexnet_viz.inspection.predictions import single_output_note

    times = ", ".join(f"{name} {ms:.0f} ms" for name, ms in answer.times_ms.items())
    print(one_line(f"{answer.file}  ({answer.weights} weights on {answer.device}; {times})"))
    for prediction in answer.predictions:
        place = f"class {prediction.index}, logit {prediction.logit:.2f}"
        print(one_line(f"  {prediction.probability:7.2%}  {prediction.label}  ({place})"))
    if single := single_output_note(answer.logits):
        print(f"  {single}")
    if info.is_unsure(answer.predictions[0].probability):
        print(f"  {info.unsure_note}")
