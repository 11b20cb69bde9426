"""Several photos at once: a table with a small picture a row, the truth where it is known, and downloads."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from alexnet_viz.ui.shared import photos, queries
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.sidebar import SEVERAL
from alexnet_viz.ui.shared.text import csv_cell
from alexnet_viz.values import Classification

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model


def batch_table(model: Model) -> None:
    """A switch, and behind it the table of this visit's photos (of the samples while there are none)."""
    if not SEVERAL.toggle():
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
    left.download_button(
        "CSV",
        _csv(answers, truths),
        "predictions.csv",
        "text/csv",
        on_click="ignore",
        help="One row a class and photo.",
    )
    right.download_button(
        "JSON",
        _json(answers),
        "predictions.json",
        "application/json",
        on_click="ignore",
        help="The same as the shell command classify --json.",
    )


def _table(model: Model, references: list[str], answers: list[Classification]) -> list[str | None]:
    """The table; returns what is marked as true, None where nothing: by the visitor, at first by a file's name."""
    saved = st.session_state.setdefault("_truths", {})  # survives a change of page, of photos and of weights
    from_names = st.session_state.setdefault("_named", set())
    categories = sorted(set(model.info.categories))
    for reference in photos.own():
        if reference not in saved and (label := class_in_name(photos.file_name(reference), categories)):
            saved[reference] = label
            from_names.add(reference)
    rows = [
        {
            "photo": photos.thumbnail(reference),
            "name": photos.title(reference),
            "truth": saved.get(reference),
            **{f"#{rank + 1}": f"{p.label}  {p.probability:.1%}" for rank, p in enumerate(answer.predictions)},
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
                "truth", options=categories, help="What it really is, if you know."
            ),
        },
    )
    for reference, row in zip(references, edited, strict=True):
        if row["truth"] != saved.get(reference):
            saved[reference] = row["truth"]
            from_names.discard(reference)  # the visitor's own now
    if named := [reference for reference in references if reference in from_names]:
        st.button(
            f"Forget the truth taken from {len(named)} file name{'s' * (len(named) > 1)}",
            icon=":material/undo:",
            on_click=callback(_forget),
            args=(named,),
            help="A file name that holds a class's name marks that class as the truth.",
        )
    return [row["truth"] for row in edited]


def _forget(references: list[str]) -> None:
    for reference in references:
        st.session_state._truths[reference] = None
    st.session_state._named.difference_update(references)


def class_in_name(file_name: str, categories: Sequence[str]) -> str | None:
    """The class whose words stand in a file's name ("golden_retriever-3.jpg"); None for none, or more than one.

    Of classes within another's name ("cat" in "tiger cat") the longest counts.
    """
    stem = file_name.rpartition(".")[0] or file_name
    text = f" {_words(stem)} "
    within = [name for name in categories if (words := _words(name)) and f" {words} " in text]
    longest = [name for name in within if not any(name != other and _words(name) in _words(other) for other in within)]
    return longest[0] if len(longest) == 1 else None


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W\d_]+", text.casefold()))


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
