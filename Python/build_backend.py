"""Packs the package and the compiled library into a wheel (PEP 427, PEP 517), with Python's own library only."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent
SOURCE = ROOT / "src" / "attent"
LIBRARY = SOURCE / "libattent.so"


def build_wheel(wheel_directory: str, config_settings: object = None, metadata_directory: str | None = None) -> str:
    """Writes the wheel and returns its name; the same sources give the same bytes."""
    if not LIBRARY.exists():
        raise SystemExit(f"{LIBRARY} is absent; 'make python' compiles it")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    tag = f"py3-none-{platform(LIBRARY)}"
    name = f"attent-{project['version']}"
    information = f"{name}.dist-info"
    files = {f"attent/{file.name}": file.read_bytes() for file in sorted(SOURCE.iterdir()) if file.is_file()}
    files[f"{information}/METADATA"] = metadata(project).encode()
    files[f"{information}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: attent\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()
    )
    files[f"{information}/licenses/LICENSE"] = (ROOT.parent / "LICENSE").read_bytes()
    lines = [f"{path},{digest(content)},{len(content)}" for path, content in files.items()]
    files[f"{information}/RECORD"] = "\n".join([*lines, f"{information}/RECORD,,\n"]).encode()
    target = Path(wheel_directory) / f"{name}-{tag}.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if path.endswith(".so") else 0o644) << 16
            archive.writestr(entry, content)
    return target.name


def metadata(project: dict) -> str:
    """The core metadata, its body the README."""
    lines = [
        "Metadata-Version: 2.1",
        "Name: attent",
        f"Version: {project['version']}",
        f"Summary: {project['description']}",
        f"Requires-Python: {project['requires-python']}",
        f"License: {project['license']['text']}",
        f"Keywords: {','.join(project['keywords'])}",
        "Classifier: Operating System :: POSIX :: Linux",
        "Description-Content-Type: text/markdown",
    ]
    for extra, requirements in project["optional-dependencies"].items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f"Requires-Dist: {requirement}; extra == '{extra}'" for requirement in requirements]
    return "\n".join(lines) + "\n\n" + (ROOT / "README.md").read_text()


def platform(library: Path) -> str:
    """The oldest manylinux platform (PEP 600) whose C library has every symbol version that ours asks for."""
    listing = subprocess.run(
        ["objdump", "--dynamic-syms", str(library)], check=True, capture_output=True, text=True
    ).stdout
    found = {tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_([\d.]+)", listing)}
    major, minor = max(found)[:2]
    return f"manylinux_{major}_{minor}_{os.uname().machine}"


def digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
