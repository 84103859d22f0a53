"""Put the people of a file into a group: guildhall.client in thirty lines."""

import sys
from pathlib import Path

from guildhall.client import Conflict, Guildhall


def group_id_of(client: Guildhall, name: str) -> str:
    """Return the id of the group with that name, made where it is not there."""
    try:
        client.groups.create(name)
    except Conflict:
        print(f"{name} is there already")
    for group in client.groups.search_all(group_names=[name]):
        return group.id
    raise LookupError(name)


def main(url: str, key: str, name: str, file: str) -> None:
    """Add everybody whose e-mail address is in the file, and list who is in the group then."""
    addresses = Path(file).read_text().split()
    with Guildhall(url, key) as client:
        group_id = group_id_of(client, name)
        for user in client.users.search_all(emails=addresses):
            client.memberships.add(group_id, user.account_id)
        for member in client.users.search_all(group_ids=[group_id]):
            print(member.account_id, member.name, member.email)


if __name__ == "__main__":
    main(*sys.argv[1:5])
