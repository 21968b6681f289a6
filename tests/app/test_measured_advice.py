"""The panels of the Model page that measure a choice on a person's images."""

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import edits, jobs
from core.catalog.items import list_items
from core.catalog.projects import load_draft, save_draft
from core.catalog.runs import list_runs
from core.dataset.project import fingerprint_images
from core.jobs.specs import CompareBackbonesSpec, FindRecipeSpec, FreezingCurveSpec, LearningCurveSpec
from core.training.recipe import Recipe, dump_recipe, load_recipe
from pages.model.freezing_advice import depth_chart, time_chart
from pages.shared.draft import Draft, dump_draft
from pages.shared.draft import load_draft as read_draft
from pages.shared.steps import MODEL
from tests.app.filled import fill_project
from tests.measured_advice import CUTS, RECIPE, add_comparison, add_curve, add_learning_curve, add_search, curve


@pytest.fixture
def project(settings, database):
    project = fill_project(settings, database, files=False)
    save_draft(database, project, dump_draft(Draft(recipe=RECIPE)), 0)
    return project


def recipe_of(database, project: str) -> Recipe:
    return read_draft(load_draft(database, project)[0]).recipe


def button(tab: AppTest, label: str):
    return next(one for one in tab.button if one.label.startswith(label))


def said(tab: AppTest) -> str:
    return " ".join(one.value for kind in ("markdown", "caption", "warning") for one in tab.get(kind))


def test_measuring_asks_for_a_curve_of_the_chosen_network_within_the_chosen_time(open_page, database, project):
    tab = open_page(MODEL, project=project)
    (budget,) = [one for one in tab.selectbox if one.label == "How long"]
    budget.set_value("and trials for 2 minutes")
    next(one for one in tab.button if one.label == "Measure").click().run()
    (job,) = jobs.list_jobs(database, project_id=project)
    assert job.spec == FreezingCurveSpec(recipe=dump_recipe(RECIPE), budget_seconds=120)
    assert not tab.exception


def test_the_recommended_cut_is_taken_with_one_click(open_page, database, project):
    add_curve(database, project, curve())
    tab = open_page(MODEL, project=project)
    assert f"Freezing up to {CUTS[2].label}** is recommended" in said(tab)
    button(tab, "Take it").click().run()
    assert (recipe_of(database, project).strategy, recipe_of(database, project).cut) == ("partial", CUTS[2].name)
    assert "The recommended cut is chosen" in said(tab)
    assert not tab.exception


def test_freezing_everything_becomes_feature_extraction(open_page, database, project):
    save_draft(database, project, dump_draft(Draft(recipe=RECIPE.model_copy(update={"strategy": "full"}))), 1)
    add_curve(database, project, curve(recommended=4))
    tab = open_page(MODEL, project=project)
    button(tab, "Take it: freeze everything").click().run()
    assert recipe_of(database, project).strategy == "feature-extraction"


def test_a_curve_of_other_images_or_of_another_network_says_so(open_page, database, project):
    add_curve(database, project, curve(), images={"robins": (13, 4, 2)})
    assert "changed since" in said(open_page(MODEL, project=project))
    add_curve(database, project, curve(), recipe=Recipe())
    tab = open_page(MODEL, project=project)
    assert "was measured with MobileNetV2" in said(tab)
    assert not [one for one in tab.button if one.label.startswith("Take it")]


def test_a_class_that_changed_hands_makes_a_curve_outdated_though_no_count_changed(open_page, database, project):
    measured = fingerprint_images(database, project)
    add_curve(database, project, curve(), fingerprint=measured)
    assert "changed since" not in said(open_page(MODEL, project=project))
    train = [one for one in list_items(database, project) if one.split == "train"]
    robin = next(one for one in train if one.label == train[0].label)
    other = next(one for one in train if one.label != robin.label)
    for item, label in ((robin, other.label_id), (other, robin.label_id)):
        edits.change_items(database, project, [item.id], "1 image moved", label_id=label)
    assert "changed since" in said(open_page(MODEL, project=project))


def test_a_curve_of_the_images_as_they_are_needs_no_warning(open_page, database, project):
    add_curve(database, project, curve(trials=True))
    tab = open_page(MODEL, project=project)
    assert "changed since" not in said(tab)
    assert "best of 2 ways that were tried" in said(tab)


def test_the_charts_have_their_figures_as_text():
    measured = curve(trials=True)
    assert "Best by a quick head: frozen up to whole backbone, 90.0%" in depth_chart(measured, None).alt
    assert "12.0 s, 90.0%" in time_chart(measured).alt


def test_the_best_network_is_taken_with_one_click(open_page, database, project):
    add_comparison(database, project)
    tab = open_page(MODEL, project=project)
    assert "**MobileNetV2** tells your classes apart best: 95%" in said(tab)
    assert "MobileNet025 is 4.5 times as fast, and 36 images show no difference to it" in said(tab)
    assert "Not measured, because their weights are not here: VGG16, VGG19." in said(tab)
    assert "5 nearest neighbours 70%, logistic regression 70%, trained head 70%: no difference" in said(tab)
    button(tab, "Take it: MobileNetV2").click().run()
    assert recipe_of(database, project).backbone.name == "MobileNetV2"
    assert not tab.exception


def test_one_network_alone_has_no_chart_and_says_how_to_get_more(open_page, database, project):
    add_comparison(database, project, networks=1)
    tab = open_page(MODEL, project=project)
    assert "**Starter** is the only network on this machine" in said(tab)
    assert "Choose another network above and download its weights" in said(tab)
    assert "The best of 1" not in said(tab)
    assert not [one for one in tab.button if one.label.startswith("Take it")]
    assert not tab.exception


def test_a_learning_curve_says_what_more_photos_are_worth(open_page, database, project):
    add_learning_curve(database, project)
    tab = open_page(MODEL, project=project)
    assert "Twice as many photos are worth 4.0 points (2.0 to 6.0)" in said(tab)
    assert "most for *robins*: 5.0 points (2.0 to 9.0)" in said(tab)
    assert not tab.exception


def test_a_search_is_asked_for_with_its_time(open_page, database, project):
    tab = open_page(MODEL, project=project)
    (budget,) = [one for one in tab.selectbox if one.label == "Time"]
    budget.set_value("10 minutes")
    button(tab, "Find a good recipe").click().run()
    (job,) = jobs.list_jobs(database, project_id=project)
    assert job.spec == FindRecipeSpec(recipe=dump_recipe(RECIPE), budget_seconds=600)
    assert not tab.exception


def test_the_best_recipe_of_a_search_is_taken_or_started(open_page, database, project):
    found = add_search(database, project)
    tab = open_page(MODEL, project=project)
    assert "is the best of 3 recipes: 80% correct on held-out images (75% to 85%)" in said(tab)
    assert "The best of 3 looks better than it is" in said(tab)
    assert "Not tried (no time, diverged, or from scratch): fine-tuning of all layers." in said(tab)
    button(tab, "Take this recipe").click().run()
    assert recipe_of(database, project) == load_recipe(found.chosen.recipe)
    assert "This recipe is chosen" in said(tab)
    button(tab, "Start it as a run").click().run()
    (run,) = list_runs(database, project)
    assert load_recipe(run.recipe) == load_recipe(found.chosen.recipe)
    assert run.name.startswith("Fine-tuning of the layers after")
    assert not tab.exception


@pytest.mark.parametrize(
    ("label", "kind"), [("Measure the networks", CompareBackbonesSpec), ("Measure it", LearningCurveSpec)]
)
def test_a_measurement_is_asked_for_with_the_recipe(open_page, database, project, label, kind):
    tab = open_page(MODEL, project=project)
    next(one for one in tab.button if one.label == label).click().run()
    (job,) = jobs.list_jobs(database, project_id=project)
    assert job.spec == kind(recipe=dump_recipe(RECIPE))
    assert not tab.exception
