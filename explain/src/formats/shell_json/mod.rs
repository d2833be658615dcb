//! JSON as MongoDB's shells and tools write it, read into a flat list of entries.
//!
//! Reads strict JSON, Extended JSON in its canonical and relaxed form, and what mongosh, the old
//! mongo shell, Compass, Robo 3T and Python's `print` show: keys without quotes, single quotes,
//! trailing commas, comments, calls such as `NumberLong("5")`, regular expressions, and `[Object]`
//! or `... 3 more items` where the shell left something out.
//!
//! An entry is 16 bytes and refers to the text, so a document costs about three times its bytes,
//! and neither depth nor breadth is a danger: nothing here recurses, dropping included.

mod reader;
mod scalar;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use reader::{Trouble, read};
use scalar::Scalar;
use std::borrow::Cow;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    True,
    False,
    /// A number, as written.
    Number,
    /// A string; its span is what stands between the quotes.
    Plain,
    /// A string with escapes or in several parts; its span includes the quotes.
    Escaped,
    /// `/pattern/flags`.
    Regex,
    /// A bare word, such as `undefined` or `MinKey`.
    Word,
    /// Something the shell left out.
    Elided,
    Object,
    Array,
    /// `Name(arguments)`; its span is the name, its items are the arguments.
    Call,
}

/// One value or key.
#[derive(Debug, Clone, Copy)]
struct Entry {
    kind: Kind,
    /// Bytes of the text.
    start: u32,
    len: u32,
    /// The entry after this one and all that is inside.
    end: u32,
}

/// A document, read.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    text: &'a str,
    entries: Vec<Entry>,
    /// Whether the shell left something out.
    pub(crate) elided: bool,
}

impl<'a> Document<'a> {
    /// The outermost value.
    pub(crate) fn root(&self) -> Option<Item<'_>> {
        (!self.entries.is_empty()).then_some(Item { document: self, at: 0 })
    }

    /// Whether one of `names` is the name of a key anywhere, also in a document that broke off.
    pub(crate) fn mentions(&self, names: &[&str]) -> bool {
        let is_name = |e: &Entry| matches!(e.kind, Kind::Plain | Kind::Word);
        self.entries.iter().any(|e| is_name(e) && names.contains(&self.span(e)))
    }

    /// All objects, outermost first; `true` as the answer passes over what is inside.
    pub(crate) fn visit_objects<'d>(&'d self, mut visit: impl FnMut(Item<'d>) -> bool) {
        let mut at = 0;
        while let Some(entry) = self.entries.get(at) {
            let is_taken =
                entry.kind == Kind::Object && visit(Item { document: self, at: at as u32 });
            at = if is_taken { entry.end as usize } else { at + 1 };
        }
    }

    fn span(&self, entry: &Entry) -> &str {
        let (start, len) = (entry.start as usize, entry.len as usize);
        self.text.get(start..start + len).unwrap_or_default()
    }

    /// The document's text, for places.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }
}

/// A value in a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'d> {
    document: &'d Document<'d>,
    at: u32,
}

impl<'d> Item<'d> {
    fn entry(self) -> Entry {
        let nothing = Entry { kind: Kind::Null, start: 0, len: 0, end: self.at + 1 };
        self.document.entries.get(self.at as usize).copied().unwrap_or(nothing)
    }

    fn span(self) -> &'d str {
        self.document.span(&self.entry())
    }

    /// What it is.
    pub(crate) fn kind(self) -> Kind {
        self.entry().kind
    }

    /// Where it begins in the text.
    pub(crate) fn start(self) -> usize {
        self.entry().start as usize
    }

    /// Whether it is an object, and no value that Extended JSON writes as one.
    pub(crate) fn is_object(self) -> bool {
        self.kind() == Kind::Object && self.scalar().is_none()
    }

    pub(crate) fn is_array(self) -> bool {
        self.kind() == Kind::Array
    }

    /// The items of an array, the arguments of a call.
    pub(crate) fn items(self) -> Items<'d> {
        let is_list = matches!(self.kind(), Kind::Array | Kind::Call);
        let end = if is_list { self.entry().end } else { self.at };
        Items { document: self.document, at: self.at + 1, end }
    }

    /// Keys and values of an object.
    pub(crate) fn members(self) -> Members<'d> {
        let end = if self.kind() == Kind::Object { self.entry().end } else { self.at };
        Members(Items { document: self.document, at: self.at + 1, end })
    }

    /// The value of a key.
    pub(crate) fn get(self, key: &str) -> Option<Self> {
        self.members().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The first key of an object, also of one that broke off.
    pub(crate) fn first_key(self) -> Option<Cow<'d, str>> {
        let key = Item { document: self.document, at: self.at + 1 };
        self.is_object().then(|| key.text().unwrap_or(Cow::Borrowed(key.span())))
    }

    /// The value of a key, if it is an object.
    pub(crate) fn object(self, key: &str) -> Option<Self> {
        self.get(key).filter(|value| value.is_object())
    }

    /// The value of a key, if it is an array.
    pub(crate) fn array(self, key: &str) -> Option<Self> {
        self.get(key).filter(|value| value.is_array())
    }

    /// The text of a string.
    pub(crate) fn text(self) -> Option<Cow<'d, str>> {
        match self.kind() {
            Kind::Plain => Some(Cow::Borrowed(self.span())),
            Kind::Escaped => Some(Cow::Owned(scalar::unescape(self.span()))),
            _ => None,
        }
    }

    /// The text of the string under a key.
    pub(crate) fn text_of(self, key: &str) -> Option<Cow<'d, str>> {
        self.get(key)?.text()
    }

    /// A number in any of its forms: `5`, `"5"`, `NumberLong(5)`, `{"$numberLong": "5"}`.
    pub(crate) fn number(self) -> Option<f64> {
        let digits = match self.kind() {
            Kind::Number => return self.span().parse().ok().filter(|n: &f64| n.is_finite()),
            Kind::Plain => Cow::Borrowed(self.span()),
            _ => match self.scalar()? {
                Scalar::Number(digits) => digits,
                _ => return None,
            },
        };
        digits.parse().ok().filter(|n: &f64| n.is_finite())
    }

    /// The number under a key.
    pub(crate) fn number_of(self, key: &str) -> Option<f64> {
        self.get(key)?.number()
    }

    /// A truth value; MongoDB also writes 1 and 0.
    pub(crate) fn truth(self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            Kind::Word if self.span() == "True" => Some(true),
            Kind::Word if self.span() == "False" => Some(false),
            _ => self.number().map(|n| n != 0.0),
        }
    }

    /// The truth value under a key.
    pub(crate) fn truth_of(self, key: &str) -> Option<bool> {
        self.get(key)?.truth()
    }
}

/// The items of an array.
#[derive(Debug, Clone)]
pub(crate) struct Items<'d> {
    document: &'d Document<'d>,
    at: u32,
    end: u32,
}

impl<'d> Iterator for Items<'d> {
    type Item = Item<'d>;

    fn next(&mut self) -> Option<Item<'d>> {
        if self.at >= self.end || self.at as usize >= self.document.entries.len() {
            return None;
        }
        let item = Item { document: self.document, at: self.at };
        self.at = item.entry().end.max(self.at + 1);
        Some(item)
    }
}

/// Keys and values of an object.
#[derive(Debug, Clone)]
pub(crate) struct Members<'d>(Items<'d>);

impl<'d> Iterator for Members<'d> {
    type Item = (Cow<'d, str>, Item<'d>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.0.next()?;
        let value = self.0.next()?;
        Some((key.text().unwrap_or(Cow::Borrowed(key.span())), value))
    }
}
