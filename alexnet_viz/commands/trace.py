"""``trace``: every layer's shape, parameters and receptive field."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from alexnet_viz.commands.common import count
from alexnet_viz.values import VARIANTS, Architecture, NetworkSpec

if TYPE_CHECKING:
    from alexnet_viz.commands.common import Commands


def add(commands: Commands) -> None:
    """The command and its options."""
    trace = commands.add_parser("trace", help="every layer's shape, parameters and receptive field")
    trace.add_argument("--variant", choices=VARIANTS, default="torchvision")
    trace.add_argument("--size", type=count, metavar="PIXELS", help="input side (default: the variant's own)")
    trace.add_argument("--classes", type=count, default=1000, metavar="N")
    trace.add_argument("--fc-width", type=count, default=4096, metavar="N", help="units of fc6 and fc7")
    trace.add_argument("--padding", type=int, metavar="N", help="padding of conv1 (default: the variant's own)")
    trace.add_argument("--batch", type=count, default=1, metavar="N")
    trace.add_argument("--json", action="store_true", help="a JSON list instead of a table")
    trace.set_defaults(run=_trace)


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
    print(row.format("layer", "operation", "output", "parameters", "multiply-adds", "field", "jump"))
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
