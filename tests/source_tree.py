"""The repository as tests of its rules see it: files, syntax trees, what a file imports."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("loyalty", "device", "hub", "simulators")
WRITTEN_SUFFIXES = {".py", ".md", ".toml", ".in", ""}


@cache
def sources() -> tuple[str, ...]:
    """Return every Python file of our packages, from the top of the repository."""
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return tuple(sorted(path.relative_to(ROOT).as_posix() for path in found))


@cache
def tree(name: str) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse((ROOT / name).read_text(), filename=name)


def written_files() -> Iterator[Path]:
    """Return what people wrote: code and words, from the whole repository."""
    for top in ROOT.iterdir():
        if top.is_dir() and (top.name == ".ci" or not top.name.startswith(".")):
            inside = top.rglob("*")
            yield from (it for it in inside if it.suffix in WRITTEN_SUFFIXES and it.is_file())
        elif top.suffix in WRITTEN_SUFFIXES and top.is_file():
            yield top


def calls(name: str) -> Iterator[ast.Call]:
    """Return every call in a file."""
    return (node for node in ast.walk(tree(name)) if isinstance(node, ast.Call))


def imports(name: str) -> frozenset[str]:
    """Return what a file imports when it runs, with the packages above each module."""
    return frozenset(parent for it in modules_imported(name) for parent in (it, *parents(it)))


@cache
def modules_imported(name: str) -> frozenset[str]:
    """Return the modules that a file imports when it runs, each with what is taken from it."""
    found: set[str] = set()
    for node in running(tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno} imports relatively"
            assert node.module is not None
            found |= {module_of(node.module, alias.name) for alias in node.names}
    return frozenset(found)


def module_of(module: str, taken: str) -> str:
    """Return the module that `from module import taken` runs: `taken` may be one itself."""
    inner = ROOT / module.replace(".", "/") / taken
    return f"{module}.{taken}" if inner.is_dir() or inner.with_suffix(".py").is_file() else module


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Return every node below `node` but those that only a type checker sees."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from running(child)


def parents(module: str) -> list[str]:
    """Return the packages above a module: `a` and `a.b` for `a.b.c`."""
    words = module.split(".")
    return [".".join(words[:count]) for count in range(1, len(words))]


def is_below(name: str, folder: str) -> bool:
    """Return whether file `name` is in `folder` (empty: anywhere)."""
    return not folder or name.startswith(f"{folder}/")
