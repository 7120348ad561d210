"""Where Samba's library has something else than an interface file says, and why: what ndr_tree.py finds besides is a mistake.

The first rule whose pattern is found in `INTERFACE.NAME: answer` holds.
"""

import re

SECONDS = "NTTIME_1sec: a time of whole seconds there, so that not every number comes back"
CHARSET = "an array of characters with `charset` and no `string` is a text there: bytes that are no text, or behind a zero, do not come back"
POINTER = "`pointer` is an address of the machine there, in its own byte order"
RELATIVE = "a relative pointer outside of data inside data: a protocol has it in bytes, and the library packs none or passes over nothing"
BASE = "relative pointers outside of data inside data: of an arm without any the library looks for where they count from, and finds nothing"
FILLED = "a `[string]` in an array of a size has to fill it there; C706 14.3.4 counts what is sent, up to the terminator"
NULL = "a size or length behind a null pointer is refused there even where the file asks for the pointer first (`p ? *p : 0`), as here"
RANGE = "`range` of an enumeration is checked there, not here"

RULES = [
    (r"^drsblobs\.(replPropertyMetaData1|replPropertyMetaDataBlob|repsFromTo1|repsFromTo2|repsFromToBlob): differs", SECONDS),
    (r"^drsuapi\.(drsuapi_DsReplicaMetaDataCtr|drsuapi_DsReplicaGetInfo): differs", SECONDS),
    (r"refused Refused: unpacks le: NDR64 assertion error", "uid_t and gid_t have 64 bits on the wire and 32 there"),
    (r"Character Conversion Error", CHARSET),
    (r"^frsrpc\.frsrpc_(StageHeader|CommPktChangeOrderCommand): differs|^spoolss\.spoolss_PortData[12]: differs", CHARSET),
    (r"CorePrinterDrivers?: differs|GetPrinterDriverPackagePath: differs|UploadPrinterDriverPackage: differs", CHARSET),
    (r"^witness\.witness_GetInterfaceList: differs|^rap\.", CHARSET),
    (r"^notify\.|^opendb\.opendb_file: differs", POINTER),
    (r"Relative Pointer Error|EnumDependentServicesA: refused", RELATIVE),
    (r"^(spoolss\.spoolss_MonitorContainer|iremotewinspool\.winspool_AsyncAddMonitor): refused .*Token Error", BASE),
    (r"^frstrans\.(frstrans_RequestUpdates|frstrans_RequestVersionVector): refused .*Range Error", RANGE),
    (r"^frstrans\.frstrans_InitializeFileTransferAsync: refused .*Bad Array Size", FILLED),
    (r"^svcctl\.svcctl_ChangeServiceConfigW: refused .*Bad Array Size", FILLED),
    (r"^winreg\.winreg_QueryValue: refused .*Invalid Pointer", NULL),
    (r"^winsif\.winsif_WinsGetNameAndAdd: refused", "the file itself says that the library does not do this right"),
    (r"^open_files\.share_mode_data: refused", "its counts are `skip`: not on the wire, and 0 there"),
    (r"crashes", "the library ends the process"),
]

# A second try for what the library cannot even unpack after it has packed it.
NDR64_RELATIVE = "relative pointers have 32 bits there when it packs NDR64 and 64 when it unpacks it: compared in NDR 2.0"


def reason(name, answer):
    """Why an answer is no mistake; `None` where it is one."""
    text = f"{name}: {answer}"
    return next((why for pattern, why in RULES if re.search(pattern, text)), None)
