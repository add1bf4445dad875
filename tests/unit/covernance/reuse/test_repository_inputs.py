from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.git.listing import Tracked
from covernance.model.inputs import Inputs
from covernance.reuse.evidence import Seen
from covernance.reuse.repository_inputs import Ways, list_inputs
from covernance.reuse.seen import CHANGED_MEANWHILE, Looks
from covernance.reuse.traces import Gathered

pytestmark = pytest.mark.reliability


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout whose folder of pyproject.toml is `part`."""
    root = tmp_path / "part"
    for name in ("data/a.txt", "data/b.txt", "../shared/c.txt"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return root


def tracked(root: Path, *names: str) -> Tracked:
    return Tracked(os.path.realpath(root.parent), frozenset(names))


def listed(root: Path, known: Tracked | None, **paths: list[str]) -> Inputs:
    looks = Looks(root)
    seen = Seen(**{kind: {path: looks.look(kind, path) for path in paths[kind]} for kind in paths})
    gathered = Gathered(seen=seen, installed=frozenset(), programs=("git",), refusals=("first",))
    return list_inputs(root, gathered, Seen(), Seen(), known)


def test_paths_of_the_checkout_are_listed_and_others_are_not(root: Path) -> None:
    shared = str(root.parent / "shared/c.txt")
    known = tracked(root, "data/a.txt", "../shared/c.txt")
    found = listed(root, known, read=["data/a.txt", shared, "/etc"], listed=[".", "/usr"])
    assert found == Inputs(
        read=("../shared/c.txt", "data/a.txt"),
        listed=(".",),
        programs=("git",),
        refusals=("first",),
    )


def test_folder_counts_by_existence_and_missing_path_by_its_first_missing_folder(
    root: Path,
) -> None:
    found = listed(root, tracked(root, "data/a.txt"), examined=["data"], read=["data/x/y/z.txt"])
    assert (found.asked, found.read, found.examined) == (("data", "data/x"), (), ())


def test_link_is_listed_with_its_target(root: Path) -> None:
    (root / "link").symlink_to("data")
    (root / "way").symlink_to("link/a.txt")
    (root / "nowhere").symlink_to("data/missing.txt")
    found = listed(
        root,
        tracked(root, "data/a.txt", "link", "way"),
        read=["way"],
        listed=["link"],
        asked=["nowhere"],
    )
    assert found.read == ("data/a.txt", "link", "nowhere", "way")
    assert found.listed == ("data",)
    assert found.refusals == ("first",)


def test_listing_depends_on_the_targets_of_links_in_the_folder(root: Path) -> None:
    (root / "links").mkdir()
    (root / "links/data").symlink_to("../data/a.txt")
    (root / "links/missing").symlink_to("../missing/b")
    (root / "links/circle").symlink_to("circle")
    found = listed(root, tracked(root), listed=["links"])
    assert found.read == ("links/circle", "links/data", "links/missing")
    assert (found.asked, found.listed) == (("data/a.txt", "missing"), ("links",))


def test_state_of_tools_may_be_looked_for(root: Path) -> None:
    (root / ".git").write_text("gitdir: elsewhere", encoding="utf-8")
    assert listed(root, tracked(root), asked=[".git"]).refusals == ("first",)
    assert len(listed(root, tracked(root), read=[".git"]).refusals) == 2


@pytest.mark.security
def test_file_outside_the_commit_is_a_refusal(root: Path) -> None:
    known = tracked(root, "data/b.txt")
    found = listed(root, known, asked=["data/a.txt"])
    reason = "data/a.txt was read or looked for but is not part of the commit"
    assert found.refusals == ("first", reason)
    found = listed(root, known, read=["data/a.txt", "../shared/c.txt", "data/b.txt"])
    reason = "../shared/c.txt (and 1 more) was read or looked for but is not part of the commit"
    assert found.refusals == ("first", reason)
    assert listed(root, tracked(root, "data"), read=["data/a.txt"]).refusals == ("first",)
    assert listed(root, None, read=["data/a.txt"]).refusals == ("first",)


@pytest.mark.security
@pytest.mark.parametrize("state", [CHANGED_MEANWHILE, "file 644 0", "absent"])
def test_file_seen_in_another_state_is_a_refusal(root: Path, state: str) -> None:
    seen = Seen(read={"data/a.txt": state})
    gathered = Gathered(seen=seen, installed=frozenset(), programs=(), refusals=())
    found = list_inputs(root, gathered, Seen(), Seen(), tracked(root, "data/a.txt"))
    assert found.refusals == ("data/a.txt changed while the suite ran",)


@pytest.mark.security
def test_declared_files_must_be_part_of_the_commit(root: Path) -> None:
    gathered = Gathered(seen=Seen(), installed=frozenset(), programs=(), refusals=())
    ignored = Seen(read={"data/a.txt": Looks(root).look("read", "data/a.txt")})
    assert list_inputs(root, gathered, ignored, Seen(), tracked(root)).refusals
    assert not list_inputs(root, gathered, Seen(), ignored, tracked(root)).refusals


@pytest.mark.security
def test_name_that_is_not_utf8_is_a_refusal(root: Path) -> None:
    gathered = Gathered(seen=Seen(), installed=frozenset(), programs=(), refusals=())
    parts = Seen(read={os.fsdecode(b"data/\xff.txt"): "file 644 0"})
    found = list_inputs(root, gathered, Seen(), parts, tracked(root))
    assert found.read == ()
    assert found.refusals == (r"'data/\udcff.txt' has a name that is not UTF-8",)


@given(
    links=st.dictionaries(
        st.sampled_from(["a", "d/b", "d/c", "e"]),
        st.sampled_from(["a", "d", "../d", "../e/f", ".", "missing/../d", "/nowhere", "e"]),
    ),
    path=st.sampled_from(["a", "a/b", "d/b/c", "e/f", "d/c/../f", "missing/a"]),
)
def test_path_resolves_as_in_the_operating_system(
    tmp_path_factory: pytest.TempPathFactory, links: dict[str, str], path: str
) -> None:
    root = tmp_path_factory.mktemp("ways")
    (root / "d").mkdir()
    for name, target in links.items():
        (root / name).symlink_to(target)
    way = Ways().follow(f"{root}/{path}")
    assert all(map(os.path.islink, way.links))
    try:
        there = (root / path).samefile(way.end)
    except FileNotFoundError:
        assert not (root / path).exists()
        assert not Path(way.end).exists()
    except OSError:  # a circle
        assert len(way.links) == 40
    else:
        assert there
