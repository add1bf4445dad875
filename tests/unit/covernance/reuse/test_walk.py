from __future__ import annotations

from pathlib import Path

import pytest

from covernance.reuse import walk
from covernance.reuse.seen import Looks

pytestmark = pytest.mark.reliability


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("src/a.py", "src/sub/b.py", "src/__pycache__/a.pyc", "out/report", "alone"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    (tmp_path / "src" / "linked").symlink_to("../out")
    return tmp_path


def test_folder_is_listed_recursively(root: Path) -> None:
    seen = walk.seen(Looks(root), root, ["src", "alone", "missing"])
    assert set(seen.read) == {"src/a.py", "src/sub/b.py", "src/linked", "alone", "missing"}
    assert set(seen.listed) == {"src", "src/sub"}
    assert seen.read["missing"] == "absent"


def test_skipped_folders_are_left_out(root: Path) -> None:
    assert "out/report" not in walk.seen(Looks(root), root, ["."], [root / "out"]).read
    assert "out/report" in walk.seen(Looks(root), root, ["."]).read


def test_stamps_detect_any_change(root: Path) -> None:
    before = walk.stamps(root)
    assert walk.stamps(root) == before
    (root / "alone").write_text("enola", encoding="utf-8")
    assert walk.stamps(root) != before
    (root / "alone").unlink()
    assert "alone" not in walk.stamps(root)


def test_vanished_file_has_an_empty_stamp(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "_walk", lambda *_: [(".", ["vanished"])])
    assert walk.stamps(root) == {"vanished": ()}
