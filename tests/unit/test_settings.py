"""Settings: lists, pairs and addresses are checked before anything starts."""

import re

import pytest

from guildhall.settings import Settings, SettingsError, read_settings, unknown_variables

ORIGIN, PROXY = "GUILDHALL_CORS_ORIGINS", "GUILDHALL_TRUSTED_PROXIES"
METRICS = "GUILDHALL_METRICS_ADDRESS"
PUBLIC_URL = "GUILDHALL_PUBLIC_URL"


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("10.0.0.1, 127.0.0.1", ("10.0.0.1", "127.0.0.1")),
        (" 10.0.0.0/8 ,2001:db8::/32,\t::1 ", ("10.0.0.0/8", "2001:db8::/32", "::1")),
        ("10.0.0.1,,", ("10.0.0.1",)),
        (" ", ()),
    ],
)
def test_lists_are_trimmed(text, entries):
    assert read_settings({PROXY: text}).trusted_proxies == entries


def test_origins_are_trimmed():
    origins = read_settings({ORIGIN: "https://a.example, http://[::1]:8080"}).cors_origins
    assert origins == ("https://a.example", "http://[::1]:8080")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *((PROXY, text) for text in ("localhost", "10.0.0.1 10.0.0.2", "10.0.0.0/33", "10.0.0.1/8", "*")),
        *((ORIGIN, text) for text in ("a.example", "https://a.example/", "*", "https://A.example", "null")),
        *((METRICS, text) for text in ("9100", ":9100", "localhost", "::1:9100", "localhost:65536", "a b:1")),
        *((PUBLIC_URL, text) for text in ("directory.example", "//directory.example", "ftp://a.example")),
        *((PUBLIC_URL, f"https://{rest}") for rest in ("", "a b", "bücher.example", "a/é", "a/?x=1", "a/#b")),
    ],
)
def test_entry_that_cannot_be_read_is_refused(name, text):
    """Contract 8, "Proxies"; a setting that does nothing is worse than none."""
    with pytest.raises(SettingsError, match=f"^{name}: .*{re.escape(text[-3:])}"):
        read_settings({name: text})


def test_one_bad_entry_among_good_ones_is_named():
    with pytest.raises(SettingsError, match=r"10\.0\.0\.256"):
        read_settings({PROXY: "127.0.0.1, 10.0.0.256"})


@pytest.mark.parametrize("address", ["127.0.0.1:9100", "[::1]:9100", "localhost:0"])
def test_address_of_the_metrics(address):
    assert read_settings({METRICS: address}).metrics_address == address


@pytest.mark.parametrize(
    "url", ["https://A.example", "http://[::1]:8080/", "https://a.example:444/directory"]
)
def test_public_url(url):
    assert read_settings({PUBLIC_URL: url}).public_url == url


@pytest.mark.parametrize("there", ["CERTIFICATE", "KEY"])
@pytest.mark.parametrize("empty", [{}, {"GUILDHALL_TLS_KEY": "", "GUILDHALL_TLS_CERTIFICATE": ""}])
def test_half_of_tls_is_refused(there, empty):
    """Half a setting for HTTPS must not serve plain HTTP."""
    with pytest.raises(SettingsError, match=f"GUILDHALL_TLS_{there} is set"):
        read_settings({**empty, f"GUILDHALL_TLS_{there}": "x.pem"})


def test_tls_may_come_from_both_places():
    settings = read_settings({"GUILDHALL_TLS_KEY": "key.pem"}, tls_certificate="cert.pem")
    assert (settings.tls_certificate, settings.tls_key) == ("cert.pem", "key.pem")


def test_unknown_variable_names_the_nearest():
    """A misspelt setting does nothing, and nobody would notice."""
    (sentence,) = unknown_variables({"GUILDHALL_TLS_CERTIFICAT": "x", "GUILDHALL_KEY": "k", "PATH": "/"})
    assert "GUILDHALL_TLS_CERTIFICAT " in sentence
    assert sentence.endswith("Did you mean GUILDHALL_TLS_CERTIFICATE?")


def test_unknown_variable_with_none_near():
    (sentence,) = unknown_variables({"GUILDHALL_XYZZY": "x"})
    assert "Did you mean" not in sentence


def test_every_setting_is_known():
    assert not unknown_variables({f"GUILDHALL_{name.upper()}": "x" for name in Settings.__struct_fields__})
