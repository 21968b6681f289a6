import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RecipeError
from core.intake.decode_rgb import WHITE
from core.training.recipe import RECIPE_FILE, VERSION, Recipe, dump_recipe, load_recipe, make_recipe, read_recipe

PHASES = st.fixed_dictionaries({"epochs": st.integers(1, 10_000), "learning_rate": st.floats(1e-9, 10)})
SHARES = st.floats(0, 0.5)


@st.composite
def recipes(draw) -> Recipe:
    """Any recipe that is possible in itself."""
    strategy = draw(st.sampled_from(["feature-extraction", "partial", "full", "scratch"]))
    weights = "none" if strategy == "scratch" else draw(st.sampled_from(["imagenet", "starter", "none", "file"]))
    frozen = draw(st.sampled_from([{}, {"cut": "block 3"}, {"frozen_layers": 17}])) if strategy == "partial" else {}
    return make_recipe(
        {
            "backbone": {
                "name": draw(st.text()),
                "weights": weights,
                "weights_file": draw(st.text()) if weights == "file" else None,
                "input_size": draw(st.none() | st.integers(32, 1024)),
            },
            "strategy": strategy,
            **frozen,
            "resize": draw(st.sampled_from(["crop", "pad", "stretch"])),
            "background": draw(st.from_regex("#[0-9a-f]{6}", fullmatch=True)),
            "head": {
                "pooling": draw(st.sampled_from(["average", "max"])),
                "dropout": draw(st.floats(0, 0.99)),
                "hidden_units": draw(st.none() | st.integers(1, 8192)),
            },
            "augmentation": {"views": draw(st.integers(0, 32)), "shift": draw(SHARES), "zoom": draw(SHARES)},
            "head_phase": draw(PHASES),
            "fine_tune_phase": draw(PHASES),
            "batch_size": draw(st.none() | st.integers(1, 4096)),
            "optimizer": draw(st.sampled_from(["adam", "adamw", "sgd", "rmsprop"])),
            "early_stopping": draw(st.none() | st.integers(1, 100)),
            "class_weights": draw(st.booleans()),
            "batch_norm": draw(st.sampled_from(["frozen", "trained"])),
            "precision": draw(st.sampled_from(["float32", "bfloat16"])),
            "seed": draw(st.integers(0, 2**31 - 1)),
        }
    )


@given(recipes())
def test_a_recipe_reads_back_equal(recipe):
    assert load_recipe(dump_recipe(recipe)) == recipe


@given(recipes())
def test_a_recipe_is_hashable_and_cannot_be_changed(recipe):
    assert hash(recipe) == hash(load_recipe(dump_recipe(recipe)))
    with pytest.raises(ValueError, match="frozen"):
        recipe.seed = 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"head_phase": {"epochs": 0, "learning_rate": 0.1}}, "head_phase.epochs is 0: Input should be greater than"),
        ({"batch_size": 0}, "batch_size is 0: Input should be greater than"),
        ({"strategy": "magic"}, "strategy is 'magic': Input should be 'feature-extraction'"),
        ({"background": "red"}, "background is 'red': String should match pattern"),
        ({"background": "#fff"}, "background is '#fff': String should match pattern"),
        ({"colour": 1}, "colour is 1: Extra inputs are not permitted"),
        ({"cut": "block 3"}, "cut and frozen_layers belong to partial fine-tuning, not to feature-extraction"),
        ({"strategy": "partial", "cut": "a", "frozen_layers": 1}, "cut and frozen_layers exclude each other"),
        ({"strategy": "scratch"}, "training from scratch takes weights 'none'"),
        ({"backbone": {"weights": "file"}}, "weights_file is given exactly when weights is 'file'"),
        ({"head_phase": {"epochs": 1, "learning_rate": float("nan")}}, "head_phase.learning_rate is nan"),
    ],
)
def test_an_impossible_choice_is_refused_in_one_sentence(changes, sentence):
    with pytest.raises(RecipeError, match=sentence):
        make_recipe(changes)


def test_a_recipe_of_a_newer_version_is_refused():
    with pytest.raises(RecipeError, match=f"The recipe has version {VERSION + 1}, and this Graft reads versions up to"):
        load_recipe(json.dumps({"version": VERSION + 1, "quantum": True}))


@pytest.mark.parametrize(("text", "sentence"), [("{", "is not JSON"), ("[]", "is not a JSON object")])
def test_what_is_no_recipe_is_refused(text, sentence):
    with pytest.raises(RecipeError, match=sentence):
        load_recipe(text)


def test_a_recipe_of_before_decoding_could_be_chosen_decodes_as_before():
    earlier = Path(__file__).with_name("recipe_before_backgrounds.json").read_text(encoding="utf-8")
    recipe = load_recipe(earlier)
    assert (recipe.background, recipe.bit_depth) == (WHITE, None)
    assert recipe.model_dump(exclude={"background", "bit_depth"}) == json.loads(earlier)


def test_a_background_is_written_small():
    assert make_recipe({"background": "#FFAA00"}).background == "#ffaa00"


def test_the_recipe_beside_a_model_is_read(tmp_path):
    assert read_recipe(tmp_path) is None
    (tmp_path / RECIPE_FILE).write_text(dump_recipe(Recipe(seed=3)), encoding="utf-8")
    assert read_recipe(tmp_path) == Recipe(seed=3)


def test_a_recipe_beside_a_model_that_is_no_text_is_named(tmp_path):
    (tmp_path / RECIPE_FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match=r"^The recipe .*recipe\.json cannot be read\. Use the recipe"):
        read_recipe(tmp_path)
