//! Diagnostics for people and for programs. The only module that knows how a message looks.

use std::collections::BTreeMap;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::ast::{SourceId, Span};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Sources;

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// With the source underlined.
    Plain,
    /// The same in colours.
    Coloured,
    /// One JSON object a line.
    Json,
}

/// One message as text that ends with a line feed (and a blank line between messages for people).
#[must_use]
pub fn render(sources: &Sources, diagnostic: &Diagnostic, format: Format) -> String {
    match format {
        Format::Plain => people(sources, diagnostic, Renderer::plain()),
        Format::Coloured => people(sources, diagnostic, Renderer::styled()),
        Format::Json => json(sources, diagnostic),
    }
}

/// All messages, and for people a last line that counts them.
#[must_use]
pub fn render_all(sources: &Sources, diagnostics: &[Diagnostic], format: Format) -> String {
    let mut text: String = diagnostics.iter().map(|diagnostic| render(sources, diagnostic, format)).collect();
    if format != Format::Json && !diagnostics.is_empty() {
        let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
        let warnings = diagnostics.len() - errors;
        let counts: Vec<String> = [(errors, "error"), (warnings, "warning")]
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}{}", if *count == 1 { "" } else { "s" }))
            .collect();
        text.push_str(&counts.join(", "));
        text.push('\n');
    }
    text
}

/// An error without a place in a description, as a line.
#[must_use]
pub fn error(message: &str, format: Format) -> String {
    match format {
        Format::Json => format!(r#"{{"code":null,"severity":"error","message":{}}}"#, quoted(message)) + "\n",
        Format::Plain | Format::Coloured => format!("ropc: {message}\n"),
    }
}

fn people(sources: &Sources, diagnostic: &Diagnostic, renderer: Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()).id(diagnostic.code));
    for (source, places) in by_source(diagnostic) {
        let Some(file) = sources.get(source) else { continue };
        let annotations = places.into_iter().map(|(kind, span, label)| {
            let annotation = kind.span(visible(&file.text, &span.range));
            if label.is_empty() { annotation } else { annotation.label(label) }
        });
        group = group.element(Snippet::source(file.text.as_str()).path(file.name.as_str()).annotations(annotations));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    format!("{}\n\n", renderer.render(&[group]))
}

type Place<'a> = (AnnotationKind, &'a Span, &'a str);

/// The places of a message, the primary one's file first.
fn by_source(diagnostic: &Diagnostic) -> Vec<(SourceId, Vec<Place<'_>>)> {
    let (span, label) = &diagnostic.primary;
    let primary = span.source;
    let mut others: BTreeMap<SourceId, Vec<Place<'_>>> = BTreeMap::new();
    let mut first = vec![(AnnotationKind::Primary, span, label.as_str())];
    for (span, label) in &diagnostic.secondary {
        let place = (AnnotationKind::Context, span, label.as_str());
        if span.source == primary {
            first.push(place);
        } else {
            others.entry(span.source).or_default().push(place);
        }
    }
    let mut files = vec![(primary, first)];
    files.extend(others);
    files
}

/// An empty place is shown as the character before it, so that something is underlined.
fn visible(text: &str, range: &Range<usize>) -> Range<usize> {
    let (start, end) = (range.start.min(text.len()), range.end.min(text.len()));
    if start < end {
        return start..end;
    }
    let before = text.get(..start).and_then(|text| text.char_indices().next_back()).map_or(0, |(i, _)| i);
    before..start
}

fn json(sources: &Sources, diagnostic: &Diagnostic) -> String {
    let place = |(span, label): &(Span, String)| {
        let name = sources.get(span.source).map(|source| source.name.as_str()).unwrap_or_default();
        let (line, column) = sources.line_column(span);
        format!(
            r#"{{"file":{},"start":{},"end":{},"line":{line},"column":{column},"label":{}}}"#,
            quoted(name),
            span.range.start,
            span.range.end,
            quoted(label)
        )
    };
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let secondary: Vec<String> = diagnostic.secondary.iter().map(place).collect();
    let notes: Vec<String> = diagnostic.notes.iter().map(|note| quoted(note)).collect();
    format!(
        r#"{{"code":"{}","severity":"{severity}","message":{},"primary":{},"secondary":[{}],"help":{},"notes":[{}]}}"#,
        diagnostic.code,
        quoted(&diagnostic.message),
        place(&diagnostic.primary),
        secondary.join(","),
        diagnostic.help.as_deref().map_or("null".to_owned(), quoted),
        notes.join(",")
    ) + "\n"
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (Sources, Diagnostic) {
        let mut sources = Sources::default();
        let first = sources.add("a.idl", "struct A {\n    uint16 x;\n    uint16 x;\n}\n");
        let second = sources.add("b.idl", "struct A { }\n");
        let at = |source, range: Range<usize>| Span { source, range };
        let diagnostic = Diagnostic::error("R0001", "a field \"x\" twice", at(first, 36..37), "again")
            .also(at(first, 22..23), "first declared here")
            .also(at(second, 7..8), "another file")
            .help("rename one")
            .note("names are unique");
        (sources, diagnostic)
    }

    #[test]
    fn shows_all_places_of_a_message() {
        let (sources, diagnostic) = sample();
        let text = render(&sources, &diagnostic, Format::Plain);
        for part in [
            "error[R0001]: a field \"x\" twice",
            "a.idl:3:12",
            "- first declared here",
            "^ again",
            "b.idl:1:8",
            "help: rename one",
            "note: names are unique",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(!text.contains('\u{1b}'));
        assert!(render(&sources, &diagnostic, Format::Coloured).contains('\u{1b}'));
    }

    #[test]
    fn json_is_one_line_with_escaped_text() {
        let (sources, diagnostic) = sample();
        let text = render(&sources, &diagnostic, Format::Json);
        assert_eq!(text.matches('\n').count(), 1);
        assert!(text.contains(r#""message":"a field \"x\" twice""#), "{text}");
        assert!(text.contains(r#""file":"a.idl","start":36,"end":37,"line":3,"column":12,"label":"again""#), "{text}");
    }

    #[test]
    fn a_place_at_the_end_of_the_text_is_shown() {
        let mut sources = Sources::default();
        let source = sources.add("a.idl", "struct é");
        let end = Span { source, range: 9..9 };
        let text = render(&sources, &Diagnostic::error("R0001", "m", end, "here"), Format::Plain);
        assert!(text.contains("^ here"), "{text}");
    }
}
