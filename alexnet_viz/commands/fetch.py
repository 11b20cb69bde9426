"""``fetch``: torchvision's ImageNet weights for this machine."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from alexnet_viz.commands.common import DownloadBar

if TYPE_CHECKING:
    from alexnet_viz.commands.common import Commands


def add(commands: Commands) -> None:
    """The command; it has no options."""
    fetch = commands.add_parser("fetch", help="download torchvision's ImageNet weights into torch's cache")
    fetch.set_defaults(run=_fetch)


def _fetch(options: argparse.Namespace) -> int:
    from alexnet_viz.network.sources import download_imagenet, imagenet_file

    if not imagenet_file().is_file():
        with DownloadBar() as progress:
            download_imagenet(progress)
    print(f"ImageNet weights: {imagenet_file()}")
    return 0
