"""A model at work: a folder in, a table out.

- `input_files` lists the files of folders, archives and single paths, and unpacks those of archives one by one.
- `predict_files` decodes them in child processes, classifies them in batches and yields one prediction a file. Worker
  only: imports Keras.
- `prediction_store` keeps the predictions in a file while they are made, so that a killed process loses none, and
  answers the questions of a page: which class, how sure, corrected or not.
- `class_times` counts the images of each class over time.
- `prediction_table` writes them as CSV or Excel, `event_votes` with one row for the pictures of a folder or a burst,
  `sorted_images` as folders by class, `corrections` as images with labels that a project takes in.

What a prediction is worth is measured in `core.evaluation`.
"""
