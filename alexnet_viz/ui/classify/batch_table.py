"""Several photos at once: a table with a small picture a row, the truth where it is known, and downloads."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import streamlit as st

from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared import photos, queries
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.text import csv_cell
from alexnet_viz.values import Classification

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

BATCH = Control(
    Setting(
        "several",
        "bool",
        False,
        "Several photos at once",
        "All photos of yours in one table (or the samples), with downloads; mark the truth to count hits.",
    )
)


def batch_table(model: Model) -> None:
    """A switch, and behind it the table of this visit's photos (of the samples while there are none)."""
    if not BATCH.toggle():
        return
    references = photos.own() or photos.all_references()
    answers = [queries.answer(model, reference) for reference in references]
    truths = _table(model, references, answers)
    known = [(answer, truth) for answer, truth in zip(answers, truths, strict=True) if truth]
    if known:
        ranks = [[p.label for p in answer.predictions] for answer, _ in known]
        first = sum(rank[0] == truth for rank, (_, truth) in zip(ranks, known, strict=True))
        among = sum(truth in rank for rank, (_, truth) in zip(ranks, known, strict=True))
        st.markdown(f"Of **{len(known)}** with a known truth: top-1 right **{first}**, top-5 right **{among}**.")
    left, right, _ = st.columns([1, 1, 4])
    left.download_button("CSV", _csv(answers, truths), "predictions.csv", "text/csv", help="One row a class and photo.")
    right.download_button("JSON", _json(answers), "predictions.json", "application/json", help="As from the shell.")


def _table(model: Model, references: list[str], answers: list[Classification]) -> list[str | None]:
    """The table; returns what the visitor marked as true, None where nothing."""
    saved = st.session_state.setdefault("_truths", {})  # survives a change of page, of photos and of weights
    rows = [
        {
            "photo": photos.thumbnail(reference),
            "name": photos.title(reference),
            **{f"#{rank + 1}": f"{p.label}  {p.probability:.1%}" for rank, p in enumerate(answer.predictions)},
            "truth": saved.get(reference),
        }
        for reference, answer in zip(references, answers, strict=True)
    ]
    edited = st.data_editor(
        rows,
        key=f"truths-{model.info.id}-{hash(tuple(references))}",
        hide_index=True,
        row_height=64,
        disabled=[column for column in rows[0] if column != "truth"],
        column_config={
            "photo": st.column_config.ImageColumn("photo", width=70),
            "truth": st.column_config.SelectboxColumn(
                "truth", options=sorted(set(model.info.categories)), help="What it really is, if you know."
            ),
        },
    )
    for reference, row in zip(references, edited, strict=True):
        saved[reference] = row["truth"]
    return [row["truth"] for row in edited]


def _csv(answers: list[Classification], truths: list[str | None]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["file", "truth", "rank", "label", "index", "probability", "logit", "weights", "device"])
    for answer, truth in zip(answers, truths, strict=True):
        for rank, p in enumerate(answer.predictions, 1):
            cells = answer.file, truth or "", rank, p.label, p.index, p.probability, p.logit
            writer.writerow(map(csv_cell, [*cells, answer.weights, answer.device]))
    return text.getvalue()


def _json(answers: list[Classification]) -> str:
    return json.dumps([answer.as_dict() for answer in answers], ensure_ascii=False, indent=2)
