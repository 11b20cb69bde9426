"""The core from a shell: ``python -m alexnet_viz classify|fetch|trace|attribute|train|resume|runs|bundle``.

A user's error is one line and exit code 2. Of several photos each that cannot be used is one line; the others are done,
and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alexnet_viz.display import json_text, one_line
from alexnet_viz.errors import AttributionError, ImageError, RunError, UserError
from alexnet_viz.images.formats import MAX_PHOTO_BYTES, pillow_is_quiet
from alexnet_viz.values import (
    VARIANTS,
    Architecture,
    Classification,
    NetworkSpec,
    Photo,
    Preprocessed,
    WeightsInfo,
)

if TYPE_CHECKING:  # none of these comes before a command needs it
    import numpy as np
    from torch import Tensor
    from tqdm import tqdm

    from alexnet_viz.attribution.targets import Target
    from alexnet_viz.inspection.model import Model
    from alexnet_viz.training.runs import Run, UnreadableRun


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    pillow_is_quiet()
    try:
        code = options.run(options)
        sys.stdout.flush()
        return code
    except UserError as error:
        print(one_line(f"alexnet_viz: {error}"), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _program() -> str:
    """What was typed to come here: the console script of an installed package, or the module."""
    return "alexnet-viz" if Path(sys.argv[0]).name == "alexnet-viz" else "python -m alexnet_viz"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_program(), description="AlexNet, opened up, from a shell.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    classify = commands.add_parser("classify", help="what AlexNet says about photos")
    classify.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="image files, or folders of them")
    classify.add_argument("--top", type=_count, default=5, metavar="N", help="how many classes (default 5)")
    _network_options(classify)
    classify.set_defaults(run=_classify)

    fetch = commands.add_parser("fetch", help="download torchvision's ImageNet weights into torch's cache")
    fetch.set_defaults(run=_fetch)

    trace = commands.add_parser("trace", help="every layer's shape, parameters and receptive field")
    trace.add_argument("--variant", choices=VARIANTS, default="torchvision")
    trace.add_argument("--size", type=_count, metavar="PIXELS", help="input side (default: the variant's own)")
    trace.add_argument("--classes", type=_count, default=1000, metavar="N")
    trace.add_argument("--fc-width", type=_count, default=4096, metavar="N", help="units of fc6 and fc7")
    trace.add_argument("--padding", type=int, metavar="N", help="padding of conv1 (default: the variant's own)")
    trace.add_argument("--batch", type=_count, default=1, metavar="N")
    trace.add_argument("--json", action="store_true", help="a JSON list instead of a table")
    trace.set_defaults(run=_trace)

    attribute = commands.add_parser("attribute", help="which parts of photos speak for an answer")
    attribute.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="image files, or folders of them")
    attribute.add_argument(
        "--method", default="grad-cam", help="saliency, grad-cam, occlusion …; a wrong one lists all"
    )
    attribute.add_argument(
        "--class", dest="target", metavar="NAME", help="a class's name or number (default: the answer)"
    )
    attribute.add_argument("--against", metavar="NAME", help="a class to take off: why this one and not that one?")
    attribute.add_argument(
        "--unit", metavar="LAYER:CHANNEL[:ROW,COLUMN]", help="a unit instead of a class: conv4:12:3,7"
    )
    attribute.add_argument("--layer", help="for the maps of a layer (default: conv5)")
    attribute.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="change one of its settings"
    )
    attribute.add_argument("--other", type=Path, metavar="PHOTO", help="what --set baseline=photo compares with")
    attribute.add_argument(
        "--out",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="where to (default: here). Photos of one name have their folder's in front: a-IMG.jpg, b-IMG.jpg",
    )
    _network_options(attribute)
    attribute.set_defaults(run=_attribute)

    train = commands.add_parser("train", help="train a network; the run is seen by the app's pages")
    train.add_argument(
        "--preset", default="quick", help="quick (minutes on a laptop, the default) or another; a wrong one lists all"
    )
    train.add_argument("--data", help="textures, folder:PATH, cifar10[:ROOT], imagenette[:ROOT] or imagenet:ROOT")
    train.add_argument("--download", action="store_true", help="fetch cifar10 or imagenette if it is missing")
    train.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="change one of its settings")
    train.add_argument("--id", metavar="RUN", help="what to call the run (default: time, preset and data)")
    train.add_argument("--runs", type=Path, metavar="DIR", help="where runs are kept (default: ./runs)")
    train.set_defaults(run=_train)

    resume = commands.add_parser("resume", help="go on with a run from its last good checkpoint")
    resume.add_argument("id", metavar="RUN", help="its id or its directory")
    resume.add_argument("--data", metavar="PLACE", help="where its photos are now, if they moved")
    resume.add_argument("--runs", type=Path, metavar="DIR")
    resume.set_defaults(run=_resume)

    runs = commands.add_parser("runs", help="the runs there are")
    runs.add_argument("--runs", type=Path, metavar="DIR")
    runs.add_argument("--json", action="store_true", help="a JSON list instead of a table")
    runs.set_defaults(run=_runs)

    bundle = commands.add_parser("bundle", help="make a run's last checkpoint the weights that ship with the app")
    bundle.add_argument("id", metavar="RUN", help="its id or its directory")
    bundle.add_argument("--runs", type=Path, metavar="DIR")
    bundle.add_argument("--out", type=Path, metavar="DIR", help="where to (default: assets/weights)")
    bundle.set_defaults(run=_bundle)
    return parser


def _network_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--weights",
        metavar="imagenet|bundled|random|run:ID|PATH",
        help="where the weights come from (default: the best that is on this machine); imagenet may be downloaded",
    )
    parser.add_argument(
        "--preprocessing",
        metavar="torchvision|caffe|unit|MEAN/STD",
        help="how photos are prepared for --weights PATH, which does not say it: caffe is BGR, 0 to 255, minus its "
        "mean; unit RGB from 0 to 1; or an own mean and std: 0.5,0.5,0.5/0.25,0.25,0.25 (default: torchvision)",
    )
    parser.add_argument("--variant", choices=VARIANTS, default="torchvision", help="the network, for --weights random")
    parser.add_argument("--device", help="cuda, mps or cpu (default: the best there is)")
    parser.add_argument("--json", action="store_true", help="a JSON list instead of a table")


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return value


def _classify(options: argparse.Namespace) -> int:
    from alexnet_viz.inspection.model import get
    from alexnet_viz.inspection.predictions import classify

    with _download_bar() as on_progress:
        model = get(_weights_choice(options), options.variant, options.device, on_progress)
    photos = _photos(options.photos)
    answers, failures = [], _Failures(len(photos))
    for photo in photos:
        with failures.of(photo):
            answers.append(classify(model, _bytes(photo), str(photo), options.top)[2])
            if not options.json:
                _print_answer(answers[-1], model.info)
    if options.json:
        print(json_text([answer.as_dict() for answer in answers], indent=2))
    _print_notes(model.info)
    return failures.code()


def _weights_choice(options: argparse.Namespace) -> str:
    from alexnet_viz.network.sources import best_available, with_preprocessing

    choice = options.weights or best_available()
    return with_preprocessing(choice, options.preprocessing) if options.preprocessing else choice


def _print_lines(lines: Iterable[str]) -> None:
    """Print lines that may hold names of others, which can be no text, or control a terminal."""
    for line in lines:
        print(one_line(line))


def _print_notes(info: WeightsInfo) -> None:
    """What is to be known of the weights, apart from the answers."""
    for note in info.notes:
        print(one_line(note), file=sys.stderr)


def _attribute(options: argparse.Namespace) -> int:
    """For each photo an overlay (.png), the map (.npy) and all that it came from (.json)."""
    from tqdm import tqdm

    from alexnet_viz.attribution.methods import method
    from alexnet_viz.images.decode import decode
    from alexnet_viz.images.preprocess import preprocess
    from alexnet_viz.inspection.model import get
    from alexnet_viz.output_names import output_names

    method(options.method).resolve(settings := _assignments(options.set))
    with _download_bar() as on_progress:
        model = get(_weights_choice(options), options.variant, options.device, on_progress)
    how, other = model.info.preprocessing, None
    if options.other:
        other = preprocess(decode(_bytes(options.other), options.other.name), how).tensor
    _writable(options.out)
    photos = list({os.path.abspath(photo): photo for photo in _photos(options.photos)}.values())
    failures, written = _Failures(len(photos)), []
    with tqdm(photos, unit="photo", file=sys.stderr, disable=None if len(photos) > 1 else True) as bar:
        for file, name in zip(bar, output_names(photos, f".{options.method}.json"), strict=True):
            with failures.of(file):
                photo = replace(decode(_bytes(file), str(file)), name=file.name)
                base = str(options.out / f"{name}.{options.method}")
                written.append(_explain(model, photo, preprocess(photo, how), settings, other, options, base))
    if options.json:
        print(json_text(written, indent=2))
    else:
        for path in written:
            line = f"{path['overlay']}  {path['method']} of {path['target']}"
            _print_lines([line, *(f"  {note}" for note in path["notes"])])
    _print_notes(model.info)
    return failures.code()


class _Failures:
    """Photos that could not be used, out of ``count``: each is a line on stderr, and the rest goes on.

    The failure of an only photo is an error like any other.
    """

    def __init__(self, count: int) -> None:
        self.count, self.failed = count, 0

    @contextmanager
    def of(self, photo: Path) -> Iterator[None]:
        """Do what is to be done with one photo."""
        from tqdm import tqdm

        try:
            yield
        except ImageError as error:
            if self.count == 1:
                raise
            self.failed += 1
            tqdm.write(one_line(f"failed: {error}"), file=sys.stderr)  # it names the photo by its path

    def code(self) -> int:
        """The exit code, after a summary where it is not 0."""
        if not self.failed:
            return 0
        print(f"alexnet_viz: {self.failed} of {self.count} photos failed.", file=sys.stderr)
        return 1


def _photos(places: list[Path]) -> list[Path]:
    """The files named, and the photos in the folders named; a folder stands for itself where there is none."""
    photos = []
    for place in places:
        try:
            files = sorted(file for file in place.iterdir() if file.is_file() and not file.name.startswith("."))
        except OSError:  # a file, or what cannot be read: that says so when its turn comes
            photos.append(place)
            continue
        inside = [file for file in files if _is_photo(file)]
        for file in files:
            if file not in inside:
                print(one_line(f"left out: {file} is not a photo"), file=sys.stderr)
        photos += inside or [place]
    return photos


def _is_photo(file: Path) -> bool:
    """Whether a file in a folder is meant as a photo: by its suffix, else by its content."""
    from alexnet_viz.images.formats import START_BYTES, SUFFIXES, format_of

    if file.suffix.lower() in SUFFIXES:
        return True
    try:
        return format_of(_bytes(file, START_BYTES)) is not None
    except ImageError:
        return True  # it cannot be read: that is said when its turn comes


def _explain(
    model: Model,
    photo: Photo,
    inputs: Preprocessed,
    settings: dict[str, str],
    other: np.ndarray | None,
    options: argparse.Namespace,
    base: str,
) -> dict[str, Any]:
    """One photo's map, written to files whose names begin with ``base``; what the .json says."""
    import numpy as np

    from alexnet_viz.attribution.session import Session
    from alexnet_viz.attribution.targets import CLASSES
    from alexnet_viz.figures.attribution import MapStyle, overlay, panel

    session = Session(model, inputs.tensor, other)
    target = _target(options, model.info.categories, session.chain.outputs[CLASSES])
    attribution = session.attribute(options.method, target, options.layer, settings)
    card: dict[str, Any] = {
        "photo": photo.name,
        "sha256": photo.digest,
        "size": photo.size,
        "crop": inputs.geometry.box,
        "method": attribution.method,
        "target": attribution.target,
        "layer": attribution.layer,
        "settings": attribution.settings,
        "checks": attribution.checks,
        "notes": attribution.notes,
        "map": {
            "shape": attribution.values.shape,
            "min": float(attribution.values.min()),
            "max": float(attribution.values.max()),
        },
        "weights": {"title": model.info.title, "id": model.info.id},
        "overlay": f"{base}.png",
    }
    look = MapStyle()
    drawn = panel(
        attribution.method, attribution.target, photo, inputs.geometry, attribution.values, look, attribution.placement
    )
    try:
        overlay(drawn, look).save(card["overlay"])
        np.save(f"{base}.npy", attribution.values)
        Path(f"{base}.json").write_text(json_text(card, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise AttributionError(
            f"{base}.png, .npy and .json cannot be written ({error.strerror}): free space, or choose another --out."
        ) from error
    return card


def _target(options: argparse.Namespace, categories: tuple[str, ...], logits: Tensor) -> Target:
    """What --class, --against and --unit ask for; the network's own answer where they say nothing."""
    from alexnet_viz.attribution.targets import Target, class_index

    if options.unit:
        layer, _, rest = options.unit.partition(":")
        try:
            channel, _, place = rest.partition(":")
            return Target.unit(layer, int(channel), *(int(number) for number in place.split(",") if place))
        except (ValueError, TypeError) as error:
            raise AttributionError(
                f"--unit needs LAYER:CHANNEL or LAYER:CHANNEL:ROW,COLUMN, not {options.unit!r}."
            ) from error
    index = class_index(options.target, categories) if options.target else int(logits[0].argmax())
    return Target.contrast(index, class_index(options.against, categories)) if options.against else Target(index)


def _assignments(pairs: list[str]) -> dict[str, str]:
    for pair in pairs:
        if "=" not in pair:
            raise AttributionError(f"--set needs NAME=VALUE, not {pair!r}.")
    return dict(pair.split("=", 1) for pair in pairs)


def _writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AttributionError(f"{folder} cannot be made ({error.strerror}): choose another --out.") from error


def _bytes(photo: Path, count: int = -1) -> bytes:
    """A photo's bytes, or the first ``count`` of them. Raises ImageError."""
    try:
        about = photo.stat()
        if stat.S_ISDIR(about.st_mode):
            raise ImageError(f"There is no photo in the folder {photo}: name another.")
        if not stat.S_ISREG(about.st_mode):
            raise ImageError(f"{photo} is no file: name a photo.")
        if about.st_size > MAX_PHOTO_BYTES:
            raise ImageError(f"{photo} has more than {MAX_PHOTO_BYTES >> 20} MB: scale the photo down first.")
        with photo.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise ImageError(f"{photo} cannot be read ({error.strerror}): check the path.") from error


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


def _fetch(options: argparse.Namespace) -> int:
    from alexnet_viz.network.sources import download_imagenet, imagenet_file

    if not imagenet_file().is_file():
        with _download_bar() as progress:
            download_imagenet(progress)
    print(f"ImageNet weights: {imagenet_file()}")
    return 0


class _download_bar:
    """A progress bar on stderr that appears only when something is downloaded."""

    bar: tqdm | None = None

    def __enter__(self) -> Callable[[int, int], None]:
        return self._progress

    def _progress(self, done: int, total: int) -> None:
        from tqdm import tqdm

        if self.bar is None:
            self.bar = tqdm(total=total or None, unit="B", unit_scale=True, desc="ImageNet weights", file=sys.stderr)
        self.bar.update(done - self.bar.n)

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()


def _trace(options: argparse.Namespace) -> int:
    import torch

    from alexnet_viz.inspection.architecture import measure
    from alexnet_viz.network.variants import build

    spec = NetworkSpec(options.variant, options.classes, options.fc_width, options.size, options.padding)
    network = build(spec, seed=0).eval()
    architecture = measure(network, torch.zeros(options.batch, 3, spec.input_size, spec.input_size))
    if options.json:
        keys = ("name", "kind", "input_shape", "output_shape", "params", "macs", "receptive_field", "jump")
        rows = [{key: asdict(layer)[key] for key in keys} for layer in architecture.layers]
        print(json.dumps(rows, indent=2))
    else:
        _print_table(architecture)
    return 0


def _print_table(architecture: Architecture) -> None:
    row = "{:8} {:38} {:>19} {:>12} {:>14} {:>5} {:>6}"
    print(row.format("layer", "operation", "output", "parameters", "multiply-adds", "field", "stride"))
    for layer in architecture.layers:
        shape = "×".join(map(str, layer.output_shape))
        cells = (
            layer.name,
            layer.operation,
            shape,
            f"{layer.params:,}",
            f"{layer.macs:,}",
            layer.receptive_field,
            layer.jump,
        )
        print(row.format(*cells))
    print(row.format("total", "", "", f"{architecture.params:,}", f"{architecture.macs:,}", "", ""))


def _train(options: argparse.Namespace) -> int:
    from alexnet_viz.training import data
    from alexnet_viz.training.launcher import check
    from alexnet_viz.training.recipe import preset
    from alexnet_viz.training.runs import create_run

    given = [f"data={options.data}"] if options.data else []
    recipe = preset(options.preset).with_changes(*given, *options.set)
    if options.download and recipe.data.partition(":")[0] in data.DOWNLOADS:
        data.fetch(recipe)
    if summary := check(recipe, options.runs):
        _print_lines(summary.lines())
    return _follow(create_run(recipe, options.runs, options.id))


def _resume(options: argparse.Namespace) -> int:
    from alexnet_viz.training.data_place import move
    from alexnet_viz.training.runs import find_run

    run = find_run(options.id, options.runs)
    if options.data and (summary := move(run, options.data)):
        _print_lines(summary.lines())
    return _follow(run)


def _follow(run: Path) -> int:
    """Start a run's worker and show its progress until it ends; Ctrl+C asks it to write a checkpoint and stop."""
    from tqdm import tqdm

    from alexnet_viz.training.launcher import ask_to_stop, machines_command, start
    from alexnet_viz.training.runs import read_run

    recipe = read_run(run).recipe
    if recipe.machines > 1:
        command = machines_command(run, recipe)
        _print_lines([f"{run} is made. Type on each machine, with the first one's name in it:", command])
        return 0
    start(run)
    with tqdm(total=0, unit="step", desc=one_line(run.name), file=sys.stderr) as bar:
        while True:
            try:
                seen = read_run(run)
                bar.total = seen.status.steps
                bar.n = seen.status.step
                speed = seen.status.images_per_second
                bar.set_postfix_str(seen.status.activity or (f"{speed:.0f} images/s" if speed else ""))
                if seen.state in ("finished", "stopped", "failed"):
                    break
                time.sleep(0.5)
            except KeyboardInterrupt:
                ask_to_stop(run)
    if seen.state == "failed":
        raise RunError(f"The run {run.name} failed: {seen.status.error or _died(run)}")
    best = f", best validation top-1 {seen.status.best_top1:.1%}" if seen.status.best_top1 is not None else ""
    _print_lines([f"{seen.state}: {run}{best}"])
    if seen.state == "stopped":
        _print_lines([f"Go on with: {_resume_command(run)}"])
    return 0


def _resume_command(run: Path) -> str:
    return f"python -m alexnet_viz resume {shlex.quote(str(run))}"


def _died(run: Path) -> str:
    """What there is to say of a worker that said nothing itself."""
    return (
        "its process ended without a word: killed, perhaps for want of memory, or the disk is full. "
        f"See {run / 'log.txt'}; go on from the last good checkpoint with: {_resume_command(run)}"
    )


def _runs(options: argparse.Namespace) -> int:
    from alexnet_viz.disk import runs_folder
    from alexnet_viz.training.runs import list_runs

    rows = [_run_row(run) for run in list_runs(options.runs)]
    if options.json:
        print(json_text(rows, indent=2))
        return 0
    if not rows:
        print(f"There are no runs in {options.runs or runs_folder()}: `train` makes one.", file=sys.stderr)
    for row in rows:
        line = f"{one_line(row['id']):44} {row['state']:10}"
        if row["steps"] is not None:
            best = "" if row["best_top1"] is None else f"{row['best_top1']:.1%}"
            line += f" step {row['step']:>7} of {row['steps']:>7}  best top-1 {best}"
        _print_lines([line, *(f"  {problem}" for problem in row["problems"])])
    return 0


def _run_row(run: Run | UnreadableRun) -> dict[str, Any]:
    """A run for the list; None for all that cannot be read, and what is wrong with it under ``problems``."""
    from alexnet_viz.training.runs import UnreadableRun

    names = ("preset", "data", "epoch", "step", "steps", "best_top1")
    values: dict[str, Any] = dict.fromkeys(names)
    if not isinstance(run, UnreadableRun):
        values |= {name: getattr(run.recipe, name) for name in names[:2]}
        if run.state != "unreadable":
            values |= {name: getattr(run.status, name) for name in names[2:]}
    return {"id": run.id, "state": run.state, **values, "problems": list(run.problems)}


def _bundle(options: argparse.Namespace) -> int:
    from alexnet_viz.figures.filters import kernel_sheet
    from alexnet_viz.network.sources import BUNDLED
    from alexnet_viz.network.weights import load
    from alexnet_viz.training.bundle import bundle
    from alexnet_viz.training.runs import find_run

    folder = options.out or BUNDLED.parent
    card = bundle(find_run(options.id, options.runs), folder, lambda done: print(done, file=sys.stderr, end="\r"))
    kernels = load(str(folder / card["file"]))[0].get_parameter("conv1.weight").numpy()
    kernel_sheet(kernels).save(folder / "conv1.png")
    noise = len(card["conv1_noise_like"])
    print(one_line(f"{folder / card['file']}: {card['bytes'] / 1e6:.1f} MB, SHA-256 {card['sha256']}"))
    print(f"top-1 {card['top1']:.1%}, top-5 {card['top5']:.1%}; {noise} of {len(kernels)} conv1 kernels like noise")
    return 0


if __name__ == "__main__":
    sys.exit(main())
