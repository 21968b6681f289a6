"""The report reads back equal, and scikit-learn gives the same figures."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from sklearn import metrics as reference

from core.errors import InputError, NotFoundError, WorkspaceError
from core.evaluation.inference.predictions import PREDICTIONS_FILE, Predictions, read_predictions, write_predictions
from core.evaluation.report import json_schema
from core.evaluation.report.report import VERSION, dump_report, load_report, read_report, write_report
from tests.unit.evaluation.made_up import make_predictions, make_report


@settings(max_examples=20)
@given(st.integers(2, 6), st.integers(1, 40), st.integers(0, 1000))
def test_a_report_reads_back_equal(n_classes, images, seed):
    report = make_report(make_predictions([f"class {n}" for n in range(n_classes)], images, seed))
    assert load_report(dump_report(report)) == report


def test_a_report_reads_back_equal_from_its_folder(report, tmp_path):
    write_report(report, tmp_path / "new")
    assert read_report(tmp_path / "new") == report
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["report.json"]


def test_every_field_of_the_schema_is_documented():
    from core.evaluation.report import report

    for part in vars(report).values():
        if isinstance(part, type) and issubclass(part, report.Part) and part is not report.Part:
            own = set(part.model_fields) - {
                name for base in part.__bases__ for name in getattr(base, "model_fields", {})
            }
            missing = [name for name in own if f"        {name}: " not in part.__doc__]
            assert not missing, f"{part.__name__} does not say what {missing} are"


def test_the_schema_in_the_assets_is_the_code_s():
    written = json.loads(json_schema.FILE.read_text(encoding="utf-8"))
    assert written == json_schema.report_schema(), "write it anew: python -m core.evaluation.report.json_schema"


def test_a_report_follows_the_schema_for_other_programs(report):
    Draft202012Validator(json_schema.report_schema()).validate(json.loads(dump_report(report)))


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        ("version", VERSION + 1),
        ("metrics", {}),
        ("confusion", [[0.5]]),
        ("fit_diagnosis", [{"kind": "fit", "level": "bad", "text": ""}]),
        ("unheard of", 1),
    ],
)
def test_the_schema_refuses_what_is_no_report(report, place, wrong):
    schema = Draft202012Validator(json_schema.report_schema())
    data = json.loads(dump_report(report))
    assert not schema.is_valid(data | {place: wrong})
    assert place not in data or not schema.is_valid({name: data[name] for name in data if name != place})


def test_a_run_without_a_report_says_so(tmp_path):
    with pytest.raises(NotFoundError, match=r"^This run has no report yet\. Wait until it has finished"):
        read_report(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", "no json"])
def test_what_is_no_report_is_refused(text):
    with pytest.raises(InputError, match=r"^This is not a report of a run\."):
        load_report(text)


def test_a_newer_report_is_refused(report):
    newer = dump_report(report).replace(f'"version": {VERSION}', f'"version": {VERSION + 1}', 1)
    with pytest.raises(
        InputError, match=rf"^The report has version {VERSION + 1}, and this Graft reads versions up to"
    ):
        load_report(newer)


def test_a_report_of_version_1_is_read_under_todays_names():
    path = next((Path(__file__).parents[1] / "catalog" / "workspace_of_0_1" / "runs").glob("*/report.json"))
    old = json.loads(path.read_text(encoding="utf-8"))
    report = load_report(path.read_text(encoding="utf-8"))
    assert (old["version"], report.version) == (1, VERSION)
    assert report.ood.threshold == old["unknown"]["threshold"]
    assert [one.text for one in report.fit_diagnosis] == [one["text"] for one in old["findings"]]
    assert report.calibration.applied == old["calibration"]["kept"]
    assert report.metrics.test.auc.roc_macro == old["metrics"]["test"]["areas"]["roc_macro"]
    for now, then in zip(report.metrics.test.per_class, old["metrics"]["test"]["per_class"], strict=True):
        assert (now.predicted, now.correct, now.roc_auc) == (then["called"], then["hits"], then["roc_area"])
    assert load_report(dump_report(report)) == report


def test_a_damaged_report_names_the_place(report):
    data = json.loads(dump_report(report))
    data["metrics"]["test"]["accuracy"] = "good"
    with pytest.raises(InputError, match=r"^The report is damaged at metrics\.test\.accuracy\."):
        load_report(json.dumps(data))


def test_a_report_that_cannot_be_written_says_why(report, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WorkspaceError, match=r"report\.json cannot be written: "):
        write_report(report, tmp_path / "file")


def test_predictions_read_back_equal(predictions, tmp_path):
    again = read_predictions(write_predictions(predictions, tmp_path / PREDICTIONS_FILE))
    for field in ("classes", "digests", "names"):
        assert getattr(again, field) == getattr(predictions, field)
    for field in ("splits", "true", "probabilities", "predicted", "confidence", "correct"):
        np.testing.assert_array_equal(getattr(again, field), getattr(predictions, field))


def test_a_spreadsheet_finds_no_formula_in_the_predictions(tmp_path):
    hostile = ("=HYPERLINK(1)", "'=1+1", "-2", "@a", "+b", "plain")
    predictions = make_predictions(hostile[:3])
    predictions = replace(predictions, names=tuple(hostile[row % len(hostile)] for row in range(len(predictions))))
    path = write_predictions(predictions, tmp_path / PREDICTIONS_FILE)
    with path.open(newline="") as file:
        cells = [cell for row in csv.DictReader(file) for cell in (row["name"], row["true"], row["predicted"])]
    assert not [cell for cell in cells if cell[0] in "=+-@"]
    again = read_predictions(path)
    assert (again.names, again.classes) == (predictions.names, predictions.classes)
    np.testing.assert_array_equal(again.true, predictions.true)


def test_missing_predictions_say_so(tmp_path):
    with pytest.raises(NotFoundError, match=r"^This run has no predictions\. Evaluate it again\."):
        read_predictions(tmp_path / PREDICTIONS_FILE)


@pytest.mark.parametrize("damage", ["", "a,b\n1,2\n", "cut", "label"])
def test_another_table_is_refused(damage, predictions, tmp_path):
    path = write_predictions(predictions, tmp_path / PREDICTIONS_FILE)
    text = path.read_text()
    texts = {"cut": text[:-30], "label": text.replace("train,a,", "train,elsewhere,")}
    path.write_text(texts.get(damage, damage))
    with pytest.raises(InputError, match=r"^predictions\.csv is not a table of predictions\."):
        read_predictions(path)


@pytest.mark.parametrize("field", ["names", "splits", "true", "probabilities"])
def test_columns_that_do_not_fit_together_are_refused(field, predictions):
    columns = {name: getattr(predictions, name) for name in Predictions.__dataclass_fields__}
    with pytest.raises(ValueError, match="120"):
        Predictions(**{**columns, field: columns[field][:-1]})


@pytest.fixture(params=[2, 5, 23])
def table(request, tmp_path):
    """A report, and what an independent program reads from the table beside it."""
    predictions = make_predictions([f"class {n}" for n in range(request.param)], 150, sharpness=1.0)
    with write_predictions(predictions, tmp_path / PREDICTIONS_FILE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    return make_report(predictions), rows


def of(rows, split, *columns):
    return [[row[column] for row in rows if row["split"] == split] for column in columns]


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_accuracy_and_loss_of_each_split_follow_from_the_table(split, table):
    report, rows = table
    true, predicted = of(rows, split, "true", "predicted")
    probabilities = np.array(of(rows, split, *(f"p:{name}" for name in report.classes)), float).T
    headline = getattr(report.metrics, split)
    assert headline.images == len(true)
    assert headline.accuracy == reference.accuracy_score(true, predicted)
    labels = [report.classes.index(name) for name in true]
    expected = reference.log_loss(labels, probabilities, labels=range(len(report.classes)))
    assert headline.loss == pytest.approx(expected, rel=1e-14)


def test_the_confusion_matrix_follows_from_the_table(table):
    report, rows = table
    expected = reference.confusion_matrix(*of(rows, "test", "true", "predicted"), labels=report.classes)
    np.testing.assert_array_equal(report.confusion, expected)


def test_the_classes_numbers_follow_from_the_table(table):
    report, rows = table
    expected = reference.precision_recall_fscore_support(
        *of(rows, "test", "true", "predicted"), labels=report.classes, zero_division=0
    )
    for row, ours in enumerate(report.metrics.test.per_class):
        assert (ours.precision, ours.recall, ours.f1, ours.support) == tuple(column[row] for column in expected)


def test_the_means_over_classes_follow_from_the_table(table):
    report, rows = table
    true, predicted = of(rows, "test", "true", "predicted")
    test = report.metrics.test
    assert test.balanced_accuracy.value == pytest.approx(reference.balanced_accuracy_score(true, predicted), rel=1e-15)
    for ours, average in ((test.macro_f1.value, "macro"), (test.weighted_f1, "weighted")):
        expected = reference.f1_score(true, predicted, average=average, zero_division=0)
        assert ours == pytest.approx(expected, rel=1e-15)


def test_the_areas_follow_from_the_table(table):
    report, rows = table
    true = np.array(of(rows, "test", "true")[0])
    probabilities = np.array(of(rows, "test", *(f"p:{name}" for name in report.classes)), float).T
    members = true[:, None] == np.array(report.classes)
    areas = report.metrics.test.auc
    for ours, score, average in (
        (areas.roc_macro, reference.roc_auc_score, "macro"),
        (areas.roc_micro, reference.roc_auc_score, "micro"),
        (areas.average_precision_macro, reference.average_precision_score, "macro"),
        (areas.average_precision_micro, reference.average_precision_score, "micro"),
    ):
        assert ours == pytest.approx(score(members, probabilities, average=average), rel=1e-13)
    for row, ours in enumerate(report.metrics.test.per_class):
        assert ours.roc_auc == pytest.approx(reference.roc_auc_score(members[:, row], probabilities[:, row]), rel=1e-13)


def test_a_large_report_stays_small():
    report = make_report(make_predictions([f"class {n}" for n in range(50)], 5000))
    assert len(dump_report(report)) < 1_000_000
