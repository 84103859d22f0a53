"""Other products that keep groups and members, loaded with a Guildhall dataset and timed.

Each is a module that runs by itself, from the repository's root:

    python -m benchmarks.peers.slapd --data DATASET --work DIRECTORY --json RESULT

It needs wrk, a C compiler (slapd) and Debian's packages slapd and ldap-utils (slapd).
"""
