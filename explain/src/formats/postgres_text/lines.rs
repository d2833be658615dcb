//! Logical lines: physical lines that a terminal wrapped, or a literal with a line feed broke, are
//! put together again.

use super::super::postgres_keys::{condition_kind, subplan_role};
use super::super::unwrap::{Kind, Line, unwrap};
use super::node_line;
use std::borrow::Cow;

/// A line of the plan, or a boundary between plans.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Line(Logical),
    /// Forget what came before.
    Header,
    /// The plan is over.
    Footer,
}

/// A logical line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Logical {
    /// Number of its first physical line, from 1.
    pub(super) number: usize,
    /// Characters of indentation.
    pub(super) column: usize,
    /// The text without indentation and trailing blanks.
    pub(super) text: String,
    /// Whether a parenthesis or a literal is still open at its end.
    pub(super) open: bool,
}

/// Keys that start a line even inside what looks like an open literal.
const FIRM_KEYS: [&str; 22] = [
    "Sort Method",
    "Buckets",
    "Batches",
    "Buffers",
    "I/O Timings",
    "WAL",
    "Heap Blocks",
    "Heap Fetches",
    "Index Searches",
    "Rows Removed by Filter",
    "Rows Removed by Join Filter",
    "Rows Removed by Index Recheck",
    "Workers Planned",
    "Workers Launched",
    "Planning",
    "Planning Time",
    "Planning time",
    "Execution Time",
    "Execution time",
    "Total runtime",
    "JIT",
    "Settings",
];

/// Keys that stand behind others on one line.
const INNER_KEYS: [&str; 9] = [
    "Memory",
    "Disk",
    "Memory Usage",
    "Disk Usage",
    "Misses",
    "Evictions",
    "Overflows",
    "Average Memory",
    "Peak Memory",
];

/// How far a broken line may be from the width at which the terminal broke it: copies lose blanks.
const SLACK: usize = 2;

/// Narrowest terminal.
const LEAST_WIDTH: usize = 40;

/// How the lines of a text are broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breaks {
    /// Not that we know.
    None,
    /// All at this width, within words.
    At(usize),
    /// At blanks, which are gone.
    Words,
}

/// The logical lines of `text`, blank ones left out.
pub(super) fn logical(text: &str) -> Vec<Item> {
    let lines = unwrap(text);
    let width = |line: &Line<'_>| line.text.trim_end().chars().count();
    let widest = lines.iter().map(width).max().unwrap_or(0);
    let mut joiner = Joiner::new(Breaks::None);
    for line in &lines {
        joiner.line(line);
    }
    if joiner.broken.is_empty() {
        return joiner.finish();
    }
    let near = joiner.broken.iter().all(|w| w + SLACK >= widest);
    let breaks = match () {
        () if widest >= LEAST_WIDTH && !joiner.lost_blank && near => Breaks::At(widest),
        () if joiner.cut_word => return joiner.finish(),
        () => Breaks::Words,
    };
    joiner = Joiner::new(breaks);
    for line in &lines {
        joiner.line(line);
    }
    joiner.finish()
}

/// Puts lines together.
struct Joiner {
    items: Vec<Item>,
    pending: Option<Pending>,
    breaks: Breaks,
    /// The widths of the lines that went on in the next.
    broken: Vec<usize>,
    /// Somewhere a blank between two figures is gone.
    lost_blank: bool,
    /// Somewhere a line ends within a figure.
    cut_word: bool,
}

impl Joiner {
    fn new(breaks: Breaks) -> Self {
        Self {
            items: Vec::new(),
            pending: None,
            breaks,
            broken: Vec::new(),
            lost_blank: false,
            cut_word: false,
        }
    }

    fn line(&mut self, line: &Line<'_>) {
        let trimmed = line.text.trim();
        match line.kind {
            Kind::Text if trimmed.is_empty() => return,
            Kind::Text => {}
            boundary => {
                self.items.extend(self.pending.take().map(Pending::finish));
                let is_header = boundary == Kind::Header;
                self.items.push(if is_header { Item::Header } else { Item::Footer });
                return;
            }
        }
        let text = plain(&line.text);
        if let Some(pending) = &mut self.pending {
            let is_broken = self.breaks != Breaks::None;
            if pending.continues(text.trim()) || is_broken && pending.goes_on(&text) {
                if pending.quote.is_none() {
                    self.broken.push(pending.width);
                    let ends = pending.text.ends_with(|c: char| c.is_ascii_alphanumeric());
                    let is_key =
                        ["rows=", "width=", "loops=", "time="].iter().any(|k| text.starts_with(k));
                    self.lost_blank |= ends && is_key;
                    self.cut_word |=
                        ends && !is_key && pending.is_in_figures() && !text.starts_with(' ');
                }
                return pending.append(&text, self.breaks);
            }
        }
        self.items.extend(self.pending.take().map(Pending::finish));
        self.pending = Some(Pending::new(line.number, &text));
    }

    fn finish(mut self) -> Vec<Item> {
        self.items.extend(self.pending.map(Pending::finish));
        self.items
    }
}

/// The line with blanks for tabs and the engine's arrow for others.
fn plain(text: &str) -> Cow<'_, str> {
    const TAB: usize = 8;
    let mut text = Cow::Borrowed(text);
    if text.contains('\t') {
        let inner = text.trim_start();
        let indent = text[..text.len() - inner.len()]
            .chars()
            .fold(0, |column, c| if c == '\t' { (column / TAB + 1) * TAB } else { column + 1 });
        let literal = inner.find('\'').unwrap_or(inner.len());
        let before = inner[..literal].replace('\t', "  ");
        text = format!("{}{before}{}", " ".repeat(indent), &inner[literal..]).into();
    }
    let inner = text.trim_start();
    if let Some(rest) = arrow(inner)
        && !inner.starts_with("->  ")
    {
        let indent = &text[..text.len() - inner.len()];
        text = format!("{indent}->  {}", rest.trim_start()).into();
    }
    text
}

/// What stands behind the arrow of a node, which word processors and web pages change.
pub(super) fn arrow(inner: &str) -> Option<&str> {
    const ARROWS: [&str; 8] = ["→", "⇒", "➔", "➜", "⟶", "–>", "—>", "=>"];
    if let Some(rest) = inner.strip_prefix("->") {
        if rest.starts_with("  ") {
            return Some(rest);
        }
        // MySQL's arrows have one blank, and what is behind them is another language.
        let node = node_line::parse(rest)?;
        return (node.known || rest.contains(" width=")).then_some(rest);
    }
    let rest = ARROWS.iter().find_map(|arrow| inner.strip_prefix(arrow))?;
    node_line::parse(rest).map(|_| rest)
}

/// A logical line that may go on.
struct Pending {
    number: usize,
    column: usize,
    text: String,
    parens: i32,
    quote: Option<char>,
    /// Characters of its last physical line.
    width: usize,
}

impl Pending {
    fn new(number: usize, text: &str) -> Self {
        let inner = text.trim_start();
        let column = text[..text.len() - inner.len()].chars().count();
        let width = text.trim_end().chars().count();
        let mut new = Self { number, column, text: String::new(), parens: 0, quote: None, width };
        new.push(inner);
        new
    }

    fn push(&mut self, text: &str) {
        for c in text.chars() {
            match (self.quote, c) {
                (Some(open), c) if c == open => self.quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => self.quote = Some(c),
                (None, '(') => self.parens += 1,
                (None, ')') => self.parens -= 1,
                _ => {}
            }
        }
        self.text.push_str(text);
    }

    /// Whether a parenthesis with figures is open at the end.
    fn is_in_figures(&self) -> bool {
        let group = self.text.rfind('(').map_or("", |at| &self.text[at..]);
        ["(cost=", "(actual "]
            .iter()
            .any(|start| group.starts_with(start) || start.starts_with(group))
            && !group.is_empty()
    }

    fn is_open(&self) -> bool {
        self.quote.is_some() || self.parens > 0
    }

    fn continues(&self, trimmed: &str) -> bool {
        if self.quote.is_some() {
            return !starts_firmly(trimmed);
        }
        if self.parens > 0 {
            return !starts_firmly(trimmed) && !starts_key(trimmed);
        }
        // Broken between two groups of figures, or inside the names of a node's line.
        if ["(actual ", "(cost=", "(never executed)"].iter().any(|group| trimmed.starts_with(group))
        {
            return true;
        }
        if self.text.starts_with("Settings: ") {
            return trimmed.starts_with('\'') || self.text.trim_end().ends_with([',', '=']);
        }
        if !node_line::has_figures(trimmed) || node_line::has_figures(&self.text) {
            return false;
        }
        let label = self.text.strip_prefix("->").map(str::trim);
        let is_name = label.is_some() && !trimmed.starts_with("->") && !starts_upper(trimmed);
        // `->  Bitmap Heap` and `Scan on t  (cost=…)`
        let is_known = |text: &str| node_line::parse(text).is_some_and(|node| node.known);
        let is_label = || {
            let label = label.unwrap_or(&self.text);
            !is_known(label) && label.len() < 60 && is_known(&format!("{label} {trimmed}"))
        };
        is_name || starts_upper(trimmed) && is_label()
    }

    /// Whether a line that stands left of this one is the rest of it, in a text of broken lines.
    fn goes_on(&self, text: &str) -> bool {
        let trimmed = text.trim();
        let column = text.len() - text.trim_start().len();
        let is_left = column < self.column
            || column == self.column && self.text.trim_end().ends_with(['=', ',']);
        if !is_left || starts_firmly(trimmed) || node_line::parse(trimmed).is_some() {
            return false;
        }
        let is_line = trimmed.starts_with("Trigger ") || trimmed.starts_with("Query Identifier:");
        match key_of(trimmed) {
            _ if is_line || subplan_role(trimmed).is_some() => false,
            Some(key) => INNER_KEYS.contains(&key) || condition_kind(key).is_none() && column == 0,
            None => true,
        }
    }

    fn append(&mut self, text: &str, breaks: Breaks) {
        let width = std::mem::replace(&mut self.width, text.trim_end().chars().count());
        let inner = text.trim_start();
        match breaks {
            // A literal with a line feed. (A terminal's break inside a literal looks the same.)
            Breaks::None if self.quote.is_some() => {
                let len = self.text.trim_end().len();
                self.text.truncate(len);
                self.push("\n");
                self.push(inner);
            }
            Breaks::None => self.push(text),
            Breaks::At(at) => {
                let lost = if self.text.ends_with(' ') { 0 } else { at.saturating_sub(width) };
                self.push(&" ".repeat(lost.min(SLACK)));
                self.push(text);
            }
            Breaks::Words => {
                let word = self.text.rsplit(' ').next().unwrap_or_default();
                let wide = key_of(inner).is_some_and(|key| {
                    !self.text.ends_with(' ')
                        && !INNER_KEYS.contains(&format!("{word} {key}").as_str())
                });
                self.push(if wide { "  " } else { " " });
                self.push(inner);
            }
        }
    }

    fn finish(self) -> Item {
        let open = self.is_open();
        let text = self.text.trim_end().to_owned();
        Item::Line(Logical { number: self.number, column: self.column, text, open })
    }
}

/// Whether the line can be nothing but the start of one.
fn starts_firmly(trimmed: &str) -> bool {
    arrow(trimmed).is_some()
        || starts_upper(trimmed) && node_line::has_figures(trimmed)
        || key_of(trimmed).is_some_and(|key| FIRM_KEYS.contains(&key))
}

/// Whether only PostgreSQL's plans have that key.
pub(super) fn is_firm(key: &str) -> bool {
    FIRM_KEYS.contains(&key) || condition_kind(key).is_some()
}

fn starts_upper(trimmed: &str) -> bool {
    trimmed.starts_with(|c: char| c.is_ascii_uppercase())
}

fn starts_key(trimmed: &str) -> bool {
    subplan_role(trimmed).is_some()
        || key_of(trimmed).is_some_and(|key| {
            condition_kind(key).is_some() || key.split(' ').all(|word| word.len() < 20)
        })
}

/// The key of `Key: value`: capitalised words before the first colon that ends a word.
pub(super) fn key_of(trimmed: &str) -> Option<&str> {
    if !starts_upper(trimmed) {
        return None;
    }
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '/' | '_' | '-');
    let key = &trimmed[..trimmed.find(|c| !is_key(c))?];
    let rest = trimmed[key.len()..].strip_prefix(':')?;
    (rest.is_empty() || rest.starts_with(' ')).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        logical(text)
            .into_iter()
            .filter_map(|item| match item {
                Item::Line(line) => Some(line.text),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn wrapped_lines_are_put_together() {
        let text = " Sort  (cos\nt=32.88..32.9\n6 rows=32 width=224)\n (actual time=0.1..0.2 \nrows=0 loops=1)\n   Sort Key: a\n";
        let want = [
            "Sort  (cost=32.88..32.96 rows=32 width=224) (actual time=0.1..0.2 rows=0 loops=1)",
            "Sort Key: a",
        ];
        assert_eq!(texts(text), want);
        let filter = "  Join Filter: (t1.c1 >\n t2.c2)\n  Rows Removed by Join Filter: 5\n";
        assert_eq!(
            texts(filter),
            ["Join Filter: (t1.c1 > t2.c2)", "Rows Removed by Join Filter: 5"]
        );
    }

    #[test]
    fn literals_keep_their_line_feeds() {
        let text = "  Filter: (a = 'x\n  y: z')\n  ->  Result\n";
        assert_eq!(texts(text), ["Filter: (a = 'x\ny: z')", "->  Result"]);
    }

    #[test]
    fn what_is_open_does_not_swallow_the_plan() {
        let text = "-- don't\nResult  (cost=0.00..0.01 rows=1 width=4)\n  Filter: (a = (\n  Buffers: shared hit=1\n";
        let want = [
            "-- don't",
            "Result  (cost=0.00..0.01 rows=1 width=4)",
            "Filter: (a = (",
            "Buffers: shared hit=1",
        ];
        assert_eq!(texts(text), want);
    }

    #[test]
    fn keys_end_with_a_colon() {
        assert_eq!(key_of("Sort Key: a"), Some("Sort Key"));
        assert_eq!(key_of("Planning:"), Some("Planning"));
        assert_eq!(key_of("Pre-sorted Groups: 1"), Some("Pre-sorted Groups"));
        assert_eq!(key_of("I/O Timings: read=1"), Some("I/O Timings"));
        assert_eq!(key_of("A::text"), None);
        assert_eq!(key_of("Seq Scan on t"), None);
    }
}
