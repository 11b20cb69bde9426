"""A forward pass that is kept, and the way back through it, layer by layer. No hooks, no graph, nothing shared.

The way back is a product of each layer's own step (its vector-Jacobian product). Methods that change the way back
change the step: see ``rescale`` in deeplift.py.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.grad import conv2d_input

from alexnet_viz.attribution.targets import Target
from alexnet_viz.network.variants import AlexNet

INPUT = "input"


class Chain:
    """Every layer's output for a batch, by name, from ``first`` on, whose output is ``x``.

    With ``first`` = "input", ``x`` is the photos, (B, 3, S, S). ``last`` ends the pass. Dropout is the identity.
    """

    def __init__(self, network: AlexNet, x: Tensor, first: str = INPUT, last: str | None = None) -> None:
        names = [INPUT, *(name for name, _ in network.named_children())]
        end = len(names) if last is None else names.index(last) + 1
        self.names = names[names.index(first) : end]
        self.layers = {name: network.get_submodule(name) for name in self.names[1:]}
        self.outputs = {first: x}
        self.winners: dict[str, Tensor] = {}  # where each window of a pooling layer found its largest value
        with torch.no_grad():
            for name, layer in self.layers.items():
                match layer:
                    case nn.MaxPool2d():
                        x, self.winners[name] = pool(layer, x)
                    case nn.Dropout():
                        pass
                    case _:
                        x = layer(x)
                self.outputs[name] = x

    def before(self, name: str) -> str:
        """The layer (or the input) that feeds a layer."""
        return self.names[self.names.index(name) - 1]

    def between(self, low: str, high: str) -> list[str]:
        """The layers on the way back from ``high``'s output to ``low``'s output, ``high`` first."""
        return self.names[self.names.index(high) : self.names.index(low) : -1]

    @property
    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in (*self.outputs.values(), *self.winners.values()))


Step = Callable[[Chain, str, Tensor], Tensor]


def begin(chain: Chain, *targets: Target) -> dict[str, Tensor]:
    """The gradients at the targets' own layer's output, a row each; and one layer down where that costs nothing.

    What a fully connected unit sends back is its own row of weights.
    """
    high = targets[0].layer
    gradients = {high: torch.cat([seed(target, chain.outputs[high]) for target in targets])}
    layer = chain.layers.get(high)
    if isinstance(layer, nn.Linear):
        gradients[chain.before(high)] = torch.cat([target.of(layer.weight[None]) for target in targets])
    return gradients


def back(chain: Chain, known: dict[str, Tensor], low: str, step: Step | None = None) -> dict[str, Tensor]:
    """The gradients at each layer's output on from the lowest that is known, down to ``low``, by name.

    They have as many rows as the pass had photos, or, for a single photo, a row for each target.
    """
    high = min(known, key=chain.names.index)
    gradients, gradient = dict(known), known[high]
    with torch.no_grad():
        for name in chain.between(low, high):
            gradient = (step or vjp)(chain, name, gradient)
            gradients[chain.before(name)] = gradient
    return gradients


def vjp(chain: Chain, name: str, gradient: Tensor) -> Tensor:
    """One layer's step back: the gradient at its output to the gradient at its input."""
    layer, x = chain.layers[name], chain.outputs[chain.before(name)]
    shape = (len(gradient), *x.shape[1:])
    match layer:
        case nn.ReLU():
            return torch.ops.aten.threshold_backward(gradient, chain.outputs[name].expand_as(gradient), 0)
        case nn.Linear():
            return weighted_rows(layer.weight, gradient)
        case nn.Conv2d():
            return conv2d_input(
                shape, layer.weight, gradient, layer.stride, layer.padding, layer.dilation, layer.groups
            )
        case nn.MaxPool2d():
            return pool_back(layer, x.expand(shape), chain.winners[name], gradient)
        case nn.Flatten():
            return gradient.reshape(shape)
        case nn.Dropout():
            return gradient
        case nn.AdaptiveAvgPool2d() if x.shape[2:] == gradient.shape[2:]:
            return gradient
        case _:  # response normalisation, and average pooling of another size
            with torch.enable_grad():
                leaf = x.expand(shape).detach().requires_grad_()
                return torch.autograd.grad(layer(leaf), leaf, gradient)[0]


def weighted_rows(weight: Tensor, gradient: Tensor) -> Tensor:
    """gradient @ weight. For one row with many zeros, behind a ReLU, only the rows that count are read.

    At a batch of one, fc6 and fc7 take as long as reading their 215 MB takes.
    """
    if len(gradient) == 1 and gradient.device.type == "cpu":
        active = gradient[0].nonzero()[:, 0]
        if 8 <= len(active) < 0.7 * gradient.shape[1]:
            starts = torch.arange(8) * len(active) // 8  # eight sums, shared out among the cores
            rows = F.embedding_bag(active, weight, starts, mode="sum", per_sample_weights=gradient[0, active])
            return rows.sum(0, keepdim=True)
    return gradient @ weight


def pool(layer: nn.MaxPool2d, x: Tensor) -> tuple[Tensor, Tensor]:
    """Each window's largest value and its place, (B, C, h, w) both.

    On the CPU pooling is 14 times faster, to the same bits, where a place's channels lie side by side; turning
    the maps there and back takes a quarter of what that saves. Convolutions stay: they would be no faster and round
    worse.
    """
    if x.device.type == "cpu":
        x = x.contiguous(memory_format=torch.channels_last)
    values, winners = F.max_pool2d(x, layer.kernel_size, layer.stride, return_indices=True)
    return values.contiguous(), winners.contiguous()


def pool_back(layer: nn.MaxPool2d, x: Tensor, winners: Tensor, values: Tensor) -> Tensor:
    """Each window's value handed to its winner; where windows overlap, the shares add up."""
    two = (layer.kernel_size, layer.kernel_size), (layer.stride, layer.stride)
    return torch.ops.aten.max_pool2d_with_indices_backward(
        values, x, *two, (0, 0), (1, 1), False, winners.expand_as(values)
    )


def seed(target: Target, like: Tensor) -> Tensor:
    """The target's gradient at its own layer's output ``like``, as one row."""
    gradient = like.new_zeros((1, *like.shape[1:]))
    if target.against is not None:
        gradient[0, target.against] = -1
    if target.y is not None:
        gradient[0, target.index, target.y, target.x] = 1
    elif gradient.ndim == 4:
        gradient[0, target.index] = 1 / gradient[0, 0].numel()
    else:
        gradient[0, target.index] = 1
    return gradient


def gradients_at(network: AlexNet, batch: Tensor, target: Target, low: str = INPUT, first: str = INPUT) -> Tensor:
    """The target's gradient at ``low``'s output for each of a batch that stands at ``first``, by a pass of its own."""
    chain = Chain(network, batch, first, target.layer)
    rows = {name: row.expand(len(batch), *row.shape[1:]) for name, row in begin(chain, target).items()}
    return back(chain, rows, low)[low]
