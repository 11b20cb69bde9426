"""What is made of a run's answers."""

import numpy as np

from alexnet_viz.training.answers import Answers, confusion, most_wrong, read_answers, write_answers


def test_a_confusion_matrix_has_the_truth_in_its_rows():
    counts = confusion(np.array([0, 0, 2, 2, 2]), np.array([0, 1, 2, 0, 0]), 3)
    assert counts.tolist() == [[1, 1, 0], [0, 0, 0], [2, 0, 1]]


def test_the_most_wrong_come_first_and_no_mistake_fills_the_page():
    label = np.array([0] * 8 + [1, 1])
    said = np.array([1] * 7 + [0] + [0, 1])
    probability = np.array([0.1, 0.5, 0.2, 0.4, 0.3, 0.6, 0.05, 0.9, 0.15, 0.8], np.float32)
    assert most_wrong(label, probability, said).tolist() == [6, 0, 8, 2, 4]


def test_answers_come_back_as_they_were(tmp_path):
    assert read_answers(tmp_path) is None
    two = np.arange(2)
    kept = Answers(7, two, two, np.ones(2), two[:, None], np.ones((2, 1)), two[:0], np.zeros((0, 4, 4, 3), np.uint8))
    write_answers(tmp_path, kept)
    found = read_answers(tmp_path)
    assert found.step == 7
    assert found.predicted.tolist() == [0, 1]
    assert found.photos.shape == (0, 4, 4, 3)
