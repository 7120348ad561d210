"""Structures and operations as Samba's libraries have them: what its Python has no names for, in every representation.

The libraries that Python's modules bring along have a table for each interface, `ndr_table_NAME`, with the functions that pack and unpack
its operations and its public structures. A value stays in memory as the library made it; only bytes are looked at.
"""

import contextlib
import ctypes
import importlib
import pkgutil
import re
import subprocess

import samba.dcerpc

# Flags of Samba's `libndr.h`.
REPRESENTATIONS = {"le": 0, "be": 1 << 0, "ndr64": 1 << 29}
REF_ALLOC = 1 << 20
STRUCTURE, IN, OUT = 0x300, 0x10, 0x20
SUCCESS = 0


class Refused(RuntimeError):
    """The library does not unpack or pack this."""


class Blob(ctypes.Structure):
    _fields_ = [("data", ctypes.POINTER(ctypes.c_ubyte)), ("length", ctypes.c_size_t)]


FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class Structure(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("size", ctypes.c_size_t), ("push", FUNCTION), ("pull", FUNCTION), ("print", ctypes.c_void_p)]


class Pipes(ctypes.Structure):
    _fields_ = [("count", ctypes.c_uint32), ("pipes", ctypes.c_void_p)]


class Call(ctypes.Structure):
    _fields_ = [*Structure._fields_, ("in_pipes", Pipes), ("out_pipes", Pipes)]


class Table(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("syntax", ctypes.c_ubyte * 20),
        ("help", ctypes.c_char_p),
        ("call_count", ctypes.c_uint32),
        ("calls", ctypes.POINTER(Call)),
        ("structure_count", ctypes.c_uint32),
        ("structures", ctypes.POINTER(Structure)),
    ]


def libraries():
    """The libraries of NDR that Python's modules have loaded, as paths."""
    for module in pkgutil.iter_modules(samba.dcerpc.__path__):
        with contextlib.suppress(ImportError):
            importlib.import_module("samba.dcerpc." + module.name)
    with open("/proc/self/maps", encoding="utf-8") as maps:
        paths = {line.split()[-1] for line in maps if ".so" in line}
    return sorted(path for path in paths if re.search(r"/lib(ndr|dcerpc|samba-security|talloc)[^/]*\.so", path))


class Library:
    """Every interface of the libraries, its name in lower case."""

    def __init__(self):
        self.found = {}
        for path in libraries():
            library = ctypes.CDLL(path)
            if "/libtalloc" in path:
                self.talloc = library
            symbols = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True, check=True).stdout
            if " ndr_push_init_ctx" in symbols:
                self.ndr = library
            # A variable: functions have such names, too.
            for name in re.findall(r" [DR] ndr_table_(\w+)", symbols):
                self.add(name.lower(), Table.in_dll(library, "ndr_table_" + name))
        self.ndr.ndr_push_init_ctx.restype = ctypes.c_void_p
        self.ndr.ndr_push_init_ctx.argtypes = [ctypes.c_void_p]
        self.ndr.ndr_push_blob.restype = Blob
        self.ndr.ndr_push_blob.argtypes = [ctypes.c_void_p]
        self.ndr.ndr_pull_init_blob.restype = ctypes.c_void_p
        self.ndr.ndr_pull_init_blob.argtypes = [ctypes.POINTER(Blob), ctypes.c_void_p]
        self.ndr.ndr_map_error2string.restype = ctypes.c_char_p
        self.talloc._talloc_free.argtypes = [ctypes.c_void_p, ctypes.c_char_p]

    def add(self, interface, table):
        for kind, count, entries in (("S", table.structure_count, table.structures), ("O", table.call_count, table.calls)):
            for index in range(count):
                entry = entries[index]
                if kind == "O" and (entry.in_pipes.count or entry.out_pipes.count):
                    continue
                self.found[kind, interface, entry.name.decode()] = entry

    def find(self, kind, name):
        interface, name = name.split(".", 1)
        return self.found.get((kind, interface.lower(), name))

    def check(self, status, what):
        if status != SUCCESS:
            raise Refused(f"{what}: {self.ndr.ndr_map_error2string(status).decode()}")

    def pull(self, entry, place, data, representation, flags):
        """Unpacks into the memory at a place; what has to be freed once that is no longer used."""
        buffer = (ctypes.c_ubyte * (len(data) + 1)).from_buffer_copy(data + b"\0")
        blob = Blob(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ubyte)), len(data))
        pull = self.ndr.ndr_pull_init_blob(ctypes.byref(blob), None)
        options = ctypes.cast(pull, ctypes.POINTER(ctypes.c_uint32))
        options[0] |= REPRESENTATIONS[representation] | REF_ALLOC
        self.check(entry.pull(pull, flags, place), f"unpacks {representation}")
        # Behind flags, data and its size; what relative pointers lead to is behind that.
        if max(options[5], options[6]) < len(data):
            raise Refused(f"unpacks {representation}: {len(data) - options[5]} bytes left")
        return pull, buffer

    def push(self, entry, place, representation, flags):
        push = self.ndr.ndr_push_init_ctx(None)
        ctypes.cast(push, ctypes.POINTER(ctypes.c_uint32))[0] |= REPRESENTATIONS[representation]
        self.check(entry.push(push, flags, place), f"packs {representation}")
        blob = self.ndr.ndr_push_blob(push)
        data = ctypes.string_at(blob.data, blob.length) if blob.length else b""
        self.free(push)
        return data

    def free(self, pointer):
        self.talloc._talloc_free(pointer, b"")

    def packed(self, entry, messages, representation, to):
        """Unpacks one message after the other, and gives what the last is packed to in each of these representations."""
        place = ctypes.create_string_buffer(entry.size)
        pulled = [self.pull(entry, place, data, representation, flags) for flags, data in messages]
        flags = messages[-1][0]
        answer = {name: self.push(entry, place, name, flags) for name in to}
        for pull, _ in pulled:
            self.free(pull)
        return answer
