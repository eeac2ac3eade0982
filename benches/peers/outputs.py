#!/usr/bin/env python3
"""Making outputs, beside sharp and libvips: `benches/peers/outputs.py`, or with the names of some of its tasks.

Draws 200 originals of 2048x2048, half PNG, half JPEG, and has each tool make the same files of them in turn, on all cores: WebP
of 512, WebP of three widths, PNG of 256 colours, AVIF. tintype scales in linear light; sharp and libvips are measured doing the
same, and in their usual gamma beside it. Then what the files take at the same likeness. Needs node (sharp comes from npm) and
Debian's libvips-tools; nothing is asserted: a ratio is to be read.
"""

import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from run import HERE, ROOT, Tool, measure

OUTPUTS = {
    "webp": 'format = "webp", quality = 80, width = 512',
    "widths": 'format = "webp", quality = 80, width = 640, widths = [1280, 1920]',
    "palette": 'format = "png", colors = 256, width = 512',
    "avif": 'format = "avif", quality = 50, width = 512',
    "exact": 'format = "png", width = 512',
}
VIPS = {
    "webp": [(512, "webp[Q=80,strip]")],
    "widths": [(640, "webp[Q=80,strip]"), (1280, "webp[Q=80,strip]"), (1920, "webp[Q=80,strip]")],
    "palette": [(512, "png[palette,strip]")],
    "avif": [(512, "avif[Q=50,strip]")],
}


class Bench:
    def __init__(self, folder, count):
        self.folder, self.originals = folder, folder / "originals"
        subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
        (folder / "package.json").write_text("{}")
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "sharp"], cwd=folder, check=True)
        self.sharp("originals", self.originals, count).run()

    def sharp(self, *words):
        return Tool("sharp", ["node", HERE / "outputs.mjs", *words], self.folder)

    def project(self, task):
        """A project whose outputs are a task's; its cache is new, its originals are made by hand."""
        folder = self.folder / f"tintype-{task}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copytree(self.originals, folder / "originals", copy_function=os.link)
        lines = [f"[defaults]\noutput = {{ {OUTPUTS[task]} }}\n"]
        lines += [f'[assets.p{path.stem}]\nsource = "originals/{path.name}"\n' for path in sorted(self.originals.iterdir())]
        (folder / "images.toml").write_text("".join(lines))
        return folder

    def tintype(self, task):
        folder = self.project(task)

        def nothing():
            for name in ("assets", ".tintype", "cache"):
                shutil.rmtree(folder / name, ignore_errors=True)
            (folder / "images.lock").unlink(missing_ok=True)

        environment = {"TINTYPE_CACHE_DIR": str(folder / "cache")}
        tool = Tool("tintype", [ROOT / "target/release/tintype", "sync", "--quiet"], folder, nothing, environment)
        tool.folder = folder
        return tool

    def vips(self, task, linear):
        """libvips' own command, in as many processes as there are cores."""
        (self.folder / "vips").mkdir(exist_ok=True)
        script = self.folder / f"vips-{task}-{linear}.sh"
        lines = [
            f"vipsthumbnail \"$@\" -s {width}x{width} {'--linear' if linear else ''} -o '{self.folder}/vips/%s-{width}.{form}'"
            for width, form in VIPS[task]
        ]
        script.write_text("export VIPS_CONCURRENCY=1\n" + " && ".join(lines) + "\n")
        each = math.ceil(len(list(self.originals.iterdir())) / (2 * os.cpu_count()))
        command = f"ls -d {self.originals}/* | xargs -P {os.cpu_count()} -n {each} sh {script}"
        return Tool("libvips, linear" if linear else "libvips, gamma", ["sh", "-c", command], self.folder)

    def task(self, task, times):
        linear, gamma = (self.sharp(task, mode, self.originals, self.folder / f"sharp-{task}-{mode}") for mode in ("linear", "gamma"))
        linear.name, gamma.name = "sharp, linear", "sharp, gamma"
        tools = [self.tintype(task), linear, gamma]
        if shutil.which("vipsthumbnail"):
            tools += [self.vips(task, True), self.vips(task, False)]
        measure(f"{task}: {OUTPUTS[task]}", tools, linear.name, times, warm_up=False)

    def bytes(self):
        """What lossy files take, of what sharp's take that are as like to what each tool has scaled (SSIM of the luma)."""
        print("\n### Bytes at the same likeness\n\n| | tintype's KiB | SSIM | sharp's KiB at that | ratio |\n|---|---|---|---|---|")
        everything, self.originals = self.originals, self.folder / "some"
        self.originals.mkdir()
        for path in sorted(everything.iterdir())[::9]:
            shutil.copy(path, self.originals)
        for task in ("webp", "avif"):
            made, exact = self.folder / "made", self.folder / "exact"
            for folder, output in ((made, task), (exact, "exact")):
                tool = self.tintype(output)
                tool.run()
                shutil.rmtree(folder, ignore_errors=True)
                shutil.move(tool.folder / "assets", folder)
            self.sharp("bytes", task, made, exact, self.originals, self.folder / "line").run()
            print((self.folder / "line").read_text().strip(), flush=True)
        self.originals = everything


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="*", help=f"some of: {' '.join(VIPS)} bytes")
    parser.add_argument("--count", type=int, default=200, help="originals (200)")
    parser.add_argument("--times", type=int, default=3, help="runs of each tool (3)")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tintype-outputs-"))
    try:
        bench = Bench(folder, arguments.count)
        for task in arguments.tasks or [*VIPS, "bytes"]:
            bench.bytes() if task == "bytes" else bench.task(task, arguments.times)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
