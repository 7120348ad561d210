#!/usr/bin/env python3
"""Times generated code beside Samba's libndr, on the same stub data in one run.

    prepare.py TREE SCRATCH

TREE is a folder of Samba's sources, or a git directory of them: `ropc build` compiles SAMR and LSA of it in SCRATCH, a
folder outside of the project, where the program that times both sides is built, too. The part in C needs Debian's
samba-dev and libtalloc-dev; without them only figures of our own are printed. Nothing of the tree is kept.
"""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
sys.path.insert(0, str(HERE.parent))
import ndr_tree  # noqa: E402

NEEDED = ["lsa.idl", "samr.idl", "misc.idl", "security.idl", "server_id.idl", "idl_types.h"]
TARGET = os.environ.get("CARGO_TARGET_DIR", str(PROJECT / "target"))


def ropc():
    """The compiler, built if it has to be."""
    cargo = os.environ.get("CARGO", "cargo")
    subprocess.run([cargo, "build", "--quiet", "--locked", "--release", "--package", "ropc"], cwd=PROJECT, check=True)
    return pathlib.Path(TARGET) / "release/ropc"


def libndr(scratch):
    """The program that answers for libndr, or None."""
    flags = ndr_tree.run("pkg-config", "--cflags", "--libs", "ndr", "ndr_standard", "talloc")
    program = scratch / "libndr"
    if flags.returncode == 0:
        built = ndr_tree.run("cc", "-O2", "-Wall", "-o", program, HERE / "libndr.c", "-Wl,--no-as-needed", *flags.stdout.split(), "-ldl")
        if built.returncode == 0:
            return program
        flags.stderr = built.stderr
    if os.environ.get("ROPC_REQUIRE_PEERS") == "1":
        sys.exit("libndr cannot be built against, and ROPC_REQUIRE_PEERS=1 requires it:\n" + flags.stderr)
    print(f"\n*** SKIPPED: libndr, without samba-dev and libtalloc-dev ***\n{flags.stderr}", file=sys.stderr)
    return None


def crates(scratch):
    """The crate of the tree's descriptions with its hooks, and the program."""
    head = 'version = "99.0.0"\nedition = "2024"\npublish = false\n\n[dependencies]\n'
    runtime = f'runtime = {{ path = "{PROJECT}/runtime" }}\n'
    (scratch / "Cargo.toml").write_text(
        '[workspace]\nresolver = "3"\nmembers = ["idl", "speed"]\n\n[profile.release]\ndebug = "line-tables-only"\n'
    )
    shutil.copy(PROJECT / "Cargo.lock", scratch / "Cargo.lock")
    (scratch / "idl/Cargo.toml").write_text('[package]\nname = "protocol"\n' + head + runtime)
    ndr_tree.write_library(scratch)
    speed = scratch / "speed"
    speed.mkdir(exist_ok=True)
    (speed / "Cargo.toml").write_text(
        '[package]\nname = "speed"\n' + head + runtime
        + f'own = {{ package = "protocol", path = "{PROJECT}/idl" }}\ntree = {{ package = "protocol", path = "../idl" }}\n\n'
        + f'[[bin]]\nname = "speed"\npath = "{HERE}/main.rs"\n'
    )


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    tree, scratch = (pathlib.Path(path).resolve() for path in sys.argv[1:])
    if scratch.is_relative_to(PROJECT):
        sys.exit("the scratch folder has to be outside of the project")
    shutil.rmtree(scratch, ignore_errors=True)
    ndr_tree.sources(tree, "HEAD", scratch / "all")
    (scratch / "idl/src").mkdir(parents=True)
    for name in NEEDED:
        shutil.copy(scratch / "all" / name, scratch / "idl" / name)
    built = ndr_tree.run(ropc(), "build", scratch / "idl")
    if built.returncode != 0:
        sys.exit(built.stderr + built.stdout)
    crates(scratch)
    program = libndr(scratch)
    command = [os.environ.get("CARGO", "cargo"), "run", "--quiet", "--release", "--offline", "--package", "speed", "--"]
    environment = dict(os.environ, CARGO_TARGET_DIR=TARGET)
    sys.exit(subprocess.run(command + ([str(program)] if program else []), cwd=scratch, env=environment).returncode)


if __name__ == "__main__":
    main()
