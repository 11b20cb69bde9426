"""The core from a shell: ``python -m alexnet_viz classify|trace|train|resume|runs|bundle``.

A user's error is one line and exit code 2.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from alexnet_viz.errors import ImageError, RunError, UserError
from alexnet_viz.values import VARIANTS, Architecture, Classification, NetworkSpec, WeightsInfo


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except UserError as error:
        print(f"alexnet_viz: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


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

    train = commands.add_parser("train", help="train a network; the run is seen by the app's pages")
    train.add_argument("--preset", default="quick", help="textbook, paper, torchvision, quick or bundled")
    train.add_argument("--data", help="textures, folder:PATH, cifar10[:ROOT], imagenette[:ROOT] or imagenet:ROOT")
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


def _bytes(photo: str) -> bytes:
    try:
        return Path(photo).read_bytes()
    except OSError as error:
        raise ImageError(f"{photo} cannot be read ({error.strerror}): check the path.") from error


def _print_answer(answer: Classification, info: WeightsInfo) -> None:
    times = ", ".join(f"{name} {ms:.0f} ms" for name, ms in answer.times_ms.items())
    print(f"{answer.file}  ({answer.weights} weights on {answer.device}; {times})")
    for one in answer.predictions:
        print(f"  {one.probability:7.2%}  {one.label}  (class {one.index}, logit {one.logit:.2f})")
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
    from alexnet_viz.training.recipe import preset
    from alexnet_viz.training.runs import create_run

    data = [f"data={options.data}"] if options.data else []
    recipe = preset(options.preset).with_changes(*data, *options.set)
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
        command = machines_command(run.resolve(), recipe)
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
        raise RunError(f"The run {run.name} failed: {seen.status.error or 'see its log.txt'}")
    best = f", best validation top-1 {seen.status.best_top1:.1%}" if seen.status.best_top1 is not None else ""
    print(f"{seen.state}: {run}{best}")
    return 0


def _runs(options: argparse.Namespace) -> int:
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
