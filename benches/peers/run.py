#!/usr/bin/env python3
"""What tintype costs beside its peers, in one run: `benches/peers/run.py`, or with the names of some of its tables.

Builds the release binary, sets the projects up in a temporary folder, runs each tool in turn so that all see the same
machine, and prints medians and ratios. Nothing is asserted: a ratio is to be read. Peers that aren't there are left out:
ninja, make, git, b3sum (Debian: ninja-build make git b3sum).
"""

import argparse
import base64
import contextlib
import http.server
import json
import math
import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class Run:
    """One run of a program: seconds, seconds of processor, MiB."""

    def __init__(self, seconds, cpu, memory):
        self.seconds, self.cpu, self.memory = seconds, cpu, memory


class Tool:
    def __init__(self, name, command, folder, before=None, environment=None):
        self.name, self.command, self.folder, self.before = name, [str(word) for word in command], folder, before
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **(environment or {})}

    def run(self):
        if self.before:
            self.before()
        there = os.getcwd()
        os.chdir(self.folder)
        program = shutil.which(self.command[0])
        null = os.open(os.devnull, os.O_RDWR)
        actions = [(os.POSIX_SPAWN_DUP2, null, stream) for stream in (0, 1, 2)]
        begun = time.perf_counter()
        process = os.posix_spawn(program, self.command, self.environment, file_actions=actions)
        _, status, usage = os.wait4(process, 0)
        seconds = time.perf_counter() - begun
        os.close(null)
        os.chdir(there)
        if status:
            sys.exit(f"{self.name} ended with {os.waitstatus_to_exitcode(status)}: {' '.join(self.command)}")
        return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measure(title, tools, base, times, warm_up=True):
    """Each tool in turn, `times` over; medians, and ratios to the tool called `base`."""
    tools = [tool for tool in tools if shutil.which(tool.command[0])]
    for tool in tools if warm_up else []:
        tool.run()
    runs = {tool.name: [] for tool in tools}
    for _ in range(times):
        for tool in tools:
            runs[tool.name].append(tool.run())
    middle = lambda name, of: statistics.median(getattr(run, of) for run in runs[name])
    print(f"\n### {title}\n\n| | ms | of {base} | cpu ms | MiB |\n|---|---|---|---|---|")
    for tool in tools:
        ms, cpu, memory = (middle(tool.name, of) for of in ("seconds", "cpu", "memory"))
        ratio = ms / middle(base, "seconds")
        print(f"| {tool.name} | {ms * 1e3:.1f} | {ratio:.2f} | {cpu * 1e3:.0f} | {memory:.0f} |", flush=True)


def name(number):
    return f"set-{number % 50}/unit-{number}"


def tables(count, extra=""):
    return "".join(f'\n[assets."{name(number)}"]\nprompt = "unit number {number} in a blue coat{extra if number == 7 else ""}"\n'
                   for number in range(count))


def manifest(count, extra="", size="64x64"):
    """Assets on the placeholder model."""
    return f'[defaults]\nmodel = "placeholder"\nsize = "{size}"\n' + tables(count, extra)


def noise(width=1024, height=683):
    """A PNG of 2 MiB that doesn't compress."""
    rows = b"".join(b"\0" + os.urandom(width * 3) for _ in range(height))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")


def plot(path, lines):
    """Seconds by number of assets, both in powers of ten: what is linear rises a decade with each."""
    left, top, width, height = 60, 20, 420, 300
    x = lambda count: left + (math.log10(count) - 2) / 3 * width
    y = lambda seconds: top + height - (math.log10(seconds) + 3) / 5 * height
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 680 380" font-family="sans-serif" font-size="13">',
             '<rect width="680" height="380" fill="#fff"/>']
    for power in range(2, 6):
        parts.append(f'<path d="M{x(10 ** power):.0f} {top}V{top + height}" stroke="#ddd"/>'
                     f'<text x="{x(10 ** power):.0f}" y="{top + height + 20}" text-anchor="middle">{10 ** power:,}</text>')
    for power, label in zip(range(-3, 3), ("1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s")):
        parts.append(f'<path d="M{left} {y(10 ** power):.0f}H{left + width}" stroke="#ddd"/>'
                     f'<text x="{left - 8}" y="{y(10 ** power) + 4:.0f}" text-anchor="end">{label}</text>')
    for (name, points), color in zip(lines.items(), ("#b5651d", "#8a2be2", "#1f77b4", "#2e8b57")):
        way = " ".join(f"{x(count):.1f},{y(seconds):.1f}" for count, seconds in points)
        parts.append(f'<polyline points="{way}" fill="none" stroke="{color}" stroke-width="2"/>'
                     f'<text x="{left + width + 8}" y="{y(points[-1][1]) + 4:.0f}" fill="{color}">{name}</text>')
    parts.append(f'<text x="{left + width / 2}" y="{top + height + 42}" text-anchor="middle">assets</text></svg>')
    path.write_text("\n".join(parts) + "\n")


@contextlib.contextmanager
def vendor(width, height):
    """A server that speaks openai-images, and whose every picture is another one."""

    class Answer(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            picture = base64.b64encode(noise(width, height)).decode()
            body = json.dumps({"created": 0, "data": [{"b64_json": picture}]}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.tintype = ROOT / "target/release/tintype"
        self.floor = folder / "lstat"
        subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
        subprocess.run(["rustc", "-O", "-o", self.floor, HERE / "lstat.rs"], check=True)

    def project(self, title, text):
        """A folder with this manifest, synced, and the environment of its runs."""
        folder = self.folder / title
        folder.mkdir()
        (folder / "images.toml").write_text(text)
        environment = {"TINTYPE_CACHE_DIR": str(self.folder / f"{title}-cache")}
        self.tool("", folder, environment, "sync", "--yes", "--quiet").run()
        return folder, environment

    def tool(self, title, folder, environment, *words, before=None):
        return Tool(title, [self.tintype, *words], folder, before, environment)

    def peers(self, folder):
        """What others need to know of the same files."""
        paths = sorted(str(path.relative_to(folder)) for path in (folder / "assets").rglob("*.png"))
        (folder / "list").write_text("\n".join(paths))
        (folder / "source").write_text("")
        os.utime(folder / "source", (0, 0))
        rules = "".join(f"build {path}: made source\n" for path in paths)
        (folder / "build.ninja").write_text(f"rule made\n command = true\n{rules}")
        (folder / "Makefile").write_text(f"all: {' '.join(paths)}\n" + "".join(f"{path}: source\n\ttrue\n" for path in paths))
        if shutil.which("ninja"):
            subprocess.run(["ninja", "--quiet"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
        for words in (["init", "-q"], ["add", "assets", "images.toml"], ["commit", "-qm", "all"], ["status"]):
            subprocess.run(git + words, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    def nothing(self, count, times):
        """A run in which nothing changed."""
        folder, environment = self.project(f"nothing-{count}", manifest(count))
        self.peers(folder)
        self.tool("", folder, environment, "sync").run()
        tools = [
            Tool("lstat of each file", [self.floor, "list"], folder),
            self.tool("tintype sync", folder, environment, "sync"),
            self.tool("tintype plan", folder, environment, "plan"),
            self.tool("tintype check", folder, environment, "check"),
            self.tool("tintype list", folder, environment, "list"),
            self.tool("tintype sync, no snapshot", folder, environment, "sync",
                      before=lambda: (folder / ".tintype/snapshot-v1").unlink(missing_ok=True)),
            Tool("ninja", ["ninja"], folder),
            Tool("git status", ["git", "status", "--porcelain", "-uno"], folder),
            Tool("make", ["make"], folder),
        ]
        measure(f"Nothing changed, {count:,} assets", tools, "lstat of each file", times)

    def small(self):
        folder, environment = self.project("small", manifest(10))
        tools = [
            Tool("git --version", ["git", "--version"], folder),
            self.tool("tintype --version", folder, environment, "--version"),
            self.tool("tintype sync, 10 assets", folder, environment, "sync"),
        ]
        measure("Starting up", tools, "git --version", 100)

    def changed(self, count=10_000):
        folder, environment = self.project("changed", manifest(count))
        rounds = iter(range(1_000_000))
        edit = lambda: (folder / "images.toml").write_text(manifest(count, f" {next(rounds)}"))
        tools = [
            self.tool("tintype sync, nothing changed", folder, environment, "sync"),
            self.tool("tintype sync, one prompt changed", folder, environment, "sync", "--quiet", before=edit),
        ]
        measure(f"One prompt of {count:,} changed", tools, "tintype sync, nothing changed", 15)

    @contextlib.contextmanager
    def in_memory(self):
        """Projects on a tmpfs, so that no disk is measured: ext4 is slow to make files where as many were just removed."""
        here, self.folder = self.folder, Path(tempfile.mkdtemp(dir="/dev/shm"))
        try:
            yield
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = here

    def restore(self, count=10_000):
        """All outputs are gone and come back, verified: pictures of 64 KiB that a vendor on loopback drew."""
        with self.in_memory(), vendor(128, 171) as address:
            studio = (f'[defaults]\nmodel = "house"\nsize = "128x171"\n[budget]\nmax_images = {count}\n'
                      f'[providers.studio]\napi = "openai-images"\nbase_url = "{address}"\nconcurrency = 16\n'
                      '[models.house]\nroutes = [{ provider = "studio", id = "house", cost_usd = 0.0 }]\n')
            folder, environment = self.project("restore", studio + tables(count))
            original, copy = self.folder / "original", self.folder / "copy"
            subprocess.run(["cp", "-r", folder / "assets", original], check=True)
            size = sum(path.stat().st_size for path in original.rglob("*.png")) / count / 1024

            def gone():
                for path in (folder / "assets", copy):
                    shutil.rmtree(path, ignore_errors=True)

            tools = [
                Tool("cp -r", ["cp", "-r", original, copy], folder, gone),
                self.tool("tintype sync", folder, environment, "sync", "--quiet", before=gone),
            ]
            measure(f"{count:,} outputs of {size:.0f} KiB restored", tools, "cp -r", 9)

    def first(self, count=10_000):
        """Everything is drawn."""
        with self.in_memory():
            folder, environment = self.project("first", manifest(count))

            def nothing():
                for path in (folder / "assets", folder / ".tintype", Path(environment["TINTYPE_CACHE_DIR"])):
                    shutil.rmtree(path, ignore_errors=True)
                (folder / "images.lock").unlink(missing_ok=True)

            tools = [self.tool("tintype sync", folder, environment, "sync", "--quiet", before=nothing)]
            measure(f"{count:,} placeholders drawn", tools, "tintype sync", 3)

    def verify(self, count=400):
        """Every byte of files of 2 MiB, made by hand so that nothing is drawn first."""
        folder = self.folder / "verify"
        (folder / "art").mkdir(parents=True)
        for number in range(count):
            (folder / f"art/{number}.png").write_bytes(noise())
        assets = "".join(f'[assets.picture-{number}]\nsource = "art/{number}.png"\n' for number in range(count))
        (folder / "images.toml").write_text(assets)
        environment = {"TINTYPE_CACHE_DIR": str(self.folder / "verify-cache")}
        for _ in range(2):
            self.tool("", folder, environment, "sync", "--quiet").run()
        files = sorted(str(path) for path in (folder / "assets").rglob("*.png"))
        if shutil.which("b3sum"):
            with open(folder / "sums", "w") as sums:
                subprocess.run(["b3sum", *files], stdout=sums, check=True)
        size = sum(os.path.getsize(path) for path in files) >> 20
        tools = [Tool("b3sum --check", ["b3sum", "--check", "--quiet", "sums"], folder),
                 self.tool("tintype verify", folder, environment, "verify")]
        measure(f"{len(files):,} files, {size:,} MiB verified", tools, "b3sum --check", 9)

    def growth(self):
        """Time and memory by number of assets."""
        lines = {"first sync": [], "without a snapshot": [], "one prompt changed": [], "nothing changed": []}
        print("\n### Growth\n\n| assets | first sync s | nothing changed ms | MiB | one prompt changed ms | MiB | without a snapshot ms | MiB |\n|---|---|---|---|---|---|---|---|")
        for count in (100, 1_000, 10_000, 100_000):
            folder, environment = self.project(f"growth-{count}", manifest(1))
            (folder / "images.toml").write_text(manifest(count))
            first = self.tool("", folder, environment, "sync", "--quiet").run()
            runs = [self.tool("", folder, environment, "sync").run() for _ in range(7)]
            snapshot = folder / ".tintype/snapshot-v1"
            slow = [self.tool("", folder, environment, "sync", before=lambda: snapshot.unlink(missing_ok=True)).run() for _ in range(3)]
            edited = []
            for number in range(3):
                (folder / "images.toml").write_text(manifest(count, f" {number}"))
                edited.append(self.tool("", folder, environment, "sync", "--quiet").run())
            middle = lambda runs, of: statistics.median(getattr(run, of) for run in runs)
            print(f"| {count:,} | {first.seconds:.2f} | {middle(runs, 'seconds') * 1e3:.1f} | {middle(runs, 'memory'):.0f} "
                  f"| {middle(edited, 'seconds') * 1e3:.0f} | {middle(edited, 'memory'):.0f} "
                  f"| {middle(slow, 'seconds') * 1e3:.0f} | {middle(slow, 'memory'):.0f} |", flush=True)
            for name, runs in zip(lines, ([first], slow, edited, runs)):
                lines[name].append((count, middle(runs, "seconds")))
        plot(ROOT / "docs/growth.svg", lines)


def main():
    tables = ["small", "nothing", "hundred-thousand", "changed", "restore", "first", "verify", "growth"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", help=f"some of: {' '.join(tables)}")
    chosen = parser.parse_args().tables or tables
    folder = Path(tempfile.mkdtemp(prefix="tintype-bench-"))
    try:
        bench = Bench(folder)
        run = {"nothing": lambda: bench.nothing(10_000, 21), "hundred-thousand": lambda: bench.nothing(100_000, 7)}
        for table in chosen:
            run.get(table, getattr(bench, table, None))()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
