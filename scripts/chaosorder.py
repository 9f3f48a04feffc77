"""For scripts/chaos: what a power cut would find, by the order of a run's calls to the system.

SIGKILL takes nothing from what the kernel holds, a power cut takes what was not synchronised with the disk. Cutting power
is beyond a script; what it may take away is told by the order of writing, fsync and rename, which strace shows.
"""

import os
import re
import shutil
import subprocess

CALLS = "write,writev,pwrite64,pwritev,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,rmdir,ftruncate"
LINE = re.compile(r"^(\d+) +(?:<\.\.\. )?(\w+)(?: resumed>|\()?(.*)$")


def calls(trace: str):
    """(name, paths) of each call that succeeded, in the order in which they ended; writes as they began, too."""
    begun = {}
    with open(trace, errors="replace") as file:
        for line in file:
            if not (match := LINE.match(line)):
                continue
            process, name, rest = match.groups()
            if " resumed>" in line[:80]:
                rest = begun.pop(process, "") + rest
            elif rest.endswith("<unfinished ...>"):
                begun[process] = rest.removesuffix("<unfinished ...>")
                # What is written at all may be on its way from here on.
                if "write" not in name:
                    continue
            elif " = -1 " in rest or (" = " not in rest):
                continue
            if " = -1 " in rest:
                continue
            yield name, re.findall(r'\d+<([^>]+)>|"([^"]*)"', rest)


def name(found: tuple[str, str]) -> str:
    return os.path.normpath(found[0] or found[1])


class Disk:
    """What of a folder is on the disk for certain."""

    def __init__(self, root: str):
        self.root = root
        # Files written to and not synchronised since; folders with a rename that is not; what has been renamed.
        self.dirty, self.unsettled, self.renames = set(), {}, 0

    def inside(self, path: str) -> bool:
        return path == self.root or path.startswith(f"{self.root}/")

    def loose(self, path: str) -> list[str]:
        return sorted(file for file in self.dirty if file == path or file.startswith(f"{path}/"))

    def rename(self, old: str, new: str) -> str | None:
        leaving = new.endswith((".removed", ".replaced"))
        if leaving and self.unsettled:
            return f"{old} goes while {list(self.unsettled.values())[0]} may not be there yet"
        if not leaving and (loose := self.loose(old)):
            return f"{new} gets its name while {loose[0]} may not be written"
        log = f"{self.root}/metrics.jsonl"
        if re.fullmatch(r"step-\d+", os.path.basename(new)) and log in self.dirty:
            return f"{new} is there while {log} may lack lines that led to it"
        moved = self.loose(old)
        self.dirty = self.dirty.difference(moved).union(new + file[len(old) :] for file in moved)
        if not leaving:
            self.unsettled[os.path.dirname(new)] = new
            self.renames += 1
        return None

    def call(self, name: str, paths: list[str]) -> str | None:
        if "write" in name or name == "ftruncate":
            self.dirty.add(paths[0])
        elif name in ("fsync", "fdatasync"):
            self.dirty.discard(paths[0])
            self.unsettled.pop(paths[0], None)
        elif name.startswith("rename"):
            return self.rename(paths[-2], paths[-1])
        else:
            self.dirty.discard(os.path.join(*paths))
        return None


def power_cut(victim) -> str | None:
    """A run under strace: nothing gets its name before it is on the disk, nothing goes before what replaces it is."""
    if not shutil.which("strace"):
        return "strace is not installed; install it with 'apt-get install strace'"
    trace = f"{os.path.dirname(victim.folder)}/trace"
    options = ("-f", "-y", "-qq", "-s", "0", "-e", "signal=none", "-e", f"trace={CALLS}", "-o", trace)
    process = victim.start(("strace", *options))
    text = process.communicate()[1]
    if process.returncode != 0:
        return f"it ended with {process.returncode}: {text.strip()}"
    disk = Disk(victim.folder)
    for call, found in calls(trace):
        paths = [name(path) for path in found]
        if any(disk.inside(path) for path in paths) and (problem := disk.call(call, paths)):
            return problem
    if disk.unsettled:
        return f"{list(disk.unsettled.values())[0]} may not be there at the end"
    return None if disk.renames > 10 else f"strace saw {disk.renames} files get their names, expected more than 10"
