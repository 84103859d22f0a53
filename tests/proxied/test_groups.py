"""The same tests as on a server that is reached directly: groups, their members and their roles."""

# ruff: noqa: F403 -- pytest collects what a module holds, and here that is what other modules hold.

from tests.contract.test_group_races import *
from tests.contract.v2.test_group_changes import *
from tests.contract.v2.test_groups import *
from tests.contract.v2.test_memberships import *
from tests.contract.v2.test_role_assignments import *
