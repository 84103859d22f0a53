"""What Grafana and Prometheus are told to show is what a server measures."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest
import yaml

from tests import live
from tests.rules.sources import ROOT

DASHBOARD = ROOT / "deploy" / "grafana" / "guildhall.json"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
OF_HISTOGRAM = ("_bucket", "_sum", "_count")


@pytest.fixture(scope="module")
def measured() -> set[str]:
    """The names of all samples that a server can show."""
    with live.demo() as server:
        return set(sample_names(httpx.get(f"{server.url}/metrics").text))


def sample_names(text: str) -> Iterator[str]:
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE):
        if kind == "histogram":
            yield from (name + suffix for suffix in OF_HISTOGRAM)
        else:
            yield name


def dashboard_queries() -> list[str]:
    return [
        target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"] for target in panel["targets"]
    ]


def alert_queries() -> list[str]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


@pytest.mark.parametrize("queries", [dashboard_queries, alert_queries])
def test_queries_name_metrics_that_there_are(measured, queries):
    named = {name for query in queries() for name in re.findall(r"\bguildhall_\w+", query)}
    assert named
    assert named <= measured


def test_alerts_say_what_is_wrong():
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    for rule in groups[0]["rules"]:
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}


def test_dashboard_has_no_two_panels_in_one_place():
    taken = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells
