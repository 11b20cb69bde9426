"""Batch normalisation while training, folded into the layers before it in every file that leaves the run.

An AlexNet has none. With it the network learns several times faster, and in eval mode it is one affine map a channel,
which the convolution before it can take over exactly: what is kept is a plain AlexNet.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from alexnet_viz.network.variants import AlexNet

_BatchNorm = (nn.BatchNorm1d, nn.BatchNorm2d, nn.SyncBatchNorm)


def insert(network: AlexNet) -> None:
    """Put a batch normalisation (Ioffe & Szegedy 2015, arXiv:1502.03167) behind each conv and hidden fc layer."""
    for name, layer in list(network.named_children()):
        delattr(network, name)
        network.add_module(name, layer)  # at the end, so that the chain keeps its order
        if isinstance(layer, nn.Conv2d):
            network.add_module(f"bn_{name}", nn.BatchNorm2d(layer.out_channels))
        elif isinstance(layer, nn.Linear) and name != "fc8":
            network.add_module(f"bn_{name}", nn.BatchNorm1d(layer.out_features))


@torch.no_grad()
def calibrate(network: nn.Sequential, x: Tensor) -> None:
    """Make each normalisation change nothing for a batch of photos (B, 3, S, S): trained weights go on from there.

    The weights before it take the length that fresh ones have (He et al. 2015, arXiv:1502.01852): behind a
    normalisation it says nothing, but the shorter the weights, the further a learning rate moves them.
    """
    weight = bias = torch.empty(0)  # of the layer before
    for layer in network:
        if isinstance(layer, _BatchNorm):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            scale = (2 * weight.shape[0]) ** 0.5 / weight.norm()
            variance, mean = torch.var_mean(x.transpose(0, 1).flatten(1), dim=1, correction=0)
            weight.mul_(scale)
            bias.mul_(scale)
            layer.running_mean.copy_(mean * scale)
            layer.running_var.copy_(variance * scale**2)
            layer.bias.copy_(mean)
            layer.weight.copy_((variance + layer.eps / scale**2).sqrt())
        elif not isinstance(layer, nn.Dropout):
            x = layer(x)
        if isinstance(layer, nn.Conv2d | nn.Linear):
            weight, bias = layer.weight, layer.get_parameter("bias")


@torch.no_grad()
def folded(network: nn.Sequential) -> dict[str, Tensor]:
    """The parameters of the plain AlexNet that equals this network in eval mode, by name; its own without any norm.

    w′ = w·γ/√(σ² + ε) and b′ = (b − μ)·γ/√(σ² + ε) + β, channel by channel.
    """
    state: dict[str, Tensor] = {}
    before = ""
    for name, layer in network.named_children():
        if isinstance(layer, _BatchNorm):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            scale = layer.weight / (layer.running_var + layer.eps).sqrt()
            weight, bias = state[f"{before}.weight"], state[f"{before}.bias"]
            state[f"{before}.weight"] = weight * scale.view(-1, *[1] * (weight.dim() - 1))
            state[f"{before}.bias"] = (bias - layer.running_mean) * scale + layer.bias
        else:
            state |= {f"{name}.{key}": value for key, value in layer.state_dict().items()}
            before = name
    return state
