#!/usr/bin/env python3
"""Times PIDL and ropc over the same interface files, in one run.

    pidl_bench.py TREE SCRATCH

TREE is a folder of Samba's sources, or a git directory of them, with its `pidl`; SCRATCH is a folder outside of the project.
PIDL is run as Samba's build runs it, once a file, for headers, parser and client; it needs perl with Parse::Yapp
(libparse-yapp-perl) and cpp. ropc checks all files in one run, builds those that compile with all that they import, and
builds them again with nothing changed. Every figure of ropc is the fastest of five. Nothing of the tree is kept.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import ndr_tree  # noqa: E402

PROJECT = HERE.parents[1]
TARGET = os.environ.get("CARGO_TARGET_DIR", str(PROJECT / "target"))
TIMES = 5


def unpacked(tree, into):
    """The compiler, the interface files and what they include, in their folders."""
    if (tree / "librpc").is_dir():
        return tree
    names = ndr_tree.run("git", "-C", tree, "ls-tree", "-r", "--name-only", "HEAD").stdout.splitlines()
    names = [name for name in names if name.startswith("pidl/") or name.endswith((".idl", "idl_types.h"))]
    into.mkdir(parents=True)
    archive = subprocess.run(["git", "-C", str(tree), "archive", "HEAD", "--", *names], capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", str(into)], input=archive.stdout, check=True)
    return into


def timed(*command, times=1, before=None, **options):
    """Seconds of the fastest of several runs, and the last of them."""
    best, found = float("inf"), None
    for _ in range(times):
        if before:
            before()
        start = time.perf_counter()
        found = ndr_tree.run(*command, **options)
        best = min(best, time.perf_counter() - start)
    return best, found


def pidl(tree, files, scratch):
    """Seconds of all files, how many compile, and the seconds of the slowest; None where there is no PIDL."""
    if ndr_tree.run("perl", "-MParse::Yapp::Driver", "-e", "1").returncode != 0 or not (tree / "pidl/pidl").is_file():
        if os.environ.get("ROPC_REQUIRE_PEERS") == "1":
            sys.exit("PIDL cannot be run, and ROPC_REQUIRE_PEERS=1 requires it")
        print("\n*** SKIPPED: PIDL, without perl, Parse::Yapp and the tree's pidl ***\n", file=sys.stderr)
        return None
    out = scratch / "pidl"
    out.mkdir()
    folders = sorted({path.parent for path in files})
    command = ["perl", "-I", tree / "pidl/lib", tree / "pidl/pidl", "--outputdir", out, "--header", "--ndr-parser", "--client"]
    command += [f"--includedir={folder}" for folder in folders]
    each = [timed(*command, "--", path, cwd=tree) for path in files]
    slowest, path = max((seconds, path) for (seconds, _), path in zip(each, files))
    return sum(seconds for seconds, _ in each), sum(found.returncode == 0 for _, found in each), slowest, path.name


def crate(folder, ropc, scratch):
    """A folder with the descriptions that compile, as `ropc build` takes it."""
    ndr_tree.sources(folder, "HEAD", scratch / "all")
    good, _ = ndr_tree.compiled(ropc, scratch / "all")
    idl = scratch / "crate/idl"
    (idl / "src").mkdir(parents=True)
    for path in (scratch / "all").iterdir():
        if path.suffix != ".idl" or path in good:
            shutil.copy(path, idl / path.name)
    target = scratch / "crate/target"
    target.mkdir()
    (target / "CACHEDIR.TAG").write_text("")
    return idl, len(good)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    tree, scratch = (pathlib.Path(path).resolve() for path in sys.argv[1:])
    if scratch.is_relative_to(PROJECT):
        sys.exit("the scratch folder has to be outside of the project")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    cargo = os.environ.get("CARGO", "cargo")
    subprocess.run([cargo, "build", "--quiet", "--locked", "--release", "--package", "ropc"], cwd=PROJECT, check=True)
    ropc = pathlib.Path(TARGET) / "release/ropc"
    tree = unpacked(tree, scratch / "tree")
    files = sorted(tree.rglob("*.idl"))
    lines = sum(path.read_bytes().count(b"\n") for path in files)
    print(f"{len(files)} files, {lines} lines; load {os.getloadavg()[0]:.1f}\n\n| | seconds | |\n|---|---|---|")
    theirs = pidl(tree, files, scratch)
    if theirs:
        print(f"| PIDL, a run a file | {theirs[0]:.2f} | {theirs[1]} compile; the slowest, {theirs[3]}, takes {theirs[2]:.2f} |")
    times = lambda seconds: f"{theirs[0] / seconds:.0f} times as fast" if theirs else ""
    folders = sorted({path.parent for path in files})
    include = [word for folder in folders for word in ("-I", folder)]
    check, _ = timed(ropc, "check", *include, *files, cwd=tree, times=TIMES)
    print(f"| `ropc check`: read, parse, check, model and messages of all files | {check:.3f} | {times(check)} |")
    idl, good = crate(tree, ropc, scratch)

    def forget():
        shutil.rmtree(idl / "src")
        (idl / "src").mkdir()
        shutil.rmtree(idl.parent / "target/ropc", ignore_errors=True)

    built, found = timed(ropc, "build", idl, times=TIMES, before=forget)
    if found.returncode != 0:
        sys.exit(found.stderr)
    rust = sum(path.read_bytes().count(b"\n") for path in (idl / "src").glob("*.rs"))
    print(f"| `ropc build` of the {good} that stand in one folder and compile: {rust} lines of formatted Rust | {built:.2f} | {times(built)} |")
    again, _ = timed(ropc, "build", idl, times=TIMES)
    print(f"| the same again, nothing changed | {again:.3f} | |")
    print(f"\nload {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
