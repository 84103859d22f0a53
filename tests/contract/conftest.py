"""Which operations the tests of the contract call, for docs/parity.md: asked for by GUILDHALL_RECORD."""

import collections
import json
import os
from pathlib import Path

import pytest

from guildhall.http.monitoring.metrics import REQUESTS

FILES: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
STATUSES: dict[str, set[int]] = collections.defaultdict(set)


@pytest.fixture(autouse=True)
def recorded(request):
    """Count the test for every operation that answered it with success."""
    if "GUILDHALL_RECORD" not in os.environ:
        yield
        return
    before = answers()
    yield
    called = [key for key, count in answers().items() if count > before.get(key, 0)]
    for operation, status in called:
        STATUSES[operation].add(status)
    for operation in {operation for operation, status in called if status < 400}:
        FILES[operation][
            Path(request.node.path).relative_to(request.config.rootpath / "tests").as_posix()
        ] += 1


def answers():
    """How often each operation has answered with each status."""
    samples = [sample for metric in REQUESTS.collect() for sample in metric.samples]
    return {
        (sample.labels["operation"], int(sample.labels["status"])): sample.value
        for sample in samples
        if sample.name.endswith("_total")
    }


def pytest_sessionfinish(session):
    path = os.environ.get("GUILDHALL_RECORD")
    if path and FILES:
        record = {
            operation: {
                "statuses": sorted(STATUSES[operation]),
                "tests": dict(sorted(FILES[operation].items())),
            }
            for operation in sorted(FILES)
            if operation != "none"
        }
        Path(path).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
