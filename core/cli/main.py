"""Options and exit status: 0, or 2 with one clear line."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, get_args

from core.cli import advise, backbones, check, predict, train
from core.cli.ingested import add_source_options
from core.cli.quiet import silence_tensorflow
from core.errors import GraftError
from core.settings import Settings
from core.training.recipe import Strategy
from core.use.event_votes import EventKind
from core.use.prediction_table import DEFAULT_THRESHOLD

BAD_INPUT = 2
INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the exit status."""
    silence_tensorflow()
    options = options_of(arguments)
    try:
        options.run(options, Settings.from_environment())
        sys.stdout.flush()
    except GraftError as error:
        print(f"graft: {error}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:
        _discard_output()  # the reader closed the pipe
    except OSError as error:
        print(f"graft: {_describe_os_error(error)}", file=sys.stderr)
        _discard_output()
        return BAD_INPUT
    except KeyboardInterrupt:
        print("graft: interrupted", file=sys.stderr)
        return INTERRUPTED
    return 0


def options_of(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the options.

    Raises:
        SystemExit: An option is wrong (2), or help was asked for (0).
    """
    return _parser().parse_args(arguments)


def _discard_output() -> None:
    """Prevent a second error when Python flushes standard output at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _describe_os_error(error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return f"{error.filename}: {reason}." if error.filename else f"A file could not be read or written: {reason}."


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m core", description="Transfer learning for images without a browser.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    _add_backbones(commands.add_parser("backbones", help="list the available networks"))
    _add_train(commands.add_parser("train", help="train on a zip or a folder of images, one folder per class"))
    _add_advise(commands.add_parser("advise", help="measure on images which network and recipe suit them"))
    _add_predict(commands.add_parser("predict", help="classify images and folders of them with a trained model"))
    _add_check(commands.add_parser("check", help="list which images would be accepted, which files rejected and why"))
    return parser


def _add_backbones(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=backbones.run)


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, nargs="+", help="zips, tars, folders, and tables of labels")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model and its report")
    parser.add_argument("--recipe", type=Path, help="a recipe.json; the options below change it")
    parser.add_argument("--backbone", help="name of the network, see `backbones`")
    parser.add_argument("--weights", help="imagenet, starter, none, or a weights file (default: those of the network)")
    frozen = parser.add_mutually_exclusive_group()
    frozen.add_argument("--cut", help="name of the cut up to which layers are frozen (partial fine-tuning)")
    frozen.add_argument("--frozen-layers", type=int, help="exact number of frozen layers (partial fine-tuning)")
    parser.add_argument("--strategy", choices=get_args(Strategy))
    parser.add_argument(
        "--epochs", type=int, help="epochs of the head phase, and of the fine-tuning phase if there is one"
    )
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--seed", type=int, help="seed of the training and of the splits")
    parser.add_argument("--split", default="70,15,15", help="shares of train, validation, test (default: %(default)s)")
    parser.add_argument(
        "--auto",
        default="0",
        metavar="TIME",
        help="first find a good recipe with this network for a time, e.g. 2m, and train that (default: none)",
    )
    add_source_options(parser)
    parser.add_argument(
        "--allow-missing-classes", action="store_true", help="train without classes of which every file was rejected"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(run=train.run)


def _add_advise(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, nargs="+", help="zips, tars, folders, and tables of labels")
    parser.add_argument("--only", action="append", choices=advise.TOPICS, help="measure only this (default: all)")
    parser.add_argument(
        "--budget",
        default="0",
        help="time to find a good recipe, e.g. 90s or 2m; with `--only freezing`, for trainings at a few cuts "
        "(default: none, and 2m with `--only recipe`)",
    )
    parser.add_argument("--recipe", type=Path, help="a recipe.json; the options below change it")
    parser.add_argument("--backbone", help="name of the network, see `backbones`")
    parser.add_argument("--weights", help="imagenet, starter, none, or a weights file (default: those of the network)")
    parser.add_argument("--seed", type=int, help="seed of the folds, the splits and the trainings")
    parser.add_argument("--split", default="70,15,15", help="shares of train, validation, test (default: %(default)s)")
    add_source_options(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    unused = dict.fromkeys(("cut", "frozen_layers", "strategy", "batch_size", "epochs"))
    parser.set_defaults(run=advise.run, **unused)


def _add_predict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a model.keras, the folder that holds it, or the zip of a bundle")
    parser.add_argument(
        "images",
        type=Path,
        nargs="+",
        metavar="PATH",
        help="images, folders of them (with all folders below), archives",
    )
    parser.add_argument("--out", type=Path, metavar="TABLE", help="write a table with a row a file, .csv or .xlsx")
    parser.add_argument(
        "--sort", type=Path, metavar="DIR", help="copy the images into folders by predicted class; DIR must be empty"
    )
    parser.add_argument(
        "--threshold",
        type=float,
        default=DEFAULT_THRESHOLD,
        help="confidence below which a prediction needs a look (default: %(default)s)",
    )
    parser.add_argument(
        "--events",
        choices=get_args(EventKind),
        help="write a second table, TABLE with -events in its name: one row a folder, or a burst by the camera's time",
    )
    parser.add_argument(
        "--resume", action="store_true", help="continue a table whose writing was interrupted; nothing is done twice"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=predict.run)


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, nargs="+", help="zips, tars, folders, images, and tables of labels")
    add_source_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=check.run)
