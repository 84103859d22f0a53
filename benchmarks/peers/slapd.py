"""OpenLDAP's slapd, with and without the memberOf overlay.

The result with the overlay goes into a second file, whose name ends in `-memberof`. 250 000 groups with
8 000 000 memberships have been loaded like this in two to three minutes each; they take 3 GB, with the
overlay 4.5 GB, and up to 1.5 GB more for the LDIF while it is loaded.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.peers import draws, entries
from benchmarks.peers import ldap_messages as ldap
from benchmarks.peers.draws import Addition
from benchmarks.peers.ldap_load import COMPARE_TRUE, LDAPLoad, Messages
from benchmarks.peers.options import Options, parse
from benchmarks.peers.portions import Limits, Portion, read
from benchmarks.peers.processes import ADDRESS, Server, free_port, started
from benchmarks.peers.results import Operation, PeerFailed, Result, disk_bytes, exit_status, say, write

ADDITIONS = 60_000
"""More than it commits in a run of ordinary length."""

# Where distributions put the schema files and the modules of the package; they are only read.
_SCHEMAS = (Path("/etc/ldap/schema"), Path("/etc/openldap/schema"))
_MODULES = (Path("/usr/lib/ldap"), Path("/usr/lib64/openldap"), Path("/usr/libexec/openldap"))
_PATH = "/usr/sbin:/usr/local/sbin:/usr/libexec:/usr/bin"

_CONFIGURATION = """\
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
modulepath {modules}
moduleload back_mdb
{load_overlay}
pidfile {folder}/slapd.pid
sizelimit unlimited
timelimit unlimited
loglevel none
sortvals member

database mdb
suffix "{suffix}"
rootdn "cn=overlay,{suffix}"
directory {folder}/data
maxsize {maxsize}
multival member {multival}
index objectClass,uid,member eq
index cn eq,sub
access to * by dn.exact="{account}" write by anonymous auth
{overlay}
"""
_MULTIVAL = "100,50"
_LOOKING_SECONDS = 3_600
# The file grows with what is in it; this is only where it would end.
_MAXSIZE = 64 << 30

_NOTES = (
    "Each change is synced to disk before it is confirmed (mdb without dbnosync).",
    f"Set: `sortvals member`, `multival member {_MULTIVAL}` (members of larger groups are in a table apart).",
    "A client is authenticated once for each connection; access rules are evaluated for each request.",
    "Pages are in order of creation, each connection walks from the first; slapd cannot begin in the middle.",
    "Groups are asked for without members; slapd knows no number of members.",
    "A substring search asks for a page of 20; its index on cn holds the names of users as well.",
)


class Slapd:
    """One slapd with a directory of its own below the work directory."""

    def __init__(self, options: Options, portion: Portion, *, member_of: bool) -> None:
        self.name = "slapd with memberOf" if member_of else "slapd"
        self.member_of = member_of
        self.options = options
        self.portion = portion
        self.folder = options.work / self.name.replace(" ", "-").lower()
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "data").mkdir(parents=True)
        self.configuration = self.folder / "slapd.conf"
        self.configuration.write_text(self._configured())
        self.client = LDAPLoad(self.folder, ldap.bind(entries.ACCOUNT, entries.PASSWORD))

    def _configured(self) -> str:
        return _CONFIGURATION.format(
            schemas=_existing(_SCHEMAS),
            modules=_existing(_MODULES),
            load_overlay="moduleload memberof" if self.member_of else "",
            overlay="overlay memberof" if self.member_of else "",
            folder=self.folder,
            suffix=entries.SUFFIX,
            account=entries.ACCOUNT,
            maxsize=_MAXSIZE,
            multival=_MULTIVAL,
        )

    def load(self) -> float:
        """Fill the directory with slapadd; return the seconds that it took."""
        ldif = self.folder / "load.ldif"
        with ldif.open("w") as output:
            entries.write_ldif(self.portion, output, member_of=self.member_of)
        begun = time.perf_counter()
        command = (_program("slapadd"), "-q", "-f", str(self.configuration), "-l", str(ldif))
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
        if ended.returncode:
            raise PeerFailed(f"slapadd failed:\n{ended.stderr}")
        _sync(self.folder / "data" / "data.mdb")
        seconds = time.perf_counter() - begun
        ldif.unlink()
        return seconds

    def started(self) -> AbstractContextManager[Server]:
        """Start the server in the foreground, so that its id is known."""
        port = free_port()
        address = f"ldap://{ADDRESS}:{port}/"
        command = (_program("slapd"), "-d", "0", "-f", str(self.configuration), "-h", address)
        return started(command, port, self.folder)

    def measure(self, server: Server) -> Iterator[tuple[str, Operation]]:
        """Time each operation; raises PeerFailed when an addition was confirmed and is missing."""
        for name, messages in self._reads():
            say(f"Timing {name}")
            yield name, self._time(server, messages)[0]
        for name, additions in (
            ("add to a small group", draws.additions_to_small(self.portion, ADDITIONS)),
            ("add to the largest group", draws.additions_to_largest(self.portion, ADDITIONS)),
        ):
            say(f"Timing {name}")
            requests = [ldap.add_value(*_member(addition)) for addition in additions]
            operation, taken = self._time(server, Messages(requests, "once"))
            self._look(server, additions[:taken])
            yield name, operation

    def _time(self, server: Server, messages: Messages) -> tuple[Operation, int]:
        clients, seconds = self.options.clients, self.options.seconds
        operation, figures = self.client.measure(server, messages, clients, seconds)
        return operation, figures.taken

    def _look(self, server: Server, additions: list[Addition]) -> None:
        """Ask for each addition whether it is there; what was under way at the end need not be."""
        expected = [_member(addition) for addition in additions]
        if self.member_of:
            expected += [(user, "memberOf", group) for group, _, user in expected]
        questions = Messages([ldap.compare(*value) for value in expected], "once", COMPARE_TRUE)
        found = self.client.run(server, questions, 1, _LOOKING_SECONDS)
        if found.errors > 2 * self.options.clients or found.taken < len(expected):
            raise PeerFailed(f"{found.errors} of {found.taken} values that were added are missing.")

    def _reads(self) -> Iterator[tuple[str, Messages]]:
        is_group = ldap.equals("objectClass", "groupOfNames")
        by_name = [ldap.both(ldap.equals("cn", g.name), is_group) for g in draws.groups(self.portion)]
        yield "get group by name", Messages([_find(found) for found in by_name], finds=True)
        for size in (20, 100):
            cookies = (b"", bytes(ldap.COOKIE_BYTES))
            pages = [_find(is_group, ldap.page(size, cookie)) for cookie in cookies]
            yield f"page of {size}", Messages(pages, "walk", finds=True)
        people = [entries.user_name(user) for user in draws.members(self.portion)]
        yield "groups of a user", Messages([self._groups_of(person) for person in people], finds=True)
        terms = draws.terms(group.name for group in draws.groups(self.portion))
        found = [ldap.both(ldap.contains("cn", term), is_group) for term in terms]
        yield "substring search", Messages([_find(one, ldap.page(20)) for one in found], finds=True)

    def _groups_of(self, person: str) -> bytes:
        if not self.member_of:
            return _find(ldap.equals("member", person))
        anything = ldap.equals("objectClass", "inetOrgPerson")
        return ldap.search(person, ldap.BASE, anything, ["memberOf"])

    def notes(self) -> list[str]:
        """Return what has to be said about the figures."""
        if self.member_of:
            return [*_NOTES, "The groups of a user are the memberOf values of the user's entry."]
        return [*_NOTES, "The groups of a user are those that the filter (member=...) finds."]


def _find(matching: bytes, controls: bytes = b"") -> bytes:
    return ldap.search(entries.GROUPS, ldap.SUBTREE, matching, ["cn", "description"], controls)


def _member(addition: Addition) -> tuple[str, str, str]:
    return entries.group_name(addition.group), "member", entries.user_name(addition.user)


def _existing(folders: tuple[Path, ...]) -> Path:
    found = next((folder for folder in folders if folder.is_dir()), None)
    if found is None:
        raise PeerFailed("OpenLDAP is not installed; Debian's packages are called slapd and ldap-utils.")
    return found


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=_PATH)
    if found is None:
        raise PeerFailed(f"{name} is not installed; Debian's package is called slapd.")
    return found


def _sync(file: Path) -> None:
    """Put on disk what `slapadd -q` has only written, or the first changes would wait for it."""
    descriptor = os.open(file, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _version() -> str:
    told = subprocess.run((_program("slapd"), "-VV"), check=False, capture_output=True, text=True)
    found = re.search(r"slapd (\d[\w.]*)", told.stdout + told.stderr)
    return found[1] if found else "unknown"


def _measure(options: Options, portion: Portion, path: Path | None, *, member_of: bool) -> None:
    slapd = Slapd(options, portion, member_of=member_of)
    say(f"Loading {slapd.name} with {len(portion.groups)} groups")
    load_seconds = slapd.load()
    taken = disk_bytes(slapd.folder / "data" / "data.mdb")
    with slapd.started() as server:
        operations = dict(slapd.measure(server))
    result = Result(
        peer=slapd.name,
        version=_version(),
        held=portion.held(),
        load_seconds=round(load_seconds, 2),
        disk_bytes=taken,
        operations=operations,
        notes=slapd.notes(),
    )
    write(result, path)
    # A large directory is worth its room only while it is measured.
    shutil.rmtree(slapd.folder / "data")


def _measure_both(options: Options) -> None:
    portion = read(options.data, Limits(groups=options.groups))
    _measure(options, portion, options.json, member_of=False)
    beside = options.json and options.json.with_stem(f"{options.json.stem}-memberof")
    _measure(options, portion, beside, member_of=True)


def main() -> int:
    """Measure slapd as the command line says; return the exit status."""
    options = parse("slapd", 0)
    return exit_status(lambda: _measure_both(options))


if __name__ == "__main__":
    sys.exit(main())
