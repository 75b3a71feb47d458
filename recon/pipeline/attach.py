"""Files that people rest something on: sealed in the evidence as they are."""

import os
from collections.abc import Sequence
from pathlib import Path

from recon.core.adjustments import ATTACHMENTS
from recon.core.answers import Answer
from recon.core.errors import ConfigError
from recon.pipeline.session import Session


def attach(session: Session, source: str, paths: Sequence[Path]) -> list[Answer]:
    """Seals files, all of them or none; to be entered with what cites them. Raises ConfigError for one not there."""
    for path in paths:
        try:
            if not path.is_file():
                raise _not_taken(path, "there is no such file")
            path.open("rb").close()
        except OSError as error:
            raise _not_taken(path, f"the file cannot be read: {error.strerror}") from None
    return [_sealed(session, source, path) for path in paths]


def _sealed(session: Session, source: str, path: Path) -> Answer:
    try:
        with path.open("rb") as body:
            return session.archive.seal(
                source=source,
                stream=ATTACHMENTS,
                method="FILE",
                url=Path(os.path.relpath(path, session.config.folder)).as_posix(),
                params={},
                status=None,
                body=body,
            )
    except OSError as error:
        raise _not_taken(path, f"the file cannot be read: {error.strerror}") from None


def _not_taken(path: Path, why: str) -> ConfigError:
    return ConfigError(why, where=str(path), next_step="Check its name and its rights; nothing was written")
