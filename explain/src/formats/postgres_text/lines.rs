//! Logical lines: physical lines that a terminal wrapped, or a literal with a line feed broke, are
//! put together again.

use super::super::postgres_keys::{condition_kind, subplan_role};
use super::super::unwrap::{Kind, unwrap};
use super::node_line;

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

/// The logical lines of `text`, blank ones left out.
pub(super) fn logical(text: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut pending: Option<Pending> = None;
    for line in unwrap(text) {
        let trimmed = line.text.trim();
        match line.kind {
            Kind::Text if trimmed.is_empty() => continue,
            Kind::Text => {}
            boundary => {
                items.extend(pending.take().map(Pending::finish));
                items.push(if boundary == Kind::Header { Item::Header } else { Item::Footer });
                continue;
            }
        }
        match &mut pending {
            Some(pending) if pending.continues(trimmed) => pending.append(&line.text),
            _ => {
                items.extend(pending.take().map(Pending::finish));
                pending = Some(Pending::new(line.number, &line.text));
            }
        }
    }
    items.extend(pending.map(Pending::finish));
    items
}

/// A logical line that may go on.
struct Pending {
    number: usize,
    column: usize,
    text: String,
    parens: i32,
    quote: Option<char>,
}

impl Pending {
    fn new(number: usize, text: &str) -> Self {
        let inner = text.trim_start();
        let column = text[..text.len() - inner.len()].chars().count();
        let mut new = Self { number, column, text: String::new(), parens: 0, quote: None };
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
        // Broken between two groups of figures, or inside the names of an arrow's line.
        ["(actual ", "(cost=", "(never executed)"].iter().any(|group| trimmed.starts_with(group))
            || self.text.starts_with("->")
                && !trimmed.starts_with("->")
                && !node_line::has_figures(&self.text)
                && node_line::has_figures(trimmed)
                && !starts_upper(trimmed)
    }

    fn append(&mut self, text: &str) {
        if self.quote.is_some() {
            // A literal with a line feed. (A terminal's break inside a literal looks the same.)
            let len = self.text.trim_end().len();
            self.text.truncate(len);
            self.push("\n");
            self.push(text.trim_start());
        } else {
            self.push(text);
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
    trimmed.starts_with("->  ")
        || starts_upper(trimmed) && node_line::has_figures(trimmed)
        || key_of(trimmed).is_some_and(|key| FIRM_KEYS.contains(&key))
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
