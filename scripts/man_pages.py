"""Writes a man page a command: attent --experimental-dump-help | man_pages.py FOLDER"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def escaped(text: str) -> str:
    """Plain text for troff: no character of it is a request or an escape."""
    lines = text.replace("\\", "\\e").replace("-", "\\-").split("\n")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in lines)


def name(argument: dict) -> str:
    """`--set KEY`, `-h, --help` or `RECIPE`."""
    value = (argument.get("valueName") or "").upper()
    if argument["kind"] == "positional":
        return value
    dashes = {"short": "-", "long": "--", "longWithSingleDash": "-"}
    names = ", ".join(dashes[item["kind"]] + item["name"] for item in argument["names"])
    return f"{names} {value}" if argument["kind"] == "option" else names


def usage(command: dict) -> str:
    parts = []
    for argument in shown(command):
        text = name({**argument, "names": argument.get("names", [])[-1:]})
        text += "..." if argument.get("isRepeating") else ""
        parts.append(f"[{text}]" if argument.get("isOptional") else text)
    if subcommands(command):
        parts = ["COMMAND"]
    return " ".join(parts)


def shown(command: dict) -> list[dict]:
    return [argument for argument in command.get("arguments", []) if argument.get("shouldDisplay", True)]


def subcommands(command: dict) -> list[dict]:
    return [item for item in command.get("subcommands", []) if item["commandName"] != "help"]


def page(command: dict, path: list[str]) -> str:
    """The page of the command that `path` leads to."""
    title = "-".join(path)
    lines = [f'.TH "{escaped(title.upper())}" 1 "" "attent" "User Commands"', ".SH NAME"]
    lines += [f"{escaped(title)} \\- {escaped(command.get('abstract', '').rstrip('.'))}"]
    lines += [".SH SYNOPSIS", f".B {escaped(' '.join(path))}", escaped(usage(command))]
    if command.get("discussion"):
        lines += [".SH DESCRIPTION", escaped(command["discussion"])]
    if shown(command):
        lines.append(".SH OPTIONS")
    for argument in shown(command):
        lines += [".TP", f"\\fB{escaped(name(argument))}\\fR", escaped(argument.get("abstract") or "")]
        if argument.get("defaultValue"):
            lines.append(escaped(f"(default: {argument['defaultValue']})"))
    if subcommands(command):
        lines.append(".SH COMMANDS")
    for child in subcommands(command):
        lines += [".TP", f"\\fB{escaped('-'.join(path + [child['commandName']]))}\\fR(1)"]
        lines.append(escaped(child.get("abstract", "")))
    return "\n".join(line for line in lines if line) + "\n"


def write(command: dict, path: list[str], folder: Path) -> None:
    path = [*path, command["commandName"]]
    (folder / f"{'-'.join(path)}.1").write_text(page(command, path))
    for child in subcommands(command):
        write(child, path, folder)


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write(json.load(sys.stdin)["command"], [], folder)


if __name__ == "__main__":
    main()
