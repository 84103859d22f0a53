"""What a fresh machine gets: the whole package, and exactly the dependencies that were tested."""

import re
import tomllib
import zipfile

import flit_core.buildapi
import pytest

from tests.rules.sources import ROOT

REQUIREMENTS = ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt")
PIN = re.compile(r"^([a-z0-9._-]+)(?:\[.*\])?==(\S+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / name).read_text()))


def required_names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=~!\[; ]", requirement)[0].lower() for requirement in requirements}


def test_wheel_holds_every_file(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    wheel = zipfile.ZipFile(tmp_path / flit_core.buildapi.build_wheel(str(tmp_path)))
    package = ROOT / "src" / "guildhall"
    files = {p.relative_to(ROOT / "src").as_posix() for p in package.rglob("*") if p.is_file()}
    assert {name for name in files if "__pycache__" not in name} <= set(wheel.namelist())


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_pin_has_hashes(name):
    requirements = re.split(r"^(?=\S)", (ROOT / name).read_text(), flags=re.MULTILINE)
    assert not [r for r in requirements if r and not r.startswith("#") and "--hash=sha256:" not in r]


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_pins_name_no_place(name):
    """No registry and no path: the machine that installs has its own."""
    assert "/" not in (ROOT / name).read_text()


def test_pins_cover_what_is_required():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    runtime = required_names(project["project"]["dependencies"] + groups["build"])
    development = required_names([entry for entry in groups["dev"] if isinstance(entry, str)])
    assert runtime <= pins("requirements.txt").keys()
    assert runtime | development <= pins("requirements-dev.txt").keys()
    benchmark = required_names([entry for entry in groups["bench"] if isinstance(entry, str)])
    assert runtime | benchmark <= pins("requirements-bench.txt").keys()


def test_tests_run_with_the_pins_of_the_server():
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()
    assert pins("requirements.txt").items() <= pins("requirements-bench.txt").items()
