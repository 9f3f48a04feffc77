"""Runs for scripts/chaos: starting them, harming them, and comparing what they end with."""

import fcntl
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

import chaosorder

# A learner so small that a life costs about a second, saved so often that it spends much of it saving.
COMMON = ["training.threads=1", "training.precision=fp32", "training.epochs=4", "checkpoints.every_steps=4",
          "checkpoints.keep=2", "evaluation.count=4"]  # fmt: skip
SMALL = [*COMMON, "model.hidden_size=16", "model.num_hidden_layers=1", "model.num_attention_heads=2",
         "model.intermediate_size=32"]  # fmt: skip
DIGITS = [*SMALL, "training.batch_size=32"]
FEW = ["training.batch_size=16", "data.count=256", "data.test_count=16"]
SCENES = [*SMALL, *FEW, "model.decoder_hidden_size=16", "model.decoder_num_attention_heads=2",
          "model.decoder_intermediate_size=32", "model.num_visible_tokens=16"]  # fmt: skip
# Its base is the run `tokens` that was left alone.
ADAPTER = """name: adapter
data: {kind: word-problems}
model: {kind: llama, init_from: ROOT/tokens, lora: {rank: 2, target_modules: [q_proj, down_proj]}}
training: {learning_rate: 0.05}
"""
# By name, the recipe and the settings of the runs that are harmed: every kind of learner and of policy.
RUNS = {
    "attent": ("digits", [*DIGITS, "teacher=attent"]),
    "attent-plus": ("digits", [*DIGITS, "teacher=attent-plus"]),
    "selective-backprop": ("digits", [*DIGITS, "teacher=selective-backprop"]),
    "tokens": ("word-problems", [*SMALL, *FEW, "model.max_position_embeddings=160", "teacher=attent-plus"]),
    "adapter": ("{root}/adapter.yaml", [*COMMON, *FEW, "teacher=attent"]),
    "pictures": ("scenes", [*SCENES, "teacher=attent"]),
}
TIMED = re.compile(r"(_|/|^)seconds(/|$)|per_second$|^path$")


def enter_own_mounts() -> None:
    """Starts this program again where it may mount file systems of its own, which end with it."""
    if os.environ.get("ATTENT_CHAOS_MOUNTS"):
        return
    os.environ["ATTENT_CHAOS_MOUNTS"] = "1"
    flags = ["-m"] if os.getuid() == 0 else ["-U", "-r", "-m"]
    os.execvp("unshare", ["unshare", *flags, sys.executable, *sys.argv])


class Victim:
    """A run that is started again and again until it is complete."""

    # The folder of all of them.
    root = ""

    def __init__(self, attent: str, name: str, folder: str, seconds: float):
        self.attent, self.folder, self.seconds = attent, folder, seconds
        recipe, self.settings = RUNS[name]
        self.recipe = recipe.format(root=self.root)

    def command(self) -> list[str]:
        if os.path.exists(f"{self.folder}/recipe.yaml"):
            return [self.attent, "resume", "--quiet", self.folder]
        settings = [part for setting in self.settings for part in ("--set", setting)]
        return [self.attent, "train", self.recipe, "--quiet", "--out", self.folder, *settings]

    def start(self, prefix: tuple[str, ...] = ()) -> subprocess.Popen:
        return subprocess.Popen(
            [*prefix, *self.command()], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def finish(self) -> float:
        """Runs to the end undisturbed. Returns the seconds it took."""
        begin = time.monotonic()
        process = self.start()
        text = process.communicate()[1]
        if process.returncode != 0:
            sys.exit(f"scripts/chaos: {self.folder} does not go on: {text}")
        return time.monotonic() - begin

    def is_complete(self) -> bool:
        return os.path.exists(f"{self.folder}/report.html")

    def look(self) -> tuple[list[str], bytes]:
        """The names in the folder, and the end of the log."""
        try:
            names = os.listdir(self.folder)
            with open(f"{self.folder}/metrics.jsonl", "rb") as log:
                log.seek(max(0, os.fstat(log.fileno()).st_size - 1200))
                return names, log.read()
        except OSError:
            return [], b""

    def checkpoints(self) -> list[str]:
        """The newest first."""
        names = [name for name in os.listdir(self.folder) if name.startswith("step-")]
        return [f"{self.folder}/{name}" for name in sorted(names, key=lambda name: -int(name[5:]))]

    def stop_midway(self, number: int = signal.SIGTERM) -> subprocess.Popen:
        """Ends the run by a signal once it has two checkpoints."""
        process = self.start()
        while process.poll() is None and not (os.path.isdir(self.folder) and len(self.checkpoints()) >= 2):
            time.sleep(0.001)
        process.send_signal(number)
        process.text = process.communicate()[1]
        return process

    def fail(self, *words: str) -> str | None:
        """Runs where it has to fail. Returns what is wrong with how it does."""
        process = self.start()
        text = process.communicate()[1].strip()
        # A hint at the next command is no part of it.
        lines = [line for line in text.splitlines() if line and "ended without finishing" not in line]
        lines = [line for line in lines if not line.startswith("Next: ")]
        if process.returncode != 1 or len(lines) != 1 or not all(word in text for word in words):
            return f"it ended with {process.returncode} and said {text!r}, expected one sentence with {words}"
        return None


def digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def untimed(line: str) -> dict:
    """A line of the log without what a clock says and where the folder lies."""
    return {key: value for key, value in json.loads(line).items() if not TIMED.search(key)}


def is_dead(lock: str) -> bool:
    """Whether a lock's process has ended: killed after its last file, it leaves a lock that locks nobody out."""
    with open(lock) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def outcome(folder: str) -> dict:
    """Everything a run ends with, but for the clock."""
    names = sorted(name for name in os.listdir(folder) if "tfevents" not in name)
    result = {"files": [name for name in names if name != "lock" or not is_dead(f"{folder}/lock")]}
    for checkpoint in (name for name in result["files"] if name.startswith("step-")):
        for name in sorted(os.listdir(f"{folder}/{checkpoint}")):
            path = f"{folder}/{checkpoint}/{name}"
            if name == "state.json":
                with open(path) as file:
                    result[f"{checkpoint}/{name}"] = {k: v for k, v in json.load(file).items() if k != "clock"}
            elif name != "manifest.json":
                result[f"{checkpoint}/{name}"] = digest(path)
    with open(f"{folder}/metrics.jsonl") as log:
        result["metrics.jsonl"] = [untimed(line) for line in log]
    with open(f"{folder}/summary.json") as file:
        summary = json.load(file)
    result["summary.json"] = {k: v for k, v in summary.items() if "econds" not in k}
    return result


def difference(found: dict, expected: dict) -> str | None:
    for key in sorted(found.keys() | expected.keys()):
        if found.get(key) != expected.get(key):
            if key == "metrics.jsonl":
                pairs = zip(found[key] + [None], expected[key] + [None])
                line = next(n for n, (a, b) in enumerate(pairs, 1) if a != b)
                a, b = (lines[line - 1 : line] for lines in (found[key], expected[key]))
                return f"metrics.jsonl differs in line {line}: {a} instead of {b}"
            return f"{key} is {found.get(key)}, expected {expected.get(key)}"
    return None


def resume_saying(victim: Victim, *words: str) -> str | None:
    process = victim.start()
    text = process.communicate()[1]
    if process.returncode != 0 or not all(word in text for word in words):
        return f"it went on with {process.returncode} and said {text.strip()!r}, expected {words}"
    return None


def terminated(victim: Victim) -> str | None:
    """SIGTERM, again and again: each time the run saves and says so by its exit status."""
    chance = random.Random(1)
    while not victim.is_complete():
        process = victim.start()
        try:
            process.wait(chance.uniform(0.3, 0.8) * victim.seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
        text = process.communicate()[1]
        # Before the run listens, the signal simply ends it.
        if process.returncode not in (0, 130, -signal.SIGTERM):
            return f"it ended with {process.returncode}: {text.strip()}"
    return None


def mount(victim: Victim, options: str) -> None:
    """A file system in memory around the run's folder."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", os.path.dirname(victim.folder)], check=True)


def unmount(victim: Victim) -> None:
    place = os.path.dirname(victim.folder)
    if os.path.ismount(place):
        subprocess.run(["umount", place], check=True)


def full_disk(victim: Victim) -> str | None:
    """No room left for the next checkpoint; then room again."""
    mount(victim, "size=4m")
    victim.stop_midway()
    before = {path: digest(f"{path}/model.safetensors") for path in victim.checkpoints()[:1]}
    ballast = f"{os.path.dirname(victim.folder)}/ballast"
    room = os.statvfs(victim.folder)
    with open(ballast, "wb") as file:
        file.write(b"\0" * (room.f_bavail * room.f_frsize - 48 * 1024))
    problem = victim.fail("No space left on device")
    if problem is None and any(digest(f"{path}/model.safetensors") != sum for path, sum in before.items()):
        problem = "the last checkpoint is not what it was"
    os.remove(ballast)
    return problem or resume_saying(victim)


def read_only(victim: Victim) -> str | None:
    mount(victim, "size=16m")
    victim.stop_midway()
    place = os.path.dirname(victim.folder)
    subprocess.run(["mount", "-o", "remount,ro", place], check=True)
    problem = victim.fail("cannot be written", "Read-only file system")
    subprocess.run(["mount", "-o", "remount,rw", place], check=True)
    return problem or resume_saying(victim)


def damaged(victim: Victim, harm) -> str | None:
    """The newest checkpoint is harmed on disk: the one before it is used."""
    victim.stop_midway(signal.SIGKILL)
    newest = victim.checkpoints()[0]
    harm(f"{newest}/model.safetensors")
    return resume_saying(victim, f"{newest}/model.safetensors is damaged", "trying the checkpoint before it")


def flip(path: str) -> None:
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 16]))


def truncate(path: str) -> None:
    os.truncate(path, os.path.getsize(path) // 2)


def two_processes(victim: Victim) -> str | None:
    """The second is refused by the first one's number; once that is dead, its lock is recognised as a dead one's."""
    first = victim.start()
    while not (os.path.isdir(victim.folder) and victim.checkpoints()):
        time.sleep(0.001)
    # Held still, so that it cannot end while the other looks.
    first.send_signal(signal.SIGSTOP)
    problem = victim.fail(f"is in use by process {first.pid}")
    first.send_signal(signal.SIGKILL)
    first.communicate()
    return problem or resume_saying(victim, f"process {first.pid}", "ended without finishing")


def jumping_clock(victim: Victim) -> str | None:
    """Every life has a clock of its own, ten days apart."""
    victim.stop_midway()
    process = victim.start(("unshare", "--time", "--fork", "--monotonic", "864000", "--boottime", "864000"))
    text = process.communicate()[1]
    return f"it ended with {process.returncode}: {text}" if process.returncode else None


SCENARIOS = {
    "sigterm": terminated,
    "full-disk": full_disk,
    "read-only": read_only,
    "bit-flip": lambda victim: damaged(victim, flip),
    "truncation": lambda victim: damaged(victim, truncate),
    "two-processes": two_processes,
    "clock": jumping_clock,
    "power-cut": chaosorder.power_cut,
}
