"""The overview's columns against the trace and the arithmetic of single units."""

import numpy as np
import pytest

from alexnet_viz.images.samples import sample
from alexnet_viz.inspection.arithmetic import contributions, output, unit, walk
from alexnet_viz.inspection.model import get
from alexnet_viz.inspection.overview import overview, ranking
from alexnet_viz.inspection.predictions import classify
from alexnet_viz.inspection.trace import trace
from alexnet_viz.values import VARIANTS


@pytest.fixture(scope="module", params=VARIANTS)
def seen(request):
    model = get("random", request.param)
    inputs = classify(model, *sample("coffee"))[1]
    return model.network, trace(model, inputs.tensor)


def test_a_column_a_layer_with_its_strongest_channels(seen):
    network, record = seen
    columns = overview(network, record, top=3, include=("conv5", 37))
    assert [column.layer for column in columns] == ["photo", *(step.layer.name for step in walk(network.spec))]
    for column in columns[1:]:
        values = output(record, column.layer)
        assert column.shape == values.shape
        if column.layer not in ("flatten", "drop5"):
            np.testing.assert_array_equal(column.maps, values[column.shown])
        assert column.signed == bool(values.min() < 0)
    named = {column.layer: column for column in columns}
    flat, maps = named["flatten"], named[named["flatten"].source]
    np.testing.assert_array_equal(flat.maps, maps.maps.reshape(3, -1, 1))  # the same channels, unrolled
    assert output(record, "flatten")[flat.shown].tolist() == flat.maps.max(axis=(1, 2)).tolist()
    assert set(flat.shown // flat.maps.shape[1]) == set(maps.shown)
    relu = record.outputs["relu3"].reshape(384, -1).mean(axis=1)
    assert (
        named["conv3"].shown.tolist() == named["relu3"].shown.tolist() == np.argsort(-relu, kind="stable")[:3].tolist()
    )
    for layer in ("conv5", "relu5", "pool5"):
        assert named[layer].shown[-1] == 37
    assert named["softmax"].shown.tolist() == np.argsort(-record.outputs["fc8"], kind="stable")[:3].tolist()
    assert ranking(record, "fc7")[0] == record.outputs["relu7"].argmax()


def test_edges_are_the_mean_partial_results(seen):
    network, record = seen
    named = {column.layer: column for column in overview(network, record, top=3)}
    conv2 = named["conv2"]
    source = named[conv2.source]
    assert source.layer == "pool1"
    found = contributions(unit(network, record, "conv2", int(conv2.shown[1])))
    strengths = dict(zip(found.channels.tolist(), found.strengths.tolist(), strict=True))
    sums = dict(zip(found.channels.tolist(), found.partials.sum(axis=(1, 2)), strict=True))
    np.testing.assert_allclose(np.abs(conv2.feeds[1]), [strengths.get(int(c), 0.0) for c in source.shown], rtol=1e-6)
    assert [feed < 0 for feed in conv2.feeds[1]] == [sums.get(int(c), 0.0) < 0 for c in source.shown]
    assert conv2.feeders[1][0] == pytest.approx((found.channels[0], found.strengths[0]))
    fc6 = named["fc6"]
    assert fc6.source == ("avgpool" if "avgpool" in named else "pool5")
    one = unit(network, record, "fc6", int(fc6.shown[0]))
    by_channel = (one.inputs * one.weights).reshape(256, -1).sum(axis=1)
    np.testing.assert_allclose(fc6.feeds[0], by_channel[named[fc6.source].shown], rtol=1e-4, atol=1e-7)


def test_a_flattened_unit_brings_its_map_into_the_columns(seen):
    network, record = seen
    pixels = len(record.outputs["flatten"]) // 256
    named = {column.layer: column for column in overview(network, record, top=3, include=("flatten", 77 * pixels + 5))}
    assert named["conv5"].shown[-1] == 77
