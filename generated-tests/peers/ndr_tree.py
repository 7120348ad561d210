#!/usr/bin/env python3
"""Compares generated code with Samba's library for the interface files of a tree that is not part of this project.

    ndr_tree.py TREE SCRATCH [--revision REV] [--count N] [--only FILE,FILE] [--check] [--table PATH]

TREE is a folder of Samba's sources, or a git directory of them, of which REV is read: best the version of the library. The files are compiled by `ropc build` in SCRATCH, a folder outside of the
project; a program that is generated there makes N values of every structure and operation and packs them; ndr_diff.py compares them
with Samba. The page has a line for every interface, every difference with its reason, and every file that is not compiled. A difference
that ndr_known.py does not explain is an error. Nothing of the tree is kept.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import ndr_known

PROJECT = pathlib.Path(__file__).resolve().parents[2]
PYTHON = "/usr/bin/python3"


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)


def sources(tree, revision, into):
    """The interface files and the headers that they include, in one folder."""
    into.mkdir(parents=True)
    kinds = (".idl", "idl_types.h")
    if (tree / "librpc").is_dir():
        for path in tree.rglob("*"):
            if path.name.endswith(kinds) and "testprogs" not in str(path):
                shutil.copy(path, into / path.name)
        return
    names = run("git", "-C", tree, "ls-tree", "-r", "--name-only", revision).stdout.split()
    names = [name for name in names if name.endswith(kinds) and "testprogs" not in name]
    if not names:
        sys.exit(f"{tree} has no interface files in {revision}")
    for name in names:
        found = subprocess.run(["git", "-C", str(tree), "show", f"{revision}:{name}"], capture_output=True, check=True)
        (into / pathlib.Path(name).name).write_bytes(found.stdout)


def first_error(text):
    found = re.search(r"^error(\[R\d+\])?: .*", text, re.M)
    return found.group(0) if found else (text.strip().splitlines() or ["no message"])[0]


def compiled(ropc, folder):
    """The files that compile with all that they import, and why the others do not."""
    good, bad = [], {}
    for path in sorted(folder.glob("*.idl")):
        found = run(ropc, "check", path.name, cwd=folder)
        # What is checked and not emitted is as good as an error here.
        if found.returncode != 0 or "R0901" in found.stderr + found.stdout:
            bad[path.name] = first_error(found.stderr + found.stdout)
        else:
            good.append(path)
    return good, bad


# What code of one's own has to have (docs/diagnostics/R0721.md). Nothing with a type of this is compared.
HOOK = """
/// In place of code of one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct NAME;
impl NAME {
    pub fn unpack(_: &mut NdrCursor<'_>TAG) -> Result<Self, UnpackError> { Ok(Self) }
    pub fn unpack_scalars(_: &mut NdrCursor<'_>TAG) -> Result<Self, UnpackError> { Ok(Self) }
    pub fn unpack_buffers(&mut self, _: &mut NdrCursor<'_>) -> Result<(), UnpackError> { Ok(()) }
    pub fn pack(&self, _: &mut NdrEncoder) -> Result<(), PackError> { Ok(()) }
    pub fn pack_scalars(&self, _: &mut NdrEncoder) -> Result<(), PackError> { Ok(()) }
    pub fn pack_buffers(&self, _: &mut NdrEncoder) -> Result<(), PackError> { Ok(()) }
    pub fn discriminant(&self) -> u64 { 0 }
}
"""


def write_library(scratch):
    """The crate of descriptions: all generated modules, and types in place of code of one's own."""
    folder = scratch / "idl/src"
    modules = sorted(path.stem for path in folder.glob("*.rs") if path.stem != "lib")
    text = "".join(re.sub(r"\s+", "", (folder / f"{module}.rs").read_text()) for module in modules)
    hooks = "use runtime::ndr::{NdrCursor, NdrEncoder};\nuse runtime::{PackError, UnpackError};\n"
    for name in sorted(set(re.findall(r"crate::hooks::(\w+)", text))):
        with_tag = re.search(rf"crate::hooks::{name}::unpack(_scalars)?\(c,[^)]", text)
        hooks += HOOK.replace("NAME", name).replace("TAG", ", _: u64" if with_tag else "")
    (folder / "hooks.rs").write_text(hooks)
    lines = "".join(f"pub mod {module};\n" for module in [*modules, "hooks"])
    (folder / "lib.rs").write_text(f"#![allow(missing_docs)]\n{lines}")


def write_crates(scratch, modules):
    """The workspace of the crate of descriptions and the program."""
    (scratch / "Cargo.toml").write_text('[workspace]\nresolver = "3"\nmembers = ["idl", "peer"]\n')
    shutil.copy(PROJECT / "Cargo.lock", scratch / "Cargo.lock")
    runtime = f'runtime = {{ path = "{PROJECT}/runtime" }}\n'
    head = 'version = "99.0.0"\nedition = "2024"\npublish = false\n\n[dependencies]\n'
    (scratch / "idl/Cargo.toml").write_text('[package]\nname = "protocol"\n' + head + runtime)
    peer = scratch / "peer"
    (peer / "src").mkdir(parents=True, exist_ok=True)
    (peer / "Cargo.toml").write_text(
        f'[package]\nname = "peer"\n{head}{runtime}protocol = {{ path = "../idl" }}\n'
        f'generated-tests = {{ path = "{PROJECT}/generated-tests" }}\n'
    )
    text = "#![allow(dead_code, unused)]\n"
    for module in modules:
        text += f'#[path = "../../generated-tests/tests/generated/{module}.rs"]\nmod {module};\n'
    text += (
        "fn main() {\n    let argument = std::env::args().nth(1).unwrap_or_default();\n    let check = argument == \"check\";\n    let mut broken = false;\n"
        "    let count: usize = argument.parse().unwrap_or(20);\n"
        "    for (name, structures, operations) in [\n"
    )
    for module in modules:
        text += f'        ("{module}", {module}::STRUCTURES, {module}::OPERATIONS),\n'
    text += (
        "    ] {\n        if check {\n"
        "            for one in structures {\n"
        "                broken |= std::panic::catch_unwind(|| generated_tests::ndr::structure(one, &[])).is_err();\n            }\n"
        "            for one in operations {\n"
        "                broken |= std::panic::catch_unwind(|| generated_tests::ndr::operation(one, &[])).is_err();\n            }\n"
        "            continue;\n        }\n"
        "        for sample in generated_tests::ndr::samples(structures, operations, 1, count) {\n"
        '            println!("{}", sample.line(name));\n        }\n    }\n    assert!(!broken);\n}\n'
    )
    (peer / "src/main.rs").write_text(text)


def build(scratch, modules):
    """Builds the program. What is generated builds, whatever it is generated from."""
    write_library(scratch)
    write_crates(scratch, modules)
    environment = dict(os.environ)
    environment.setdefault("CARGO_TARGET_DIR", str(PROJECT / "target"))
    found = run(os.environ.get("CARGO", "cargo"), "build", "--offline", "--quiet", "--package", "peer", "--message-format=json",
                cwd=scratch, env=environment)
    messages = [json.loads(line) for line in found.stdout.splitlines() if line.startswith("{")]
    if found.returncode != 0:
        errors = [m["message"]["rendered"] for m in messages if m.get("message", {}).get("level") == "error"]
        sys.exit(found.stderr + "\n".join(errors))
    return next(m["executable"] for m in messages if m.get("executable"))


def ask(lines, options):
    """Answers for the lines; one that ends the process is answered with that."""
    script = pathlib.Path(__file__).with_name("ndr_diff.py")
    answers = []
    while lines:
        process = subprocess.run([PYTHON, str(script), *options], input="\n".join(lines) + "\n", capture_output=True, text=True)
        got = process.stdout.splitlines()
        answers += got
        lines = lines[len(got):]
        if lines:
            kind, name, *_ = lines[0].split()
            answers.append(f"{kind} {name} crashes signal {-process.returncode}")
            # The others of this name would end it, too.
            lines = [line for line in lines[1:] if line.split()[1] != name]
    return answers


def gathered(answers):
    """For every structure and operation how often it agreed, and the first other answer."""
    found = {}
    for answer in answers:
        kind, name, what = answer.split(" ", 2)
        entry = found.setdefault((kind, name), [0, None])
        if what == "ok":
            entry[0] += 1
        elif entry[1] is None:
            entry[1] = what
    return found


def compare(lines, options):
    """What Samba says to all lines, asked a second time in another way where that could help: also with a remark."""
    found = gathered(ask(lines, options))
    remarks = {}
    for helps, option, remark in (
        (lambda what: what.startswith("crashes"), lambda name: ["--library", name], "by the library without Python"),
        (lambda what: "unpacks ndr64" in what, lambda name: ["--only", f"{name}=le,be"], ndr_known.NDR64_RELATIVE),
    ):
        again = {key for key, (_, what) in found.items() if what and helps(what)}
        more = [word for _, name in sorted(again) for word in option(name)]
        second = gathered(ask([line for line in lines if tuple(line.split()[:2]) in again], [*options, *more]))
        found.update(second)
        remarks.update((key, remark) for key, (_, what) in second.items() if what is None)
    return found, remarks


def page(found, remarks, bad, about):
    """The page of results, and what is not explained."""
    interfaces, different, mistakes = {}, [], []
    for (kind, name), (agreed, what) in sorted(found.items()):
        interface, short = name.split(".", 1)
        counts = interfaces.setdefault(interface, collections.Counter())
        if what == "unknown -":
            counts[kind, "unknown"] += 1
            continue
        counts[kind, "compared"] += 1
        if what is None:
            counts[kind, "agrees"] += 1
            continue
        why = ndr_known.reason(name, what)
        if why is None:
            mistakes.append(f"{kind} {name} (agrees {agreed} times): {what}")
        different.append((interface, short, " ".join(what.split()[:1]), why or "**not explained**"))
    sums = sum(interfaces.values(), collections.Counter())
    lines = [
        "# Generated code and Samba's library",
        "",
        "Made by `generated-tests/peers/run ndr-diff`. " + about,
        "",
        "Each value is packed by generated code in NDR 2.0 little-endian, big-endian and NDR64. From each of these bytes Samba unpacks it, and packs"
        " what it unpacked in all three; the bytes have to be those of generated code. That generated code unpacks these bytes to the value that"
        " was packed is what the same program checks with `--check`.",
        "",
        f"Structures and unions: {sums['S', 'agrees']} of {sums['S', 'compared']} agree; {sums['S', 'unknown']} more are known to Samba only inside others."
        f" Operations: {sums['O', 'agrees']} of {sums['O', 'compared']} agree. Not compared: types with code of one's own, pipes, and what"
        " ends where its data ends.",
        "",
        "| interface | structures that agree | compared | operations that agree | compared |",
        "|---|---|---|---|---|",
    ]
    for name, counts in sorted(interfaces.items()):
        cells = [counts[kind, what] for kind in "SO" for what in ("agrees", "compared")]
        if any(cells):
            lines.append(f"| {name} | {cells[0]} | {cells[1]} | {cells[2]} | {cells[3]} |")
    lines += ["", "## Differences", "", "| interface | name | Samba | why |", "|---|---|---|---|"]
    lines += [f"| {interface} | {short} | {what} | {why} |" for interface, short, what, why in different]
    lines += ["", "## Compared in another way", "", "| name | how |", "|---|---|"]
    lines += [f"| {name} | {remark} |" for (_, name), remark in sorted(remarks.items())]
    lines += ["", "## Not compiled", "", "| file | why |", "|---|---|"]
    lines += [f"| {name} | {why} |" for name, why in sorted(bad.items())]
    return "\n".join(lines) + "\n", sums, mistakes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=pathlib.Path)
    parser.add_argument("scratch", type=pathlib.Path)
    parser.add_argument("--revision", default="HEAD")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--count", default="20")
    parser.add_argument("--only", default="")
    parser.add_argument("--table", type=pathlib.Path)
    options = parser.parse_args()
    tree, scratch = options.tree.resolve(), options.scratch.resolve()
    if scratch.is_relative_to(PROJECT):
        sys.exit("the scratch folder has to be outside of the project")
    shutil.rmtree(scratch, ignore_errors=True)
    ropc = PROJECT / "target/debug/ropc"
    sources(tree, options.revision, scratch / "all")
    good, bad = compiled(ropc, scratch / "all")
    if options.only:
        good = [path for path in good if path.stem in options.only.split(",")]
    (scratch / "idl/src").mkdir(parents=True)
    (scratch / "generated-tests/tests/generated").mkdir(parents=True)
    # What is included and imported stands beside the files that compile.
    for path in (scratch / "all").iterdir():
        if path.suffix != ".idl" or path in good:
            shutil.copy(path, scratch / "idl" / path.name)
    built = run(ropc, "build", scratch / "idl")
    if built.returncode != 0:
        sys.exit(built.stderr + built.stdout)
    generated = scratch / "generated-tests/tests/generated"
    modules = sorted(path.stem for path in generated.glob("*.rs") if path.stem != "main")
    files = {}
    for path in good:
        for name in re.findall(r"^\s*interface\s+(\w+)", path.read_text(errors="replace"), re.M):
            files[name.lower()] = path.stem
    program = build(scratch, modules)
    # What is unpacked is what was packed, and the other oracles; then other implementations.
    if options.check:
        sys.exit(subprocess.run([program, "check"], check=False).returncode)
    lines = run(program, options.count).stdout.splitlines()
    found, remarks = compare(lines, [f"{interface}={file}" for interface, file in files.items() if interface != file])
    version = run(PYTHON, "-c", "import samba; print(samba.version)").stdout.strip()
    about = f"Interface files of Samba's sources ({options.revision}), library of Samba {version}, {options.count} values of each."
    text, sums, mistakes = page(found, remarks, bad, about)
    if options.table:
        options.table.write_text(text)
    for kind, word in (("S", "structures and unions"), ("O", "operations")):
        print(f"{word}: {sums[kind, 'agrees']} of {sums[kind, 'compared']} agree")
    if mistakes:
        sys.exit("\n".join(["not explained:", *mistakes]))


if __name__ == "__main__":
    main()
