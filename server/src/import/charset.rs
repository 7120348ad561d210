//! Charset names of MIME and the Windows code pages that MAPI says instead (MS-OXCMAIL 2.1.3.1.1).

/// The code page of a charset; `None` for one that is not known.
pub(super) fn code_page(charset: &str) -> Option<i32> {
    Some(match charset.trim().to_ascii_lowercase().as_str() {
        "us-ascii" | "ascii" | "ansi_x3.4-1968" => 20127,
        "utf-8" | "utf8" => 65001,
        "utf-7" => 65000,
        "utf-16" | "utf-16le" => 1200,
        "utf-16be" => 1201,
        "iso-8859-1" | "latin1" | "iso8859-1" => 28591,
        "iso-8859-2" | "latin2" => 28592,
        "iso-8859-3" => 28593,
        "iso-8859-4" => 28594,
        "iso-8859-5" => 28595,
        "iso-8859-6" => 28596,
        "iso-8859-7" => 28597,
        "iso-8859-8" | "iso-8859-8-i" => 28598,
        "iso-8859-9" => 28599,
        "iso-8859-13" => 28603,
        "iso-8859-15" => 28605,
        "windows-874" | "tis-620" => 874,
        "windows-1250" | "cp1250" => 1250,
        "windows-1251" | "cp1251" => 1251,
        "windows-1252" | "cp1252" => 1252,
        "windows-1253" | "cp1253" => 1253,
        "windows-1254" | "cp1254" => 1254,
        "windows-1255" | "cp1255" => 1255,
        "windows-1256" | "cp1256" => 1256,
        "windows-1257" | "cp1257" => 1257,
        "windows-1258" | "cp1258" => 1258,
        "koi8-r" => 20866,
        "koi8-u" => 21866,
        "shift_jis" | "shift-jis" | "sjis" | "x-sjis" | "cp932" => 932,
        "iso-2022-jp" => 50220,
        "euc-jp" => 51932,
        "gb2312" | "gbk" | "cp936" => 936,
        "gb18030" => 54936,
        "big5" => 950,
        "euc-kr" | "ks_c_5601-1987" => 949,
        _ => return None,
    })
}

/// Text in an unknown charset: UTF-8 when it is that, else Windows-1252, in which every byte is something.
pub(super) fn guess(bytes: &[u8]) -> (String, i32) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), UTF_8),
        Err(_) => (runtime::String8::new(bytes).decode(1252).into_owned(), 1252),
    }
}

/// The code page of UTF-8.
pub(super) const UTF_8: i32 = 65001;
