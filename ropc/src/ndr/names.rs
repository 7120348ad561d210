//! Names of the description in Rust's spelling.

/// A type: as written where Rust's conventions allow it, else in upper camel case.
#[must_use]
pub fn type_name(name: &str) -> String {
    let bytes = name.as_bytes();
    let digit = |index: Option<usize>| index.and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_digit);
    let fits = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.char_indices().all(|(i, c)| c != '_' || digit(i.checked_sub(1)) && digit(Some(i + 1)));
    if fits { name.to_string() } else { camel(name) }
}

/// A type beside another one that [`type_name`] would call the same: capitals stay.
#[must_use]
pub fn exact_type_name(name: &str) -> String {
    let text: String = name.split('_').map(upper_first).collect();
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) { text } else { format!("T{text}") }
}

/// The name of a message of an operation: of a declared type where there is none of this name, else longer.
#[must_use]
pub fn message_name(operation: &str, suffix: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let name = format!("{}{suffix}", type_name(operation));
    if is_taken(&name) { format!("{}Call{suffix}", type_name(operation)) } else { name }
}

/// With its first letter in upper case.
#[must_use]
pub fn upper_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

/// A variant of an enum.
#[must_use]
pub fn variant_name(name: &str) -> String {
    type_name(name)
}

/// A field, a parameter or a method: snake case, a keyword with `r#` or an underscore.
#[must_use]
pub fn field_name(name: &str) -> String {
    let snake = words(name).join("_").to_ascii_lowercase();
    match syn::parse_str::<syn::Ident>(&snake) {
        Ok(_) => snake,
        Err(_) if matches!(snake.as_str(), "self" | "super" | "crate" | "_" | "") => format!("{snake}_"),
        Err(_) => format!("r#{snake}"),
    }
}

/// A constant: upper case.
#[must_use]
pub fn const_name(name: &str) -> String {
    if name.chars().all(|c| !c.is_ascii_lowercase()) {
        return name.to_string();
    }
    words(name).join("_").to_ascii_uppercase()
}

fn camel(name: &str) -> String {
    let mut text = String::new();
    for part in name.split('_').filter(|part| !part.is_empty()) {
        // Digits on both sides of an underscore would run together.
        if text.ends_with(|c: char| c.is_ascii_digit()) && part.starts_with(|c: char| c.is_ascii_digit()) {
            text.push('_');
        }
        let shout = part.len() > 1 && part.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        let mut chars = part.chars();
        text.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        if shout {
            text.extend(chars.map(|c| c.to_ascii_lowercase()));
        } else {
            text.extend(chars);
        }
    }
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) { text } else { format!("T{text}") }
}

/// Cut at underscores, before an upper-case letter after a lower-case one or a digit, and before
/// the last capital of a run: `ServerDN`, `DNServer`.
fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| chars.get(i)).copied().unwrap_or('_');
        let after = chars.get(i + 1).copied().unwrap_or('_');
        let cut = c == '_'
            || c.is_ascii_uppercase()
                && (before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || before.is_ascii_uppercase() && after.is_ascii_lowercase());
        if cut && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if c != '_' {
            words.extend(words.is_empty().then(String::new));
            if let Some(word) = words.last_mut() {
                word.push(c);
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_type_names_that_fit() {
        for name in ["Info1", "STAT", "Enum1_32", "PropertyTag"] {
            assert_eq!(type_name(name), name);
        }
        assert_eq!(type_name("lsa_String"), "LsaString");
        assert_eq!(type_name("PropertyRow_r"), "PropertyRowR");
        assert_eq!(type_name("_FLATUID_t"), "FlatuidT");
        assert_eq!(type_name("policy_handle"), "PolicyHandle");
    }

    #[test]
    fn cuts_field_names_into_words() {
        for (name, rust) in [
            ("InData", "in_data"),
            ("rgbIn", "rgb_in"),
            ("pcbOut", "pcb_out"),
            ("EcDoConnectEx", "ec_do_connect_ex"),
            ("szServerDN", "sz_server_dn"),
            ("TestCall2", "test_call2"),
            ("type", "r#type"),
            ("Self", "self_"),
            ("sub_auths", "sub_auths"),
        ] {
            assert_eq!(field_name(name), rust);
        }
        assert_eq!(const_name("ECHO_ENUM1_32"), "ECHO_ENUM1_32");
        assert_eq!(const_name("PtypInteger32"), "PTYP_INTEGER32");
    }
}
