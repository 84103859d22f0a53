"""Some of the contract again: members, roles, seats and races work on partitions."""

# ruff: noqa: F403 -- each module is taken whole, with the fixtures that its tests ask for.

from tests.contract.test_group_races import *
from tests.contract.v1.test_memberships import *
