"""Advice: what to choose and why, in sentences with their evidence.

Decides what is proposed before a person has chosen (`default_recipe`, `backbones`), which strategy suits the number of
images (`strategy`), and how other choices follow when one changes (`changes`). Measures what a random split would claim
(`split_comparison`) and cross-validates (`cross_validation`). Summarises how much to freeze (`freezing_curve`), found
by heads that are fitted in moments (`probes`), and how sure that is (`outcomes`). Decides which recipe to try next and
which is best (`recipe_search`). What was measured is kept (`measurements`); `core.jobs.advise` and
`core.jobs.recipe_search` measure. Whether a choice is possible is decided in `core.training`. Imports
no framework, because the web process uses it too.
"""
