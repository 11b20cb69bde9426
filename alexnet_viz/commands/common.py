"""What commands share: options of the network, a download's progress, printing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from alexnet_viz.display import one_line
from alexnet_viz.errors import SettingError, UserError
from alexnet_viz.values import VARIANTS, WeightsInfo

if TYPE_CHECKING:
    from tqdm import tqdm

    from alexnet_viz.inspection.model import Model

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def network_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command that answers with a network."""
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


def count(text: str) -> int:
    """An option's whole number of at least 1, for argparse."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return value


def load_model(options: argparse.Namespace) -> Model:
    """The network that the options name; a download's progress is shown. Raises WeightsError."""
    from alexnet_viz.inspection.model import get
    from alexnet_viz.network.sources import best_available, with_preprocessing

    choice = options.weights or best_available()
    if options.preprocessing:
        choice = with_preprocessing(choice, options.preprocessing)
    with DownloadBar() as on_progress:
        return get(choice, options.variant, options.device, on_progress)


def print_lines(lines: Iterable[str]) -> None:
    """Print lines that may hold names of others, which can be no text, or control a terminal."""
    for line in lines:
        print(one_line(line))


def print_notes(info: WeightsInfo) -> None:
    """What is to be known of the weights, apart from the answers."""
    for note in info.notes:
        print(one_line(note), file=sys.stderr)


def assignments(pairs: list[str]) -> dict[str, str]:
    """The values of --set by name, not checked. Raises SettingError."""
    for pair in pairs:
        if "=" not in pair:
            raise SettingError(f"--set needs NAME=VALUE, not {pair!r}.")
    return dict(pair.split("=", 1) for pair in pairs)


def make_folder(folder: Path) -> None:
    """Make the folder of --out where it is not there. Raises UserError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be made ({error.strerror}): choose another --out.") from error


class DownloadBar:
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
