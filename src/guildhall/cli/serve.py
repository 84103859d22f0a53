"""`guildhall serve`: which database, address and workers; the processes are started by `serving`."""

import contextlib
import importlib
import os
import tempfile
from pathlib import Path
from typing import Any

import click
import msgspec

from guildhall.settings import Settings, read_settings
from guildhall.store.temporary_files import temporary_beside


@click.command(name="serve")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 picks one.  [default: 8080]"
)
@click.option(
    "--database", help="sqlite:///path, a path, or postgresql://…  [default: sqlite:///guildhall.db]"
)
@click.option("--read-database", help="postgresql://… of a streaming replica that takes reads.")
@click.option("--workers", type=click.IntRange(1, 64), help="Server processes.  [default: 1]")
@click.option(
    "--seed", type=click.Path(exists=True, dir_okay=False), help="Seed file to furnish it from first."
)
@click.option("--demo", is_flag=True, help="Serve a furnished organization from a database of its own.")
@click.option("--strict", is_flag=True, default=None, help="Refuse unknown parameters and fields.")
@click.option(
    "--tls-certificate", type=click.Path(exists=True, dir_okay=False), help="PEM file; serves HTTPS."
)
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False), help="PEM file of the private key.")
@click.option(
    "--log-requests",
    type=click.Choice(["all", "errors", "none"]),
    help="Which requests have a line in the log.  [default: errors; with --demo: all]",
)
@click.option("--json", "as_json", is_flag=True, help="Write one line of JSON once it answers.")
def command(seed: str | None, *, demo: bool, as_json: bool, **given: Any) -> None:
    """Serve the API until it is told to stop.

    Every option is also a variable GUILDHALL_<OPTION>; docs/settings.md lists those and more.
    """
    if demo and (seed or given["database"] or given["read_database"]):
        raise click.UsageError(
            "--demo has a database of its own: leave out --database, --read-database and --seed."
        )
    if not demo:
        _serve(read_settings(**given), seed, demo=False, as_json=as_json)
        return
    with temporary_beside(_temporary("guildhall-demo.db")) as path:
        database = f"sqlite:///{path}"
        settings = read_settings(defaults={"log_requests": "all"}, **{**given, "database": database})
        settings = msgspec.structs.replace(settings, read_database=None)
        _serve(settings, None, demo=True, as_json=as_json)


def _serve(settings: Settings, seed: str | None, *, demo: bool, as_json: bool) -> None:
    with contextlib.ExitStack() as leaving:
        if settings.workers > 1:
            folder = leaving.enter_context(temporary_beside(_temporary("guildhall-metrics")))
            folder.mkdir()
            # Read when the metrics library is imported, which is why the import comes after it.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        serving = importlib.import_module("guildhall.cli.serving")
        serving.serve(settings, serving.Start(seed=seed, demo=demo, as_json=as_json))


def _temporary(name: str) -> Path:
    """Return a path in the folder for temporary files; what a killed server left there goes at a start."""
    return Path(tempfile.gettempdir()) / name
