"""``python -m recon.cli``: how the program starts itself, and how others start it by an absolute path."""

from recon.cli import main

main(prog_name="recon")
