"""Put the people of a file into a group: guildhall.client in thirty lines."""

import sys
from pathlib import Path

from guildhall.client import Conflict, Guildhall


def group_id_of(client: Guildhall, name: str) -> str:
    """Return the id of the group with that name, made where it is not there."""
    try:
        return client.groups.create(name).group_id
    except Conflict:
        return next(iter(client.groups.search_all(group_names=[name]))).id


def main(url: str, key: str, name: str, file: str) -> None:
    """Add everybody whose e-mail address is in the file, and list who is in the group then."""
    addresses = Path(file).read_text().split()
    with Guildhall(url, key) as client:
        group_id = group_id_of(client, name)
        for start in range(0, len(addresses), 10):  # a search takes ten addresses
            found = client.users.search_all(emails=addresses[start : start + 10])
            for result in client.memberships.add_each(group_id, [user.account_id for user in found]):
                print(result.account_id, result.error or "is a member")
        for member in client.users.search_all(group_ids=[group_id]):
            print(member.account_id, member.name, member.email)


if __name__ == "__main__":
    main(*sys.argv[1:5])
