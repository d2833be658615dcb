//! Texts without their literals, otherwise as they were written.
//!
//! Token for token: every literal is replaced by a literal of the same form, so that the result
//! lexes and parses as before, has the same fingerprint, and is its own redaction. What advice needs
//! and what says nothing about the data stays: wildcards at the ends of a pattern, row counts of
//! LIMIT, ordinals of ORDER BY, the number of members of a list, precision of types, names of JSON
//! members, units and formats of dates.

use super::words::WordClass;
use crate::engine::Engine;
use crate::workload::lexer::{Lexer, Token, TokenKind};

/// As [`redact`](super::redact), for SQL.
pub(super) fn redact(sql: &str, engine: Engine) -> String {
    redact_literals(sql, engine, true)
}

/// As [`redact`], but numbers stay: for the parts of plans where they are measurements.
pub(super) fn redact_strings(text: &str, engine: Engine) -> String {
    redact_literals(text, engine, false)
}

fn redact_literals(sql: &str, engine: Engine, numbers: bool) -> String {
    let tokens: Vec<Token> = Lexer::new(sql, engine).collect();
    let mut out = String::with_capacity(sql.len());
    let mut context = Context::default();
    for (at, token) in tokens.iter().enumerate() {
        let text = token.text(sql);
        match token.kind {
            TokenKind::Blank => out.push_str(text),
            TokenKind::Comment => comment(text, &mut out),
            TokenKind::String => {
                string(text, &context, engine, &mut out);
                context.see(token.kind, text);
            }
            TokenKind::Number => {
                let next = tokens.iter().skip(at + 1).find(|token| token.is_significant());
                let alone = next.is_none_or(|next| {
                    !matches!(next.kind, TokenKind::Operator | TokenKind::Cast | TokenKind::Dot)
                });
                let keep = !numbers || context.keeps_number(alone);
                out.push_str(if keep { text } else { "?" });
                context.see(token.kind, text);
            }
            _ => {
                out.push_str(text);
                context.see(token.kind, text);
            }
        }
    }
    out
}

/// How the strings of a place are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pattern {
    Like,
    Glob,
    Regex,
}

/// A significant token that was seen, with its word in lower case.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    kind: TokenKind,
    word: String,
    class: WordClass,
}

impl Default for Seen {
    fn default() -> Self {
        Self { kind: TokenKind::Semicolon, word: String::new(), class: WordClass::Plain }
    }
}

/// An open parenthesis.
#[derive(Debug, Clone, Copy, Default)]
struct Frame {
    /// Precision or length of a type.
    type_arguments: bool,
    /// Arguments of a function that takes a unit or format of dates.
    date_format: bool,
}

/// What came before, as far as it tells whether a literal may stay.
#[derive(Debug, Default)]
struct Context {
    last: Seen,
    before: Seen,
    frames: Vec<Frame>,
    /// The pattern operator in force and the depth at which it stands.
    pattern: Option<(Pattern, usize)>,
    /// The depth of an ORDER BY or GROUP BY.
    keys: Option<usize>,
    /// A row count was kept: `LIMIT 5, 10`.
    rows: bool,
}

impl Context {
    fn see(&mut self, kind: TokenKind, text: &str) {
        let mut now = Seen { kind, ..Seen::default() };
        match kind {
            TokenKind::Word | TokenKind::Operator => {
                now.word = text.to_ascii_lowercase();
                if kind == TokenKind::Word {
                    now.class = WordClass::of(now.word.as_bytes());
                }
                self.see_word(&now);
            }
            TokenKind::Open | TokenKind::OpenBracket => {
                let frame = self.frame_opening();
                self.frames.push(frame);
            }
            TokenKind::Close | TokenKind::CloseBracket => self.see_close(),
            TokenKind::Comma if self.pattern.is_some_and(|p| p.1 == self.frames.len()) => {
                self.pattern = None;
            }
            TokenKind::Semicolon => (self.pattern, self.keys) = (None, None),
            _ => {}
        }
        self.rows = match kind {
            TokenKind::Number => self.rows || self.last.class == WordClass::Rows,
            TokenKind::Comma => self.rows && self.last.kind == TokenKind::Number,
            _ => false,
        };
        self.before = std::mem::replace(&mut self.last, now);
    }

    fn see_word(&mut self, now: &Seen) {
        let depth = self.frames.len();
        let pattern = match (now.class, now.word.as_str()) {
            (WordClass::Like, _) | (_, "~~" | "~~*" | "!~~" | "!~~*") => Some(Pattern::Like),
            (WordClass::Glob, _) => Some(Pattern::Glob),
            (WordClass::Regex, _) | (_, "~" | "~*" | "!~" | "!~*") => Some(Pattern::Regex),
            _ => None,
        };
        if let Some(pattern) = pattern {
            self.pattern = Some((pattern, depth));
        }
        match now.class {
            WordClass::By => {
                let sorts = matches!(self.last.word.as_str(), "order" | "group");
                self.keys = sorts.then_some(depth);
            }
            WordClass::EndsKeys | WordClass::Select => (self.keys, self.pattern) = (None, None),
            WordClass::Operand if now.word != "to" => self.pattern = None,
            WordClass::Rows if self.keys == Some(depth) && now.word != "first" => self.keys = None,
            _ => {}
        }
    }

    fn see_close(&mut self) {
        self.frames.pop();
        let depth = self.frames.len();
        self.pattern = self.pattern.filter(|(_, at)| *at <= depth);
        self.keys = self.keys.filter(|at| *at <= depth);
    }

    fn frame_opening(&self) -> Frame {
        if self.last.kind != TokenKind::Word {
            return Frame::default();
        }
        let declares = match self.before.kind {
            TokenKind::Cast | TokenKind::Quoted => true,
            TokenKind::Word => matches!(self.before.class, WordClass::As | WordClass::Plain),
            _ => false,
        };
        let word = self.last.word.as_str();
        Frame {
            type_arguments: declares && TYPES.contains(&word),
            date_format: DATE_FUNCTIONS.contains(&word),
        }
    }

    fn keeps_number(&self, alone: bool) -> bool {
        let frame = self.frames.last().copied().unwrap_or_default();
        let key = self.keys == Some(self.frames.len())
            && (self.last.class == WordClass::By || self.last.kind == TokenKind::Comma);
        let row_count = self.last.class == WordClass::Rows || self.rows;
        let part_of_plan = matches!(self.last.word.as_str(), "initplan" | "subplan");
        frame.type_arguments || part_of_plan || (alone && (key || row_count))
    }
}

/// Types that take a length or precision.
const TYPES: &[&str] = &[
    "varchar",
    "char",
    "character",
    "varying",
    "nvarchar",
    "nchar",
    "varbinary",
    "binary",
    "numeric",
    "decimal",
    "dec",
    "float",
    "double",
    "real",
    "bit",
    "timestamp",
    "timestamptz",
    "time",
    "timetz",
    "datetime",
    "int",
    "integer",
    "bigint",
    "smallint",
    "mediumint",
    "tinyint",
    "interval",
    "year",
    "vector",
    "bpchar",
];

/// Functions of which an argument is the unit or the format of a date.
const DATE_FUNCTIONS: &[&str] = &[
    "date_trunc",
    "date_part",
    "date_format",
    "strftime",
    "to_char",
    "to_date",
    "str_to_date",
    "extract",
    "date_bin",
    "datetime",
    "date",
];

/// Units of dates, and SQLite's words for moments.
const UNITS: &[&str] = &[
    "microsecond",
    "microseconds",
    "millisecond",
    "milliseconds",
    "second",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "decade",
    "century",
    "millennium",
    "epoch",
    "dow",
    "doy",
    "isodow",
    "isoyear",
    "now",
    "localtime",
    "utc",
    "unixepoch",
    "start of day",
    "start of month",
    "start of year",
];

fn string(text: &str, context: &Context, engine: Engine, out: &mut String) {
    let (open, content, close) = split_string(text);
    out.push_str(open);
    let last = &context.last;
    let formats = context.frames.last().is_some_and(|frame| frame.date_format);
    let escape = last.word == "escape" && content.len() <= 2;
    let member = matches!(last.word.as_str(), "->" | "->>") && is_member_path(content);
    if escape || member || (formats && is_date_format(content)) || only_wildcards(content) {
        out.push_str(content);
    } else if let Some((pattern, _)) = context.pattern {
        out.push_str(&redacted(content, engine, |member| pattern_redacted(member, pattern)));
    } else {
        out.push_str(&redacted(content, engine, |_| "?".to_owned()));
    }
    out.push_str(close);
}

/// Prefix and quote, content, quote. What was not closed gets closed.
fn split_string(text: &str) -> (&str, &str, &str) {
    let opening = match text.as_bytes().first() {
        Some(b'$') => text.get(1..).and_then(|rest| rest.find('$')).map_or(1, |at| at + 2),
        _ => text.find(['\'', '"']).map_or(0, |at| at + 1),
    };
    let open = text.get(..opening).unwrap_or_default();
    let close = if open.starts_with('$') {
        open
    } else {
        open.get(opening.max(1) - 1..).unwrap_or_default()
    };
    let rest = text.get(opening..).unwrap_or_default();
    let content = rest.strip_suffix(close).unwrap_or(rest);
    (open, content, close)
}

/// PostgreSQL writes the array of an IN list as `'{a,b}'`: it keeps its length.
fn redacted(content: &str, engine: Engine, one: impl Fn(&str) -> String) -> String {
    let array = content.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    match array.filter(|_| engine == Engine::Postgres) {
        Some(members) => {
            let members: Vec<String> = array_members(members).into_iter().map(one).collect();
            format!("{{{}}}", members.join(","))
        }
        None => one(content),
    }
}

/// Members of the inside of an array literal; commas between double quotes do not separate.
fn array_members(inside: &str) -> Vec<&str> {
    let mut members = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                members.push(inside.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    if !inside.is_empty() {
        members.push(inside.get(start..).unwrap_or_default());
    }
    members
}

/// The pattern with its content replaced: wildcards (or the anchor) at its ends stay.
fn pattern_redacted(content: &str, pattern: Pattern) -> String {
    let content = content.strip_prefix('"').unwrap_or(content);
    let content = content.strip_suffix('"').unwrap_or(content);
    // `?` is itself a wildcard of GLOB.
    let (wild, mark): (&[char], &str) = match pattern {
        Pattern::Like => (&['%', '_'], "?"),
        Pattern::Glob => (&['*', '?'], "x"),
        Pattern::Regex => return if content.starts_with('^') { "^?" } else { "?" }.to_owned(),
    };
    let middle = content.trim_start_matches(wild);
    let leading = content.get(..content.len() - middle.len()).unwrap_or_default();
    if middle.is_empty() {
        return leading.to_owned();
    }
    let core = middle.trim_end_matches(wild);
    let mut trailing = middle.get(core.len()..).unwrap_or_default();
    if core.ends_with('\\') {
        trailing = trailing.get(1..).unwrap_or_default();
    }
    format!("{leading}{mark}{trailing}")
}

/// `'%'` of `'%' || $1`: no content at all.
fn only_wildcards(content: &str) -> bool {
    !content.is_empty() && content.bytes().all(|b| matches!(b, b'%' | b'_'))
}

/// A JSON member (`->> 'email'`) or path (`-> '$.address.city'`): a name of the schema.
fn is_member_path(content: &str) -> bool {
    let letters = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$');
    let starts = content.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '$');
    starts && content.len() <= 64 && content.bytes().all(letters)
}

fn is_date_format(content: &str) -> bool {
    if UNITS.contains(&content.to_ascii_lowercase().as_str()) {
        return true;
    }
    let separator = |b: u8| matches!(b, b'-' | b'/' | b':' | b'.' | b' ' | b'_');
    let short = content.len() <= 24;
    let mut percent = false;
    let of_percents = content.bytes().all(|b| {
        let fine =
            if percent { b.is_ascii_alphabetic() || b == b'%' } else { b == b'%' || separator(b) };
        percent = !percent && b == b'%';
        fine
    });
    let of_letters = content.bytes().all(|b| b"YMDHISQWT24".contains(&b) || separator(b))
        && ["YY", "MM", "DD", "HH"].iter().any(|part| content.contains(part));
    short && !content.is_empty() && (of_percents || of_letters)
}

/// A comment may hold SQL that was switched off: its literals go. Tags of tracing libraries and
/// what does not look like a condition stay.
fn comment(text: &str, out: &mut String) {
    let hint = text.starts_with("/*+") || text.starts_with("/*!");
    let suspicious = text.contains(['\'', '"', '=', '<', '>']);
    if !suspicious || is_tag(text) {
        out.push_str(text);
        return;
    }
    let inner = text.strip_suffix("*/").filter(|inner| inner.len() >= 2 && text.starts_with("/*"));
    comment_content(inner.unwrap_or(text), hint, out);
    if inner.is_some() {
        out.push_str("*/");
    }
}

/// sqlcommenter's `/*controller='orders',traceparent='00-…'*/`.
fn is_tag(text: &str) -> bool {
    const KEYS: &[&str] = &[
        "traceparent=",
        "controller=",
        "action=",
        "route=",
        "framework=",
        "db_driver=",
        "application=",
        "app=",
        "job=",
    ];
    let inner = text.strip_prefix("/*").and_then(|rest| rest.strip_suffix("*/"));
    inner.is_some_and(|inner| {
        let mut pairs = inner.trim().split(',').map(str::trim);
        let known = KEYS.iter().any(|key| inner.contains(key));
        known && pairs.all(|pair| pair.split_once('=').is_some_and(|(key, _)| is_member_path(key)))
    })
}

fn comment_content(text: &str, hint: bool, out: &mut String) {
    let mut rest = text;
    let mut after_word = false;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '\'' | '"' => {
                let content = rest.get(1..).unwrap_or_default();
                let end = content.find(first);
                out.extend([first, '?']);
                comment_marks(content.get(..end.unwrap_or(content.len())).unwrap_or_default(), out);
                out.push(first);
                end.map_or(rest.len(), |at| at + 2)
            }
            '0'..='9' if !hint && !after_word => {
                let numeric = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
                out.push('?');
                rest.find(|c: char| !numeric(c)).unwrap_or(rest.len())
            }
            other => {
                out.push(other);
                other.len_utf8()
            }
        };
        after_word = first.is_alphanumeric() || first == '_';
        rest = rest.get(taken..).unwrap_or_default();
    }
}

/// Keeps what opens and closes comments inside what is taken for a string: where comments nest, the
/// text would end elsewhere without them. Blanks keep two of them from making a third.
fn comment_marks(content: &str, out: &mut String) {
    let mut rest = content;
    while let Some(at) = rest.find(['/', '*']) {
        let mark = rest.get(at..at + 2).filter(|two| ["/*", "*/"].contains(two));
        if let Some(mark) = mark {
            out.push(' ');
            out.push_str(mark);
        }
        rest = rest.get(at + mark.map_or(1, str::len)..).unwrap_or_default();
    }
}
