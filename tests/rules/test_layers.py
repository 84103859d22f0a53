"""Arrows point down only: the contracts of pyproject.toml hold, and they catch what they should."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rules.sources import ROOT

ARROWS = "Arrows point down only"
WIRES = "The wires never import each other"
CLIENT = "The client imports the model only"

PACKAGES = (
    *("api", "api/events", "api/guildhall", "api/v1", "api/v2", "app", "cli", "client"),
    *("http", "model", "operations", "seeds", "server", "settings", "store"),
)


def lint_imports(source: Path) -> subprocess.CompletedProcess[str]:
    command = [
        Path(sys.executable).with_name("lint-imports"),
        "--config",
        ROOT / "pyproject.toml",
        "--no-cache",
        "--no-logo",
    ]
    environment = os.environ | {"PYTHONPATH": str(source)}
    return subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def sketch(tmp_path: Path) -> Path:
    """A package with the layers of the real one, and nothing in them."""
    for name in ("", *PACKAGES):
        (tmp_path / "guildhall" / name).mkdir(parents=True)
        (tmp_path / "guildhall" / name / "__init__.py").touch()
    return tmp_path


def test_layers_hold():
    done = lint_imports(ROOT / "src")
    assert done.returncode == 0, done.stdout


def test_layers_hold_for_arrows_down(sketch):
    (sketch / "guildhall/cli/groups.py").write_text("import guildhall.client\nimport guildhall.app\n")
    done = lint_imports(sketch)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("contract", "module", "imported"),
    [
        (ARROWS, "model/groups.py", "guildhall.store"),
        (ARROWS, "store/groups.py", "guildhall.operations"),
        (ARROWS, "operations/groups.py", "guildhall.http"),
        (ARROWS, "http/routing.py", "guildhall.api.v2"),
        (ARROWS, "api/v2/groups.py", "guildhall.cli"),
        (ARROWS, "extra/groups.py", "guildhall.model"),
        (WIRES, "api/v1/groups.py", "guildhall.api.v2"),
        (WIRES, "api/v3/groups.py", "guildhall.model"),
        (CLIENT, "client/groups.py", "guildhall.operations"),
    ],
)
def test_layers_catch(sketch, contract, module, imported):
    path = sketch / "guildhall" / module
    path.parent.mkdir(exist_ok=True)
    (path.parent / "__init__.py").touch()
    path.write_text(f"import {imported}\n")
    assert f"{contract} BROKEN" in lint_imports(sketch).stdout
