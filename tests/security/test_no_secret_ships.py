"""What is installed on every terminal holds no secret: each makes its own when it is paired."""

import ast
import re
import subprocess

from tests.source_tree import ROOT, sources, tree

SHIPPED = ("device/", "hub/", "loyalty/", "revisit.py")
KEY_MIN_BYTES = 16
# As keys are written down: in hexadecimal or base 64.
KEY_TEXT = re.compile(r"(?<![\w+/-])(?:[0-9a-fA-F]{32,}|[\w+/-]{43,}={0,2})(?![\w-])", re.ASCII)
PRIVATE_KEY = re.compile(r"BEGIN [A-Z ]*PRIVATE KEY")


def looks_like_a_key(value: object) -> bool:
    """Whether `value`, a constant, could be a key or hold one."""
    if isinstance(value, bytes):
        if not value.isascii() or not value.decode().replace("\n", "").isprintable():
            return len(value) >= KEY_MIN_BYTES and len(set(value)) > 10
        value = value.decode()
    return isinstance(value, str) and (
        PRIVATE_KEY.search(value) is not None or any(map(is_random, KEY_TEXT.findall(value)))
    )


def is_random(text: str) -> bool:
    """Whether `text` has figures and other characters, as chance has it, and is no alphabet."""
    return bool(re.search(r"[0-9]", text)) and 8 < len(set(text)) < len(text)


def keys_in(source: str) -> list[str]:
    nodes = ast.walk(ast.parse(source))
    values = [it.value for it in nodes if isinstance(it, ast.Constant)]
    return [repr(it)[:60] for it in values if looks_like_a_key(it)]


def test_no_program_has_a_key_in_it():
    shipped = [it for it in sources() if it.startswith(SHIPPED)]

    found = {name: keys_in(ast.unparse(tree(name))) for name in shipped}

    assert {name: it for name, it in found.items() if it} == {}


def test_nothing_else_that_is_kept_here_is_a_private_key():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, check=True, text=True
    )

    kept = [ROOT / it for it in listed.stdout.splitlines() if not it.startswith("tests/")]
    found = [str(it) for it in kept if PRIVATE_KEY.search(it.read_text(errors="ignore"))]

    assert found == []


def test_a_key_would_be_found():
    secret = bytes(range(32))

    assert keys_in(f"KEY = {secret!r}")
    assert keys_in(f"KEY = bytes.fromhex('{secret.hex()}')")
    assert keys_in("KEY = 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA='")
    assert keys_in("KEY = '-----BEGIN EC PRIVATE KEY-----'")
    assert not keys_in("WORDS = 'a sentence of many words, and 12 figures'")
