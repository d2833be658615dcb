//! `EXPLAIN (FORMAT XML)` of PostgreSQL, 9.0 to 18, and auto_explain's XML.
//!
//! Elements are the keys of the JSON with `-` for blanks and signs, without types: whether an
//! element holds text, a map or a list is told by what is in it and, where it is empty, by its name.

use super::postgres_keys::condition_kind;
use super::postgres_tree::{Collector, is_list, plain, some_line_starts};
use super::unwrap::Source;
use super::{Format, FormatError, Reading, shortened};
use crate::engine::Engine;
use crate::plan::LimitError;
use quick_xml::Reader;
use quick_xml::errors::Error as XmlError;
use quick_xml::events::{BytesRef, Event};
use serde_json::Value;

pub(super) static FORMAT: Format = Format {
    name: "postgres-xml",
    engine: Engine::Postgres,
    summary: "PostgreSQL's EXPLAIN (FORMAT XML), also as psql or auto_explain write it",
    detect,
    parse,
};

fn detect(text: &str) -> u8 {
    let begins = |mark| some_line_starts(text, mark);
    match () {
        () if begins("<explain xmlns=") && text.contains("http://www.postgresql.org/") => 97,
        () if text.contains("&lt;Node-Type&gt;") => 90,
        () if !text.contains("<Node-Type>") => 0,
        () if ["<Node-Type>", "<explain>", "<Query>", "<Plan>"].into_iter().any(begins) => 95,
        // In a string of a program.
        () if text.contains("\\n") && text.contains("<explain") => 94,
        () => 0,
    }
}

fn parse(text: &str) -> Result<Vec<Reading>, FormatError> {
    let source = Source::new(text);
    let mut readings = Vec::new();
    let mut from = 0;
    while let Some(start) = document_after(&source.text, from) {
        let mut document = Document::new(&source, start);
        let outcome = document.read();
        from = (start + document.position()).max(start + 1);
        match outcome {
            Ok(()) => {}
            Err(Trouble::Limit(limit)) => return Err(limit.into()),
            Err(trouble) if document.collector.is_plan() => {
                return Err(document.error(&trouble));
            }
            // Nothing is complete behind a tag that never ends.
            Err(Trouble::Xml(XmlError::Syntax(_))) => break,
            Err(_) => continue,
        }
        readings.append(&mut document.collector.finish()?);
    }
    if readings.is_empty() {
        return Err(FormatError::Malformed {
            place: "the input".into(),
            expected: "an XML element `<explain>` with a `<Plan>` in it".into(),
            found: shortened(text),
        });
    }
    Ok(readings)
}

/// Where the next document may begin: `<explain …>`, or a part that was copied.
fn document_after(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += text.get(at..)?.find('<')?;
        let rest = &text[at + 1..];
        if rest.starts_with("Plan>") || rest.starts_with("Query>") {
            return Some(at);
        }
        if let Some(attributes) = rest.strip_prefix("explain") {
            // The tag must end before the next begins.
            let end = attributes.find(['<', '>', '\'']).unwrap_or(attributes.len());
            let quotes = attributes[..end].matches('"').count();
            let is_tag = attributes.starts_with(['>', ' ']) && quotes % 2 == 0;
            if is_tag && attributes[end..].starts_with('>') {
                return Some(at);
            }
        }
        at += 1;
    }
}

/// Why a document could not be read.
enum Trouble {
    Xml(XmlError),
    /// `&name;` of no known name, and its length.
    Reference(u64),
    End,
    Limit(LimitError),
}

impl From<XmlError> for Trouble {
    fn from(error: XmlError) -> Self {
        Self::Xml(error)
    }
}

impl From<LimitError> for Trouble {
    fn from(error: LimitError) -> Self {
        Self::Limit(error)
    }
}

struct Document<'a> {
    source: &'a Source,
    start: usize,
    /// What log and client put before every line, if it is one character.
    margin: Option<&'a str>,
    xml: Reader<&'a [u8]>,
    collector: Collector,
    /// How many elements are open.
    depth: usize,
    /// The key and text of an element in which no other began.
    leaf: Option<(String, String)>,
}

impl<'a> Document<'a> {
    fn new(source: &'a Source, start: usize) -> Self {
        let text = source.text.as_str();
        // Not by a search for the line's start: thousands may begin on one line.
        let before = start.checked_sub(1).and_then(|at| text.get(at..start));
        let margin = before.filter(|margin| {
            matches!(*margin, " " | "\t") && (start == 1 || text[..start - 1].ends_with('\n'))
        });
        Self {
            source,
            start,
            margin,
            xml: Reader::from_str(&text[start..]),
            collector: Collector::new(FORMAT.name),
            depth: 0,
            leaf: None,
        }
    }

    /// How many bytes were read.
    fn position(&self) -> usize {
        usize::try_from(self.xml.buffer_position()).unwrap_or(usize::MAX)
    }

    fn error(&self, trouble: &Trouble) -> FormatError {
        let (offset, why) = match trouble {
            Trouble::Xml(error) => (self.xml.error_position(), error.to_string()),
            Trouble::Reference(len) => {
                let at = self.xml.buffer_position().saturating_sub(*len);
                (at, "unknown reference".to_owned())
            }
            Trouble::End | Trouble::Limit(_) => {
                (self.xml.buffer_position(), "element without an end".to_owned())
            }
        };
        let at = usize::try_from(offset).map_or(usize::MAX, |at| self.start + at);
        let rest = self.source.text.get(at..).unwrap_or_default();
        FormatError::Malformed {
            place: self.source.place(at),
            expected: format!("XML of a plan ({why})"),
            found: if rest.trim().is_empty() { "the end".into() } else { shortened(rest) },
        }
    }

    /// Reads up to the end of the first element.
    fn read(&mut self) -> Result<(), Trouble> {
        self.collector.open_map("")?;
        loop {
            match self.xml.read_event()? {
                Event::Start(tag) => self.begin(tag.name().0)?,
                Event::Empty(tag) => {
                    self.begin(tag.name().0)?;
                    self.end()?;
                }
                Event::End(_) => self.end()?,
                Event::Text(text) => self.text(&text),
                Event::CData(text) => self.text(&text),
                Event::GeneralRef(name) => {
                    let c = referred(&name).ok_or(Trouble::Reference(name.len() as u64 + 2))?;
                    self.text(c.encode_utf8(&mut [0; 4]));
                }
                Event::Eof => return Err(Trouble::End),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
            if self.depth == 0 {
                return Ok(());
            }
        }
    }

    fn text(&mut self, text: &str) {
        if let Some((_, kept)) = &mut self.leaf {
            kept.push_str(text);
        }
    }

    fn begin(&mut self, name: &str) -> Result<(), Trouble> {
        self.depth += 1;
        let key = key(name);
        if let Some((parent, _)) = self.leaf.take() {
            let parent = self.key_of_group(parent);
            let holds_items =
                key == "Item" || is_list(&parent) || parent.strip_suffix('s') == Some(key.as_str());
            if holds_items {
                self.collector.open_list(&parent)?;
            } else {
                self.collector.open_map(&parent)?;
            }
        }
        let is_around = self.depth == 1 && key != "Plan";
        if !is_around {
            self.leaf = Some((key, String::new()));
        }
        Ok(())
    }

    /// Where the JSON has a key, XML has the name of the group's kind. Only in what an incremental
    /// sort tells they differ: the full sorts come before the others and the memory before the disk.
    fn key_of_group(&mut self, name: String) -> String {
        let known = match name.as_str() {
            "Incremental Sort Groups" if self.collector.told("Full-sort Groups").is_none() => {
                "Full-sort Groups"
            }
            "Incremental Sort Groups" => "Pre-sorted Groups",
            "Sort Space" if self.sorted_on_disk_only() => "Sort Space Disk",
            "Sort Space" if self.collector.told("Sort Space Memory").is_some() => "Sort Space Disk",
            "Sort Space" => "Sort Space Memory",
            _ => return name,
        };
        known.to_owned()
    }

    fn sorted_on_disk_only(&mut self) -> bool {
        let methods = self.collector.told("Sort Methods Used").and_then(Value::as_array);
        let is_external =
            |method: &Value| method.as_str().is_some_and(|m| m.starts_with("external"));
        methods.is_some_and(|methods| !methods.is_empty() && methods.iter().all(is_external))
    }

    fn end(&mut self) -> Result<(), Trouble> {
        self.collector.line = self.source.line(self.start + self.position());
        self.depth = self.depth.saturating_sub(1);
        let Some((key, mut text)) = self.leaf.take() else {
            return Ok(self.collector.close()?);
        };
        if text.contains('\n') {
            text = self.without_margins(&text);
        }
        // PostgreSQL puts the end of an empty map or list on a line of its own.
        if text.trim().is_empty() && (text.contains('\n') || is_list(&key)) {
            return Ok(self.collector.empty(&key)?);
        }
        let is_text = key == "Item" || is_text(&key) || self.collector.top_key() == "Settings";
        let value = if is_text { Value::from(text) } else { plain(&text) };
        Ok(self.collector.value(&key, value)?)
    }

    /// A value of many lines without what was put before its lines and, by psql, behind them.
    fn without_margins(&self, text: &str) -> String {
        let Some(margin) = self.margin else { return text.to_owned() };
        let mut lines: Vec<&str> = text.split('\n').collect();
        let last = lines.len() - 1;
        for (i, line) in lines.iter_mut().enumerate() {
            if i > 0 {
                *line = line.strip_prefix(margin).unwrap_or(line);
            }
            if i < last && margin == " " {
                *line = line.trim_end_matches(' ');
            }
        }
        lines.join("\n")
    }
}

/// The key of the JSON: an element's name has `-` for whatever is no letter.
fn key(name: &str) -> String {
    const SIGNS: [(&str, &str); 4] = [
        ("I O ", "I/O "),
        ("One Time ", "One-Time "),
        ("Full sort ", "Full-sort "),
        ("Pre sorted ", "Pre-sorted "),
    ];
    let key = name.replace('-', " ");
    match SIGNS.iter().find(|(blank, _)| key.contains(blank)) {
        Some((blank, sign)) => key.replacen(blank, sign, 1),
        None => key,
    }
}

/// Whether the key's value is a text, even one that looks like a number.
fn is_text(key: &str) -> bool {
    const TEXTS: [&str; 5] = ["Alias", "Schema", "Relation", "Query Text", "Query Parameters"];
    key.ends_with(" Name") || TEXTS.contains(&key) || condition_kind(key).is_some()
}

/// The character of `&lt;` or `&#x0d;`.
fn referred(name: &BytesRef<'_>) -> Option<char> {
    Some(match &**name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => name.resolve_char_ref().ok().flatten()?,
    })
}

#[cfg(test)]
#[path = "postgres_xml_tests.rs"]
mod tests;
