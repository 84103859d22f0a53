"""The same tests as on a server that is reached directly: groups, members, roles, keys, events and seeds."""

# ruff: noqa: F403 -- pytest collects what a module holds, and here that is what other modules hold.

from tests.contract.guildhall.test_keys import *
from tests.contract.guildhall.test_seed import *
from tests.contract.test_group_races import *
from tests.contract.test_health import *
from tests.contract.v1.test_events import *
from tests.contract.v2.test_group_changes import *
from tests.contract.v2.test_group_lists import *
from tests.contract.v2.test_groups import *
from tests.contract.v2.test_memberships import *
from tests.contract.v2.test_role_assignments import *
from tests.contract.v2.test_user_search import *
