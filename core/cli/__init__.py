"""The command line: checks, trains and predicts without a browser, through the same functions as the pages.

`main` parses the options and sets the exit status; each command has a module of its own. Results go to standard output,
progress and warnings to standard error.
"""
