"""A virtual environment for each peer that is a Python program."""

import subprocess
import sys
from pathlib import Path

from benchmarks.peers.results import PeerFailed, say

PEERS = {
    "moto": ("moto[server]==5.2.5",),
    "scim2-server": ("scim2-server==0.8.3", "scim2-models==0.12.3"),
    # The newest scim2-models that canaille's requirements allow has changed a method that canaille calls.
    "canaille": (
        "canaille[front,oidc,scim,server,sqlite]==0.3.6",
        "scim2-models==0.6.12",
        "scim2-client==0.7.5",
    ),
}
"""What is installed for each peer; the first requirement is the peer itself."""


def version(peer: str) -> str:
    """Return the version of a peer."""
    return PEERS[peer][0].partition("==")[2]


def environment(peer: str, work: Path) -> Path:
    """Return the directory of the peer's programs, which is made unless a former run made it."""
    folder = work / f"{peer}-environment"
    installed = folder / "installed.txt"
    wanted = "\n".join(PEERS[peer])
    if not installed.exists() or installed.read_text() != wanted:
        say(f"Installing {PEERS[peer][0]}")
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        _run(str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *PEERS[peer])
        installed.write_text(wanted)
    return folder / "bin"


def _run(*command: str) -> None:
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    if ended.returncode:
        raise PeerFailed(f"{' '.join(command)} failed:\n{ended.stderr}")
