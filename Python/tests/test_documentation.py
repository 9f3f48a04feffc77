"""The documentation's Python, without anything installed: it compiles, and the package has what it imports."""

from __future__ import annotations

import ast
import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "Python" / "src" / "attent"
PAGES = [ROOT / "README.md", ROOT / "Python" / "README.md", *sorted((ROOT / "Documentation").rglob("*.md"))]
PAGES += sorted((ROOT / "Examples").glob("*/README.md"))


def blocks() -> list[tuple[str, str]]:
    """Each piece of Python with the page that it is on."""
    fence = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
    return [(page.name, block) for page in PAGES for block in fence.findall(page.read_text(encoding="utf-8"))]


def exported(module: str) -> set[str]:
    """The names in `__all__` of one of the package's modules."""
    file = PACKAGE / ("/".join(module.split(".")[1:]) or "__init__")
    for node in ast.parse(file.with_suffix(".py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return set(ast.literal_eval(node.value))
    raise AssertionError(f"{module} has no __all__")


class DocumentationTests(unittest.TestCase):
    def test_every_block_compiles(self) -> None:
        self.assertGreaterEqual(len(blocks()), 3)
        for page, block in blocks():
            compile(block, page, "exec")

    def test_what_is_imported_of_the_package_is_there(self) -> None:
        programs = [(path.name, path.read_text(encoding="utf-8")) for path in (ROOT / "Python/examples").glob("*.py")]
        for name, text in blocks() + programs:
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "attent":
                    self.assertLessEqual({alias.name for alias in node.names}, exported(node.module), name)
                elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "attent":
                    self.assertIn(node.attr, exported("attent"), name)


if __name__ == "__main__":
    unittest.main()
