//! Values for the placeholders of a text, so that it can be planned.
//!
//! The server plans no `?`, and NULL gives a plan that says "zero rows". `'1'` is a value of nearly
//! every type: the server turns it into a number where it is compared with one, and an index stays
//! usable. Dates and times need a date; LIMIT, OFFSET and INTERVAL need a number.

use planscope_explain::Engine;
use planscope_explain::workload::lexer::{Lexer, Token, TokenKind};
use std::collections::BTreeMap;

/// What a text needs to know of its schema; all keys in lower case.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    /// The types of columns that do not take `'1'`, in lower case.
    pub types: BTreeMap<String, String>,
    /// The tables as they are written. A digest has `EVENTS` for a table whose name is a keyword.
    pub tables: BTreeMap<String, String>,
}

/// A text with values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filled {
    /// The text.
    pub sql: String,
    /// How many placeholders it had.
    pub count: usize,
}

/// Puts a value where each placeholder is.
///
/// # Errors
/// When a list was left out of the text (`VALUES (...)`) whose length cannot be known.
pub(super) fn filled(sql: &str, engine: Engine, names: &Names) -> Result<Filled, String> {
    let all: Vec<Token> = Lexer::new(sql, engine).collect();
    let tokens: Vec<Token> = all.iter().copied().filter(Token::is_significant).collect();
    let reader = Reader { sql, tokens: &tokens, names };
    let mut text = String::with_capacity(sql.len() + 32);
    let (mut at, mut count) = (0, 0);
    for (i, token) in all.iter().enumerate() {
        let next = all.get(i + 1).map(|token| token.kind);
        let value = match token.kind {
            // `SUM (a)` is no call of SUM by default.
            TokenKind::Blank if next == Some(TokenKind::Open) => continue,
            TokenKind::Placeholder => Some(reader.value(at, count)),
            TokenKind::Ellipsis => Some(reader.list(at, count)?),
            // A snapshot has '?' where a string was.
            TokenKind::String if token.text(sql) == "'?'" => Some(reader.value(at, count)),
            _ => None,
        };
        count += usize::from(value.is_some());
        match (value, token.kind) {
            (Some(value), _) => text.push_str(&value),
            (None, TokenKind::Word) => text.push_str(reader.written(token)),
            (None, _) => text.push_str(token.text(sql)),
        }
        at += usize::from(token.is_significant());
    }
    Ok(Filled { sql: text, count })
}

struct Reader<'a> {
    sql: &'a str,
    tokens: &'a [Token],
    names: &'a Names,
}

impl Reader<'_> {
    /// The word before `at`, `back` tokens away.
    fn word(&self, at: usize, back: usize) -> String {
        let token = at.checked_sub(back).and_then(|at| self.tokens.get(at));
        token.map_or("", |token| token.text(self.sql)).trim_matches('`').to_ascii_lowercase()
    }

    /// A word as the schema writes it.
    fn written(&self, token: &Token) -> &str {
        let word = token.text(self.sql);
        self.names.tables.get(&word.to_ascii_lowercase()).map_or(word, String::as_str)
    }

    /// The value for the placeholder at `at`, before which there were `count`: each is another one, so
    /// that lists are as long as they look and ranges are not empty.
    fn value(&self, at: usize, count: usize) -> String {
        let n = count % 9 + 1;
        match self.word(at, 1).as_str() {
            "limit" | "offset" => return "10".to_owned(),
            "," if self.word(at, 3) == "limit" => return "10".to_owned(),
            "interval" => return "1".to_owned(),
            // A prefix: what comes with a leading wildcard cannot use an index anyway.
            "like" => return format!("'{n}%'"),
            _ => {}
        }
        match self.column(at).and_then(|column| self.names.types.get(&column)).map(String::as_str) {
            Some("date") => format!("'2024-01-0{n}'"),
            Some("time") => format!("'12:00:0{n}'"),
            Some("year") => format!("202{n}"),
            Some("json") => "'{}'".to_owned(),
            Some(_) => format!("'2024-01-0{n} 00:00:00'"),
            None => format!("'{n}'"),
        }
    }

    /// A list that the server shortened.
    fn list(&self, at: usize, count: usize) -> Result<String, String> {
        let value = self.value(at, count);
        // `IN (...)`, or the rest of `IN (?, ...)`.
        match (self.word(at, 2).as_str(), self.word(at, 1).as_str()) {
            // The server writes `LIMIT ?, ...` for two numbers.
            (_, ",") if self.word(at, 3) == "limit" => Ok(value),
            ("in", "(") | (_, ",") => Ok(format!("{value}, {}", self.value(at, count + 1))),
            ("values" | "value", _) => Err("its list of values was left out".to_owned()),
            _ => Ok(value),
        }
    }

    /// The column with which the value at `at` is compared: the nearest name before it, or the one
    /// right after it (`? < a`).
    fn column(&self, at: usize) -> Option<String> {
        let is_comparison = |word: &str| {
            matches!(word, "=" | "<" | ">" | "<=" | ">=" | "<>" | "!=" | "<=>" | "between" | "in")
        };
        let mut back = 1;
        // `a BETWEEN ? AND ?`, `a IN (?, ?`
        while matches!(self.word(at, back).as_str(), "(" | "," | "and" | "..." | "'1'")
            || self.kind_before(at, back) == Some(TokenKind::Placeholder)
        {
            back += 1;
        }
        if is_comparison(&self.word(at, back)) {
            let not = usize::from(self.word(at, back + 1) == "not");
            return Some(self.word(at, back + 1 + not));
        }
        let after = |n: usize| self.tokens.get(at + n).map(|token| token.text(self.sql));
        let compared = after(1).is_some_and(is_comparison);
        let mut name = after(2).filter(|_| compared)?;
        if after(3) == Some(".") {
            name = after(4)?;
        }
        Some(name.trim_matches('`').to_ascii_lowercase())
    }

    fn kind_before(&self, at: usize, back: usize) -> Option<TokenKind> {
        self.tokens.get(at.checked_sub(back)?).map(|token| token.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(sql: &str) -> String {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let names = Names {
            types: map(&[("born", "date"), ("made", "datetime")]),
            tables: map(&[("events", "events")]),
        };
        filled(sql, Engine::Mysql, &names).unwrap().sql
    }

    #[test]
    fn values_fit_their_place() {
        let cases = [
            ("SELECT * FROM `t` WHERE `a` = ?", "SELECT * FROM `t` WHERE `a` = '1'"),
            ("SELECT 1 WHERE `born` > ? LIMIT ?", "SELECT 1 WHERE `born` > '2024-01-01' LIMIT 10"),
            ("SELECT 1 LIMIT ?, ...", "SELECT 1 LIMIT 10, 10"),
            (
                "SELECT 1 WHERE t.made BETWEEN ? AND ?",
                "SELECT 1 WHERE t.made BETWEEN '2024-01-01 00:00:00' AND '2024-01-02 00:00:00'",
            ),
            ("SELECT 1 WHERE ? <= x.born", "SELECT 1 WHERE '2024-01-01' <= x.born"),
            ("SELECT 1 WHERE a IN (...)", "SELECT 1 WHERE a IN('1', '2')"),
            ("SELECT 1 WHERE born NOT IN (?)", "SELECT 1 WHERE born NOT IN('2024-01-01')"),
            ("SELECT SUM ( a ) FROM EVENTS", "SELECT SUM( a ) FROM events"),
            ("SELECT NOW() - INTERVAL ? DAY", "SELECT NOW() - INTERVAL 1 DAY"),
            ("SELECT 1 WHERE n LIKE :name", "SELECT 1 WHERE n LIKE '1%'"),
            ("UPDATE t SET made = ?", "UPDATE t SET made = '2024-01-01 00:00:00'"),
            ("SELECT '?' FROM t WHERE a = '?'", "SELECT '1' FROM t WHERE a = '2'"),
        ];
        for (sql, want) in cases {
            assert_eq!(fill(sql), want);
        }
        assert!(filled("INSERT INTO t VALUES (...)", Engine::Mysql, &Names::default()).is_err());
        assert_eq!(filled("SELECT 1", Engine::Mysql, &Names::default()).unwrap().count, 0);
    }
}
