import pytest

from guildhall.client import Guildhall
from guildhall.client.errors import (
    BadRequest,
    ClientError,
    Conflict,
    ErrorAnswer,
    InvalidArgument,
    MethodNotAllowed,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServerFailed,
    Unauthorized,
    UnexpectedAnswer,
)
from tests.client.remote import Reply, error

KINDS = {
    400: BadRequest,
    401: Unauthorized,
    403: PermissionDenied,
    404: NotFound,
    405: MethodNotAllowed,
    409: Conflict,
    413: BadRequest,
    415: BadRequest,
    429: RateLimited,
    500: ServerFailed,
    503: ServerFailed,
}


@pytest.mark.parametrize(("status", "kind"), KINDS.items())
def test_error_of_each_status(remote, client, status, kind):
    remote.play(error(status, "ADMIN-X", "No such thing.", retry_after="999"))
    with pytest.raises(ErrorAnswer) as caught:
        client.groups.stats()
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.code == "ADMIN-X"
    assert caught.value.detail == "No such thing."
    assert caught.value.error_id == "0badcafe"
    assert str(caught.value) == f"{status} ADMIN-X: No such thing. (error id 0badcafe)"


async def test_error_async(remote, async_client):
    remote.play(error(404, "ADMIN-UAM-404-3"))
    with pytest.raises(NotFound):
        await async_client.groups.get("g")


def test_error_with_several_fields(remote, client):
    items = [{"code": "C", "detail": "One."}, {"code": "C", "detail": None, "message": "Two."}]
    remote.play(Reply(400, {"errors": items}))
    with pytest.raises(BadRequest) as caught:
        client.groups.stats()
    assert [item.detail for item in caught.value.errors] == ["One.", "Two."]
    assert str(caught.value) == "400 C: One. Two."


@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b'{"message": "x"}', b'{"errors": []}', b"\xff"])
def test_error_that_is_not_of_the_contract(remote, client, body):
    remote.play(Reply(403, body, {"content-type": "text/html"}))
    with pytest.raises(PermissionDenied, match="Forbidden"):
        client.groups.stats()


def test_error_in_plain_text(remote, client):
    remote.play(Reply(413, b"Too much.", {"content-type": "text/plain"}))
    with pytest.raises(BadRequest, match=r"413: Too much\."):
        client.groups.stats()


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"count": "many"}', b"\xff\xfe"])
def test_success_that_cannot_be_read(remote, client, body):
    remote.play(Reply(200, body))
    with pytest.raises(UnexpectedAnswer, match="another shape"):
        client.groups.count()


def test_redirect_is_not_followed(remote, client):
    remote.play(Reply(302, b"", {"location": "https://elsewhere.example/"}))
    with pytest.raises(UnexpectedAnswer, match=r"302.*elsewhere\.example"):
        client.groups.count()
    assert len(remote.asked) == 1


@pytest.mark.parametrize("group_id", ["", ".", ".."])
def test_id_that_would_change_the_route(client, group_id):
    with pytest.raises(ValueError, match="cannot be an id"):
        client.groups.delete(group_id)


def test_misspelt_filter(client):
    with pytest.raises(TypeError, match="serch_term"):
        client.groups.list(serch_term="x")


def test_filter_that_is_empty(client):
    with pytest.raises(InvalidArgument, match="empty list"):
        client.groups.list(group_ids=[])


@pytest.mark.parametrize("url", ["", "guildhall.example", "ftp://x", "http://", "http://x?y=1", "http://x#y"])
def test_url_that_is_none(url):
    with pytest.raises(ValueError, match="URL"):
        Guildhall(url, "k")


@pytest.mark.parametrize("key", ["", "  ", "a b", "a\nb", "schlüssel"])
def test_key_that_is_none(key):
    with pytest.raises(ValueError, match="key"):
        Guildhall("http://127.0.0.1", key)


def test_key_is_never_shown(client):
    assert "a-key" not in repr(client.groups.sender.session)
    assert issubclass(ErrorAnswer, ClientError)
