"""The pages of the documentation name only what there is: files, commands, options, settings, targets, benchmarks."""

import argparse
import re
import shlex
from functools import cache
from itertools import takewhile
from pathlib import Path

import pytest

from player.button import Button
from player.settings import FILE, MachineFile, Outputs, PreKey, read_machine_file
from tiengloa import settings
from tiengloa.cli import parser

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
HISTORY = ROOT / "CHANGELOG.md"
ELSEWHERE = {
    ".venv/bin",
    "data/voices",
    "clock.key",
    "keys/clock.key",
    "keys/station.key",
    "floor.json",
    "identity.json",
    "machine.toml",
}
"""What lies in a data folder, in the folder of a machine or in the environment, never in the repository."""
SKIPPED = {"data", "test-output", "node_modules"}

_FILE = re.compile(
    r"[\w.-]+(?:/[\w.-]+)*\.(?:c|css|html|js|json|key|md|png|py|service|sh|toml|tsv|txt|conf|env)|[\w.-]+/[\w./-]*"
)
_COMMAND = re.compile(r"(?:^|[`\s]|bin/)tiengloa (?:--data \S+ )?((?!tiengloa)[a-z][^`\n#]*)", re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")
_CODE = re.compile(r"`([^`\n]+)`")
_BLOCK = re.MULTILINE | re.DOTALL
_PLACEHOLDER = re.compile(r"[…\[\]<>|]|\.\.\.")


def of_pages(pages: list[Path] = PAGES) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", pages, ids=lambda page: page.name)


@cache
def ours() -> frozenset[str]:
    """Return every file and folder of the repository."""
    tops = [
        top for top in ROOT.iterdir() if top.name not in SKIPPED and not (top.is_dir() and top.name.startswith("."))
    ]
    every = [*tops, *(path for top in tops if top.is_dir() for path in top.rglob("*"))]
    return frozenset(path.relative_to(ROOT).as_posix() for path in every if "__pycache__" not in path.parts)


def is_ours(name: str) -> bool:
    return name in ours() or any(path.endswith("/" + name) for path in ours())


@of_pages()
def test_every_link_leads_to_a_file(page: Path) -> None:
    targets = _LINK.findall(page.read_text("utf-8"))
    assert [one for one in targets if not (page.parent / one).exists()] == []


@of_pages()
def test_every_file_that_is_named_is_there(page: Path) -> None:
    named = {one.rstrip("/") for one in _CODE.findall(page.read_text("utf-8")) if _FILE.fullmatch(one)}
    assert sorted(one for one in named - ELSEWHERE if not is_ours(one)) == []


def test_every_page_is_found_from_the_readme() -> None:
    found, ahead = {ROOT / "README.md"}, [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        linked = {(page.parent / one).resolve() for one in _LINK.findall(page.read_text("utf-8"))}
        more = {one for one in linked - found if one.suffix == ".md"}
        found |= more
        ahead += more
    assert [page.name for page in PAGES if page not in found] == []


def test_the_table_of_rooms_names_modules_of_those_rooms() -> None:
    rows = re.findall(r"^\| `(\w+)/` \| ([^|]+)\|", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.MULTILINE)
    assert len(rows) == 9
    wrong = [
        f"{room}/{name}"
        for room, text in rows
        for name in (one.rstrip("/").removesuffix(".py") for one in _CODE.findall(text))
        if not {f"{room}/{name}", f"{room}/{name}.py"} & ours()
    ]
    assert wrong == []


def choices(of: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the commands that may follow."""
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices
    return {}


def wrong_with(words: list[str]) -> str:
    """Return the first word that the command line does not know, or nothing."""
    of = parser()
    for word in words:
        if word.startswith("-"):
            if word not in of._option_string_actions:
                return word
        elif choices(of) and word not in choices(of):
            return word
        else:
            of = choices(of).get(word, of)
    return ""


def commands(text: str) -> list[list[str]]:
    """Return the words of each command, with or without its `tiengloa`, up to what stands for something else."""
    families = {name for name, of in choices(parser()).items() if choices(of)}
    short = [one for one in _CODE.findall(text) if one.partition(" ")[0] in families]
    every = [shlex.split(line.replace("'", " "), posix=False) for line in (*_COMMAND.findall(text), *short)]
    return [list(takewhile(lambda word: not _PLACEHOLDER.search(word), words)) for words in every]


@of_pages([page for page in PAGES if page != HISTORY])
def test_every_command_and_option_is_one_of_the_command_line(page: Path) -> None:
    assert [" ".join(words) for words in commands(page.read_text("utf-8")) if wrong_with(words)] == []


def options(of: argparse.ArgumentParser) -> set[str]:
    """Return the options of a command and of those below it."""
    return set(of._option_string_actions).union(*(options(one) for one in choices(of).values()))


@of_pages()
def test_every_option_named_alone_is_one_of_some_command(page: Path) -> None:
    named = {one.split()[0] for one in _CODE.findall(page.read_text("utf-8")) if one.startswith("--")}
    ours_and_benchmarks = options(parser()) | {"--quick", "--json"}
    assert named - ours_and_benchmarks == set()


def test_commands_are_found_and_judged() -> None:
    found = commands("`tiengloa machine enrol --cod X`, `bin/tiengloa --data d doctor`\ntiengloa fly # x\n `area ad`")
    assert found == [["machine", "enrol", "--cod", "X"], ["doctor"], ["fly"], ["area", "ad"]]
    assert [wrong_with(words) for words in found] == ["--cod", "", "fly", "ad"]


def test_every_setting_is_told_of_and_no_other() -> None:
    told = {one for page in PAGES for one in re.findall(r"\bTIENGLOA_([A-Z_]*[A-Z])\b", page.read_text("utf-8"))}
    assert told - {"TRACE", "REQUIRE_TOOLS"} == {*settings._KNOWN, *settings._BROKER}


@of_pages()
def test_every_target_and_benchmark_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE))
    assert named - targets == set()
    benchmarks = re.findall(r"python -m benchmarks[. ]([a-z_]+)", text)
    assert [one for one in benchmarks if not is_ours(f"benchmarks/{one}.py")] == []


def test_every_example_of_the_boxs_own_file_is_taken(tmp_path: Path) -> None:
    examples = [one for page in PAGES for one in re.findall(r"^```toml\n(.*?)^```", page.read_text("utf-8"), _BLOCK)]
    assert len(examples) >= 6
    for one in examples:
        (tmp_path / FILE).write_text(one, "utf-8")
        assert read_machine_file(tmp_path) != MachineFile()


def test_every_line_that_the_boxs_own_file_may_hold_is_told_of() -> None:
    every = "\n".join(page.read_text("utf-8") for page in PAGES)
    fields = {*PreKey.__dataclass_fields__, *Outputs.__dataclass_fields__, *Button.__dataclass_fields__} - {"name"}
    assert [one for one in sorted(fields) if not re.search(rf"(?m)^(?:# )?{one} = ", every)] == []
