#!/usr/bin/env python3
"""Unpacks and packs stub data with Samba's library.

One line in, one line out.

    OPERATION in  REPRESENTATION REQUEST
    OPERATION out REPRESENTATION REQUEST RESPONSE

OPERATION is MODULE.NAME of samba.dcerpc; REPRESENTATION is le, be or ndr64; bytes are hexadecimal, `-` for none. The answer is what was
unpacked, and the same packed three times:

    ok VALUES LE BE NDR64
    error MESSAGE
"""

import importlib
import sys

from samba.ndr import ndr_pack_in, ndr_pack_out, ndr_unpack_in, ndr_unpack_out

REPRESENTATIONS = {
    "le": {"bigendian": False, "ndr64": False},
    "be": {"bigendian": True, "ndr64": False},
    "ndr64": {"bigendian": False, "ndr64": True},
}


def from_hex(text):
    return b"" if text == "-" else bytes.fromhex(text)


def to_hex(data):
    return data.hex() or "-"


def show(value):
    """A value as text without blanks: numbers, lists, and the fields of structures by name."""
    if value is None or isinstance(value, (int, str)):
        return "none" if value is None else str(value)
    if isinstance(value, tuple):
        # A status with its text.
        return str(value[0])
    if isinstance(value, list):
        return "[" + ",".join(show(item) for item in value) + "]"
    names = [name for name in dir(value) if not name.startswith("_")]
    fields = [(name, getattr(value, name)) for name in names]
    return "{" + ",".join(f"{n}:{show(v)}" for n, v in fields if not callable(v)) + "}"


def values(call, prefix):
    names = [name for name in dir(call) if name.startswith(prefix)]
    if prefix == "out_" and hasattr(call, "result"):
        names.append("result")
    return ";".join(f"{name}={show(getattr(call, name))}" for name in names) or "-"


def answer(operation, direction, representation, request, response="-"):
    module, name = operation.split(".")
    call = getattr(importlib.import_module("samba.dcerpc." + module), name)()
    options = REPRESENTATIONS[representation]
    ndr_unpack_in(call, from_hex(request), **options)
    prefix, pack = "in_", ndr_pack_in
    if direction == "out":
        ndr_unpack_out(call, from_hex(response), **options)
        prefix, pack = "out_", ndr_pack_out
    packed = [to_hex(pack(call, **options)) for options in REPRESENTATIONS.values()]
    return " ".join(["ok", values(call, prefix), *packed])


def main():
    for line in sys.stdin:
        try:
            print(answer(*line.split()), flush=True)
        except (RuntimeError, ValueError, TypeError, AttributeError) as error:
            print("error", " ".join(str(error).split()), flush=True)


if __name__ == "__main__":
    main()
