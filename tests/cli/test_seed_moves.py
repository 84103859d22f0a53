"""`guildhall seed`: what only one may have moves, whatever the order of the file (ADR 28)."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from guildhall.cli.exit_codes import ExitCode
from tests.cli.conftest import Ended
from tests.cli.databases import run_sql

Seed = Callable[..., Ended]

ONE, TWO, NEW = (f"0d9a4c1b-7f5e-4f7b-9a3e-2c1d0e9f8a7{digit}" for digit in range(3))
JIRA = "ari:cloud:jira::site/1"


@pytest.fixture
def seed(guildhall: Callable[..., Ended], database_url: str, tmp_path: Path) -> Seed:
    """Seed a text; what it leaves must be clean in the eyes of the check."""

    def call(text: str, code: int | None = ExitCode.DONE) -> Ended:
        path = tmp_path / "seed.yaml"
        path.write_text(f"organization: {{name: Acme}}\n{text}")
        ended = guildhall("seed", str(path), "--database", database_url)
        assert code is None or ended.code == code, ended.err
        assert guildhall("check", "--database", database_url).code == 0
        return ended

    return call


def users(*pairs: str) -> list[str]:
    return [
        f"{{accountId: {account_id}, name: N, email: {email}}}" for account_id, email in map(str.split, pairs)
    ]


def groups(*pairs: str) -> list[str]:
    return [f"{{id: {group_id}, name: {name}}}" for group_id, name in map(str.split, pairs)]


def emails(url: str) -> dict[str, str]:
    return dict(run_sql(url, "SELECT account_id, email_key FROM users"))


def names(url: str, table: str = "groups") -> dict[str, str]:
    return dict(run_sql(url, f"SELECT id, name_key FROM {table}"))


USERS = (
    pytest.param(["a a@x.org"], ["a b@x.org", "c a@x.org"], id="to a new user"),
    pytest.param(["a a@x.org", "b b@x.org"], ["a b@x.org", "b a@x.org"], id="swapped"),
    pytest.param(
        ["a a@x.org", "b b@x.org", "c c@x.org"], ["a b@x.org", "b c@x.org", "c a@x.org"], id="in a ring"
    ),
    pytest.param(["a a@x.org", "b b@x.org"], ["a b@x.org", "b c@x.org", "n a@x.org"], id="moved on"),
)


@pytest.mark.parametrize(("before", "after"), USERS)
def test_addresses_move_in_every_order(
    seed: Seed, database_url: str, before: Sequence[str], after: Sequence[str]
) -> None:
    wanted = dict(pair.split() for pair in after)
    for order in itertools.permutations(after):
        seed(f"users: [{', '.join(users(*before))}]")
        seed(f"users: [{', '.join(users(*order))}]")
        assert emails(database_url) == wanted
        back = [f"{account_id} {n}@back.org" for n, account_id in enumerate(wanted)]
        seed(f"users: [{', '.join(users(*back))}]")


def test_an_address_moves_to_who_is_known_by_it_alone(seed: Seed, database_url: str) -> None:
    leaves, comes = "{accountId: a, email: left@x.org}", "{name: New, email: a@x.org}"
    for number, order in enumerate(itertools.permutations((leaves, comes))):
        text = ", ".join(order).replace("a@x.org", f"a{number}@x.org").replace("left", f"left{number}")
        seed(f"users: [{{accountId: a, name: A, email: a{number}@x.org}}]")
        seed(f"users: [{text}]")
        found = emails(database_url)
        assert found.pop("a") == f"left{number}@x.org"
        assert f"a{number}@x.org" in found.values()


def test_an_address_that_two_are_to_have_is_refused(seed: Seed, database_url: str) -> None:
    seed(f"users: [{', '.join(users('a a@x.org', 'b b@x.org'))}]")
    for order in itertools.permutations(users("a c@x.org", "b c@x.org")):
        seed(f"users: [{', '.join(order)}]", ExitCode.CONFLICT)
    seed(f"users: [{users('a b@x.org')[0]}]", ExitCode.CONFLICT)
    for order in itertools.permutations([*users("a c@x.org"), "{name: N, email: c@x.org}"]):
        seed(f"users: [{', '.join(order)}]", ExitCode.CONFLICT)
    assert emails(database_url) == {"a": "a@x.org", "b": "b@x.org"}


GROUPS = (
    pytest.param([f"{ONE} x", f"{TWO} y"], [f"{ONE} y", f"{TWO} x"], id="swapped"),
    pytest.param([f"{ONE} x", f"{TWO} y"], [f"{ONE} y", f"{TWO} z"], id="moved on"),
    pytest.param([f"{ONE} x"], [f"{ONE} old", f"{NEW} X"], id="to a new group"),
    pytest.param([f"{ONE} x", f"{TWO} y"], [f"{ONE} y", f"{TWO} z", f"{NEW} x"], id="in a row"),
)


@pytest.mark.parametrize(("before", "after"), GROUPS)
@pytest.mark.parametrize("backward", [False, True])
def test_group_names_move_in_every_order(
    seed: Seed, database_url: str, before: Sequence[str], after: Sequence[str], backward: bool
) -> None:
    seed(f"groups: [{', '.join(groups(*before))}]")
    seed(f"groups: [{', '.join(groups(*after)[:: -1 if backward else 1])}]")
    assert names(database_url) == {group_id: name.lower() for group_id, name in map(str.split, after)}


@pytest.mark.parametrize("backward", [False, True])
def test_a_name_without_an_id_means_what_has_it_at_the_end(
    seed: Seed, database_url: str, backward: bool
) -> None:
    for section in ("directories", "groups"):
        seed(f"{section}: [{{id: {ONE}, name: x}}]")
        items = [f"{{id: {ONE}, name: old}}", "{name: x}"]
        seed(f"{section}: [{', '.join(items[:: -1 if backward else 1])}]")
        found = names(database_url, section)
        assert found.pop(ONE) == "old"
        assert "x" in found.values()
        twice = [f"{{id: {ONE}, name: y}}", "{name: y}"]
        ended = seed(f"{section}: [{', '.join(twice[:: -1 if backward else 1])}]", code=None)
        assert ended.code in (ExitCode.CONFLICT, ExitCode.REFUSED)


@pytest.mark.parametrize("backward", [False, True])
def test_default_roles_are_swapped(seed: Seed, database_url: str, backward: bool) -> None:
    def text(first: str, second: str) -> str:
        pairs = ((ONE, "x", first), (TWO, "y", second))
        items = [
            f"{{id: {group_id}, name: {name},"
            f" roles: [{{resource: Jira, roles: [user, admin], defaultRole: {role}}}]}}"
            for group_id, name, role in pairs
        ]
        return f"groups: [{', '.join(items[:: -1 if backward else 1])}]"

    resource = f"resources: [{{id: '{JIRA}', name: Jira}}]\n"
    seed(resource + text("user", "admin"))
    seed(text("admin", "user"))
    sql = """SELECT g.name, r.id FROM default_groups d JOIN groups g ON g.group_key = d.group_key
             JOIN roles r ON r.role_key = d.role_key AND r.org_key = d.org_key ORDER BY 1"""
    assert run_sql(database_url, sql) == [("x", "atlassian/admin"), ("y", "atlassian/user")]


def test_the_default_directory_moves(seed: Seed, database_url: str) -> None:
    seed("directories: [{name: One, default: true}, {name: Two}]")
    for order in itertools.permutations(["{name: One, default: false}", "{name: Two, default: true}"]):
        seed(f"directories: [{', '.join(order)}]")
        assert run_sql(database_url, "SELECT name FROM directories WHERE rank = 0") == [("Two",)]
        seed("directories: [{name: One, default: true}]")


def test_thousands_move_at_once(seed: Seed, database_url: str) -> None:
    """More than are looked at together; each takes what its neighbour has, the last what the first has."""
    count = 600

    def lines(shift: int) -> str:
        people = (
            f'- {{"accountId": "u{n}", "name": "N", "email": "{(n + shift) % count}@x.org"}}'
            for n in range(count)
        )
        named = (f'- {{"id": "{ONE[:-4]}{n:04}", "name": "g{(n + shift) % count}"}}' for n in range(count))
        return "\n".join(("users:", *people, "groups:", *named)) + "\n"

    seed(lines(0))
    seed(lines(1))
    assert emails(database_url)["u0"] == "1@x.org"
    assert emails(database_url)[f"u{count - 1}"] == "0@x.org"
    assert names(database_url)[f"{ONE[:-4]}{count - 1:04}"] == "g0"
