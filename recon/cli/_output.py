"""What every command shares: --json and --quiet, tables and progress for people, errors in words, exit codes."""

import json
import logging
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any, ParamSpec, TypeVar

import click

from recon.cli._logging import start
from recon.core.errors import ReconError

P = ParamSpec("P")
R = TypeVar("R")
_PROGRAM = Path(__file__).parents[1]


@dataclass
class Options:
    """The options that stand before or after a command's name, and the ways to speak that follow from them."""

    config: str | None = None
    json: bool = False
    quiet: bool = False
    user: str | None = None
    log_level: str = "warning"

    def start_logging(self, level: str) -> None:
        """Logs go to standard error, so that standard output stays the answer."""
        self.log_level = level
        start(level)

    def answer(self, document: Any, people: Callable[[], None]) -> None:
        """Prints the one JSON document, or lets ``people`` print for people."""
        if self.json:
            _show_json(document)
        elif not self.quiet:
            people()

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
    """Makes a command of a function that takes Options first and returns its exit code (None: 0)."""

    @shared_options
    @click.pass_context
    @wraps(function)
    def run(ctx: click.Context, *args: Any, **kwargs: Any) -> None:
        ctx.exit(function(ctx.ensure_object(Options), *args, **kwargs) or 0)

    return run


@contextmanager
def in_words(ctx: click.Context) -> Iterator[None]:
    """Whatever ends the block is told in words, never as a traceback, and by an exit code of the contract."""
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, BrokenPipeError):  # click's own business
        raise
    except (Exception, KeyboardInterrupt, _Terminated) as error:  # noqa: BLE001 - whatever it is, it is told
        kind, said, code = _told(error)
        options = ctx.ensure_object(Options)
        if options.json:
            with suppress(OSError):  # what cannot be written may be what is told
                show_json_error(kind, said)
        lines = "\n".join(map(plain, said.split("\n")))
        click.echo(click.style("Error: ", fg="red", bold=True) + lines, err=True)
        ctx.exit(code)
    finally:
        signal.signal(signal.SIGTERM, previous)


def show_json_error(kind: str, message: str) -> None:
    """The one document of a command that failed."""
    _show_json({"error": {"kind": kind, "message": message}})


def table(title: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> None:
    """A table for people on standard output. A column is (title, justify); amounts: see recon.core.money.aligned."""
    from rich import box  # loaded only when a table is shown
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    shown.padding, shown.pad_edge = (0, 1, 0, 0), False  # a pull's table fits 80 columns
    for name, justify in columns:
        shown.add_column(name, justify="right" if justify == "right" else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(plain(cell)) for cell in row))
    Console(width=None if sys.stdout.isatty() else 160, highlight=False).print(shown)


def paragraph(text: str) -> None:
    """A paragraph for people on standard output, broken between words."""
    from rich.console import Console  # loaded only when there is something to tell
    from rich.text import Text

    Console(width=None if sys.stdout.isatty() else 120, highlight=False).print(Text(plain(text)), end="\n\n")


def plain(text: str) -> str:
    """``text`` on one line, with all that could hide, colour or turn other text around written as its escape."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def short(text: str, most: int = 36) -> str:
    """``text`` with its middle left out where it is longer than ``most``: for names in a table, told whole in JSON."""
    return text if len(text) <= most else f"{text[: most - 12]}...{text[-9:]}"


def _show_json(document: Any) -> None:
    """JSON is UTF-8 whatever the terminal's encoding, hence bytes."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=1).encode())


def _told(error: BaseException) -> tuple[str, str, int]:
    """A short word for programs, what to tell people, and the exit code."""
    kind = type(error).__name__
    if isinstance(error, ReconError):
        return kind, str(error), error.exit_code
    if isinstance(error, KeyboardInterrupt | _Terminated):
        kind, code = ("Terminated", 143) if isinstance(error, _Terminated) else ("Interrupted", 130)
        return kind, f"{kind}; what was finished is kept. Run the command again to go on", code
    if isinstance(error, OSError) and error.strerror:
        return kind, f"{error.filename or 'the output'}: {error.strerror}", 1
    logging.getLogger("recon").debug("What led to it", exc_info=error)
    frames = traceback.extract_tb(error.__traceback__)
    last = [frame for frame in frames if Path(frame.filename).is_relative_to(_PROGRAM)][-1]
    place = f"{Path(last.filename).name}:{last.lineno}"  # and no more, for its text may hold anything
    return (
        kind,
        f"recon itself failed, with {kind} in {place}. Please report this; --log-level debug shows more",
        1,
    )


class _Terminated(BaseException):
    """SIGTERM, which like Ctrl-C is nobody's to swallow."""


def _terminate(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # a second one must not break off the tidying up after the first
    raise _Terminated


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
