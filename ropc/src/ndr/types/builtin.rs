//! Types that need no declaration.

use super::Level;
use crate::ast::{Ident, TypeSpec};
use crate::ndr::dialect::{Flat, TextFlags};
use crate::ndr::model::{Array, Known, Scalar, Size, Type};

/// Type names of the family that need no declaration.
pub(in crate::ndr) const BUILTIN_NAMES: &[&str] = &[
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "int8",
    "int16",
    "int32",
    "int64",
    "hyper",
    "char",
    "wchar_t",
    "boolean8",
    "bool8",
    "float",
    "double",
    "uint1632",
    "udlong",
    "dlong",
    "udlongr",
    "NTTIME",
    "NTTIME_hyper",
    "NTTIME_1sec",
    "time_t",
    "boolean32",
    "ipv4address",
    "ipv6address",
    "DATA_BLOB",
    "string",
    "string_array",
    "u16string",
    "dom_sid",
    "dom_sid2",
    "uint3264",
    "int3264",
    "NTSTATUS",
    "WERROR",
    "HRESULT",
    "GUID",
    "policy_handle",
    "error_status_t",
    "DWORD",
    "BYTE",
    "WCHAR",
    "ULONG",
    "USHORT",
    "UCHAR",
    "LONG",
    "SHORT",
];

/// Types that are declared in no interface file: their Rust comes from elsewhere.
pub(in crate::ndr) const OPAQUE_NAMES: &[&str] = &[
    "dns_string",
    "dnsp_name",
    "dnsp_string",
    "nbt_string",
    "netr_DeltaEnum8Bit",
    "netr_SamDatabaseID8Bit",
    "security_descriptor",
    "sockaddr_storage",
    "spoolss_security_descriptor",
    "timespec",
    "timeval",
    "wrepl_nbt_name",
];

/// The type of a name that needs no declaration.
pub(in crate::ndr) fn builtin(name: &str) -> Option<Type> {
    Some(Type::Scalar(match name {
        "uint8" | "UCHAR" | "BYTE" | "char" | "uint8_t" | "CHAR" | "byte" | "UINT8" | "unsigned8" => Scalar::U8,
        "uint16" | "USHORT" | "WORD" | "uint16_t" | "UINT16" | "unsigned16" => Scalar::U16,
        "WCHAR" | "wchar_t" | "UNICODE" => Scalar::Unit,
        "uint32" | "ULONG" | "DWORD" | "UINT" | "error_status_t" | "uint32_t" | "uint" | "time_t" | "boolean32"
        | "BOOL" | "mode_t" | "NET_API_STATUS" | "ipv4address" | "ndr_flags_type" | "COMRESULT" | "UINT32"
        | "ULONG32" | "DWORD32" | "unsigned32" => Scalar::U32,
        "ULARGE_INTEGER" | "UINT64" | "QWORD" | "unsigned64" => Scalar::U64,
        "uint64" | "ULONGLONG" | "ULONG64" | "DWORD64" | "DWORDLONG" | "hyper" | "HYPER_T" | "uint64_t" | "pointer"
        | "NTTIME_hyper" | "NTTIME_1sec" | "uid_t" | "gid_t" | "libndr_flags" => Scalar::U64,
        "int8" | "int8_t" | "INT8" | "signed8" => Scalar::I8,
        "int16" | "SHORT" | "int16_t" | "INT16" | "signed16" => Scalar::I16,
        "int32" | "LONG" | "INT" | "int32_t" | "INT32" | "LONG32" | "signed32" => Scalar::I32,
        "int64" | "dlong64" | "LONGLONG" | "LONG64" | "int64_t" | "INT64" | "LARGE_INTEGER" | "signed64" => Scalar::I64,
        "FLOAT" => Scalar::F32,
        "DOUBLE" => Scalar::F64,
        "boolean8" | "bool8" | "BOOLEAN" => Scalar::Bool,
        "uint1632" | "int1632" => Scalar::Enum16,
        "uint3264" | "int3264" | "__int3264" | "ULONG_PTR" | "DWORD_PTR" | "SIZE_T" | "UINT_PTR" | "INT_PTR"
        | "LONG_PTR" => Scalar::U3264,
        // two numbers of 32 bits, the low one first
        "udlong" | "NTTIME" | "FILETIME" => Scalar::Udlong,
        "dlong" => Scalar::Dlong,
        "udlongr" => Scalar::Udlongr,
        "NTSTATUS" => return Some(Type::Known(Known::NtStatus)),
        "WERROR" => return Some(Type::Known(Known::WError)),
        "HRESULT" => return Some(Type::Known(Known::HResult)),
        "GUID" | "UUID" | "uuid_t" | "guid" | "idl_uuid_t" | "CLSID" | "IID" => return Some(Type::Known(Known::Guid)),
        "policy_handle" => return Some(Type::Known(Known::ContextHandle)),
        "DATA_BLOB" => return Some(Type::Known(Known::Blob)),
        "dom_sid" => return Some(Type::Known(Known::Sid)),
        "dom_sid2" => return Some(Type::Known(Known::SidConformant)),
        "dom_sid28" => return Some(Type::Known(Known::SidPadded)),
        "dom_sid0" => return Some(Type::Known(Known::SidOptional)),
        "string" | "u16string" => {
            return Some(Type::Flat(Flat { flags: TextFlags::default(), list: false }));
        }
        "string_array" => return Some(Type::Flat(Flat { flags: TextFlags::default(), list: true })),
        "ipv6address" => {
            let element = Box::new(Type::Scalar(Scalar::U8));
            return Some(Type::Array(Array {
                element,
                size: Size::Fixed(16),
                length: None,
                first: None,
                varying: false,
            }));
        }
        _ => return None,
    }))
}

/// Names of pointers, with what they point to; the empty name for `void`.
const POINTER_NAMES: &[(&str, &str)] = &[
    ("HANDLE", ""),
    ("LPBOOL", "BOOL"),
    ("LPBYTE", "BYTE"),
    ("LPCSTR", "CHAR"),
    ("LPCVOID", ""),
    ("LPCWSTR", "WCHAR"),
    ("LPDWORD", "DWORD"),
    ("LPINT", "INT"),
    ("LPLONG", "LONG"),
    ("LPSTR", "CHAR"),
    ("LPVOID", ""),
    ("LPWORD", "WORD"),
    ("LPWSTR", "WCHAR"),
    ("PBOOL", "BOOL"),
    ("PBOOLEAN", "BOOLEAN"),
    ("PBYTE", "BYTE"),
    ("PCHAR", "CHAR"),
    ("PDWORD", "DWORD"),
    ("PDWORD64", "DWORD64"),
    ("PDWORDLONG", "DWORDLONG"),
    ("PFILETIME", "FILETIME"),
    ("PGUID", "GUID"),
    ("PLARGE_INTEGER", "LARGE_INTEGER"),
    ("PLONG", "LONG"),
    ("PLONG64", "LONG64"),
    ("PSHORT", "SHORT"),
    ("PSTR", "CHAR"),
    ("PUCHAR", "UCHAR"),
    ("PULARGE_INTEGER", "ULARGE_INTEGER"),
    ("PULONG", "ULONG"),
    ("PUSHORT", "USHORT"),
    ("PVOID", ""),
    ("PWCHAR", "WCHAR"),
    ("PWORD", "WORD"),
    ("PWSTR", "WCHAR"),
    ("byte_p_t", "BYTE"),
    ("unsigned_char_p_t", "CHAR"),
    ("uuid_p_t", "GUID"),
];

/// The pointer or `void` of a name that needs no declaration.
pub(in crate::ndr) fn builtin_pointer(name: &str) -> Option<Level> {
    if name == "VOID" {
        return Some(Level::Void);
    }
    let (_, to) = POINTER_NAMES.iter().find(|(pointer, _)| *pointer == name)?;
    let to = if to.is_empty() { Level::Void } else { Level::Leaf(builtin(to)?) };
    Some(Level::Pointer(None, Box::new(to)))
}

/// The type that a `sizeof` names, where it needs no declaration.
pub(in crate::ndr) fn simple(spec: &TypeSpec) -> Option<Type> {
    match spec {
        TypeSpec::Words(list) => words(list).flatten().map(Type::Scalar),
        TypeSpec::Ref(name) => builtin(&name.name.text),
        TypeSpec::Tag(_, tag) => builtin(&tag.text),
        _ => None,
    }
}

/// The integer that words of C spell. `char` has no sign in NDR; `None` inside for `void`.
pub(super) fn words(list: &[Ident]) -> Option<Option<Scalar>> {
    let mut unsigned = false;
    let mut signed = false;
    let mut base = "";
    for word in list {
        match word.text.as_str() {
            "unsigned" => unsigned = true,
            "signed" => signed = true,
            // `long int`, `short int`, `long long`
            "int" if !base.is_empty() => {}
            "long" if base == "long" => base = "hyper",
            "long" | "short" if base == "int" => base = word.text.as_str(),
            text => base = text,
        }
    }
    let pick = |u, s| Some(Some(if unsigned { u } else { s }));
    match base {
        "void" => Some(None),
        "char" if signed => Some(Some(Scalar::I8)),
        "char" | "byte" => Some(Some(Scalar::U8)),
        "small" => pick(Scalar::U8, Scalar::I8),
        "short" => pick(Scalar::U16, Scalar::I16),
        "__int8" => pick(Scalar::U8, Scalar::I8),
        "__int16" => pick(Scalar::U16, Scalar::I16),
        "__int3264" => Some(Some(Scalar::U3264)),
        "long" | "int" | "__int32" | "" => pick(Scalar::U32, Scalar::I32),
        "hyper" | "__int64" => pick(Scalar::U64, Scalar::I64),
        "wchar_t" => Some(Some(Scalar::Unit)),
        "boolean" => Some(Some(Scalar::Bool)),
        "float" => Some(Some(Scalar::F32)),
        "double" => Some(Some(Scalar::F64)),
        _ => None,
    }
}
