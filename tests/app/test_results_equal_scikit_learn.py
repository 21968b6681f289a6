"""Every number on the Results page, computed again from the exported predictions by scikit-learn and scipy alone."""

import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.stats import binomtest, chi2
from sklearn import metrics as reference
from sklearn.calibration import calibration_curve
from sklearn.neighbors import KNeighborsClassifier

from core.evaluation.report.report import read_report
from pages.shared.steps import RESULTS
from tests.finished_runs import add_project, add_run, open_workspace

CLASSES = ("circles", "squares", "rings")


class Table:
    """The test rows of `predictions.csv`, read as anybody would."""

    def __init__(self, path):
        rows = pd.read_csv(path)
        self.rows = rows[rows["split"] == "test"]
        self.true, self.predicted = self.rows["true"].to_numpy(), self.rows["predicted"].to_numpy()
        self.probabilities = self.rows[[f"p:{name}" for name in CLASSES]].to_numpy()


@pytest.fixture
def workspace(settings):
    return open_workspace(settings)


@pytest.fixture
def project(workspace):
    return add_project(workspace, CLASSES, images=60)


@pytest.fixture
def run(workspace, project):
    return add_run(workspace, project, accuracy=0.7)


@pytest.fixture
def table(settings, run):
    return Table(settings.runs / run / "predictions.csv")


@pytest.fixture
def open_part(open_page, project, run):
    def open_it(part=None):
        chosen = {} if part is None else {"results-part": part}
        return open_page(RESULTS, project=project, run=run, **chosen)

    return open_it


def percent(share):
    return f"{share * 100:.1f}%"


def interval(hits, images):
    """Wilson's with the correction of Brown, Cai and DasGupta; of fewer than 8 images the exact one."""
    hits, images = int(hits), int(images)
    low, high = binomtest(hits, images).proportion_ci(method="wilson" if images >= 8 else "exact")
    rare = range(1, (2 if images <= 50 else 3) + 1) if images >= 8 else ()
    if hits in rare:
        low = chi2.ppf(0.05, 2 * hits) / 2 / images
    if images - hits in rare:
        high = 1 - chi2.ppf(0.05, 2 * (images - hits)) / 2 / images
    return f"{percent(low)} to {percent(high)}"


def text_of(tab):
    return "\n".join(element.value for element in [*tab.markdown, *tab.caption]).replace("\\", "")


def figure(tab, start):
    return next(metric for metric in tab.metric if metric.label.startswith(start)).value


def test_the_headline(open_part, table):
    tab = open_part()
    assert figure(tab, "Accuracy") == percent(reference.accuracy_score(table.true, table.predicted))
    assert figure(tab, "Balanced") == percent(reference.balanced_accuracy_score(table.true, table.predicted))
    assert figure(tab, "Macro F1") == percent(reference.f1_score(table.true, table.predicted, average="macro"))
    assert interval(sum(table.true == table.predicted), len(table.true)) in text_of(tab)


def drawn_anew(table, score):
    """The 95% interval of a score: test images drawn again and again, each class as often as it is there."""
    generator = np.random.default_rng(1)
    true, predicted = (pd.Categorical(names, categories=CLASSES).codes for names in (table.true, table.predicted))
    rows = [np.flatnonzero(true == label) for label in range(len(CLASSES))]
    draws = [np.concatenate([generator.choice(one, len(one)) for one in rows]) for _ in range(600)]
    return 100 * np.quantile([score(true[draw], predicted[draw]) for draw in draws], [0.025, 0.975])


def test_the_intervals_of_means_over_classes(open_part, table):
    """They hold the bootstrap's, up to one image more or less by chance, and are at most two images wider."""
    captions = [caption.value for caption in open_part().caption]
    shown = [re.findall(r"[\d.]+(?=%)", text)[-2:] for text in captions if text.startswith("95% interval")]
    scores = (reference.balanced_accuracy_score, lambda *sides: reference.f1_score(*sides, average="macro"))
    image = 100 / len(table.true) + 0.1  # in points, and what rounding hides
    assert len(shown) == 3  # the first is the accuracy's
    for (low, high), score in zip(np.array(shown, float)[1:], scores, strict=True):
        least, most = drawn_anew(table, score)
        assert least - 2 * image <= low <= least + image
        assert most - image <= high <= most + 2 * image


def test_the_baselines(open_part, table, settings, run):
    """The largest class from the table, the nearest neighbour by scikit-learn on the pixels of its images."""
    rows = pd.read_csv(settings.runs / run / "predictions.csv")
    known = rows[rows["split"] == "train"]
    counts = known["true"].value_counts()
    answered = min(counts[counts == counts.max()].index, key=CLASSES.index)
    said = text_of(open_part())
    assert f"always answering “{answered}” gives {percent(np.mean(table.true == answered))}" in said

    def pixels(digests):
        opened = [Image.open(settings.originals / digest[:2] / digest) for digest in digests]
        return np.array([np.asarray(one.convert("RGB").resize((16, 16))).ravel() for one in opened], float)

    nearest = KNeighborsClassifier(1).fit(pixels(known["digest"]), known["true"])
    accuracy = np.mean(nearest.predict(pixels(table.rows["digest"])) == table.true)
    assert f"(*nearest neighbour*) gives {percent(accuracy)}" in said


def test_the_confusion_matrix_and_its_cells(open_part, table):
    tab = open_part()
    expected = reference.confusion_matrix(table.true, table.predicted, labels=CLASSES)
    options = next(box for box in tab.selectbox if box.label == "Images of the cell").options
    shown = {re.fullmatch(r"(.*), predicted as (.*): (\d+) images?", one).groups() for one in options}
    assert shown == {
        (CLASSES[true], CLASSES[predicted], str(images))
        for (true, predicted), images in np.ndenumerate(expected)
        if images
    }


def test_the_table_of_classes(open_part, table):
    shown = open_part("Classes").dataframe[0].value.set_index("class")
    scores = reference.precision_recall_fscore_support(table.true, table.predicted, labels=CLASSES)
    ours = shown[["precision", "recall", "F1"]].to_numpy().T
    np.testing.assert_array_equal(ours, [[round(100 * value, 1) for value in row] for row in scores[:3]])
    assert shown["test images"].tolist() == scores[3].tolist()
    for column, name in enumerate(CLASSES):
        hits = sum((table.true == name) & (table.predicted == name))
        assert shown.loc[name, "precision, 95%"] == interval(hits, sum(table.predicted == name))
        assert shown.loc[name, "recall, 95%"] == interval(hits, sum(table.true == name))
        probability = table.probabilities[:, column]
        area = reference.roc_auc_score(table.true == name, probability)
        assert shown.loc[name, "ROC area"] == pytest.approx(area, rel=1e-14)
        precision = reference.average_precision_score(table.true == name, probability)
        assert shown.loc[name, "average precision"] == pytest.approx(precision, rel=1e-14)


def test_the_areas_of_all_classes(open_part, table):
    said = text_of(open_part("Classes"))
    labels = pd.Categorical(table.true, categories=CLASSES).codes
    macro = reference.roc_auc_score(labels, table.probabilities, multi_class="ovr", average="macro")
    assert f"mean area of the classes: {macro:.3f}" in said
    members = np.eye(len(CLASSES))[labels]
    precision = reference.average_precision_score(members, table.probabilities, average="macro")
    assert f"mean average precision: {precision:.3f}" in said


@pytest.mark.parametrize("threshold", [20, 60])
def test_what_a_threshold_trades(open_part, table, threshold):
    tab = open_part("Classes")
    tab.selectbox(key="curves-of").set_value("squares").run()
    tab.slider(key="threshold").set_value(threshold).run()
    predicted = table.probabilities[:, 1] >= threshold / 100
    assert figure(tab, "Predicted so") == f"{predicted.sum()} images"
    assert figure(tab, "Correct among") == percent(reference.precision_score(table.true == "squares", predicted))
    assert figure(tab, "Found of all") == percent(reference.recall_score(table.true == "squares", predicted))


def test_the_calibration_error(open_part, table):
    """From scikit-learn's reliability curve, weighted by the images of each bin."""
    confidence, right = table.probabilities.max(axis=1), table.true == table.predicted
    accuracy, mean = calibration_curve(right, confidence, n_bins=10)
    images = np.histogram(confidence, bins=np.linspace(0, 1, 11))[0]
    error = np.sum(images[images > 0] * np.abs(accuracy - mean)) / len(right)
    assert f"differ by **{100 * error:.1f} points**" in text_of(open_part("Confidence"))


def test_the_mistakes(open_part, table):
    tab = open_part("Mistakes")
    wrong = table.rows[table.true != table.predicted]
    assert f"**{len(wrong)} images**" in text_of(tab)
    pairs = tab.dataframe[0].value
    counted = wrong.groupby(["true", "predicted"]).size()
    assert {
        (row["true class"], row["predicted class"]): row["test images"] for _, row in pairs.iterrows()
    } == counted.to_dict()


def test_before_and_after(open_page, workspace, settings, project, table):
    """McNemar's exact test is a binomial test of the images that changed sides."""
    after = add_run(workspace, project, accuracy=0.9, seed=5)
    tab = open_page(RESULTS, project=project, run=after)
    later = Table(settings.runs / after / "predictions.csv")
    before, now = table.true == table.predicted, later.true == later.predicted
    assert figure(tab, "Before") == percent(before.mean())
    assert figure(tab, "After") == percent(now.mean())
    repaired, broken = sum(now & ~before), sum(before & ~now)
    p_value = binomtest(int(repaired), int(repaired + broken)).pvalue
    assert f"{repaired} repaired and {broken} broken" in text_of(tab)
    assert f"p = {p_value:.2g}" in text_of(tab)


def test_the_table_of_runs(open_part, table, settings, run):
    shown = open_part("All runs").dataframe[0].value.iloc[0]
    assert shown["test"] == round(100 * reference.accuracy_score(table.true, table.predicted), 1)
    assert shown["test, 95%"] == interval(sum(table.true == table.predicted), len(table.true))
    rows = pd.read_csv(settings.runs / run / "predictions.csv")
    validation = rows[rows["split"] == "validation"]
    accuracy = reference.accuracy_score(validation["true"], validation["predicted"])
    assert shown["validation"] == round(100 * accuracy, 1)


def test_the_loss_of_the_report(settings, run, table):
    loss = reference.log_loss(table.true, table.probabilities[:, np.argsort(CLASSES)], labels=sorted(CLASSES))
    assert read_report(settings.runs / run).metrics.test.loss == pytest.approx(loss, rel=1e-12)
