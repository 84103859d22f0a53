"""The same tests as on a server that is reached directly: keys, seeds, events, health and searches."""

# ruff: noqa: F403 -- pytest collects what a module holds, and here that is what other modules hold.

from tests.contract.guildhall.test_keys import *
from tests.contract.guildhall.test_seed import *
from tests.contract.test_health import *
from tests.contract.v1.test_events import *
from tests.contract.v2.test_user_search import *
