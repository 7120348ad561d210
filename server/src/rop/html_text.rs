//! The text of an HTML body, for clients that show no HTML.

/// Elements whose content is no text.
const SILENT: [&str; 4] = ["head", "script", "style", "title"];

/// Elements that begin and end a line.
const BLOCKS: [&str; 15] =
    ["address", "blockquote", "center", "div", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "table", "tr", "ul"];

/// Characters that have names.
const ENTITIES: [(&str, &str); 14] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", "\u{A0}"),
    ("copy", "©"),
    ("reg", "®"),
    ("euro", "€"),
    ("ndash", "–"),
    ("mdash", "—"),
    ("hellip", "…"),
    ("bull", "•"),
    ("middot", "·"),
];

/// The longest entity that is looked for.
const MAX_ENTITY: usize = 10;

/// The text of HTML: tags left out, entities resolved, white space as it would be shown.
pub(super) fn to_text(html: &str) -> String {
    let mut out = Text::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        out.text(text);
        rest = match Tag::parse(tag) {
            Some((tag, after)) => {
                let silent = !tag.closing && SILENT.iter().any(|name| tag.is(name));
                if silent {
                    skip_element(after, tag.name)
                } else {
                    out.tag(&tag);
                    after
                }
            }
            None => {
                out.text("<");
                tag.get(1..).unwrap_or_default()
            }
        };
    }
    out.text(rest);
    out.done()
}

/// What follows the end tag of an element.
fn skip_element<'h>(html: &'h str, name: &str) -> &'h str {
    let mut rest = html;
    while let Some(at) = rest.find("</") {
        rest = rest.get(at + 2..).unwrap_or_default();
        if rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
            return rest.split_once('>').map_or("", |(_, after)| after);
        }
    }
    ""
}

struct Tag<'h> {
    name: &'h str,
    closing: bool,
}

impl<'h> Tag<'h> {
    /// A tag, comment or declaration at the start of `html`, and what follows; `None` for a "<" that begins
    /// none of them.
    fn parse(html: &'h str) -> Option<(Self, &'h str)> {
        let inside = html.get(1..)?;
        if let Some(comment) = inside.strip_prefix("!--") {
            let after = comment.split_once("-->").map_or("", |(_, after)| after);
            return Some((Self { name: "!", closing: false }, after));
        }
        let closing = inside.starts_with('/');
        let inside = inside.strip_prefix('/').unwrap_or(inside);
        if !inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?') {
            return None;
        }
        let end = inside.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(inside.len());
        let (name, attributes) = inside.split_at(end);
        Some((Self { name, closing }, after_attributes(attributes)))
    }

    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// What follows the ">" of a tag; one in quotes does not end it.
fn after_attributes(attributes: &str) -> &str {
    let mut quote = None;
    for (at, c) in attributes.char_indices() {
        match (quote, c) {
            (None, '>') => return attributes.get(at + 1..).unwrap_or_default(),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    ""
}

#[derive(Default)]
struct Text {
    out: String,
    /// White space that is shown when text follows on the line.
    space: bool,
    /// Open `pre` elements: their white space stands as it is.
    preformatted: usize,
}

impl Text {
    fn text(&mut self, html: &str) {
        let mut rest = html;
        while let Some(c) = rest.chars().next() {
            let entity = if c == '&' { entity(rest) } else { None };
            if let Some((text, after)) = entity {
                text.chars().for_each(|c| self.shown(c));
                rest = after;
                continue;
            }
            if self.preformatted > 0 {
                match c {
                    '\n' => self.out.push_str("\r\n"),
                    '\r' => {}
                    c => self.out.push(c),
                }
            } else if c.is_ascii_whitespace() {
                self.space = true;
            } else {
                self.shown(c);
            }
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }

    fn shown(&mut self, c: char) {
        if std::mem::take(&mut self.space) && !self.at_line_start() {
            self.out.push(' ');
        }
        // No-break spaces only keep a line together.
        self.out.push(if c == '\u{A0}' { ' ' } else { c });
    }

    fn tag(&mut self, tag: &Tag<'_>) {
        if tag.is("br") {
            self.new_line();
        } else if tag.is("hr") {
            self.line_start();
            self.out.push_str("--------------------------------");
            self.new_line();
        } else if tag.is("p") {
            self.line_start();
            if !self.out.is_empty() && !self.out.ends_with("\r\n\r\n") {
                self.new_line();
            }
        } else if tag.is("li") && !tag.closing {
            self.line_start();
            self.out.push_str("* ");
            self.space = false;
        } else if tag.is("td") || tag.is("th") {
            if !tag.closing && !self.at_line_start() {
                self.out.push('\t');
                self.space = false;
            }
        } else if tag.is("pre") {
            self.line_start();
            self.preformatted = if tag.closing { self.preformatted.saturating_sub(1) } else { self.preformatted + 1 };
        } else if BLOCKS.iter().any(|name| tag.is(name)) {
            self.line_start();
        }
    }

    fn at_line_start(&self) -> bool {
        self.out.is_empty() || self.out.ends_with(['\n', '\t'])
    }

    fn line_start(&mut self) {
        self.space = false;
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.new_line();
        }
    }

    fn new_line(&mut self) {
        self.space = false;
        self.out.push_str("\r\n");
    }

    fn done(self) -> String {
        let text = self.out.trim_end();
        if text.is_empty() { String::new() } else { format!("{text}\r\n") }
    }
}

/// An entity at the start of the text, and what follows it.
fn entity(html: &str) -> Option<(String, &str)> {
    let (name, after) = html.get(1..)?.split_once(';')?;
    if name.len() > MAX_ENTITY {
        return None;
    }
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        let c = char::from_u32(code).filter(|c| *c != '\0')?;
        return Some((c.to_string(), after));
    }
    ENTITIES.iter().find(|(own, _)| *own == name).map(|(_, text)| ((*text).to_owned(), after))
}

#[cfg(test)]
mod tests {
    use super::to_text;

    #[test]
    fn shows_what_a_reader_would_see() {
        for (html, text) in [
            ("", ""),
            ("plain", "plain\r\n"),
            ("<html><head><title>T</title><style>p{}</style></head><body>Hi</body></html>", "Hi\r\n"),
            ("a  b\n c", "a b c\r\n"),
            ("one<br>two<BR/>three", "one\r\ntwo\r\nthree\r\n"),
            ("<p>one</p><p>two</p>", "one\r\n\r\ntwo\r\n"),
            ("<div>one</div><div>two</div>", "one\r\ntwo\r\n"),
            ("5 &lt; 7 &amp;&#38;&#x26; &euro;&nbsp;3", "5 < 7 &&& € 3\r\n"),
            ("R&D &unknown; 1 < 2", "R&D &unknown; 1 < 2\r\n"),
            ("<ul><li>a</li><li>b</li></ul>", "* a\r\n* b\r\n"),
            ("<tr><td>a</td><td>b</td></tr><tr><td>c</td></tr>", "a\tb\r\nc\r\n"),
            ("a<!-- <b>no</b> -->b", "ab\r\n"),
            ("<a href=\"x>y\">link</a>", "link\r\n"),
            ("<pre>a\n  b</pre>", "a\r\n  b\r\n"),
            ("<script>if (a < b) {}</script>x", "x\r\n"),
            ("Grüße 您好 <b>ж</b>", "Grüße 您好 ж\r\n"),
        ] {
            assert_eq!(to_text(html), text, "{html:?}");
        }
    }

    #[test]
    fn broken_html_is_no_trouble() {
        for html in ["<", "<a", "</", "<!--", "<style>", "&#xFFFFFFFF;", "&#0;", "&", "<a href='", "é<é"] {
            let _ = to_text(html);
        }
    }
}
