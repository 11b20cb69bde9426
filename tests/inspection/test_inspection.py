"""Predictions and the measured architecture, against torch itself."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision

from alexnet_viz.errors import ShapeError
from alexnet_viz.images.samples import SAMPLES, sample
from alexnet_viz.inspection.architecture import measure, plan, printed_fit
from alexnet_viz.inspection.model import get, half_keeps_top5
from alexnet_viz.inspection.predictions import classify, softmax, strongest
from alexnet_viz.inspection.trace import trace
from alexnet_viz.network.variants import build
from alexnet_viz.values import VARIANTS, NetworkSpec, Preprocessing


@pytest.mark.parametrize("temperature", [0.1, 1.0, 3.0])
def test_softmax_is_torchs(temperature):
    logits = np.random.default_rng(0).normal(0, 30, 50).astype(np.float32)
    expected = F.softmax(torch.from_numpy(logits).double() / temperature, dim=0).numpy()
    np.testing.assert_allclose(softmax(logits, temperature), expected, rtol=1e-9)


def test_strongest_first_and_never_more_than_there_are():
    found = strongest(np.array([1.0, 3.0, 2.0], np.float32), ("a", "b", "c"), top=5)
    assert [p.label for p in found] == ["b", "c", "a"]
    assert sum(p.probability for p in found) == pytest.approx(1)
    assert found[0].logit == 3.0


@pytest.mark.parametrize("variant", VARIANTS)
def test_classify_is_torchvisions_pipeline_and_the_bare_network(variant):
    model = get("random", variant)
    data, name = sample(SAMPLES[0].key)
    _, inputs, answer = classify(model, data, name, top=3)
    assert answer.file == name
    assert set(answer.times_ms) == {"decode", "preprocess", "forward"}
    assert inputs.tensor.shape == (3, model.info.preprocessing.crop, model.info.preprocessing.crop)
    with torch.inference_mode():
        bare = model.network(torch.from_numpy(inputs.tensor.copy())[None])[0].numpy()
    np.testing.assert_array_equal(answer.logits, bare)
    assert [p.index for p in answer.predictions] == np.argsort(-bare)[:3].tolist()


def test_eight_threads_share_one_model_and_get_the_same_answers():
    model = get("random")
    batches = [np.random.default_rng(i).normal(size=(1, 3, 224, 224)).astype(np.float32) for i in range(8)]
    expected = [model.logits(batch) for batch in batches]
    found = [None] * 8

    def ask(i):
        for _ in range(3):
            found[i] = get("random").logits(batches[i])

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, two)


def test_half_precision_is_refused_where_it_would_change_the_top5():
    info = get("random").info
    network = build(NetworkSpec(num_classes=6, fc_width=8, input_size=63), 0).eval()
    info = replace(info, spec=network.spec, preprocessing=Preprocessing.for_size(63))
    network.fc8.weight.data.zero_()

    def keeps(*logits: float) -> bool:
        network.fc8.bias.data = torch.tensor(logits)
        return half_keeps_top5(network, info)

    assert keeps(6.0, 5.0, 4.0, 3.0, 2.0, 1.0)
    # To half precision 2.0001 is 2: of two equal logits it takes the one or the other, and one of these is wrong.
    assert [keeps(6.0, 5.0, 4.0, 3.0, 2.0001, 2.0), keeps(6.0, 5.0, 4.0, 3.0, 2.0, 2.0001)].count(False) == 1


@pytest.mark.parametrize("variant", VARIANTS)
def test_measured_on_meta_and_for_real_are_the_same(variant):
    spec = NetworkSpec(variant, num_classes=5, fc_width=16)
    network = build(spec, 0).eval()
    real = measure(network, torch.zeros(2, 3, spec.input_size, spec.input_size))
    planned = plan(spec, batch=2)
    for a, b in zip(real.layers, planned.layers, strict=True):
        assert (a.name, a.output_shape, a.params, a.macs) == (b.name, b.output_shape, b.params, b.macs)
        assert a.time_ms > 0
        assert b.time_ms == 0
    assert real.params == sum(p.numel() for p in network.parameters())


def test_torchvisions_published_multiply_adds():
    """0.714 GMAC for AlexNet at 224 (torchvision's model table), counted here by hooks on the real model."""
    counted = []
    model = torchvision.models.alexnet().eval()
    for layer in model.modules():
        if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear):
            layer.register_forward_hook(lambda m, i, o: counted.append(o.numel() * m.weight[0].numel()))
    with torch.inference_mode():
        model(torch.zeros(1, 3, 224, 224))
    found = plan(NetworkSpec()).macs
    assert found == sum(counted)
    assert round(found / 1e9, 3) == torchvision.models.AlexNet_Weights.IMAGENET1K_V1.meta["_ops"]


def test_batch_multiplies_what_it_should():
    one, four = plan(NetworkSpec()), plan(NetworkSpec(), batch=4)
    assert four.macs == 4 * one.macs
    assert four.params == one.params
    assert four.layers[0].output_shape == (4, 64, 55, 55)


def test_the_printed_network_does_not_run_and_ours_does():
    printed = printed_fit(224, 0)
    assert [side for name, side in printed.sides if name in ("conv1", "pool1", "pool2", "pool5")] == [54, 26, 12, 5]
    assert (printed.flatten, printed.expected) == (6400, 9216)
    assert "6400" in printed.error
    assert printed_fit(224, 2).error is None
    assert printed_fit(227, 0).error is None
    with pytest.raises(ShapeError, match="does not fit"):
        printed_fit(40, 0)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_trace_holds_every_layer_as_torch_computes_it(variant):
    model = get("random", variant)
    photo = np.random.default_rng(0).normal(size=(3, model.info.spec.input_size, model.info.spec.input_size))
    seen = trace(model, photo.astype(np.float32))
    x = torch.from_numpy(seen.input)[None]
    for name, layer in model.network.named_children():
        x = layer(x)
        np.testing.assert_array_equal(seen.outputs[name], x[0].numpy())
    assert seen.outputs["conv1"].min() < 0  # no ReLU in place
    assert seen.nbytes == seen.input.nbytes + sum(output.nbytes for output in seen.outputs.values())


def test_a_trace_is_recorded_in_full_precision_whatever_the_process_has_set(monkeypatch):
    model = get("random")
    photo = classify(model, *sample(SAMPLES[0].key))[1].tensor
    settings = [torch.backends.cudnn.conv, torch.backends.cuda.matmul, torch.backends.mkldnn.matmul]
    seen, out, forward = [], threading.Event(), model.network.conv1.forward

    def slowly(x):
        if threading.current_thread() is not threading.main_thread():
            seen.append([one.fp32_precision for one in settings])
            out.wait(60)  # until the other recording, which overlaps with this one, is over
            seen.append([one.fp32_precision for one in settings])
        return forward(x)

    monkeypatch.setattr(model.network.conv1, "forward", slowly)
    torch.set_float32_matmul_precision("medium")  # TF32 and bfloat16 wherever the machine has them
    try:
        before = [one.fp32_precision for one in settings]
        other = threading.Thread(target=trace, args=(model, photo))
        other.start()
        while not seen:
            other.join(0.01)
        trace(model, photo)
        out.set()
        other.join()
        assert [one.fp32_precision for one in settings] == before == ["tf32", "tf32", "bf16"]
    finally:
        torch.set_float32_matmul_precision("highest")
    assert seen == [["ieee"] * 3] * 2
