//! What stands before every line of a plan: quotes of mails, comments, line numbers, bullets, the
//! level of a message. It goes where a line behind it is one of a plan.

use super::{Line, is_plan_like};

/// Most margins around one another: a numbered plan in a quoted mail in a comment.
const MOST: usize = 4;

/// Longest number of a line.
const MOST_DIGITS: usize = 7;

/// What stands before a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Margin {
    /// `>` of a quoted mail.
    Mail,
    /// `--`, `//`, `#`.
    Comment(u8),
    /// `*`, `-`, `•`.
    Bullet(char),
    /// `12: `, `12. `, `12) `, `12 | `, `12` and a tab; and the number.
    Number(u32),
    /// `NOTICE:  `.
    Level,
}

impl Margin {
    /// Whether a line with `next` goes on where one with this margin stands above it.
    fn goes_on(self, next: Self) -> bool {
        match (self, next) {
            (Self::Number(above), Self::Number(below)) => below == above.wrapping_add(1),
            (above, below) => above == below,
        }
    }
}

/// Takes the margins off, from the outermost inward.
pub(super) fn take_off(lines: &mut [Line<'_>]) {
    for _ in 0..MOST {
        if !take_off_one(lines) {
            return;
        }
    }
}

fn take_off_one(lines: &mut [Line<'_>]) -> bool {
    let mut any = false;
    let mut start = 0;
    while let Some(line) = lines.get(start) {
        let Some((first, _)) = margin(&line.text) else {
            start += 1;
            continue;
        };
        let end = start + run(&lines[start..], first);
        any |= strip(&mut lines[start..end], first);
        start = end;
    }
    any
}

/// How many lines from the first on have the same margin.
fn run(lines: &[Line<'_>], first: Margin) -> usize {
    let mut last = first;
    let mut len = 1;
    for line in &lines[1..] {
        match margin(&line.text) {
            Some((next, _)) if last.goes_on(next) => last = next,
            _ => break,
        }
        len += 1;
    }
    len
}

/// Strips a run of lines, if there is a plan behind their margins.
fn strip(lines: &mut [Line<'_>], first: Margin) -> bool {
    // A list of YAML has dashes too, and a line alone may be anything.
    let only_text = matches!(first, Margin::Bullet(_));
    if only_text && lines.len() == 1 {
        return false;
    }
    let behind = |line: &Line<'_>| {
        let inner = margin(&line.text).map_or("", |(_, len)| &line.text[len..]);
        let is_yaml = only_text && (inner.contains("Node Type") || inner.trim() == "Plan:");
        !is_yaml && is_plan_like(inner)
    };
    if !lines.iter().any(behind) {
        return false;
    }
    for line in lines {
        if let Some((_, len)) = margin(&line.text) {
            line.drop_left(len);
        }
    }
    true
}

/// The margin of a line and its length in bytes, blanks before it included and behind it not: they
/// may be the plan's indentation.
fn margin(text: &str) -> Option<(Margin, usize)> {
    let inner = text.trim_start();
    let before = text.len() - inner.len();
    let (margin, len) = match *inner.as_bytes().first()? {
        b'>' => {
            let marks = inner.trim_start_matches(['>', ' ']);
            let len = inner[..inner.len() - marks.len()].trim_end().len();
            (Margin::Mail, len)
        }
        b'-' if inner.starts_with("->") || inner.starts_with("---") => return None,
        b'-' if inner.starts_with("--") => (Margin::Comment(b'-'), 2),
        b'/' if inner.starts_with("//") => (Margin::Comment(b'/'), 2),
        b'#' => (Margin::Comment(b'#'), 1),
        b'-' | b'*' => (Margin::Bullet(char::from(inner.as_bytes()[0])), 1),
        b'0'..=b'9' => number(inner)?,
        _ if inner.starts_with(['•', '·', '◦', '‣']) => {
            let bullet = inner.chars().next()?;
            (Margin::Bullet(bullet), bullet.len_utf8())
        }
        _ => level(inner)?,
    };
    let rest = &inner[len..];
    if matches!(margin, Margin::Bullet(_)) && !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    Some((margin, before + len))
}

fn number(inner: &str) -> Option<(Margin, usize)> {
    let digits = inner.bytes().take(MOST_DIGITS + 1).take_while(u8::is_ascii_digit).count();
    let number = inner.get(..digits)?.parse().ok().filter(|_| digits <= MOST_DIGITS)?;
    let rest = &inner[digits..];
    let blanks = rest.len() - rest.trim_start_matches(' ').len();
    let sign = rest[blanks..].chars().next()?;
    // `1.5`, `12:30`, `3|0|0|SCAN t`
    let behind = rest[blanks + sign.len_utf8()..].chars().next();
    let is_end = behind.is_none_or(|c| !c.is_ascii_digit());
    let len = match sign {
        '\t' | ':' | '.' | ')' | ']' | '|' | '│' if is_end => digits + blanks + sign.len_utf8(),
        _ if blanks > 0 && !sign.is_ascii_digit() => digits,
        _ => return None,
    };
    Some((Margin::Number(number), len))
}

/// `NOTICE:  `, also as `psql -f` prints it: `psql:file.sql:3: NOTICE:  `.
fn level(inner: &str) -> Option<(Margin, usize)> {
    const LEVELS: [&str; 4] = ["NOTICE:  ", "INFO:  ", "WARNING:  ", "DEBUG:  "];
    let at = if inner.starts_with("psql:") { inner.find(": ")? + 2 } else { 0 };
    let level = LEVELS.iter().find(|level| inner[at..].starts_with(**level))?;
    Some((Margin::Level, at + level.len()))
}

#[cfg(test)]
mod tests {
    use super::super::{clean, unwrap};

    fn plain(text: &str) -> Vec<String> {
        unwrap(text).into_iter().map(|line| line.text.into_owned()).collect()
    }

    #[test]
    fn margins_go_where_a_plan_is_behind_them() {
        let want = [" Limit  (cost=0.00..1.00 rows=1 width=4)", "   ->  Result"];
        for mark in [">", "> >", "--", "//", "#", "NOTICE: "] {
            let text: Vec<String> = want.iter().map(|line| format!("{mark}{line}")).collect();
            let got: Vec<String> =
                plain(&text.join("\n")).iter().map(|l| l.trim_end().to_owned()).collect();
            assert_eq!(got.iter().map(|l| l.trim_start()).collect::<Vec<_>>()[0], want[0].trim());
            let column = |line: &str| line.len() - line.trim_start().len();
            assert_eq!(column(&got[1]) - column(&got[0]), 2, "{mark}");
        }
        assert_eq!(plain("9: Limit\n10:   ->  Result"), [" Limit", "   ->  Result"]);
        assert_eq!(plain("1. Limit\n2.   ->  Result"), [" Limit", "   ->  Result"]);
        assert_eq!(plain("     1\tLimit\n     2\t  ->  Result"), ["Limit", "  ->  Result"]);
    }

    #[test]
    fn other_lines_keep_theirs() {
        for text in [
            "-- a comment\nLimit",
            "- Plan:\n    Node Type: \"Limit\"",
            "1. a\n2. b",
            "3|0|0|SCAN t",
        ] {
            assert_eq!(plain(text).join("\n"), text);
            assert_eq!(clean(text).len(), text.lines().count());
        }
    }
}
