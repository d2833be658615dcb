//! The shape of a MongoDB command, and commands without the user's data.
//!
//! A statement of MongoDB is a command as (relaxed Extended) JSON: `{"find":"orders","filter":{…}}`.
//! Its shape is the command's name, the collection, the paths of keys and the operators:
//! * values are `?`; so are Extended JSON's values of types, `{"$oid":"…"}`;
//! * a regular expression is `/?/` however it is written, `{"a":{"$eq":1}}` is `{"a":?}`;
//! * neighbours of the same shape in a list are one: `{"$in":[1,2,3]}` is `{"$in":[?]}`;
//! * names stay: collections, paths (`"$total"` in an expression), directions of a sort, fields wanted;
//! * what a driver adds (session, cluster time, comment, time limit) is left out; the order is kept.
//!
//! Texts that are no commands (a plan's conditions and bounds) lose their values too. Nothing here
//! recurses, and any text has a shape.

mod lexer;
mod place;

#[cfg(test)]
mod tests;

use lexer::{Kind, Lexer, Token};
use place::{Place, TYPES};
pub use place::{is_command, is_envelope};

/// The shape of a command.
pub(super) fn normalize(text: &str) -> String {
    Walker::new(text, true).walk()
}

/// The text without values.
pub(super) fn redact(text: &str) -> String {
    let holds_values = |kind| {
        matches!(
            kind,
            Kind::OpenObject | Kind::OpenArray | Kind::OpenCall | Kind::String | Kind::Regex
        )
    };
    // A name, a figure or a moment: nothing of a document looks like that in a plan.
    if !Lexer::new(text).any(|token| holds_values(token.kind)) {
        return text.to_owned();
    }
    Walker::new(text, false).walk()
}

/// An answer of `explain` or a document of the profiler without the values of the user's documents;
/// `None` when it is no JSON.
pub(super) fn redact_answer(raw: &str) -> Option<String> {
    let mut walker = Walker::new(raw, false);
    walker.top = Place::Answer;
    let opens = raw.trim_start().starts_with(['{', '[']);
    opens.then(|| walker.walk())
}

/// An open object, array or call.
struct Frame {
    kind: Kind,
    /// The place of the values directly inside.
    place: Place,
    /// The place of the value of the key that was read last.
    value: Place,
    /// Where it begins in the output.
    start: usize,
    /// Where the member that is being read begins in the output, its comma included.
    member: usize,
    /// Where the value of the member before it begins and ends.
    before: (usize, usize),
    /// Members that are in the output.
    members: u32,
    /// Whether a key is to come.
    key: bool,
    /// Whether the member that is being read is left out.
    skip: bool,
    keys: Keys,
}

/// What the keys of an object say about it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    None,
    /// Of a type of Extended JSON only.
    Typed,
    /// `$regularExpression` only.
    Regular,
    /// `$regex` and `$options` only.
    Regex,
    /// `$eq` only.
    Equal,
    Other,
}

struct Walker<'a> {
    text: &'a str,
    /// Whether a shape is made; else a text without values.
    shape: bool,
    /// The place of the text itself.
    top: Place,
    out: String,
    frames: Vec<Frame>,
}

impl<'a> Walker<'a> {
    fn new(text: &'a str, shape: bool) -> Self {
        let out = String::with_capacity(text.len());
        Self { text, shape, top: Place::Text, out, frames: Vec::new() }
    }

    fn walk(mut self) -> String {
        let text = self.text;
        let mut tokens = Lexer::new(text).peekable();
        while let Some(token) = tokens.next() {
            match token.kind {
                Kind::Blank => self.blank(token),
                Kind::OpenObject | Kind::OpenArray | Kind::OpenCall => self.open(token.kind),
                Kind::CloseObject | Kind::CloseArray | Kind::CloseCall => self.close(token),
                Kind::Colon => self.colon(),
                Kind::Comma => self.comma(),
                Kind::Word if tokens.peek().is_some_and(|next| next.kind == Kind::OpenCall) => {
                    self.call(token);
                }
                _ if self.frames.last().is_some_and(|frame| frame.key) => self.key(token),
                _ => self.value(token),
            }
        }
        self.out
    }

    fn copy(&mut self, token: Token) {
        self.out.push_str(token.text(self.text));
    }

    /// Layout stays in a text; in a shape words that stand alone are kept apart.
    fn blank(&mut self, token: Token) {
        if !self.shape {
            self.copy(token);
        } else if self.frames.is_empty() && !self.out.is_empty() && !self.out.ends_with(' ') {
            self.out.push(' ');
        }
    }

    /// The place of the value that comes next.
    fn place(&self) -> Place {
        self.frames.last().map_or(self.top, |frame| match frame.kind {
            Kind::OpenObject => frame.value,
            _ => frame.place,
        })
    }

    fn open(&mut self, kind: Kind) {
        let place = self.place();
        self.frames.push(Frame {
            kind,
            place,
            value: place,
            start: self.out.len(),
            member: self.out.len() + 1,
            before: (0, 0),
            members: 0,
            key: kind == Kind::OpenObject,
            skip: false,
            keys: Keys::None,
        });
        self.out.push(match kind {
            Kind::OpenObject => '{',
            Kind::OpenArray => '[',
            _ => '(',
        });
    }

    /// A name before a parenthesis: `ObjectId("…")` is a value, in a shape without its name.
    fn call(&mut self, token: Token) {
        if !self.shape {
            self.copy(token);
        }
    }

    fn key(&mut self, token: Token) {
        let name = token.content(self.text);
        let top = self.frames.len() == 1;
        let Some(frame) = self.frames.last_mut() else { return };
        let first = frame.keys == Keys::None;
        if first && frame.place == Place::Text && top {
            frame.place = Place::of_document(name);
        }
        frame.value = frame.place.under(name, first);
        frame.keys = frame.keys.with(name);
        frame.skip = self.shape && frame.place == Place::Command && !first && is_envelope(name);
        if !self.shape {
            return self.copy(token);
        }
        self.out.push('"');
        self.out.push_str(name);
        self.out.push('"');
    }

    fn colon(&mut self) {
        if let Some(frame) = self.frames.last_mut().filter(|frame| frame.kind == Kind::OpenObject) {
            frame.key = false;
        }
        self.out.push(':');
        self.begin_value();
    }

    /// Notes where the value begins that comes next.
    fn begin_value(&mut self) {
        let at = self.out.len();
        if let Some(frame) = self.frames.last_mut().filter(|frame| frame.kind == Kind::OpenObject) {
            frame.before = (at, at);
        }
    }

    fn comma(&mut self) {
        self.end_member();
        let at = self.out.len();
        let Some(frame) = self.frames.last_mut() else { return self.out.push(',') };
        frame.key = frame.kind == Kind::OpenObject;
        frame.member = at;
        if !self.shape || frame.members > 0 {
            self.out.push(',');
        }
    }

    /// A member is read: one that is not wanted, and one like its neighbour in a list, goes.
    fn end_member(&mut self) {
        let Some(frame) = self.frames.last_mut() else { return };
        let start = frame.member + usize::from(frame.members > 0);
        let value = (start, self.out.len());
        if !self.shape || value.0 >= value.1 {
            return;
        }
        if std::mem::take(&mut frame.skip) {
            return self.out.truncate(frame.member);
        }
        if frame.kind == Kind::OpenArray && frame.place != Place::Keep {
            let bytes = self.out.as_bytes();
            let same = frame.members > 0
                && bytes.get(frame.before.0..frame.before.1) == bytes.get(value.0..value.1);
            if same {
                return self.out.truncate(frame.member);
            }
            frame.before = value;
        }
        frame.members += 1;
    }

    fn close(&mut self, token: Token) {
        self.end_member();
        let closes = |frame: &Frame| {
            matches!(
                (frame.kind, token.kind),
                (Kind::OpenObject, Kind::CloseObject)
                    | (Kind::OpenArray | Kind::OpenCall, Kind::CloseArray | Kind::CloseCall)
            )
        };
        // Bounds are `[1, 5)`; what closes nothing is copied.
        if !self.frames.last().is_some_and(closes) {
            return self.copy(token);
        }
        let Some(frame) = self.frames.pop() else { return };
        if self.shape && self.out.ends_with(',') {
            self.out.pop();
        }
        self.copy(token);
        self.reduce(&frame);
    }

    /// Writes an object that stands for a value as one.
    fn reduce(&mut self, frame: &Frame) {
        let value = if self.shape { "?" } else { "\"?\"" };
        let stands_for = match (frame.kind, frame.keys) {
            _ if matches!(frame.place, Place::Keep | Place::Answer) => return,
            (Kind::OpenCall, _) if self.shape => value,
            (Kind::OpenObject, Keys::Typed) => value,
            (Kind::OpenObject, Keys::Regular | Keys::Regex) if self.shape => "/?/",
            (Kind::OpenObject, Keys::Equal) if self.shape => {
                let inside = self.out.get(frame.start..).unwrap_or_default();
                if inside != "{\"$eq\":?}" {
                    return;
                }
                value
            }
            _ => return,
        };
        self.out.truncate(frame.start);
        self.out.push_str(stands_for);
    }

    fn value(&mut self, token: Token) {
        let place = self.place();
        let text = token.text(self.text);
        match token.kind {
            Kind::String => self.string(token, place),
            Kind::Number => self.number(text, place),
            Kind::Regex if place == Place::Keep => self.copy(token),
            Kind::Regex if self.shape => self.out.push_str("/?/"),
            Kind::Regex => {
                let flags = text.rfind('/').and_then(|at| text.get(at..)).unwrap_or("/");
                let anchored = text.starts_with("/^");
                self.out.push_str(if anchored { "/^?" } else { "/?" });
                self.out.push_str(if flags.len() < text.len() { flags } else { "/" });
            }
            _ => self.word(text, place),
        }
    }

    /// `true`, `null`, `MinKey`, `ISODate`, and whatever a text that is no JSON says.
    fn word(&mut self, text: &str, place: Place) {
        let kept = matches!(place, Place::Keep | Place::Projection) || self.frames.is_empty();
        self.out.push_str(if self.shape && !kept { "?" } else { text });
    }

    fn number(&mut self, text: &str, place: Place) {
        let small = matches!(text, "0" | "1" | "-1" | "1.0" | "-1.0");
        let kept = match place {
            Place::Keep | Place::Answer => true,
            Place::Projection => small,
            // How many documents, and directions of an index in a plan, say nothing of the data.
            Place::Count => !self.shape,
            Place::Text => !self.shape && small,
            _ => false,
        };
        match (kept, self.shape) {
            (true, _) => self.out.push_str(text),
            (false, false) if self.is_json() => self.out.push_str("\"?\""),
            (false, _) => self.out.push('?'),
        }
    }

    /// Whether the innermost bracket is one of JSON and not of the bounds `(5, 7]`.
    fn is_json(&self) -> bool {
        self.frames.iter().any(|frame| frame.kind == Kind::OpenObject)
    }

    fn string(&mut self, token: Token, place: Place) {
        let content = token.content(self.text);
        let is_path = || {
            let mut chars = content.chars();
            chars.next() == Some('$')
                && chars.next().is_some_and(|c| c.is_alphabetic() || matches!(c, '_' | '$'))
        };
        let kept = match place {
            Place::Keep | Place::Answer | Place::Stage | Place::Pipeline => true,
            Place::Expression | Place::Projection | Place::Count => is_path(),
            _ => false,
        };
        let quote = token.text(self.text).get(..1).unwrap_or("\"");
        // `"?"` is what is left of a value.
        if self.shape && (!kept || content == "?") {
            return self.out.push('?');
        }
        if kept {
            return self.quoted(quote, content);
        }
        if let Some(bounds) = bounds(content) {
            return self.quoted(quote, &bounds);
        }
        let anchored = place == Place::Regex && content.starts_with('^');
        self.quoted(quote, if anchored { "^?" } else { "?" });
    }

    /// A string; in a shape always in double quotes. What was not closed gets closed.
    fn quoted(&mut self, quote: &str, content: &str) {
        let quote = if self.shape { "\"" } else { quote };
        self.out.push_str(quote);
        self.out.push_str(content);
        self.out.push_str(quote);
    }
}

/// Bounds of an index in a string, without their values: `[\"a\", MaxKey)`, `[5, 7]`. A value of the
/// user's that looks like that loses what is in it as well.
fn bounds(content: &str) -> Option<String> {
    let is_bounds = content.starts_with(['[', '(']) && content.ends_with([']', ')']);
    let inside = content.get(1..content.len().max(1) - 1).filter(|_| is_bounds)?;
    let mut out = String::with_capacity(content.len());
    out.push_str(content.get(..1)?);
    for (at, limit) in inside.split(", ").enumerate() {
        let kept = [
            "MinKey", "MaxKey", "-inf", "inf", "inf.0", "-inf.0", "nan.0", "null", "true", "false",
            "{}", "[]",
        ];
        out.push_str(if at > 0 { ", " } else { "" });
        out.push_str(match limit {
            limit if kept.contains(&limit) => limit,
            limit if limit.starts_with("/^") => "/^?/",
            limit if limit.starts_with('/') => "/?/",
            _ => "?",
        });
    }
    out.push_str(content.get(content.len() - 1..)?);
    Some(out)
}

impl Keys {
    fn with(self, key: &str) -> Self {
        let new = match key {
            "$eq" => Self::Equal,
            "$regex" => Self::Regex,
            "$options" if self == Self::Regex => Self::Regex,
            "$regularExpression" => Self::Regular,
            key if TYPES.contains(&key) => Self::Typed,
            _ => Self::Other,
        };
        match self {
            Self::None => new,
            Self::Regex | Self::Typed if new == self => self,
            _ => Self::Other,
        }
    }
}
