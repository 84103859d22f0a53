"""The proxies' configurations of deploy/ do what docs/deployment.md says, run as they are shipped.

Only names of the machine are others: ports, the host's name for Caddy, and where certificates stand.
"""

import contextlib
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests import live
from tests.rules.sources import ROOT

CLIENT = "127.0.0.2"
"""Another address of loopback than the proxy's, so that it is not trusted."""

HOST = "directory.example.com"


class Proxied(NamedTuple):
    """A server behind a proxy."""

    server: live.Live
    http: httpx.Client

    def last_address(self) -> str:
        """The address that the newest event names."""
        events = self.http.get(f"/admin/v1/orgs/{self.server.org_id}/events?limit=1").json()
        return str(events["data"][0]["attributes"]["location"]["ip"])


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def replaced(text: str, replacements: dict[str, str]) -> str:
    """The text with other names; each of them stands in it."""
    for old, new in replacements.items():
        assert old in text
        text = text.replace(old, new)
    return text


def nginx(folder: Path, upstream: int, port: int) -> list[str]:
    site = replaced(
        (ROOT / "deploy" / "nginx" / "guildhall.conf").read_text(),
        {
            "127.0.0.1:8080": f"127.0.0.1:{upstream}",
            "listen 443": f"listen 127.0.0.1:{port}",
            "/etc/ssl/guildhall/fullchain.pem": str(folder / "certificate.pem"),
            "/etc/ssl/guildhall/key.pem": str(folder / "key.pem"),
        },
    )
    (folder / "site.conf").write_text(site)
    folders = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # As root, its workers would be somebody else, who may not write into the test's folder.
    user = "user root; " if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off; pid {folder}/pid; error_log {folder}/log; worker_processes 1;"
        f"events {{}} http {{ access_log off; {folders} include {folder}/site.conf; }}"
    )
    return ["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "log")]


def caddy(folder: Path, upstream: int, port: int) -> list[str]:
    certificate = f"tls {folder}/certificate.pem {folder}/key.pem"
    site = replaced(
        (ROOT / "deploy" / "caddy" / "Caddyfile").read_text(),
        {
            "127.0.0.1:8080": f"127.0.0.1:{upstream}",
            f"\n{HOST} {{": f"\nhttps://{HOST}:{port} {{\n\tbind 127.0.0.1\n\t{certificate}\n",
        },
    )
    (folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https off\n}\n" + site)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


@pytest.fixture(scope="module", params=[nginx, caddy])
def proxied(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    """A demonstration behind each proxy, called over TLS from another address."""
    folder, port = tmp_path_factory.mktemp("proxy"), free_port()
    make_certificate(folder)
    variables = {"GUILDHALL_TRUSTED_PROXIES": "127.0.0.1", "GUILDHALL_PUBLIC_URL": f"https://{HOST}"}
    with live.demo(**variables) as server:
        upstream = int(server.url.rpartition(":")[2])
        command: Callable[[Path, int, int], list[str]] = request.param
        with running(command(folder, upstream, port), folder, port), client(server, folder, port) as http:
            yield Proxied(server, http)


def make_certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
         "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", str(folder / "key.pem"),
         "-out", str(folder / "certificate.pem")],
        check=True, capture_output=True,
    )  # fmt: skip


@contextlib.contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """A proxy that has begun to listen, ended behind the block."""
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=variables_of(folder))
    try:
        ends = time.monotonic() + 20
        while not listens(port):
            assert process.poll() is None, (folder / "output").read_text()
            assert time.monotonic() < ends
        yield
    finally:
        process.terminate()
        process.wait(20)


def variables_of(folder: Path) -> dict[str, str]:
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder), "XDG_DATA_HOME": str(folder)}


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def client(server: live.Live, folder: Path, port: int) -> httpx.Client:
    """A client that finds the proxy by its name and trusts its certificate."""
    context = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
    transport = httpx.HTTPTransport(verify=context, local_address=CLIENT)

    def lead(request: httpx.Request) -> None:
        request.url = request.url.copy_with(host="127.0.0.1", port=port)
        request.extensions["sni_hostname"] = HOST

    return httpx.Client(
        base_url=f"https://{HOST}",
        headers={"Authorization": f"Bearer {server.key}", "Host": HOST},
        transport=transport,
        event_hooks={"request": [lead]},
    )


def test_event_names_the_client_and_not_what_it_says(proxied):
    forged = {"X-Forwarded-For": "6.6.6.6"}
    assert proxied.http.post(proxied.server.groups, json={"name": "a"}, headers=forged).status_code == 201
    assert proxied.last_address() == CLIENT


def test_links_name_the_public_address(proxied):
    links = proxied.http.get("/admin/v1/orgs").json()["links"]
    assert links["self"].startswith(f"https://{HOST}/admin/v1/orgs")


@pytest.mark.parametrize(
    "resource", ["ari%3Acloud%3Ajira%3A%3Asite%2Fproxied", "ari:cloud:jira::site%2Fproxied"]
)
def test_path_arrives_as_it_was_encoded(proxied, resource):
    path = f"/guildhall/v1/orgs/{proxied.server.org_id}/resources/{resource}"
    assert proxied.http.put(path, json={"name": "Behind a proxy"}).status_code in {200, 201}
    assert proxied.http.get(path).json()["data"]["resourceId"] == "ari:cloud:jira::site/proxied"


def test_body_that_is_too_large_is_refused_in_the_form_of_the_api(proxied):
    answer = proxied.http.post(proxied.server.groups, json={"name": "x" * (1 << 20)})
    assert answer.status_code == 413
    assert answer.json()["errors"][0]["code"] == "ADMIN-UAM-413-1"


def test_export_comes_whole(proxied):
    text = proxied.http.get(f"/guildhall/v1/orgs/{proxied.server.org_id}/export").text
    assert text.startswith("# Written by")
    assert text.endswith("\n...\n")


def test_metrics_are_not_shown_outside(proxied):
    assert proxied.http.get("/metrics").status_code == 404
    assert proxied.http.get("/healthz").status_code == 200
