"""Seats and every stored counter equal a naive model after each operation, whatever was done before."""

import hypothesis
import pytest
from hypothesis import strategies as st

from guildhall.model.errors import GuildhallError
from guildhall.model.roles import ADMIN, ORG_ADMIN, USER
from guildhall.model.users import UserStatus
from tests import make
from tests.store.seat_model import DIRECTORIES, GROUPS, OWN, USERS, Model
from tests.store.seat_world import SeatWorld

GROUP = st.integers(0, GROUPS - 1)
USER_NUMBER = st.integers(0, USERS - 1)
DIRECTORY = st.integers(0, DIRECTORIES - 1)
PRODUCT = st.integers(0, OWN - 1)
ROLE = st.sampled_from([USER, ADMIN, make.VIEWER])
STATUS = st.sampled_from([UserStatus.ACTIVE, UserStatus.ACTIVE, *UserStatus])

COMMANDS = st.one_of(
    st.tuples(st.just("add"), GROUP, USER_NUMBER),
    st.tuples(st.just("add"), GROUP, USER_NUMBER),
    st.tuples(st.just("remove"), GROUP, USER_NUMBER),
    st.tuples(st.just("assign"), GROUP, PRODUCT, ROLE),
    st.tuples(st.just("assign"), GROUP, PRODUCT, ROLE),
    st.tuples(st.just("revoke"), GROUP, PRODUCT, ROLE),
    st.tuples(st.just("make_default"), GROUP, PRODUCT, ROLE),
    st.tuples(st.sampled_from(["delete", "create"]), GROUP),
    st.tuples(st.sampled_from(["suspend", "restore", "leave"]), DIRECTORY, USER_NUMBER),
    st.tuples(st.just("place"), USER_NUMBER, st.none() | STATUS, st.none() | STATUS),
    st.tuples(st.sampled_from(["assign_direct", "revoke_direct"]), USER_NUMBER, PRODUCT, ROLE),
    st.tuples(
        st.sampled_from(["assign_direct", "revoke_direct"]), USER_NUMBER, st.just(OWN), st.just(ORG_ADMIN)
    ),
    st.tuples(st.just("limit"), PRODUCT, st.none() | st.integers(0, USERS)),
)

WOVEN = (
    *(("add", group, 1) for group in range(GROUPS)),
    *(("assign", group, 1, USER) for group in range(GROUPS)),
    ("assign", 0, 1, make.VIEWER),
    ("assign_direct", 1, 1, USER),
    ("assign_direct", 1, 0, make.VIEWER),
    ("add", 0, 0),
    ("assign_direct", 2, 1, ADMIN),
)
"""A user reaches one role by three groups of two directories, and directly: what random steps seldom make."""

PROGRAMS = st.tuples(
    st.sampled_from([(), WOVEN, WOVEN]), st.lists(COMMANDS, min_size=5, max_size=30).map(tuple)
).map(lambda parts: parts[0] + parts[1])


async def _equals_model(world, program):
    model, seats = Model(), await SeatWorld.make(await world.organization())
    for step, (operation, *arguments) in enumerate(program):
        expected = model.do(operation, *arguments)
        try:
            await seats.do(operation, *arguments)
            raised = None
        except GuildhallError as error:
            raised = type(error)
        assert raised == expected, program[: step + 1]
        assert await seats.state() == seats.expected(model), program[: step + 1]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@hypothesis.settings(max_examples=80, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(program=PROGRAMS)
async def test_seats_equal_model_on_sqlite(world, program):
    await _equals_model(world, program)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@hypothesis.settings(max_examples=12, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(program=PROGRAMS)
async def test_seats_equal_model_on_postgres(world, program):
    await _equals_model(world, program)
