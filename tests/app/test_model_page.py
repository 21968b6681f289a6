"""The Model page: everything is chosen already, and every choice is kept."""

import json
import shutil

import pytest

from core.backbones.speed import Speedometer, record_speed
from core.catalog.jobs import list_jobs
from core.catalog.projects import load_draft, save_draft
from core.catalog.runs import RunSummary, create_run, list_runs, save_summary
from core.jobs.specs import DownloadWeightsSpec
from core.training.recipe import Recipe, dump_recipe, load_recipe, make_recipe
from pages.shared.draft import Draft, dump_draft
from pages.shared.draft import load_draft as read_draft
from pages.shared.steps import HOME, MODEL
from tests.app.filled import fill_project


@pytest.fixture
def project(settings, database):
    return fill_project(settings, database, files=False)


@pytest.fixture(autouse=True)
def keras_home(tmp_path, monkeypatch):
    """A KERAS_HOME with weights that are on this machine as far as a page can tell."""
    from core.backbones.weights import weights_path
    from core.backbones.zoo import find_backbone

    home = tmp_path / "keras"
    (home / "models").mkdir(parents=True)
    weights_path(find_backbone("MobileNetV2"), home).touch()
    monkeypatch.setenv("KERAS_HOME", str(home))
    return home


@pytest.fixture
def tab(open_page, project):
    return open_page(MODEL, project=project)


def recipe_of(database, project) -> Recipe:
    return read_draft(load_draft(database, project)[0]).recipe


def by_label(widgets, start):
    return next(widget for widget in widgets if widget.label.startswith(start))


def test_it_starts_a_run_without_touching_anything(tab, database, project):
    by_label(tab.button, "Start training").click().run()
    (run,) = list_runs(database, project)
    assert load_recipe(run.recipe) == Recipe()
    assert not tab.exception


def test_the_started_run_is_in_the_link(tab, database, project):
    by_label(tab.button, "Start training").click().run()
    assert tab.query_params["run"] == list_runs(database, project)[0].id


def test_a_run_takes_the_name_that_was_typed(tab, database, project):
    by_label(tab.text_input, "Name of the run").set_value("  With  more photos ").run()
    by_label(tab.button, "Start training").click().run()
    assert list_runs(database, project)[0].name == "With more photos"


def start_sentence(tab):
    return next(text.value for text in tab.markdown if "training image" in text.value and "at most" in text.value)


def test_the_start_sentence_names_the_network_and_what_is_frozen(tab):
    assert "**MobileNetV2** with ImageNet weights: a new head, 154 of 154 layers frozen" in start_sentence(tab)
    assert "Also" not in start_sentence(tab)


def test_settings_in_closed_expanders_appear_in_the_start_sentence(tab):
    by_label(tab.slider, "Variations").set_value(4).run()
    by_label(tab.slider, "Dropout").set_value(0.5).run()
    by_label(tab.number_input, "Epochs").set_value(7).run()
    assert "at most 7 epochs" in start_sentence(tab)
    assert "Also: dropout 0.5, variations 4." in start_sentence(tab)


def test_the_start_sentence_says_how_long_it_took_before(open_page, settings, database, project):
    record_speed(settings, "MobileNetV2", Speedometer(images=600, seconds=60.0))
    assert "about 4 s, unless they are cached" in start_sentence(open_page(MODEL, project=project))
    summary = RunSummary(
        validation_accuracy=0.5,
        validation_loss=0.7,
        test_accuracy=0.6,
        test_interval=(0.5, 0.7),
        epochs=3,
        seconds=34.0,
    )
    save_summary(database, create_run(database, project, dump_recipe(Recipe(seed=9))), summary)
    assert "The last run of this kind took 34 s." in start_sentence(open_page(MODEL, project=project))


def test_each_card_describes_its_network_and_has_a_button_of_its_own(tab):
    buttons = [button.label for button in tab.button if button.key and button.key.startswith(("choose-", "chosen-"))]
    assert len(set(buttons)) == len(buttons) > 2
    assert any("the usual first try" in text.value for text in tab.markdown)


def test_the_advice_names_the_numbers(tab):
    assert "40 images in 2 classes" in tab.info[0].value


def test_a_card_chooses_a_network(tab, database, project):
    tab.button(key="choose-EfficientNetV2B0").click().run()
    assert recipe_of(database, project).backbone.name == "EfficientNetV2B0"
    assert tab.button(key="chosen-EfficientNetV2B0").disabled


def test_a_strategy_is_kept_and_its_cut_can_be_chosen(tab, database, project):
    by_label(tab.radio, "How much").set_value("partial").run()
    by_label(tab.select_slider, "Frozen up to").set_value("block_4_add").run()
    assert recipe_of(database, project).cut == "block_4_add"
    assert not tab.exception


def test_the_exact_number_follows_the_cut(tab):
    by_label(tab.radio, "How much").set_value("partial").run()
    by_label(tab.select_slider, "Frozen up to").set_value("block_2_add").run()
    assert by_label(tab.number_input, "Frozen layers").value == 27


def test_the_cut_follows_the_exact_number(tab, database, project):
    by_label(tab.radio, "How much").set_value("partial").run()
    by_label(tab.number_input, "Frozen layers").set_value(30).run()
    assert recipe_of(database, project).frozen_layers == 30
    assert by_label(tab.select_slider, "Frozen up to").value == "block_2_add"


def test_freezing_everything_in_partial_fine_tuning_is_refused_in_words(tab):
    by_label(tab.radio, "How much").set_value("partial").run()
    by_label(tab.number_input, "Frozen layers").set_value(154).run()
    assert "no layer of MobileNetV2 is left to train" in tab.error[0].value
    assert by_label(tab.button, "Start training").disabled


def test_training_from_scratch_takes_random_weights(tab, database, project):
    by_label(tab.radio, "How much").set_value("scratch").run()
    assert by_label(tab.radio, "Start from").value == "none"
    assert recipe_of(database, project).backbone.weights == "none"


def test_pretrained_weights_end_training_from_scratch(tab):
    by_label(tab.radio, "How much").set_value("scratch").run()
    by_label(tab.radio, "Start from").set_value("imagenet").run()
    assert by_label(tab.radio, "How much").value == "feature-extraction"


def test_random_frozen_weights_are_warned_of(tab):
    by_label(tab.radio, "Start from").set_value("none").run()
    assert "would stay random" in tab.warning[0].value


def test_missing_weights_can_be_downloaded(tab, database, project, monkeypatch):
    from pages.model import weights_choice

    monkeypatch.setattr(weights_choice, "is_online", lambda: True)
    tab.button(key="choose-EfficientNetV2B0").click().run()
    if recipe_of(database, project).backbone.weights != "imagenet":
        by_label(tab.radio, "Start from").set_value("imagenet").run()
    by_label(tab.button, "Download now").click().run()
    (job,) = list_jobs(database, project_id=project)
    assert job.spec == DownloadWeightsSpec(backbone="EfficientNetV2B0")


def test_without_a_network_missing_weights_say_where_to_put_the_file(open_page, project, monkeypatch):
    from pages.model import backbone_cards, weights_choice

    for panel in (backbone_cards, weights_choice):
        monkeypatch.setattr(panel, "is_online", lambda: False)
    tab = open_page(MODEL, project=project)
    tab.button(key="choose-EfficientNetV2B0").click().run()
    assert "connect it, or put" in by_label(tab.radio, "Start from").proto.captions[0]


def test_every_choice_outlives_the_page(tab, database, project):
    by_label(tab.number_input, "Epochs").set_value(3).run()
    by_label(tab.slider, "Variations").set_value(2).run()
    by_label(tab.slider, "Dropout").set_value(0.5).run()
    tab.switch_page(HOME.file).run()
    tab.query_params["project"] = project
    tab.switch_page(MODEL.file).run()
    assert by_label(tab.number_input, "Epochs").value == 3
    assert by_label(tab.slider, "Variations").value == 2
    assert recipe_of(database, project).head.dropout == 0.5


def test_early_stopping_can_be_turned_off_and_on(tab, database, project):
    by_label(tab.toggle, "Stop when").set_value(False).run()
    assert recipe_of(database, project).early_stopping is None
    by_label(tab.toggle, "Stop when").set_value(True).run()
    assert recipe_of(database, project).early_stopping == 5


def test_a_hidden_layer_can_be_added(tab, database, project):
    by_label(tab.toggle, "Hidden layer").set_value(True).run()
    by_label(tab.number_input, "Units of the hidden layer").set_value(64).run()
    assert recipe_of(database, project).head.hidden_units == 64


def test_a_background_can_be_chosen(tab, database, project):
    picker = by_label(tab.color_picker, "Background of transparent images")
    assert picker.value == "#ffffff"
    picker.set_value("#FFAA00").run()
    assert recipe_of(database, project).background == "#ffaa00"
    by_label(tab.button, "Start training").click().run()
    assert load_recipe(list_runs(database, project)[0].recipe).background == "#ffaa00"
    assert not tab.exception


def test_variations_are_shown_on_the_background_that_was_chosen(open_page, settings, database, monkeypatch):
    from pages.model import augmentation_choice

    inspect, decoded = augmentation_choice.inspect_original, []

    def inspect_original(item, side, background):
        decoded.append(background)
        return inspect(item, side, background)

    monkeypatch.setattr(augmentation_choice, "inspect_original", inspect_original)
    tab = open_page(MODEL, project=fill_project(settings, database, "Drawn"))
    by_label(tab.slider, "Variations").set_value(2).run()
    assert decoded == []  # thumbnails suffice: their background is white
    by_label(tab.color_picker, "Background").set_value("#000000").run()
    tab.run()
    assert decoded == ["#000000"] * 3
    assert not tab.exception


def test_another_tab_s_choice_is_not_overwritten(tab, database, project):
    theirs = Recipe(seed=7)
    save_draft(database, project, dump_draft(Draft(recipe=theirs)), load_draft(database, project)[1])
    by_label(tab.number_input, "Epochs").set_value(3).run()
    assert "were changed in another tab or by another person" in tab.error[0].value
    assert recipe_of(database, project) == theirs


def test_a_project_without_images_says_what_is_missing(open_page, database):
    from core.catalog.projects import create_project

    tab = open_page(MODEL, project=create_project(database, "Empty"))
    assert "There are no labelled images yet" in tab.warning[-1].value
    assert by_label(tab.button, "Start training").disabled
    assert not tab.exception


def test_a_newer_recipe_in_the_draft_is_replaced_with_a_warning(open_page, database, project):
    recipe = json.loads(dump_draft(Draft()))
    recipe["recipe"]["version"] = 99
    save_draft(database, project, json.dumps(recipe), 0)
    tab = open_page(MODEL, project=project)
    assert not tab.exception
    assert not by_label(tab.button, "Start training").disabled


def test_a_card_says_how_fast_the_network_was_on_this_machine(open_page, project, settings):
    record_speed(settings, "MobileNetV2", Speedometer(images=600, seconds=5.0))
    tab = open_page(MODEL, project=project)
    (fact,) = [text.value for text in tab.markdown if "images a second" in text.value]
    assert "**120 images a second** on this machine" in fact


def test_a_new_run_can_start_from_the_network_of_a_previous_run_of_any_project(settings, database, project, open_page):
    before = fill_project(settings, database, "Leaves", files=False)
    partial = make_recipe({"strategy": "partial", "cut": "block_4_add"})
    run = create_run(database, before, dump_recipe(partial), "Run 1, of 2024/25")
    create_run(database, before, dump_recipe(Recipe()), "its network learned nothing")
    for one in list_runs(database):
        (settings.runs / one.id).mkdir(parents=True)
        (settings.runs / one.id / "model.keras").write_bytes(f"the model of {one.name}".encode())
    tab = open_page(MODEL, project=project)
    by_label(tab.radio, "Start from").set_value("file").run()
    choice = by_label(tab.selectbox, "A previous run")
    assert choice.options == ["Run 1, of 2024/25 of Leaves"]
    choice.set_value(run).run()
    by_label(tab.button, "Start from it").click().run()
    kept = settings.resolve(recipe_of(database, project).backbone.weights_file)
    assert kept.name == "Run 1, of 2024_25 of Leaves.keras"
    shutil.rmtree(settings.runs)
    assert kept.read_bytes() == b"the model of Run 1, of 2024/25"
    assert kept.is_relative_to(settings.workspace)
    assert not tab.exception


def test_a_network_that_was_never_trained_here_says_when_there_will_be_a_choice(tab):
    by_label(tab.radio, "Start from").set_value("file").run()
    assert any("once there is one" in caption.value for caption in tab.caption)
