"""The command line: the whole way of the data without a browser, on the same functions as the pages.

`main` decides the options and the exit status, one module a command does the rest. Results go to standard output,
progress to standard error.
"""
