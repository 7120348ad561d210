#!/usr/bin/env python3
"""Unpacks and packs structures and operations with Samba's library, and compares.

Lines in, as `generated_tests::ndr::Sample` writes them, bytes in NDR 2.0 little-endian, big-endian and NDR64:

    S INTERFACE.NAME LE BE NDR64
    O INTERFACE.NAME LE BE NDR64 LE BE NDR64        request, response

Lines out, one for each of these:

    KIND INTERFACE.NAME ok
    KIND INTERFACE.NAME differs|refused|unknown DETAIL

ok: Samba unpacks the bytes of every representation, and packs what it unpacked to the bytes of every representation. What its Python has no
names for, and structures, for which Python has no representations, is unpacked and packed by the libraries underneath.

    ndr_diff.py [INTERFACE=MODULE]... [INTERFACE.NAME=MODULE.NAME]...       what is called otherwise there
                [--only INTERFACE.NAME=le,be]       representations in which it is comparable
                [--library INTERFACE.NAME]          unpacked and packed by the library, though Python has it
                [--ids INTERFACE.NAME]              its pointers are of another kind there: their ids are not compared
"""

import argparse
import importlib
import sys

from ndr_library import IN, OUT, STRUCTURE, Library
from ndr_samba import REPRESENTATIONS, from_hex, to_hex, values
from samba.ndr import ndr_pack, ndr_pack_in, ndr_pack_out, ndr_unpack, ndr_unpack_in, ndr_unpack_out

NAMES = list(REPRESENTATIONS)


# What Samba has for reference pointers inside structures: all the same, and not counted.
REFERENCES = [bytes.fromhex("f1aef1ae"), bytes.fromhex("aef1aef1")]


class Differs(Exception):
    """What Samba makes of the bytes is something else."""


def find(name, renamed):
    """The class of a structure or an operation; its name loses that of the module, as Samba's compiler cuts it."""
    if name in renamed:
        module, name = renamed[name].split(".")
    else:
        module, name = name.split(".", 1)
        module = renamed.get(module, module)
    try:
        module = importlib.import_module("samba.dcerpc." + module)
    except ImportError:
        return None
    short = name.removeprefix(module.__name__.rsplit(".", 1)[1] + "_")
    return getattr(module, name, None) or getattr(module, short, None)


def is_id(word):
    """Ids of unique pointers grow from 0x20000, those of full pointers from 1."""
    return word in REFERENCES or any(0 < int.from_bytes(word, order) < 0x21000 for order in ("little", "big"))


def only_ids_differ(packed, expected):
    words = [(packed[i : i + 4], expected[i : i + 4]) for i in range(0, len(packed), 4)]
    return len(packed) == len(expected) and all(a == b or is_id(a) and is_id(b) for a, b in words)


def equal(packed, expected, what, ids=True):
    """The first place where bytes differ is what a reader looks for."""
    ids = ids and not any(reference in packed for reference in REFERENCES)
    if packed == expected or not ids and only_ids_differ(packed, expected):
        return
    at = next((i for i, (a, b) in enumerate(zip(packed, expected)) if a != b), min(len(packed), len(expected)))
    raise Differs(f"{what} at {at}: packed {to_hex(packed)} expected {to_hex(expected)}")


def structure(found, data):
    little = from_hex(data[0])
    equal(ndr_pack(ndr_unpack(found, little)), little, "le")


def operation(found, data, names, ids):
    request, response = [from_hex(d) for d in data[:3]], [from_hex(d) for d in data[3:]]
    seen = {}
    for index, name in enumerate(NAMES):
        if name not in names:
            continue
        for direction in ("in_", "out_"):
            call = found()
            options = REPRESENTATIONS[name]
            ndr_unpack_in(call, request[index], **options)
            pack, expected = ndr_pack_in, request
            if direction == "out_":
                ndr_unpack_out(call, response[index], **options)
                pack, expected = ndr_pack_out, response
            now = values(call, direction)
            if seen.setdefault(direction, now) != now:
                raise Differs(f"{direction}{name}: saw {now} and {seen[direction]}")
            for other, (to, options) in enumerate(REPRESENTATIONS.items()):
                if to in names:
                    equal(pack(call, **options), expected[other], f"{direction}{name}->{to}", ids)


def by_library(library, entry, kind, data, names, ids):
    parts = [("", [(STRUCTURE, data)])]
    if kind == "O":
        request, response = (IN, data[:3]), (OUT, data[3:])
        parts = [("in_", [request]), ("out_", [request, response])]
    for direction, messages in parts:
        for index, name in enumerate(NAMES):
            if name not in names:
                continue
            taken = [(flags, from_hex(every[index])) for flags, every in messages]
            found = library.packed(entry, taken, name, names)
            for to, packed in found.items():
                equal(packed, from_hex(messages[-1][1][NAMES.index(to)]), f"{direction}{name}->{to}", ids)


def answer(kind, name, data, options, library):
    # The libraries have what Python has, and without Python's own ways of ending a process.
    names, ids = options.only.get(name, NAMES), name not in options.ids
    found, entry = find(name, options.renamed), library.find(kind, options.renamed.get(name, name))
    has_python = name not in options.library and hasattr(found, "__ndr_pack__" if kind == "S" else "__ndr_pack_in__")
    try:
        if entry is not None and (kind == "S" or not has_python):
            by_library(library, entry, kind, data, names, ids)
        elif not has_python:
            return "unknown -"
        elif kind == "S":
            structure(found, data)
        else:
            operation(found, data, names, ids)
    except Differs as error:
        return f"differs {error}"
    except (RuntimeError, ValueError, TypeError, AttributeError, OverflowError, UnicodeError) as error:
        text = " ".join(str(error).split())
        return f"refused {type(error).__name__}: {text} of {' '.join(data)}"
    return "ok"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("renamed", nargs="*")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--ids", action="append", default=[])
    parser.add_argument("--library", action="append", default=[])
    options = parser.parse_args()
    options.renamed = dict(argument.split("=", 1) for argument in options.renamed)
    options.only = {name: names.split(",") for name, names in (argument.split("=", 1) for argument in options.only)}
    library = Library()
    for line in sys.stdin:
        kind, name, *data = line.split()
        print(kind, name, answer(kind, name, data, options, library), flush=True)


if __name__ == "__main__":
    main()
