"""The jobs written for other schedulers: a crontab, systemd units, Kubernetes CronJobs. Each runs one job by name."""

import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from recon import __version__
from recon.core.errors import ConfigError
from recon.pipeline.config import Config, Job
from recon.pipeline.cron import WEEKDAYS, parse

_HARDENING = """\
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
LockPersonality=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=read-only
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service"""
_SECRET = "recon-secrets"  # noqa: S105 - the name of a Kubernetes Secret


class File(NamedTuple):
    """A file for the other scheduler, by the name that it takes there."""

    name: str
    text: str


def export(config: Config, kind: str, program: Sequence[str]) -> list[File]:
    """The jobs for ``cron``, ``systemd`` or ``k8s``; ``program`` is recon's command line up to its options.

    Raises ConfigError for a path that the form cannot carry, or a secret that would not be there.
    """
    faults = [
        str(path)
        for path in (config.path, *_written(config))
        if not str(path).isprintable() or "\\" in str(path)
    ]
    if faults:
        raise ConfigError(
            "a path with a backslash or a control character cannot be exported", where=repr(faults[0])
        )
    return EXPORTS[kind](config, program)


def _command(config: Config, program: Sequence[str], name: str, *options: str) -> list[str]:
    return [*program, "--config", str(config.path), "--quiet", *options, "schedule", "run", name]


def _references(config: Config) -> Iterator[tuple[str, str]]:
    """The key and the reference of every secret."""
    for one in config.sources:
        for key, value in one.settings.model_dump().items():
            if isinstance(value, str) and value.startswith(("env:", "file:", "keyring:")):
                yield f"sources.{one.name}.{key}", value
    for number, value in enumerate(config.notify.url if config.notify else ()):
        yield f"notify.url.{number}", value


def _variables(config: Config) -> list[str]:
    """The environment variables that hold secrets."""
    return sorted(
        {value.removeprefix("env:") for _, value in _references(config) if value.startswith("env:")}
    )


def _written(config: Config) -> list[Path]:
    """Where a run writes: the ledger's folder, if it is a file, the evidence and the reports."""
    _, _, ledger = config.ledger_url.partition("sqlite:///")
    return [*([Path(ledger).parent] if ledger else []), config.evidence, config.reports]


def _crontab(config: Config, program: Sequence[str]) -> list[File]:
    lines = [
        "# recon's jobs for cronie. Other crons know no CRON_TZ and go by the machine's zone.",
        "# A line of output, which cron mails, means that something wants looking at.",
    ]
    if names := _variables(config):
        lines.append(f"# cron passes none of these on, so give them as file: references: {', '.join(names)}")
    lines.append(f"CRON_TZ={config.entity.timezone}")
    for name, job in config.jobs.items():
        # cron itself ends a command at a percent sign, also within quotes
        lines.append(f"{job.cron} {shlex.join(_command(config, program, name)).replace('%', chr(92) + '%')}")
    return [File("crontab", "\n".join(lines) + "\n")]


def _units(config: Config, program: Sequence[str]) -> list[File]:
    return [
        File(f"recon-{name}.{kind}", text)
        for name, job in config.jobs.items()
        for kind, text in (("service", _service(config, program, name)), ("timer", _timer(config, name, job)))
    ]


def _service(config: Config, program: Sequence[str], name: str) -> str:
    command = _command(config, program, name, "--log-level", "info")
    writable = " ".join(_unit_word(f"-{path}") for path in dict.fromkeys(_written(config)))
    names = _variables(config)
    secrets = (
        f"# Holds {', '.join(names)}; readable by its owner alone.\n"
        f"EnvironmentFile={_unit_text(config.folder / 'secrets.env')}\n"
        if names
        else ""
    )
    return f"""[Unit]
Description=recon job {name}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={_owner(config.path)}
WorkingDirectory={_unit_text(config.folder)}
{secrets}ExecStart={" ".join(_unit_word(word, command=True) for word in command)}
ReadWritePaths={writable}
{_HARDENING}
"""


def _timer(config: Config, name: str, job: Job) -> str:
    cron = parse(job.cron)
    days = (
        "" if cron.weekday == "*" else ",".join(WEEKDAYS[int(day)].title() for day in cron.weekday.split(","))
    )
    when = f"{days} *-{cron.month}-{cron.day} {cron.hour}:{cron.minute}:00 {config.entity.timezone}".strip()
    return f"""[Unit]
Description=When recon job {name} runs

[Timer]
OnCalendar={when}
AccuracySec=1s
Persistent=yes

[Install]
WantedBy=timers.target
"""


def _owner(path: Path) -> str:
    """Who may read the configuration and the secrets beside it."""
    try:
        return path.owner()
    except KeyError:  # a number that no name is known for
        return str(path.stat().st_uid)


def _unit_text(path: Path) -> str:
    return str(path).replace("%", "%%")


def _unit_word(text: str, *, command: bool = False) -> str:
    quoted = text.replace('"', '\\"').replace("%", "%%")
    return f'"{quoted.replace("$", "$$") if command else quoted}"'


def _cronjobs(config: Config, program: Sequence[str]) -> list[File]:
    for key, reference in _references(config):
        inside = reference.startswith("file:") and (
            config.folder / reference.removeprefix("file:")
        ).resolve().is_relative_to(config.folder.resolve())
        if not reference.startswith("env:") and not inside:
            raise ConfigError(
                f"{reference} would not be there in a pod",
                where=key,
                next_step=f"Refer to it as env:NAME, and put NAME into the Secret {_SECRET}",
            )
    for path in _written(config):
        if not path.is_relative_to(config.folder):
            raise ConfigError(
                f"{path} would not be there in a pod",
                where=str(config.path),
                next_step="Let it lie in the folder of recon.toml, which a pod has as a volume",
            )
    note = [
        "# Yours to set: the image, which holds recon and runs as a user that is not root, and the claim recon-books,",
        f"# the volume with recon.toml, the ledger and the evidence, which appears at {config.folder}.",
    ]
    if names := _variables(config):
        note.append(f"# The Secret {_SECRET} holds {', '.join(names)}.")
    return [
        File(f"recon-{name}.yaml", "\n".join([*note, *_yaml(_cronjob(config, name, job))]) + "\n")
        for name, job in config.jobs.items()
    ]


def _cronjob(config: Config, name: str, job: Job) -> dict[str, Any]:
    container = {
        "name": "recon",
        "image": f"recon-ledger:{__version__}",
        "command": _command(config, ["recon"], name, "--log-level", "info"),
        "workingDir": str(config.folder),
        **({"envFrom": [{"secretRef": {"name": _SECRET}}]} if _variables(config) else {}),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "books", "mountPath": str(config.folder)},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - of the pod alone
        ],
    }
    pod = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [
            {"name": "books", "persistentVolumeClaim": {"claimName": "recon-books"}},
            {"name": "tmp", "emptyDir": {}},
        ],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": f"recon-{name}"},
        "spec": {
            "schedule": job.cron,
            "timeZone": config.entity.timezone,
            "concurrencyPolicy": "Forbid",
            "jobTemplate": {"spec": {"backoffLimit": 0, "template": {"spec": pod}}},
        },
    }


def _yaml(value: Any, indent: str = "") -> Iterator[str]:
    """The lines of a mapping or list; every scalar is JSON, which YAML reads alike."""
    for key, one in value.items() if isinstance(value, dict) else (("-", one) for one in value):
        mark = "-" if key == "-" else f"{key}:"
        if not isinstance(one, dict | list) or not one:
            yield f"{indent}{mark} {json.dumps(one, ensure_ascii=False)}"
        elif mark == "-":
            first, *rest = _yaml(one, indent + "  ")
            yield f"{indent}- {first.lstrip()}"
            yield from rest
        else:
            yield f"{indent}{mark}"
            yield from _yaml(one, indent + "  ")


EXPORTS: dict[str, Callable[[Config, Sequence[str]], list[File]]] = {
    "cron": _crontab,
    "systemd": _units,
    "k8s": _cronjobs,
}
