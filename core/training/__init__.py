"""Trains a recipe: recipe -> plan -> networks and data pipeline -> training loop -> saved model.

    recipe         every choice of a training, as JSON (no framework)
    plan           what a recipe means for a network and a dataset (no framework)
    expectation    what to expect before a training starts (no framework)
    history        epochs so far, best epoch, early stopping (no framework)
    networks       backbone, classification head, and what each phase trains
    data_pipeline  the images of a phase as activations or pixels
    train_step     many optimizer steps in one call
    loop           phases and epochs
    checkpoint     the state of a run between two epochs
    progress       events and timings
    serving        the exported model
    train          all of it in order

Pixels belong to `core.dataset`, backbones to `core.backbones`, cached activations to `core.features`, and the
evaluation of the result to `core.evaluation`.
"""
