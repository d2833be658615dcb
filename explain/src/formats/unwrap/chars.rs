//! Characters that terminals, web pages and word processors put in place of others.

use std::borrow::Cow;

/// What a text does with its characters.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Habits {
    /// Tags of HTML around the lines.
    tags: bool,
    /// `&gt;` for `>`.
    entities: bool,
    /// psql's LaTeX.
    latex: bool,
    /// Curly quotes stand for `'`, for there is none in the text.
    single: bool,
    /// Curly quotes stand for `"`.
    double: bool,
}

/// Tags that only web pages have.
const TAGS: [&str; 7] = ["<td", "<pre", "<br", "<code", "<p>", "<div", "<span"];

const ENTITIES: [(&str, &str); 9] = [
    ("&gt;", ">"),
    ("&lt;", "<"),
    ("&nbsp;", " "),
    ("&#160;", " "),
    ("&quot;", "\""),
    ("&#34;", "\""),
    ("&#39;", "'"),
    ("&apos;", "'"),
    ("&amp;", "&"),
];

const LATEX: [(&str, &str); 11] = [
    ("\\textgreater{}", ">"),
    ("\\textless{}", "<"),
    ("\\textbackslash{}", "\\"),
    ("\\~{}", "~"),
    ("\\^{}", "^"),
    ("\\%", "%"),
    ("\\$", "$"),
    ("\\_", "_"),
    ("\\&", "&"),
    ("\\#", "#"),
    ("\\|", "|"),
];

impl Habits {
    /// Those of a text.
    pub(super) fn of(text: &str) -> Self {
        let has = |marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
        let is_xml = text.contains('<') && has(&["<explain", "<Node-Type>", "<Plan>"]);
        let named = text.contains('&') && !is_xml;
        let curly = !text.is_ascii();
        Self {
            tags: !is_xml && text.contains("</") && has(&TAGS),
            entities: named
                && (has(&[
                    "-&gt;",
                    "&nbsp;",
                    "&quot;",
                    "&lt;Plan",
                    "&lt;explain",
                    "&#39;",
                    "&#34;",
                ]) || has(&[" &lt;", " &gt;"]) && !has(&[" < ", " > ", "->"])),
            latex: text.contains('\\') && has(&["\\begin{", "\\textgreater{}"]),
            single: curly && !text.contains('\'') && has(&["‘", "’"]),
            double: curly && !text.contains('"') && has(&["“", "”", "„", "«"]),
        }
    }

    /// The line in the engine's characters.
    pub(super) fn clean<'a>(&self, line: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(line);
        if line.contains(['\u{1b}', '\u{9b}']) {
            text = without_escapes(&text).into();
        }
        if !line.is_ascii() {
            text = self.plain(text);
        }
        if self.tags && text.contains('<') {
            text = without_tags(&text).into();
        }
        if self.entities && text.contains('&') {
            text = replaced(&text, &ENTITIES).into();
        }
        if self.latex {
            let row = text.trim_end();
            text = replaced(row.strip_suffix("\\\\").unwrap_or(row), &LATEX).into();
        }
        text
    }

    /// Blanks of no width go, wide ones and curly quotes become plain. What stands in the engine's
    /// own quotes stays.
    fn plain<'a>(&self, text: Cow<'a, str>) -> Cow<'a, str> {
        let mut in_literal = false;
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            in_literal |= c == '\'';
            match c {
                '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{ad}' if !in_literal => {}
                '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' if !in_literal => {
                    out.push(' ');
                }
                '‘' | '’' | '‚' if self.single => out.push('\''),
                '“' | '”' | '„' | '«' | '»' if self.double => out.push('"'),
                other => out.push(other),
            }
        }
        if out == *text { text } else { out.into() }
    }
}

/// The text without the escape sequences of a terminal: `ESC [ 31 m`, `ESC ] … BEL`.
fn without_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let opens = match c {
            '\u{9b}' => Some('['),
            '\u{1b}' => chars.next(),
            other => {
                out.push(other);
                continue;
            }
        };
        match opens {
            Some('[') => {
                chars.by_ref().find(|c| ('@'..='~').contains(c));
            }
            Some(']') => {
                chars.by_ref().find(|c| matches!(c, '\u{7}' | '\\'));
            }
            Some('(' | ')') => {
                chars.next();
            }
            _ => {}
        }
    }
    out
}

/// The text without `<td align="left">` and its like. A comparison has a blank behind its sign.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let is_tag = tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        match tag.find('>').filter(|_| is_tag) {
            Some(end) => rest = &tag[end + 1..],
            None => {
                out.push('<');
                rest = &tag[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The text with every name in its place, from left to right and once.
fn replaced(text: &str, names: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['&', '\\']) {
        let (before, name) = rest.split_at(at);
        out.push_str(before);
        match names.iter().find(|(from, _)| name.starts_with(from)) {
            Some((from, to)) => {
                out.push_str(to);
                rest = &name[from.len()..];
            }
            None => {
                out.push_str(&name[..1]);
                rest = &name[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str) -> String {
        Habits::of(text).clean(text).into_owned()
    }

    #[test]
    fn terminals_and_web_pages_are_undone() {
        assert_eq!(clean("\u{1b}[1;31mLimit\u{1b}[0m"), "Limit");
        assert_eq!(clean("\u{feff}\u{a0}\u{a0}->\u{a0} Sort\u{200b}"), "  ->  Sort");
        assert_eq!(clean("<td align=\"left\">&nbsp;-&gt;  Sort</td>"), " ->  Sort");
        assert_eq!(
            clean("-\\textgreater{}  Sort (a \\textless{} 5\\%) \\\\"),
            "->  Sort (a < 5%) "
        );
        assert_eq!(clean("Filter: (a = ‘x’)"), "Filter: (a = 'x')");
    }

    #[test]
    fn what_the_engine_wrote_stays() {
        for text in [
            "Filter: (a = 'it’s\u{a0}so')",
            "Filter: (a < b) AND (c > d)",
            "Filter: (a = '&amp;')",
            "<explain><a>x &lt; y</a>",
        ] {
            assert_eq!(clean(text), text);
        }
    }
}
