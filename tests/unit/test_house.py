"""What holds the house together: names, layers, plug points in the docs, and what browsers of the wards can read."""

import importlib.metadata
import importlib.util
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from domain import ports

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = ("domain", "store", "bulletins", "tts", "audio_library", "scheduler", "player", "web", "tiengloa")

TOO_NEW = {
    ".css": {
        r"\bsubgrid\b": "Chrome 117",
        r"(?m)^\s*&": "nesting, Chrome 112",
        r"\bcolor-mix\(": "Chrome 111",
        r"\boklch\(|\boklab\(|\blch\(": "Chrome 111",
        r"\blight-dark\(": "Chrome 123",
        r":popover-open|\[popover\]": "popover, Chrome 114",
        r"@starting-style": "Chrome 117",
        r"@scope\b": "Chrome 118",
    },
    ".js": {
        r"\bpopover|showPopover|hidePopover|togglePopover": "popover, Chrome 114",
        r"\bObject\.groupBy|\bMap\.groupBy": "Chrome 117",
        r"\bPromise\.withResolvers": "Chrome 119",
        r"\.(?:toSorted|toReversed|toSpliced)\(": "Chrome 110",
        r"\bArray\.fromAsync": "Chrome 121",
        r"\bstartViewTransition": "Chrome 111",
        r"\bURL\.canParse": "Chrome 120",
    },
    ".html": {r"\spopover(?:target)?\b[=\s>]": "popover, Chrome 114"},
}


def test_no_other_package_has_the_name_of_a_room() -> None:
    owners = importlib.metadata.packages_distributions()
    strangers = {room: set(owners.get(room, ())) - {"tiengloa"} for room in ROOMS}
    assert {room: found for room, found in strangers.items() if found} == {}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_imported_from_our_own_tree(room: str) -> None:
    spec = importlib.util.find_spec(room)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).parent == ROOT / room


def test_every_room_is_packed_typed_and_held_to_its_layer() -> None:
    tool = PROJECT["tool"]
    assert sorted(tool["hatch"]["build"]["targets"]["wheel"]["packages"]) == sorted(ROOMS)
    assert sorted(tool["mypy"]["files"]) == sorted(ROOMS)
    assert sorted(tool["importlinter"]["root_packages"]) == sorted(ROOMS)
    layers = tool["importlinter"]["contracts"][0]["layers"]
    assert sorted(name for layer in layers for name in layer.split(" | ")) == sorted(ROOMS)


def test_rooms_import_downward_only_the_core_is_pure_and_the_machine_stands_alone() -> None:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Contracts: \d+ kept, 0 broken", done.stdout)


def test_no_file_of_a_room_is_longer_than_a_reader_bears() -> None:
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    assert len(files) > 300
    lengths = {str(file.relative_to(ROOT)): file.read_text("utf-8").count("\n") for file in files}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_every_plug_point_is_in_the_docs() -> None:
    page = ROOT / "ARCHITECTURE.md"
    if not page.exists():
        pytest.skip("ARCHITECTURE.md is not written yet")
    text = page.read_text(encoding="utf-8")
    plugs = [name for name, kind in vars(ports).items() if inspect.isclass(kind) and getattr(kind, "_is_protocol", 0)]
    plugs.remove("Protocol")
    assert len(plugs) >= 8
    assert [name for name in plugs if not re.search(rf"\b{name}\b", text)] == []


def own_files() -> list[Path]:
    folders = (ROOT / "web" / "static", ROOT / "web" / "templates")
    return sorted(file for folder in folders for file in folder.rglob("*") if file.suffix in TOO_NEW)


def test_there_is_something_to_look_at() -> None:
    assert {file.suffix for file in own_files()} == set(TOO_NEW)


@pytest.mark.parametrize("file", own_files(), ids=lambda file: file.name)
def test_old_browsers_understand_our_pages(file: Path) -> None:
    """Chrome 109 and Firefox 115 are the last for Windows 7, which offices still use."""
    text = re.sub(r"/\*.*?\*/", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert {word: since for word, since in TOO_NEW[file.suffix].items() if re.search(word, text)} == {}


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "tts"])
def test_words_that_people_see_have_one_spelling(room: str) -> None:
    """The tone mark stands on the first vowel (khóa, xóa, hủy); the reader in tts knows both ways."""
    files = [one for one in (ROOT / room).rglob("*") if one.suffix in {".py", ".html", ".js"}]
    new_way = re.compile(r"\b(?:kh|x|h|t|l|ng)(?:oá|oà|oả|oạ)\b|\b(?:h|t|th|l)?u[ýỳỷỵ]\b", re.IGNORECASE)
    found = {f"{one.name}: {word[0]}" for one in files for word in new_way.finditer(one.read_text(encoding="utf-8"))}
    assert found == set()
