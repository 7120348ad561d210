//! Paths of generated Rust, which stands in another place than that of a crate of its own.

/// The text with `from::module` as `to::module` for these modules.
pub(super) fn replaced(text: &str, from: &str, to: &str, modules: &[&str]) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(from) {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        let after = found.get(from.len()..).unwrap_or_default();
        // `$crate`, `my_crate` and `x::crate` are other paths
        let begins = !before.ends_with(|c: char| is_name(c) || c == '$' || c == ':');
        let module = after.strip_prefix("::").map(|name| name.split(|c| !is_name(c)).next().unwrap_or_default());
        let ours = begins && module.is_some_and(|module| modules.contains(&module));
        out.push_str(if ours { to } else { from });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn only_paths_of_the_modules_lead_elsewhere() {
        let text =
            "use crate::notes::A; crate::hooks::B $crate::notes my_crate::notes crate::notes_2 <crate::notes::C>";
        assert_eq!(
            replaced(text, "crate", "super", &["notes"]),
            "use super::notes::A; crate::hooks::B $crate::notes my_crate::notes crate::notes_2 <super::notes::C>"
        );
        assert_eq!(replaced("protocol::notes::x", "protocol", "a::wire", &["notes"]), "a::wire::notes::x");
    }
}
