//! Lines of rows as they were printed: `3|0|0|SCAN t`, `(3, 0, 0, 'SCAN t')`,
//! `{"id":3,"parent":0,"notused":0,"detail":"SCAN t"}`, `detail = SCAN t`.

use super::EqpRow;

/// Names of the four columns; those until 3.23 in the second row.
const COLUMNS: [[&str; 4]; 2] =
    [["id", "parent", "notused", "detail"], ["selectid", "order", "from", "detail"]];

/// Whether the line has the names of the columns; and whether they are the old ones.
pub(super) fn heading(line: &str) -> Option<bool> {
    let is_sign = |c: char| !(c.is_ascii_alphabetic() || c == ' ' || c == '_');
    let mut words = line
        .split(is_sign)
        .flat_map(|cell| cell.split("  "))
        .map(str::trim)
        .filter(|word| !word.is_empty());
    let found = [words.next()?, words.next()?, words.next()?, words.next()?];
    (words.next().is_none())
        .then(|| COLUMNS.iter().position(|names| *names == found))?
        .map(|i| i == 1)
}

/// The row of a line that has all its cells.
pub(super) fn row(line: &str) -> Option<EqpRow> {
    if line.contains("detail\"") || line.contains("detail'") {
        return None;
    }
    let inner = match line.trim_start().strip_prefix("INSERT INTO ") {
        Some(rest) => rest.split_once("VALUES")?.1,
        None => line,
    };
    let is_edge = |c: char| matches!(c, '|' | '│' | '║' | ' ' | '\t' | '(' | '[' | '\'' | '"');
    let mut rest = inner.trim_start_matches(is_edge);
    let mut numbers = [0_i64; 3];
    for number in &mut numbers {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '-'))?;
        *number = rest[..end].parse().ok()?;
        let after = &rest[end..];
        let is_gap =
            |c: char| matches!(c, ' ' | '\t' | '|' | '│' | '║' | ',' | ';' | '\'' | '"' | '\u{1f}');
        rest = after.trim_start_matches(is_gap);
        let gap = &after[..after.len() - rest.len()];
        // One blank alone is between words, not between cells.
        if gap == " " || gap.is_empty() {
            return None;
        }
    }
    let [id, parent, notused] = numbers;
    let before = &inner[..inner.len() - rest.len()];
    let detail = unquoted(rest, before.chars().next_back());
    (!detail.is_empty()).then_some(EqpRow { id, parent, notused, detail })
}

/// The last cell without what its quotes and the brackets around the row put behind it.
fn unquoted(rest: &str, quote: Option<char>) -> String {
    let rest = rest.trim_end();
    match quote {
        Some(quote @ ('\'' | '"')) => {
            let end = rest.rfind(quote).unwrap_or(rest.len());
            rest[..end].replace(&format!("{quote}{quote}"), &quote.to_string())
        }
        _ => rest.trim_end_matches(['|', '│', '║', ' ', '\t']).to_owned(),
    }
}

/// Rows whose cells have their names before them, in one line or in several.
#[derive(Debug, Default)]
pub(super) struct Keyed {
    numbers: [Option<i64>; 3],
    old: bool,
}

impl Keyed {
    /// Takes the line's cells; gives the rows that they complete. `None` when it has none.
    pub(super) fn line(&mut self, line: &str) -> Option<Vec<EqpRow>> {
        let mut rows = Vec::new();
        let mut any = false;
        let mut rest = line;
        while let Some((name, is_old, value, after)) = cell(rest) {
            any = true;
            self.old |= is_old;
            rest = after;
            if name < 3 {
                self.numbers[name] = value.parse().ok();
                continue;
            }
            if let [Some(id), Some(parent), Some(notused)] = std::mem::take(&mut self.numbers) {
                rows.push(EqpRow { id, parent, notused, detail: value });
            }
        }
        any.then_some(rows)
    }

    /// Whether the names were those until 3.23.
    pub(super) fn is_old(&self) -> bool {
        self.old
    }
}

/// The next cell of a line: which of the four, whether by its old name, its value, what follows.
fn cell(text: &str) -> Option<(usize, bool, String, &str)> {
    let inner = text.trim_start_matches([' ', '\t', ',', '{', '[', '(', ']', '}', ')']);
    let quote = inner.chars().next().filter(|c| matches!(c, '"' | '\''));
    let name = &inner[quote.map_or(0, char::len_utf8)..];
    let (at, is_old) = [false, true].into_iter().find_map(|old| {
        let names = COLUMNS[usize::from(old)];
        let len = name.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(name.len());
        names.iter().position(|known| *known == &name[..len]).map(|at| (at, old))
    })?;
    let rest = name[COLUMNS[usize::from(is_old)][at].len()..].trim_start_matches(['"', '\'']);
    let rest = rest.trim_start();
    let value = rest.strip_prefix("=>").or_else(|| rest.strip_prefix([':', '=']))?.trim_start();
    if let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let inner = &value[1..];
        let mut escaped = false;
        let end = inner.find(|c: char| {
            let ends = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        })?;
        let told = inner[..end].replace("\\\"", "\"").replace("\\'", "'");
        return Some((at, is_old, told, &inner[end + 1..]));
    }
    let end =
        if at == 3 { value.len() } else { value.find([',', '}', ' ']).unwrap_or(value.len()) };
    Some((at, is_old, value[..end].trim().to_owned(), &value[end..]))
}

/// The rows of 3.23 and older as those of newer versions: `selectid` is the number of the SELECT,
/// which another row names as its subquery.
pub(super) fn modern(rows: &[EqpRow], lines: &[usize]) -> (Vec<EqpRow>, Vec<usize>) {
    let mut of_select: std::collections::BTreeMap<i64, Vec<usize>> =
        std::collections::BTreeMap::new();
    for (i, row) in rows.iter().enumerate() {
        of_select.entry(row.id).or_default().push(i);
    }
    let named: std::collections::BTreeSet<i64> =
        rows.iter().flat_map(|row| subqueries(&row.detail)).collect();
    let (mut out, mut out_lines) = (Vec::new(), Vec::new());
    let mut waiting: Vec<(usize, i64)> = Vec::new();
    let tops: Vec<i64> =
        of_select.keys().copied().filter(|id| *id == 0 || !named.contains(id)).collect();
    for id in tops.into_iter().rev() {
        let top = of_select.remove(&id).unwrap_or_default();
        waiting.extend(top.into_iter().rev().map(|i| (i, 0)));
    }
    loop {
        while let Some((i, parent)) = waiting.pop() {
            let id = out.len() as i64 + 1;
            out.push(EqpRow { id, parent, notused: 0, detail: rows[i].detail.clone() });
            out_lines.extend(lines.get(i));
            for select in subqueries(&rows[i].detail).into_iter().rev() {
                let below = of_select.remove(&select).unwrap_or_default();
                waiting.extend(below.into_iter().rev().map(|i| (i, id)));
            }
        }
        // Subqueries that name one another: no top.
        let Some((_, left)) = of_select.pop_first() else { break };
        waiting.extend(left.into_iter().rev().map(|i| (i, 0)));
    }
    (out, out_lines)
}

/// The numbers of the subqueries that a row names: `SCAN SUBQUERY 1 AS x`, `EXECUTE LIST SUBQUERY 2`,
/// `COMPOUND SUBQUERIES 1 AND 2 (UNION ALL)`.
fn subqueries(detail: &str) -> Vec<i64> {
    let words = match detail.split_once("SUBQUERIES ").or_else(|| detail.split_once("SUBQUERY ")) {
        Some((_, words)) => words,
        None => return Vec::new(),
    };
    words.split(' ').take(3).filter_map(|word| word.parse().ok()).collect()
}
