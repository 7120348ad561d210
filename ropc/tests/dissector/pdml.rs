//! What tshark prints with `-T pdml`: the bodies of MAPI over HTTP in it as trees.

/// A line of the packet details.
#[derive(Debug, Default)]
pub struct Item {
    /// The filter field; nothing for a line of text.
    pub filter: String,
    pub label: String,
    pub at: usize,
    pub size: usize,
    /// The value as filters see it.
    pub show: String,
    /// The bytes in hexadecimal.
    pub value: String,
    pub children: Vec<Item>,
}

impl Item {
    /// The texts of all expert information in it.
    pub fn experts(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.children.iter().flat_map(Item::experts).collect();
        if self.filter == "_ws.expert.message" {
            all.push(&self.show);
        }
        all
    }

    /// The children that are described values.
    pub fn values(&self) -> Vec<&Item> {
        let is_value = |item: &&Item| !item.filter.starts_with("_ws.expert") && item.filter != "mapi.requesttype";
        self.children.iter().filter(is_value).collect()
    }

    /// All items in it, parents before children.
    pub fn all(&self) -> Vec<&Item> {
        let mut all = vec![self];
        self.children.iter().for_each(|child| all.extend(child.all()));
        all
    }
}

/// The bodies of MAPI over HTTP in the order of packets.
pub fn bodies(pdml: &str) -> Vec<Item> {
    let mut open: Vec<Item> = Vec::new();
    let mut found = Vec::new();
    for line in pdml.lines() {
        let line = line.trim_start();
        let begins_body = line.starts_with("<proto name=\"mapi_http\"");
        if open.is_empty() && !begins_body {
            continue;
        }
        if begins_body || line.starts_with("<field ") {
            open.push(item(line));
        }
        let closes = line.starts_with("</") || line.ends_with("/>");
        if closes && let Some(done) = open.pop() {
            match open.last_mut() {
                Some(parent) => parent.children.push(done),
                None => found.push(done),
            }
        }
    }
    assert!(open.is_empty(), "the text is cut off");
    found
}

fn item(line: &str) -> Item {
    let show = attribute(line, "show").unwrap_or_default();
    let number = |name| attribute(line, name).map_or(0, |text| text.parse().unwrap());
    Item {
        filter: attribute(line, "name").unwrap_or_default(),
        label: attribute(line, "showname").unwrap_or_else(|| show.clone()),
        at: number("pos"),
        size: number("size"),
        value: attribute(line, "value").unwrap_or_default(),
        show,
        children: Vec::new(),
    }
}

fn attribute(line: &str, name: &str) -> Option<String> {
    let (_, rest) = line.split_once(&format!(" {name}=\""))?;
    let (text, _) = rest.split_once('"')?;
    let text = text.replace("&quot;", "\"").replace("&#x27;", "'").replace("&lt;", "<").replace("&gt;", ">");
    Some(text.replace("&amp;", "&"))
}
