"""The core from a shell: ``python -m alexnet_viz classify|trace|attribute|train|resume|runs|bundle``.

A user's error is one line and exit code 2.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import time
from dataclasses import asdict
from pathlib import Path

from alexnet_viz.errors import AttributionError, ImageError, RunError, UserError
from alexnet_viz.values import VARIANTS, Architecture, Classification, NetworkSpec, WeightsInfo


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        code = options.run(options)
        sys.stdout.flush()
        return code
    except UserError as error:
        print(f"alexnet_viz: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m alexnet_viz", description="AlexNet, opened up, from a shell.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    classify = commands.add_parser("classify", help="what AlexNet says about photos")
    classify.add_argument("photos", nargs="+", metavar="PHOTO", help="image files")
    classify.add_argument("--top", type=_count, default=5, metavar="N", help="how many classes (default 5)")
    _network_options(classify)
    classify.set_defaults(run=_classify)

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
    attribute.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="where to (default: here)")
    _network_options(attribute)
    attribute.set_defaults(run=_attribute)

    train = commands.add_parser("train", help="train a network; the run is seen by the app's pages")
    train.add_argument("--preset", default="quick", help="textbook, paper, torchvision, quick or bundled")
    train.add_argument("--data", help="textures, folder:PATH, cifar10[:ROOT], imagenette[:ROOT] or imagenet:ROOT")
    train.add_argument("--download", action="store_true", help="fetch cifar10 or imagenette if it is missing")
    train.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="change one of its settings")
    train.add_argument("--id", metavar="RUN", help="what to call the run (default: time, preset and data)")
    train.add_argument("--runs", type=Path, metavar="DIR", help="where runs are kept (default: ./runs)")
    train.set_defaults(run=_train)

    resume = commands.add_parser("resume", help="go on with a run from its last good checkpoint")
    resume.add_argument("id", metavar="RUN", help="its id or its directory")
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
    from alexnet_viz.network.sources import best_available

    choice = options.weights or best_available()
    with _download_bar() as on_progress:
        model = get(choice, options.variant, options.device, on_progress)
    answers = [classify(model, _bytes(photo), photo, options.top)[2] for photo in options.photos]
    if options.json:
        print(json.dumps([answer.as_dict() for answer in answers], ensure_ascii=False, indent=2))
    else:
        for answer in answers:
            _print_answer(answer, model.info)
    return 0


def _attribute(options: argparse.Namespace) -> int:
    """For each photo an overlay (.png), the map (.npy) and all that it came from (.json)."""
    from tqdm import tqdm

    from alexnet_viz.attribution.methods import method
    from alexnet_viz.images.decode import decode
    from alexnet_viz.images.preprocess import preprocess
    from alexnet_viz.inspection.model import get
    from alexnet_viz.network.sources import best_available

    method(options.method).settings(knobs := _assignments(options.set))
    with _download_bar() as on_progress:
        model = get(options.weights or best_available(), options.variant, options.device, on_progress)
    how, other = model.info.preprocessing, None
    if options.other:
        other = preprocess(decode(_bytes(options.other), options.other.name), how).tensor
    _writable(options.out)
    files = [file for one in options.photos for file in (sorted(one.iterdir()) if one.is_dir() else [one])]
    written = []
    with tqdm(files, unit="photo", file=sys.stderr, disable=None if len(files) > 1 else True) as bar:
        for file in bar:
            if file not in options.photos and (file.is_dir() or file.name.startswith(".")):
                continue
            try:
                photo = decode(_bytes(file), file.name)
            except ImageError as error:
                if file in options.photos:
                    raise
                bar.write(f"left out: {error}", file=sys.stderr)
                continue
            written.append(_explain(model, photo, preprocess(photo, how), knobs, other, options))
    if options.json:
        print(json.dumps(written, ensure_ascii=False, indent=2))
    else:
        for one in written:
            print(f"{one['overlay']}  {one['method']} of {one['target']}" + "".join(f"\n  {n}" for n in one["notes"]))
    return 0


def _explain(model, photo, inputs, knobs: dict, other, options: argparse.Namespace) -> dict:
    """One photo's map, written; what the .json says."""
    import numpy as np

    from alexnet_viz.attribution.session import Session
    from alexnet_viz.attribution.targets import CLASSES
    from alexnet_viz.figures.attribution import Look, overlay, panel

    session = Session(model, inputs.tensor, other)
    target = _target(options, model.info.categories, session.chain.outputs[CLASSES])
    found = session.attribute(options.method, target, options.layer, knobs)
    base = options.out / f"{photo.name}.{found.method}"
    said = {
        "photo": photo.name,
        "sha256": photo.digest,
        "size": photo.size,
        "crop": inputs.geometry.box,
        "method": found.method,
        "target": found.target,
        "layer": found.layer,
        "settings": found.knobs,
        "checks": found.checks,
        "notes": found.notes,
        "map": {"shape": found.values.shape, "min": float(found.values.min()), "max": float(found.values.max())},
        "weights": {"title": model.info.title, "id": model.info.id},
        "overlay": f"{base}.png",
    }
    look = Look()
    drawn = panel(found.method, found.target, photo, inputs.geometry, found.values, look, found.placement)
    overlay(drawn, look).save(said["overlay"])
    np.save(f"{base}.npy", found.values)
    Path(f"{base}.json").write_text(json.dumps(said, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return said


def _target(options: argparse.Namespace, categories: tuple[str, ...], logits):
    """What --class, --against and --unit ask for; the network's own answer where they say nothing."""
    from alexnet_viz.attribution.targets import Target, class_index

    if options.unit:
        layer, _, rest = options.unit.partition(":")
        try:
            channel, _, place = rest.partition(":")
            return Target.unit(layer, int(channel), *(int(one) for one in place.split(",") if place))
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


def _bytes(photo: str | Path) -> bytes:
    try:
        return Path(photo).read_bytes()
    except OSError as error:
        raise ImageError(f"{photo} cannot be read ({error.strerror}): check the path.") from error


def _print_answer(answer: Classification, info: WeightsInfo) -> None:
    from alexnet_viz.inspection.predictions import single_output_note

    times = ", ".join(f"{name} {ms:.0f} ms" for name, ms in answer.times_ms.items())
    print(f"{answer.file}  ({answer.weights} weights on {answer.device}; {times})")
    for one in answer.predictions:
        print(f"  {one.probability:7.2%}  {one.label}  (class {one.index}, logit {one.logit:.2f})")
    if single := single_output_note(answer.logits):
        print(f"  {single}")
    if info.doubts(answer.predictions[0].probability):
        print(f"  perhaps none of its {len(info.categories)} classes: below {info.unsure_below:.0%} this is a guess")


class _download_bar:
    """A progress bar on stderr that appears only when something is downloaded."""

    def __enter__(self):
        self.bar = None
        return self._progress

    def _progress(self, done: int, total: int) -> None:
        from tqdm import tqdm

        if self.bar is None:
            self.bar = tqdm(total=total or None, unit="B", unit_scale=True, desc="ImageNet weights", file=sys.stderr)
        self.bar.update(done - self.bar.n)

    def __exit__(self, *_):
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
        keys = ("name", "kind", "input_shape", "output_shape", "params", "macs", "receptive_field", "stride")
        rows = [{key: asdict(layer)[key] for key in keys} for layer in architecture.layers]
        print(json.dumps(rows, indent=2))
    else:
        _print_table(architecture)
    return 0


def _print_table(architecture: Architecture) -> None:
    row = "{:8} {:38} {:>19} {:>12} {:>14} {:>5} {:>6}"
    print(row.format("layer", "operation", "output", "parameters", "multiply-adds", "field", "stride"))
    for one in architecture.layers:
        shape = "×".join(map(str, one.output_shape))
        cells = one.name, one.operation, shape, f"{one.params:,}", f"{one.macs:,}", one.receptive_field, one.stride
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
    check(recipe, options.runs)
    return _follow(create_run(recipe, options.runs, options.id))


def _resume(options: argparse.Namespace) -> int:
    from alexnet_viz.training.runs import find_run

    return _follow(find_run(options.id, options.runs))


def _follow(run: Path) -> int:
    """Start a run's worker and show its progress until it ends; Ctrl+C asks it to write a checkpoint and stop."""
    from tqdm import tqdm

    from alexnet_viz.training.launcher import ask_to_stop, machines_command, start
    from alexnet_viz.training.runs import read_run

    recipe = read_run(run).recipe
    if recipe.machines > 1:
        command = machines_command(run, recipe)
        print(f"{run} is made. Type on each machine, with the first one's name in it:\n{command}")
        return 0
    start(run)
    with tqdm(total=0, unit="step", desc=run.name, file=sys.stderr) as bar:
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
    print(f"{seen.state}: {run}{best}")
    if seen.state == "stopped":
        print(f"Go on with: {_resume_command(run)}")
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

    rows = [
        {
            "id": run.id,
            "state": run.state,
            "preset": run.recipe.preset,
            "data": run.recipe.data,
            "epoch": run.status.epoch,
            "step": run.status.step,
            "steps": run.status.steps,
            "best_top1": run.status.best_top1,
        }
        for run in list_runs(options.runs)
    ]
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    if not rows:
        print(f"There are no runs in {options.runs or runs_folder()}: `train` makes one.", file=sys.stderr)
    for row in rows:
        best = "" if row["best_top1"] is None else f"{row['best_top1']:.1%}"
        print(f"{row['id']:44} {row['state']:9} step {row['step']:>7} of {row['steps']:>7}  best top-1 {best}")
    return 0


def _bundle(options: argparse.Namespace) -> int:
    from alexnet_viz.figures.filters import kernel_sheet
    from alexnet_viz.network.sources import BUNDLED
    from alexnet_viz.network.weights import load
    from alexnet_viz.training.bundle import bundle
    from alexnet_viz.training.runs import find_run

    folder = options.out or BUNDLED.parent
    card = bundle(find_run(options.id, options.runs), folder, lambda done: print(done, file=sys.stderr, end="\r"))
    kernels = load(str(folder / card["file"]))[0].conv1.weight.numpy()
    kernel_sheet(kernels).save(folder / "conv1.png")
    noise = len(card["conv1_noise_like"])
    print(f"{folder / card['file']}: {card['bytes'] / 1e6:.1f} MB, SHA-256 {card['sha256']}")
    print(f"top-1 {card['top1']:.1%}, top-5 {card['top5']:.1%}; {noise} of {len(kernels)} conv1 kernels like noise")
    return 0


if __name__ == "__main__":
    sys.exit(main())
