"""The precision that a device gets, and what autocast makes of it."""

import pytest
import torch

from alexnet_viz.training import precision
from alexnet_viz.training.precision import autocast, resolve_precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("flags", "chosen"),
    [("fpu avx2 avx512_bf16", "bf16"), ("fpu amx_bf16 amx_tile", "bf16"), ("fpu avx2 avx512f", "fp32")],
)
def test_a_cpu_is_given_bf16_only_where_it_has_the_instructions(monkeypatch, tmp_path, flags, chosen):
    (tmp_path / "cpuinfo").write_text(f"flags\t\t: {flags}\n", encoding="utf-8")
    monkeypatch.setattr(precision, "Path", lambda _: tmp_path / "cpuinfo")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")  # as asked for by its user
    assert resolve_precision(CPU, "auto") == "fp32"
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    assert resolve_precision(CPU, "auto") == chosen
    monkeypatch.setattr(precision, "Path", lambda _: tmp_path / "nowhere")  # no Linux
    assert resolve_precision(CPU, "auto") == "fp32"


@pytest.mark.parametrize(("bf16", "chosen"), [(True, "bf16"), (False, "fp16")])
def test_a_gpu_is_given_bf16_if_it_has_that_and_fp16_else(monkeypatch, bf16, chosen):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: bf16 or including_emulation)
    assert resolve_precision(torch.device("cuda"), "auto") == chosen


@pytest.mark.parametrize("name", ["fp32", "bf16", "fp16"])
def test_what_was_chosen_stays(name):
    assert resolve_precision(torch.device("cuda"), name) == name


@pytest.mark.parametrize(("name", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_layers_calculate_in_it_and_their_weights_stay_float32(name, dtype):
    layer = torch.nn.Linear(3, 2)
    with autocast(CPU, name):
        assert layer(torch.zeros(1, 3)).dtype == dtype
    assert layer.weight.dtype == torch.float32
