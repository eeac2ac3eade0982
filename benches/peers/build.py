#!/usr/bin/env python3
"""What pictures in code cost a build, beside rust-embed and include_dir, in one run: `benches/peers/build.py`.

One package of 1,000 small pictures for each way: crates that it brings, the first build of all (dependencies compiled, nothing
cached), the same after a change of the program, the build script when nothing changed. Each `cargo build` has a target
folder of its own and no network; crates are fetched before. Nothing is asserted: a figure is to be read.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

MANIFEST = """[defaults]
model = "placeholder"
size = "32x32"

[assets."{{ folder }}/{{ item }}"]
rows = "rows.csv"
prompt = "a {{ item }}"
"""
PACKAGE = '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2024"\n\n[workspace]\n\n'

WAYS = {
    "tintype": (
        f'[build-dependencies]\ntintype = {{ path = "{ROOT}", default-features = false }}\n',
        "fn main() {\n    tintype::build::Build::new().emit();\n}\n",
        'mod images {\n    include!(concat!(env!("OUT_DIR"), "/images.rs"));\n}\n\nfn main() {\n'
        '    println!("{}", images::all().iter().map(|image| image.bytes().len()).sum::<usize>());\n}\n',
    ),
    "rust-embed": (
        '[dependencies]\nrust-embed = "8"\n',
        None,
        '#[derive(rust_embed::RustEmbed)]\n#[folder = "assets"]\nstruct Images;\n\nfn main() {\n'
        '    println!("{}", Images::iter().filter_map(|path| Images::get(&path)).map(|file| file.data.len()).sum::<usize>());\n}\n',
    ),
    "include_dir": (
        '[dependencies]\ninclude_dir = "0.7"\n',
        None,
        'use include_dir::{Dir, include_dir};\n\nstatic IMAGES: Dir = include_dir!("$CARGO_MANIFEST_DIR/assets");\n\n'
        "fn sum(dir: &Dir) -> usize {\n    dir.files().map(|file| file.contents().len()).sum::<usize>() + "
        'dir.dirs().map(sum).sum::<usize>()\n}\n\nfn main() {\n    println!("{}", sum(&IMAGES));\n}\n',
    ),
}


def run(command, folder, **environment):
    """Seconds, and seconds of processor of all children, of a command that must succeed."""
    before, begun = os.times(), time.perf_counter()
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        capture_output=True,
        text=True,
    )
    seconds, after = time.perf_counter() - begun, os.times()
    if done.returncode:
        sys.exit(f"{command} failed in {folder}:\n{done.stdout}{done.stderr}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return seconds, cpu, done.stdout


def crates(folder):
    tree = run(["cargo", "tree", "--offline", "--prefix", "none", "--format", "{p}", "-e", "normal,build"], folder)[2]
    return len({line.split(" ")[0] for line in tree.splitlines() if line and not line.startswith("[")} - {"app"})


def medians(times, command, folder, before=lambda: None, **environment):
    found = []
    for _ in range(times):
        before()
        found.append(run(command, folder, **environment)[:2])
    return [statistics.median(column) for column in zip(*found)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--tintype", type=Path, help="what makes the pictures; without it, a release binary is built")
    arguments = parser.parse_args()
    if not arguments.tintype:
        run(["cargo", "build", "--release"], ROOT)
    tintype = arguments.tintype or ROOT / "target/release/tintype"
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        first = place / "tintype"
        first.mkdir()
        rows = [f"set-{number % 20},thing-{number}" for number in range(arguments.pictures)]
        (first / "rows.csv").write_text("\n".join(["folder,item", *rows]) + "\n")
        (first / "images.toml").write_text(MANIFEST)
        run([tintype, "sync"], first, TINTYPE_CACHE_DIR=place / "cache")
        print(f"{arguments.pictures} pictures of 32x32 pixels; medians of {arguments.times}; s (cpu s)\n")
        print("| | crates | first build, debug | first build, release | program changed, debug | release |")
        print("|---|---|---|---|---|---|")
        for name, (dependencies, script, program) in WAYS.items():
            folder = place / name
            if folder != first:
                folder.mkdir()
                shutil.copytree(first / "assets", folder / "assets")
            (folder / "src").mkdir()
            (folder / "Cargo.toml").write_text(PACKAGE + dependencies)
            (folder / "src/main.rs").write_text(program)
            if script:
                (folder / "build.rs").write_text(script)
            run(["cargo", "fetch"], folder)
            cells = [str(crates(folder))]
            for profile in ([], ["--release"]):
                build = ["cargo", "build", "--offline", *profile]
                clean = lambda: shutil.rmtree(folder / "target", ignore_errors=True)
                cells.append(medians(arguments.times, build, folder, clean, TINTYPE_CACHE_DIR=place / "none"))
            for profile in ([], ["--release"]):
                build = ["cargo", "build", "--offline", *profile]
                run(build, folder)
                touch = lambda: (folder / "src/main.rs").touch()
                cells.append(medians(arguments.times, build, folder, touch, TINTYPE_CACHE_DIR=place / "none"))
            shown = [cell if isinstance(cell, str) else f"{cell[0]:.1f} ({cell[1]:.1f})" for cell in cells]
            print(f"| {name} | " + " | ".join(shown) + " |", flush=True)
        out = next((first / "target/debug/build").glob("app-*/out"))
        script = next((first / "target/debug/build").glob("app-*/build-script-build"))
        around = {"CARGO_MANIFEST_DIR": first, "OUT_DIR": out, "PROFILE": "debug", "TINTYPE_CACHE_DIR": place / "none"}
        run([script], first, **around)
        seconds, cpu = medians(20, [script], first, **around)
        print(f"\nthe build script by itself, nothing changed: {seconds * 1000:.1f} ms ({cpu * 1000:.1f} ms cpu)")
        forget = lambda: [path.unlink() for path in out.glob("*.tintype-memory-v1")]
        seconds, cpu = medians(5, [script], first, forget, **around)
        print(f"with everything read and compared: {seconds * 1000:.0f} ms ({cpu * 1000:.0f} ms cpu)")


if __name__ == "__main__":
    main()
