"""What the environment and `--url` say about the network: one line, never a traceback."""

import os
import subprocess
import sys

import pytest

from guildhall.cli.exit_codes import ExitCode
from tests.client.remote import ORG, group, page


def ended(remote, *arguments, **environment):
    given = {"GUILDHALL_URL": remote.url, "GUILDHALL_KEY": "k", "GUILDHALL_ORG": ORG}
    command = [sys.executable, "-m", "guildhall", "groups", "list", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **given, **environment}, check=False
    )


@pytest.mark.parametrize(
    "environment",
    [
        {"NO_PROXY": "127.0.0.1,fd07:b51a:cc66:f0::/64"},
        {"NO_PROXY": "127.0.0.1,[::1]"},
        {"ALL_PROXY": "socks5://127.0.0.1:9", "NO_PROXY": "127.0.0.1"},
        {"ALL_PROXY": "socks://127.0.0.1:9"},
        {"HTTP_PROXY": "http://127.0.0.1:abc"},
        {"HTTP_PROXY": "http://a..b:1", "NO_PROXY": ""},
        {"GUILDHALL_URL": "https://127.0.0.1:9", "SSL_CERT_FILE": "/nowhere/at/all"},
    ],
)
def test_settings_of_the_network_that_cannot_be_used(remote, environment):
    remote.play(page([]))
    done = ended(remote, **environment)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (ExitCode.USAGE, "", 1)
    assert done.stderr.startswith("Error: ")
    assert "proxy" in done.stderr.lower()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:abc",
        "http://127.0.0.1:0",
        "http://127.0.0.1:99999",
        "http://directory..example",
        f"http://{'a' * 70}.example",
        "http://[::1",
        "http://[zz]",
        "http://",
        "ftp://x",
        "http://x/\u0000",
        "",
    ],
)
def test_url_that_leads_nowhere(remote, guildhall, url):
    done = guildhall("groups", "list", "--url", url)
    assert (done.code, done.out, done.err.count("\n")) == (ExitCode.USAGE, "", 1)
    assert "is not the URL of a server" in done.err


def test_url_with_a_user_sends_the_key_and_shows_no_password(remote, guildhall):
    remote.play(page([group("a")]))
    assert guildhall("groups", "list", "--url", remote.url.replace("//", "//me:secret@")).code == 0
    assert remote.asked[0].headers["authorization"] == "Bearer a-key"
    assert "secret" not in guildhall("groups", "list", "--url", "http://me:secret@127.0.0.1:abc").err
