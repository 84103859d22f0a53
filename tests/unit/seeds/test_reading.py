"""What can be read as a seed file, and what a mistake in one is told as (docs/seed-files.md)."""

import io
import json
from pathlib import Path

import pytest
from msgspec import UNSET

from guildhall.model.errors import InvalidInput
from guildhall.model.seeds import Section
from guildhall.seeds import reading
from guildhall.seeds.reading import read_seed_file, read_seed_json, read_seed_text

LINES = b"""\
# A comment.
organization: {"name": "Example"}
users:
- {"name": "Ada", "email": "ada@example.com"}
- {"name": "Zo\xc3\xab \\ud83d\\ude00", "email": "zoe@example.com", "directories": [
    "Staff",
    {"directory": "Partners", "status": "suspended"}
  ]}
- {name: "Not quite JSON", email: x@example.com}
groups: []
keys:
...
"""
BLOCKS = """\
organization:
  name: Example
keys: ~
groups:
users:
  - name: Ada
    email: ada@example.com
  - name: Zoë 😀
    email: zoe@example.com
    directories:
      - Staff
      - directory: Partners
        status: suspended
  - {name: Not quite JSON, email: x@example.com}
""".encode()


def details(read, data: str | bytes) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        read(data.encode() if isinstance(data, str) else data)
    return list(caught.value.details)


def values(document) -> dict[str, list]:
    return {section: [item.value for item in document.items(section)] for section in Section}


def test_lines_and_blocks_say_the_same():
    (lines,), (blocks,) = read_seed_text(LINES), read_seed_text(BLOCKS)
    assert lines.organization.value == blocks.organization.value
    assert values(lines) == values(blocks)
    assert [user.name for user in values(lines)["users"]] == ["Ada", "Zoë 😀", "Not quite JSON"]


def test_items_can_be_read_again_and_know_their_lines():
    (document,) = read_seed_text(LINES)
    for _ in range(2):
        places = [item.place.where() for item in document.items(Section.USERS)]
        assert places == ["line 4: users[0]", "line 5: users[1]", "line 9: users[2]"]
    second = list(document.items(Section.USERS))[1]
    assert second.place.where("directories[1].status") == "line 7: users[1].directories[1].status"


def test_several_organizations_in_lines_and_in_blocks():
    lines = b'organizations:\n- organization: {"name": "A"}\n  users:\n  - {"email": "a@b.c"}\n'
    lines += b'- organization: {"name": "B"}\n  groups:\n  - {"name": "g", "members": [\n      "x"\n    ]}\n'
    blocks = b"organizations:\n  - organization: {name: A}\n    users: [{email: a@b.c}]\n"
    blocks += b"  - {organization: {name: B}, groups: [{name: g, members: [x]}]}\n"
    assert [values(d) for d in read_seed_text(lines)] == [values(d) for d in read_seed_text(blocks)]
    _, second = read_seed_text(lines)
    (group,) = second.items(Section.GROUPS)
    assert group.place.where("members[0]") == "line 8: organizations[1].groups[0].members[0]"


def test_json_is_read_as_a_whole(tmp_path: Path):
    seed = {"organization": {"name": "Zoë 😀"}, "users": [{"email": "a@b.c", "name": "A\\ud83d"}]}
    for escaped in (True, False):
        text = json.dumps(seed, indent=1, ensure_ascii=escaped)
        (tmp_path / "seed.json").write_text(text)
        (document,) = read_seed_file(tmp_path / "seed.json")
        (same,) = read_seed_json(text.encode())
        assert document.organization.value.name == same.organization.value.name == "Zoë 😀"
        assert values(document) == values(same)
        assert values(document)["users"][0].name == "A\\ud83d"


def test_a_mistake_in_a_json_file_names_its_line(tmp_path: Path):
    text = json.dumps({"organization": {"name": "😀"}, "users": [{"email": "a@b.c", "nme": "A"}]}, indent=1)
    (tmp_path / "seed.json").write_text(text)
    wanted = "users[0].nme: unknown field; did you mean name?"
    assert details(lambda _: read_seed_file(tmp_path / "seed.json"), "") == [f"seed.json:8: {wanted}"]
    assert details(read_seed_json, text) == [wanted]


def test_words_without_quotes_are_texts_unless_they_are_numbers():
    text = b"users: [{accountId: 123456789012345678901234, name: no, email: 2024-01-01, mfaEnabled: True}]"
    (user,) = values(read_seed_text(text)[0])["users"]
    assert (user.account_id, user.name, user.email) == ("123456789012345678901234", "no", "2024-01-01")
    assert user.mfa_enabled is True
    assert user.nickname is UNSET


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "line 1: is empty."),
        ("just words", "line 1: must be a mapping of organization, roles, "),
        ("users: 1", "line 1: users: must be a list"),
        ("usres: []", "line 1: usres: unknown field; did you mean users?"),
        ("users:\n- name: A\n  emial: x", "line 3: users[0].emial: unknown field; did you mean email?"),
        ("users:\n- name: 12", "line 2: users[0].name: is a number. Right is: A text of 1 to 255"),
        ("users:\n- status: activ", "line 2: users[0].status: 'activ' is unknown. Right is: active, "),
        ("users:\n- directories: Staff", "users[0].directories: is a text. Right is: A list of directories"),
        (
            "users:\n- roles: [{resource: x}]",
            "users[0].roles[0].roles: is required. Right is: A list of roles",
        ),
        ("groups:\n- synced: yes", "line 2: groups[0].synced: is a text. Right is: true or false."),
        ("groups:\n- members: [a, [b]]", "groups[0].members[1]: is a list. Right is: An id, or a unique"),
        ("resources:\n- {id: a, userLimit: -1}", "userLimit: is out of range. Right is: A number; null is"),
        ("resources:\n- {id: a, userLimit: 1.5}", "userLimit: is a text. Right is: A number; null is"),
        ("keys:\n- hash: abc", "line 2: keys[0].hash: has the wrong form. Right is: The SHA-256 of a key"),
        ("users:\n- name: A\n  name: B", "line 3: users[0].name: stands here twice; the first is in line 2."),
        ('users:\n- {"name": "A", "name": "B"}', "line 2: users[0].name: stands here twice"),
        ("users: []\nusers: []", "line 2: users: stands here twice."),
        ("organizations: []\nusers: []", "line 2: users: must stand within one of the organizations."),
        ("a: &x 1\nb: *x", "line 2: b: anchors and aliases (&x, *x) cannot be used"),
        ("users: &x [*x]", "line 1: users[0]: anchors and aliases"),
        ("users:\n- name: !!python/name:os.system x", "line 2: users[0].name: tags such as "),
        ("users: " + "[" * 50_000, "is nested too deeply."),
        ('{"users": ' + "[" * 50_000, "is nested too deeply."),
        ("users: [", "is not well-formed YAML"),
        ("\tusers: []", "line 1: is not well-formed YAML"),
        ("users: []\n---\ngroups: []", "line 2: a second document begins"),
        ("users:\n- name: a\0", "line 2: the character U+0000 must not stand in a file."),
        ('users:\n- name: "a\\0"', "line 2: users[0].name: holds a NUL"),
        ('users:\n- {"name": "a\\u0000"}', "line 2: users[0].name: holds a NUL"),
        ('users:\n- {"name": "\\ud800"}', "line 2: is not well-formed YAML: found invalid Unicode"),
        (b"users:\n- name: \xff", "line 2: is not UTF-8"),
    ],
)
def test_mistakes_name_line_and_field(text, wanted):
    assert wanted in "\n".join(details(read_seed_text, text))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "is not well-formed JSON"),
        ("users: []", "line 1: is not well-formed JSON"),
        ('{"users": [{"name": NaN}]}', "NaN"),
        ('{"users": [], "users": []}', "users stands twice in one object."),
        ('{"users": [{"name": "\\ud800"}]}', "lone surrogate"),
        ('{"users": [{"name": "\\u0000"}]}', "NUL"),
        ("[" * 100_000, "too deep"),
        (
            '{"users": [{"roles": [{"resource": 1, "roles": []}]}]}',
            "users[0].roles[0].resource: is a number.",
        ),
    ],
)
def test_mistakes_in_json_name_the_field(text, wanted):
    assert wanted in "\n".join(details(read_seed_json, text))


def test_several_mistakes_are_told_at_once():
    text = "users:\n- {nme: a}\n- {name: 1, emial: b}\ngroups:\n- {synced: 2}\n"
    lines = [detail.partition(":")[0] for detail in details(read_seed_text, text)]
    assert lines == ["line 2", "line 3", "line 3", "line 5"]
    many = "users:\n" + "- {nme: a}\n" * 100
    assert len(details(read_seed_text, many)) == 51


def test_a_large_file_must_be_of_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "MOST_BYTES_AT_ONCE", 100)
    (tmp_path / "lines.yaml").write_bytes(LINES)
    assert read_seed_file(tmp_path / "lines.yaml")
    (tmp_path / "blocks.yaml").write_bytes(BLOCKS)
    (detail,) = details(lambda _: read_seed_file(tmp_path / "blocks.yaml"), "")
    assert detail.startswith("blocks.yaml:1: ")
    assert "the form of an export" in detail


def test_progress_is_told_in_bytes_of_both_readings(tmp_path: Path):
    path = tmp_path / "seed.yaml"
    path.write_bytes(LINES)
    told: list[int] = []
    (document,) = read_seed_file(path, told.append)
    assert sum(told) == len(LINES)
    values(document)
    assert sum(told) > len(LINES)


def test_reading_closes_what_it_opens():
    """Items that are not read to their end must not keep the file open."""
    opened: list[io.BytesIO] = []

    def opener() -> io.BytesIO:
        opened.append(io.BytesIO(LINES))
        return opened[-1]

    (document,) = reading._read(None, opener, lambda _: None)
    next(document.items(Section.USERS)).place.where()
    assert [stream.closed for stream in opened] == [True, True]


def test_all_mistakes_are_told_at_once():
    text = """users:
- nam: x
  email: 1
  status: activ
  directories:
  - Staff
  - {status: lost, addedAt: 1}
  - 7
groups:
- name: 3
  roles: [{resource: ""}, x]
"""
    assert [detail.partition(" Right is")[0] for detail in details(read_seed_text, text)] == [
        "line 2: users[0].nam: unknown field; did you mean name?",
        "line 3: users[0].email: is a number.",
        "line 4: users[0].status: 'activ' is unknown.",
        "line 7: users[0].directories[1].status: 'lost' is unknown.",
        "line 7: users[0].directories[1].addedAt: is a number.",
        "line 7: users[0].directories[1].directory: is required.",
        "line 8: users[0].directories[2]: is a number.",
        "line 10: groups[0].name: is a number.",
        "line 11: groups[0].roles[0].resource: is empty.",
        "line 11: groups[0].roles[0].roles: is required.",
        "line 11: groups[0].roles[1]: is a text.",
    ]


@pytest.mark.parametrize("form", ["- {nam: x}\n", "- nam: x\n"])
def test_of_many_mistakes_the_first_are_told_and_the_others_counted(form):
    found = details(read_seed_text, "groups:\n" + form * 1_234)
    assert len(found) == 51
    assert found[49] == "line 51: groups[49].nam: unknown field; did you mean name?"
    assert found[50] == "There are 1184 more mistakes; these are the first."
