"""``recon init``: a commented configuration to start from."""

from importlib.resources import files
from pathlib import Path

import click

from recon.cli._output import Options
from recon.cli._output import command as recon_command
from recon.core.errors import ConfigError


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@recon_command
def command(options: Options, folder: Path) -> None:
    """Writes a commented recon.toml into DIR; never overwrites."""
    path = folder / "recon.toml"
    text = files("recon.cli").joinpath("_recon.toml").read_text(encoding="utf-8")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as new:
            path.chmod(0o600)
            new.write(text)
    except FileExistsError:
        raise ConfigError(
            "the file is there already", where=str(path), next_step="Edit it, or give another folder"
        ) from None
    except OSError as error:
        raise ConfigError(f"the file cannot be written: {error.strerror}", where=str(path)) from None
    options.answer(
        {"written": str(path)},
        lambda: click.echo(f"Wrote {path}. Fill in your sources, then run: recon pull"),
    )
