"""PATHS -> files: what is walked, what is left out, what is reported."""

import os
from pathlib import Path

import pytest

from linkkeeper.errors import UsageError
from linkkeeper.extract.discover import DiscoverOptions, Discovery, Walk, discover


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that is also the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(*names: str, text: str = "x") -> None:
    """Write files below the current folder."""
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def found(*paths: str, **options: int) -> list[str]:
    """Return the paths of the files that are found."""
    return [file.path for file in run(*paths, **options).files]


def run(*paths: str, **options: int) -> Discovery:
    """Discover below the current folder."""
    return discover(paths or (".",), DiscoverOptions(**options))  # type: ignore[arg-type]  # bool is an int


def test_a_folder_is_walked_in_order_of_names(tree: Path) -> None:
    put("b.md", "a/z.md", "a/b/c.html", "c.txt")
    assert found() == ["b.md", "c.txt", "a/z.md", "a/b/c.html"]
    assert found("a") == ["a/z.md", "a/b/c.html"]
    assert found("./a/") == ["./a/z.md", "./a/b/c.html"]
    assert found(str(tree / "a")) == [f"{tree}/a/z.md", f"{tree}/a/b/c.html"]


def test_files_come_while_folders_are_still_walked(tree: Path) -> None:
    put("a.md", "b/c.md", "b/d.png")
    walk = Walk((".",), DiscoverOptions())
    files = walk.files()
    assert next(files).path == "a.md"
    put("b/e.md")
    assert [file.path for file in files] == ["b/c.md", "b/e.md"]
    assert (walk.count, walk.skipped) == (3, 1)


def test_a_path_that_does_not_exist_is_said_before_anything_is_walked(tree: Path) -> None:
    put("a.md")
    with pytest.raises(UsageError, match="nowhere"):
        Walk((".", "nowhere"), DiscoverOptions())


def test_files_without_a_format_are_counted(tree: Path) -> None:
    put("a.md", "b.png", "c", "d.exe")
    assert run().skipped == 3


def test_data_files_count_when_named_or_asked_for(tree: Path) -> None:
    put("a.md", "b.json", "c.yaml")
    assert found() == ["a.md"]
    assert found(".", data_files=True) == ["a.md", "b.json", "c.yaml"]
    assert found("b.json") == ["b.json"]


@pytest.mark.parametrize(
    "name", [".git/a.md", "node_modules/x/a.md", ".linkkeeper/a.md", ".hidden/a.md", "x/.cache/a.md", "a/.b.md"]
)
def test_what_is_not_the_authors_is_not_walked(tree: Path, name: str) -> None:
    put(name, "ok.md")
    assert found() == ["ok.md"]


def test_a_virtual_environment_is_not_walked(tree: Path) -> None:
    put("env/pyvenv.cfg", "env/lib/a.md", "ok.md")
    assert found() == ["ok.md"]


def test_hidden_folders_and_files_are_read_when_named(tree: Path) -> None:
    put(".github/a.md", ".b.md")
    assert found(".github") == [".github/a.md"]
    assert found(".b.md") == [".b.md"]


def test_gitignore_holds_in_its_folder_and_below(tree: Path) -> None:
    put("a.md", "drafts/b.md", "c/d.md", "c/drafts/e.md", "c/keep.md", "build/f.md", "g/build.md")
    put(".gitignore", text="drafts/\n/build\n*.tmp.md\n")
    put("c/.gitignore", text="*.md\n!keep.md\n")
    assert found() == ["a.md", "c/keep.md", "g/build.md"]


def test_a_deeper_gitignore_takes_back_what_one_above_says(tree: Path) -> None:
    put("a.tmp.md", "b/c.tmp.md", "b/d.tmp.md")
    put(".gitignore", text="*.tmp.md\n")
    put("b/.gitignore", text="!c.tmp.md\n")
    assert found() == ["b/c.tmp.md"]


def test_gitignore_above_the_folder_holds_up_to_the_repository(tree: Path) -> None:
    (tree / "repo" / ".git").mkdir(parents=True)
    put("repo/.gitignore", text="secret/\n")
    put("repo/content/.gitignore", text="*.draft.md\n")
    put("repo/content/a.md", "repo/content/secret/b.md", "repo/content/c.draft.md")
    put(".gitignore", text="*.md\n")
    assert found("repo/content") == ["repo/content/a.md"]


def test_an_ignored_file_is_read_when_named(tree: Path) -> None:
    put("a.md", ".gitignore", text="a.md\n")
    assert found("a.md") == ["a.md"]


def test_a_broken_gitignore_line_is_left_out(tree: Path) -> None:
    put("a.md", "b.md")
    put(".gitignore", text="!\nb.md\n[\n")
    assert found() == ["a.md"]


def test_a_missing_path_is_named(tree: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.md"):
        run("nowhere.md")
    with pytest.raises(UsageError, match=r"list\.txt"):
        run("@list.txt")


def test_a_list_names_paths_line_by_line(tree: Path) -> None:
    put("a.md", "b c.md", "d/e.md")
    put("list.txt", text="a.md\r\n\nb c.md\nd\n")
    assert found("@list.txt") == ["a.md", "b c.md", "d/e.md"]


def test_a_dash_is_stdin(tree: Path) -> None:
    assert run("-") == Discovery(stdin=True)


def test_a_file_named_twice_counts_once(tree: Path) -> None:
    put("a/b.md")
    assert found("a", "a/b.md", "./a") == ["a/b.md"]


def test_a_file_counts_once_by_whatever_way_its_folder_is_named(tree: Path) -> None:
    put("a/b/c.md", "a/.d.md.md", "a/e.", "a/f.MD")
    Path("way").symlink_to("a/b")
    assert found("way/c.md", "a") == ["way/c.md", "a/f.MD"]
    assert found("a", "way/c.md", "way") == ["a/f.MD", "a/b/c.md"]
    assert run("a").skipped == 1


def test_links_out_of_the_folder_are_not_opened(tree: Path) -> None:
    put("outside/a.md", "site/b.md")
    Path("site/out.md").symlink_to("../outside/a.md")
    Path("site/folder").symlink_to("../outside")
    Path("site/in.md").symlink_to("b.md")
    Path("site/dangling.md").symlink_to("nothing.md")
    discovery = run("site")
    assert [file.path for file in discovery.files] == ["site/b.md", "site/in.md"]
    assert [problem.file for problem in discovery.problems] == ["site/dangling.md", "site/out.md"]


def test_pipes_and_devices_are_not_opened(tree: Path) -> None:
    os.mkfifo("pipe.md")
    assert [problem.problem for problem in run().problems] == ["not a regular file: not opened"]
    assert [problem.problem for problem in run("pipe.md").problems] == ["not a regular file: not opened"]


def test_a_large_file_is_reported(tree: Path) -> None:
    put("a.md", text="x" * 100)
    discovery = run(max_file_bytes=99)
    assert (discovery.files, discovery.problems[0].file) == ((), "a.md")
    assert "99 bytes" in discovery.problems[0].problem


def test_a_name_that_is_no_text_is_reported(tree: Path) -> None:
    Path(os.fsdecode(b"a\xff.md")).write_text("x")
    [problem] = run().problems
    assert problem.file.encode() == b"a\\udcff.md"


def test_a_folder_that_cannot_be_listed_is_reported(tree: Path) -> None:
    put("a/b.md", "c.md")
    Path("a").chmod(0)
    try:
        discovery = run()
    finally:
        Path("a").chmod(0o755)
    if os.geteuid() != 0:
        assert discovery.problems[0].file == "a"
    assert "c.md" in [file.path for file in discovery.files]


def test_a_loop_of_symbolic_links_is_a_row_and_the_walk_goes_on(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "loop.md").symlink_to("loop.md")
    (tmp_path / "post.md").write_text("text")
    found = discover([str(tmp_path)], DiscoverOptions())
    assert [file.path.rpartition("/")[2] for file in found.files] == ["post.md"]
    assert {problem.file.rpartition("/")[2] for problem in found.problems} >= {"loop.md"}
