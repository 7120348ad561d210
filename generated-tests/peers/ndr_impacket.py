#!/usr/bin/env python3
"""Unpacks and packs calls, PDUs and RTS PDUs with impacket, and compares with the trees of `ropc decode`.

Lines in, bytes hexadecimal, TREE one line of `ropc decode lines --format json`:

    rpc INTERFACE.OPERATION in|out le|ndr64 BYTES TREE
    pdu BYTES TREE
    rts BYTES

Lines out, one for each of these:

    ok BYTES                what impacket packs of what it unpacked; for `rts` the flags and the commands
    differs DETAIL          a field has another value, or bytes are left
    refused DETAIL          impacket does not read it, or does not write it
    unknown                 impacket has no such operation

Structures are compared field by field and name by name; `NAMES` has what is called otherwise there.
"""

import json
import logging
import resource
import struct
import sys

from impacket import LOG
from impacket.dcerpc.v5 import epm, mgmt, ndr, nspi, oxabref, rpch, rpcrt
from impacket.dcerpc.v5.dtypes import DWORD, FILETIME, LPDWORD, STR, UUID, WSTR

MODULES = {"nspi": nspi, "rfr": oxabref, "epmapper": epm, "mgmt": mgmt}

# What is called otherwise there: (class, its field), our field.
NAMES = {
    ("Binary_r", "cValues"): "cb",
    ("RPC_IF_ID", "Uuid"): "uuid",
    ("RPC_IF_ID", "VersMajor"): "vers_major",
    ("RPC_IF_ID", "VersMinor"): "vers_minor",
    ("NspiGetPropListResponse", "ppOutMIds"): "ppPropTags",
    ("NspiDNToMIdResponse", "ppOutMIds"): "ppMIds",
    ("NspiResolveNamesW", "paStr"): "paWStr",
    ("ept_lookup", "Ifid"): "interface_id",
    ("ept_map", "obj"): "object",
    ("ept_mapResponse", "ITowers"): "towers",
    (None, "ErrorCode"): "return value",
}

MOST_MEMORY = 1 << 30


class FlatUID(UUID):
    """Bytes, which have no alignment (MS-OXNSPI 2.2.2.1)."""

    def getAlignment(self):
        return 1


class PFlatUID(ndr.NDRPOINTER):
    referent = (("Data", FlatUID),)


def mend():
    """Where impacket has otherwise than the documents, so that the rest is compared."""
    nspi.PROP_VAL_UNION.union[0x48] = ("lpguid", PFlatUID)
    nspi.FlatUIDArray.item = PFlatUID
    nspi.DateTimeArray.item = FILETIME
    # Parameters that point to what is there always have no id (MS-OXNSPI 3.1.4.1.3 and 3.1.4.1.7).
    without = {nspi.PSTAT: nspi.STAT, LPDWORD: DWORD}
    for call in (nspi.NspiGetProps, nspi.NspiGetSpecialTable):
        call.structure = tuple((name, without.get(kind, kind)) for name, kind in call.structure)
    # Those that may be absent have one (MS-OXNSPI 3.1.4.1.9).
    unique = {nspi.PropertyTagArray_r: nspi.PPropertyTagArray_r}
    call = nspi.NspiSeekEntries
    call.structure = tuple((name, unique.get(kind, kind)) for name, kind in call.structure)
    # MS-OXABREF 3.1.4.1; C706 Q.1.
    for response in (oxabref.RfrGetNewDSAResponse, mgmt.is_server_listeningResponse):
        response.structure += (("ErrorCode", DWORD),)


COUNTS = {"maximum count", "offset and actual count"}


class Differs(Exception):
    """The tree says something else."""


def leaf(node):
    return bytes.fromhex(node.get("bytes", ""))


def parts(node):
    return [child for child in node.get("children", []) if child["name"] not in COUNTS]


def same(found, expected, path):
    if found != expected:
        raise Differs(f"{path}: impacket {found!r}, ropc {expected!r}")


def number(value, node, path):
    same(value % (1 << 8 * node["size"]), node.get("value", 0) % (1 << 8 * node["size"]), path)


def compare(value, node, path):
    """A value of impacket and a node of the tree."""
    if isinstance(value, ndr.NDRPOINTER):
        null = value.fields["ReferentID"] == 0
        same(null, node.get("names") == ["null"], f"{path} is null")
        if not null:
            compare(value.fields["Data"], node["children"][-1], path)
    elif isinstance(value, ndr.NDRPOINTERNULL):
        same(True, node.get("names") == ["null"], f"{path} is null")
    elif isinstance(value, ndr.NDRUNION):
        tag, arm = parts(node)
        number(value.fields["tag"].fields["Data"], tag, f"{path} discriminant")
        name = value.structure[0][0]
        same(name, arm["name"], f"{path} arm")
        compare(value.fields[name], arm, f"{path}.{name}")
    elif isinstance(value, (STR, WSTR)):
        raw = bytes(value.fields["Data"])
        same(raw, leaf(node)[-len(raw) :], path)
        # Behind the gap that may stand before the counts.
        gap = node["size"] - (24 if value._isNDR64 else 12) - len(raw)
        same(gap in range(8), True, f"{path} size")
    elif isinstance(value, UUID):
        raw = bytes(value.fields["Data"])
        while node.get("children"):
            (node,) = node["children"]
        same(raw, leaf(node), path)
    elif isinstance(value, ndr.NDRArray):
        elements(value.fields["Data"], node, path)
    elif type(value).__name__ in ("handle_t", "ept_lookup_handle_t"):
        found = struct.pack("<L", value["context_handle_attributes"]) + bytes(value["context_handle_uuid"])
        same(found, leaf(node), path)
    elif isinstance(value, (ndr.NDRSTRUCT, ndr.NDRCALL)):
        fields(value, parts(node), path)
    elif isinstance(value, ndr.NDR):
        number(value.fields["Data"], node, path)
    elif isinstance(value, int):
        number(value, node, path)
    else:
        same(bytes(value), leaf(node), path)


def elements(found, node, path):
    inner = parts(node)
    if not inner and "bytes" in node or inner and inner[0]["name"] == "bytes":
        raw = b"".join(bytes([one]) if isinstance(one, int) else bytes(one) for one in found)
        same(raw, leaf(inner[0] if inner else node)[-len(raw) :] if raw else b"", path)
        return
    same(len(found), len(inner), f"{path} count")
    for index, (one, child) in enumerate(zip(found, inner)):
        compare(one, child, f"{path}[{index}]")


def fields(value, nodes, path):
    kind = type(value).__name__
    declared = value.commonHdr + value.structure
    same(len(declared), len(nodes), f"{path} fields {[name for name, _ in declared]} and {[n['name'] for n in nodes]}")
    for (name, _), node in zip(declared, nodes):
        ours = NAMES.get((kind, name), NAMES.get((None, name), name))
        same(ours, node["name"], f"{path} name")
        compare(value.fields[name], node, f"{path}.{name}")


def call(name, direction, syntax, data, tree):
    interface, operation = name.split(".")
    operation = operation.removeprefix("rpc__mgmt_")
    module = MODULES[interface]
    found = getattr(module, operation + ("" if direction == "in" else "Response"), None)
    if found is None:
        return "unknown"
    value = found(isNDR64=syntax == "ndr64")
    used = value.fromString(data)
    compare(value, tree, operation)
    if len(data) - used not in range(8) or any(data[used:]):
        raise Differs(f"{len(data) - used} bytes are left")
    return "ok " + (value.getData().hex() or "-")


HEADER = [
    ("ver_major", "rpc_vers"),
    ("ver_minor", "rpc_vers_minor"),
    ("type", "PTYPE"),
    ("flags", "pfc_flags"),
    ("frag_len", "frag_length"),
    ("auth_len", "auth_length"),
    ("call_id", "call_id"),
]
BIND = [("max_tfrag", "max_xmit_frag"), ("max_rfrag", "max_recv_frag"), ("assoc_group", "assoc_group_id")]


def child(node, name):
    found = [one for one in node["children"] if one["name"] == name]
    if not found:
        raise Differs(f"the tree has no {name}")
    return found[0]


def numbers(value, node, names, path):
    for theirs, ours in names:
        number(value[theirs], child(node, ours), f"{path}.{theirs}")


def syntax(raw, node, path):
    same(bytes(raw), leaf(child(node, "if_uuid")) + leaf(child(node, "if_version")), path)


def pdu(data, tree):
    header = rpcrt.MSRPCHeader(data)
    kind = header["type"]
    body = child(tree, "Body")
    inner = body["children"][0] if kind in (11, 12, 14, 15) else body
    if kind == 0:
        header = rpcrt.MSRPCRequestHeader(data)
        numbers(header, body, [("alloc_hint", "alloc_hint"), ("ctx_id", "p_cont_id"), ("op_num", "opnum")], "request")
        if header["flags"] & 0x80:
            same(header["uuid"], leaf(child(body, "object")), "request.uuid")
    elif kind in (2, 3):
        header = rpcrt.MSRPCRespHeader(data)
        names = [("alloc_hint", "alloc_hint"), ("ctx_id", "p_cont_id"), ("cancel_count", "cancel_count")]
        numbers(header, body, names, "response")
    elif kind in (11, 14):
        bind = rpcrt.MSRPCBind(header["pduData"])
        numbers(bind, inner, BIND, "bind")
        items, rest = child(inner, "p_cont_elem").get("children", []), bind["ctx_items"]
        same(bind["ctx_num"], len(items), "bind.ctx_num")
        for index, node in enumerate(items):
            item = rpcrt.CtxItem(rest)
            rest = rest[len(item) :]
            numbers(item, node, [("ContextID", "p_cont_id"), ("TransItems", "n_transfer_syn")], f"item {index}")
            syntax(item["AbstractSyntax"], child(node, "abstract_syntax"), f"item {index} interface")
            syntax(item["TransferSyntax"], child(node, "transfer_syntaxes")["children"][0], f"item {index} syntax")
    elif kind in (12, 15):
        header = rpcrt.MSRPCBindAck(data)
        numbers(header, inner, BIND + [("SecondaryAddrLen", "sec_addr_length")], "ack")
        results = child(inner, "p_results").get("children", [])
        same(header["ctx_num"], len(results), "ack.ctx_num")
        for index, node in enumerate(results):
            item = header.getCtxItem(index + 1)
            numbers(item, node, [("Result", "result"), ("Reason", "reason")], f"result {index}")
            syntax(item["TransferSyntax"], child(node, "transfer_syntax"), f"result {index} syntax")
    elif kind == 13:
        nak = rpcrt.MSRPCBindNak(header["pduData"])
        numbers(nak, body, [("RejectedReason", "provider_reject_reason")], "nak")
    numbers(header, tree, HEADER, "header")
    if header["auth_len"]:
        trailer = rpcrt.SEC_TRAILER(data[-header["auth_len"] - 8 :])
        verifier = child(tree, "auth_verifier")
        names = [("auth_type", "auth_type"), ("auth_level", "auth_level"), ("auth_pad_len", "auth_pad_length")]
        numbers(trailer, verifier, names + [("auth_ctx_id", "auth_context_id")], "sec_trailer")
        same(data[-header["auth_len"] :], leaf(child(verifier, "auth_value")), "auth_data")
    return f"ok {data.hex()}"


DESTINATIONS = ["FDClient", "FDInProxy", "FDServer", "FDOutProxy"]


def words(command):
    """A command as generated-tests/tests/data/rts-pdus.tsv writes it, cookies hexadecimal."""
    kind = type(command).__name__
    names = [name for name, *_ in command.structure if name != "CommandType"]
    if not names:
        return kind
    value = command[names[-1]]
    if kind == "FlowControlAck":
        cookie = value["ChannelCookie"]["Cookie"]
        return f"{kind}={value['BytesReceived']}:{value['AvailableWindow']}:{cookie.hex()}"
    if kind in ("Cookie", "AssociationGroupId"):
        return f"{kind}={value['Cookie'].hex()}"
    if kind == "Padding":
        return f"{kind}={len(value)}"
    if kind == "ClientAddress":
        return f"{kind}={value['ClientAddress'].hex()}"
    if kind == "Destination":
        return f"{kind}={DESTINATIONS[value]}"
    return f"{kind}={value}"


def rts(data):
    header = rpch.RTSHeader(data)
    rest, seen, packed = header["pduData"], [], b""
    for _ in range(header["NumberOfCommands"]):
        command = rpch.COMMANDS[struct.unpack_from("<L", rest)[0]](rest)
        packed += command.getData()
        rest = rest[len(command) :]
        seen.append(words(command))
    same(data, data[:20] + packed, "packed again")
    same((header["type"], header["frag_len"], header["auth_len"], rest), (20, len(data), 0, b""), "header")
    return f"ok {header['Flags']:#06x} {' '.join(seen)}".rstrip()


def answer(line):
    kind, *rest = line.rstrip("\n").split(" ", 5 if line.startswith("rpc") else 2)
    from_hex = lambda text: b"" if text == "-" else bytes.fromhex(text)
    try:
        if kind == "rts":
            return rts(from_hex(rest[0]))
        if kind == "pdu":
            return pdu(from_hex(rest[0]), json.loads(rest[1])["tree"])
        name, direction, representation, data, tree = rest
        return call(name, direction, representation, from_hex(data), json.loads(tree)["tree"])
    except Differs as error:
        return f"differs {error}"
    except Exception as error:  # Each class there has errors of its own.
        return f"refused {type(error).__name__}: {' '.join(str(error).split())}"


def main():
    # It tells the log of what it raises anyway, and has no limits of its own.
    LOG.setLevel(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    mend()
    for line in sys.stdin:
        print(answer(line), flush=True)


if __name__ == "__main__":
    main()
