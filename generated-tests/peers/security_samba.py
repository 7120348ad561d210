"""Security descriptors as Samba reads and writes them: an answer a line.

  pack SDDL     the bytes of a descriptor, in hexadecimal
  show HEX      what the bytes say, and the bytes that Samba writes for it
"""

import sys

from samba.dcerpc import security
from samba.ndr import ndr_pack, ndr_unpack

DOMAIN = security.dom_sid("S-1-5-21-1004336348-1177238915-682003330")


def acl(found):
    if found is None:
        return "-"
    return "[" + ",".join(ace(one) for one in found.aces) + "]"


def ace(one):
    kind = int(one.type)
    text = f"{kind:02x}:{int(one.flags):02x}:{one.access_mask:08x}"
    if kind in (5, 6, 7, 8, 11, 12, 15, 16):
        flags = int(one.object.flags)
        text += f":{str(one.object.type) if flags & 1 else '-'}"
        text += f":{str(one.object.inherited_type) if flags & 2 else '-'}"
    return f"{text}:{one.trustee}"


def show(data):
    found = ndr_unpack(security.descriptor, data)
    parts = [f"{int(found.type):04x}", str(found.owner_sid or "-"), str(found.group_sid or "-")]
    parts += [acl(found.sacl), acl(found.dacl), ndr_pack(found).hex()]
    return " ".join(parts)


for line in sys.stdin:
    command, argument = line.strip().split(" ", 1)
    if command == "pack":
        print(ndr_pack(security.descriptor.from_sddl(argument, DOMAIN)).hex())
    else:
        print(show(bytes.fromhex(argument)))
