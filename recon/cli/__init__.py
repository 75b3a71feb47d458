"""The command line: one command a file, found by its name and imported only when it is asked for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.resources import files
from typing import Any

import click

from recon import __version__
from recon.cli._output import Options, in_words, shared_options, show_json_error


class _Commands(click.Group):
    """Commands are the public modules of this package; ``recon --version`` loads none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (entry.name for entry in files(__package__).iterdir())
        return sorted(name[:-3] for name in names if name.endswith(".py") and not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f"{__package__}.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _also_in_json():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with _also_in_json(), in_words(ctx):
            return super().invoke(ctx)


@contextmanager
def _also_in_json() -> Iterator[None]:
    """A command line that click refuses still answers with one document where --json stands in it."""
    try:
        yield
    except click.UsageError as error:
        if "--json" in sys.argv[1:]:
            show_json_error("UsageError", error.format_message())
        raise


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option("--config", metavar="PATH", help="Configuration; else $RECON_CONFIG, else ./recon.toml.")
@shared_options
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
    envvar="RECON_LOG_LEVEL",
    default="warning",
    show_default=True,
    help="What goes to the log on standard error.",
)
@click.option("--as", "user", metavar="NAME", help="Who you are, where that is written down.")
@click.version_option(__version__, prog_name="recon")
@click.pass_context
def main(ctx: click.Context, config: str | None, log_level: str, user: str | None) -> None:
    """Proves that your ledger and your venues' books say the same, and explains every difference."""
    options = ctx.ensure_object(Options)
    options.config, options.user = config, user
    options.start_logging(log_level)
