"""What every command shares: --json and --quiet, tables and progress for people, errors in words, exit codes."""

import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from types import FrameType
from typing import Any, ParamSpec, TypeVar

import click

from recon.core.errors import ReconError

P = ParamSpec("P")
R = TypeVar("R")
INTERRUPTED, TERMINATED = 130, 143


@dataclass
class Options:
    """The options that stand before or after a command's name, and the ways to speak that follow from them."""

    config: str | None = None
    json: bool = False
    quiet: bool = False
    user: str | None = None

    def start_logging(self, level: str) -> None:
        """Logs go to standard error, so that standard output stays the answer."""
        logging.basicConfig(
            level=level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s"
        )

    def answer(self, document: Any, people: Callable[[], None]) -> None:
        """Prints the one JSON document, or lets ``people`` print for people."""
        if self.json:
            click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        elif not self.quiet:
            people()

    def say(self, text: str) -> None:
        """A line for people; on standard error when standard output is a JSON document."""
        if not self.quiet:
            click.echo(text, err=self.json)

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[str], None]]:
        """A line that tells what is under way, on a terminal only."""
        if self.quiet or not sys.stderr.isatty():
            yield lambda text: None
            return
        from rich.console import Console  # loaded only for a person who watches
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title)
            yield lambda text: bar.update(task, description=f"{title}  [dim]{_escaped(text)}[/dim]")


def shared_options(function: Callable[P, R]) -> Callable[P, R]:
    """Adds --json and --quiet, which may stand before or after the command's name."""

    def keep(name: str) -> Callable[[click.Context, click.Parameter, bool], None]:
        def callback(ctx: click.Context, param: click.Parameter, value: bool) -> None:
            if value:
                setattr(ctx.ensure_object(Options), name, True)

        return callback

    quiet = click.option(
        "--quiet", is_flag=True, expose_value=False, callback=keep("quiet"), help="Say nothing but errors."
    )
    as_json = click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=keep("json"),
        help="One JSON document on standard output.",
    )
    return as_json(quiet(function))


def command(function: Callable[..., int | None]) -> Callable[..., None]:
    """Makes a command of a function that takes Options first and returns its exit code (None: 0).

    Errors a user can act on end in words and their exit code; a signal ends in 130 or 143.
    """

    @shared_options
    @click.pass_context
    @wraps(function)
    def run(ctx: click.Context, *args: Any, **kwargs: Any) -> None:
        options = ctx.ensure_object(Options)
        previous = signal.signal(signal.SIGTERM, _terminate)
        try:
            code = function(options, *args, **kwargs) or 0
        except ReconError as error:
            code = error.exit_code
            show_error(type(error).__name__, str(error), as_json=options.json)
        except (KeyboardInterrupt, _Terminated) as ending:
            code = INTERRUPTED if isinstance(ending, KeyboardInterrupt) else TERMINATED
            kind = "Interrupted" if code == INTERRUPTED else "Terminated"
            said = f"{kind}; what was finished is kept. Run the command again to go on"
            show_error(kind, said, as_json=options.json)
        finally:
            signal.signal(signal.SIGTERM, previous)
        ctx.exit(code)

    return run


def table(title: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> None:
    """A table for people on standard output. A column is (title, justify); amounts: see aligned."""
    from rich import box  # loaded only when a table is shown
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name, justify in columns:
        shown.add_column(name, justify="right" if justify == "right" else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else 160, highlight=False).print(shown)


def aligned(amounts: Sequence[str]) -> list[str]:
    """Amounts padded behind, so that their decimal points stand in one line."""
    behind = max((len(one.partition(".")[2]) for one in amounts), default=0)
    width = behind + 1 if behind else 0
    return [one + " " * (width - len(one) + len(one.partition(".")[0])) for one in amounts]


def show_error(kind: str, message: str, *, as_json: bool) -> None:
    """One clear line on standard error, and the JSON document where one is expected."""
    if as_json:
        show_json_error(kind, message)
    click.echo(click.style("Error: ", fg="red", bold=True) + message, err=True)


def show_json_error(kind: str, message: str) -> None:
    """The document of a command that failed."""
    click.echo(json.dumps({"error": {"kind": kind, "message": message}}, ensure_ascii=False))


class _Terminated(BaseException):
    """SIGTERM, which like Ctrl-C is nobody's to swallow."""


def _terminate(number: int, frame: FrameType | None) -> None:
    raise _Terminated


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
