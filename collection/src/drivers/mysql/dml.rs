//! The reading half of a statement that writes, for accounts that may only read: EXPLAIN asks for the
//! privileges of the statement itself.

use planscope_explain::Engine;
use planscope_explain::workload::lexer::{Lexer, Token, TokenKind};
use planscope_explain::workload::query::QueryKind;

/// The SELECT that finds the rows which a statement changes; `None` when it looks for none.
pub(super) fn as_select(sql: &str, kind: QueryKind, engine: Engine) -> Option<String> {
    let text = Text::of(sql, engine);
    match kind {
        QueryKind::Update => {
            let update = text.find(0, &["update"])?;
            let set = text.find(update, &["set"])?;
            let first = text.skip(update + 1, &["low_priority", "ignore"]);
            text.select(update, first..set, text.find(set, &["where", "order", "limit"]))
        }
        QueryKind::Delete => {
            let delete = text.find(0, &["delete"])?;
            let from = text.find(delete, &["from"])?;
            let rest = text.find(from, &["where", "order", "limit"]);
            let using = text.find(from, &["using"]).filter(|using| rest.is_none_or(|r| *using < r));
            let end = rest.or(text.find(from, &["returning"])).unwrap_or(text.words.len());
            text.select(delete, using.unwrap_or(from) + 1..end, rest)
        }
        QueryKind::Insert => {
            let insert = text.find(0, &["insert", "replace"])?;
            let select = text.find(insert + 1, &["select", "with", "values", "value"])?;
            let starts = ["select", "with"].contains(&text.word(select).as_str());
            starts.then(|| text.slice(select, text.end_of_select(select)).to_owned())
        }
        _ => None,
    }
}

/// The words of a statement that stand in no parentheses.
struct Text<'a> {
    sql: &'a str,
    words: Vec<Token>,
}

impl<'a> Text<'a> {
    fn of(sql: &'a str, engine: Engine) -> Self {
        let mut depth = 0_u32;
        let mut words = Vec::new();
        for token in Lexer::new(sql, engine).filter(Token::is_significant) {
            match token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                words.push(token);
            }
        }
        Self { sql, words }
    }

    fn word(&self, at: usize) -> String {
        let word = self.words.get(at).filter(|token| token.kind == TokenKind::Word);
        word.map_or_else(String::new, |token| token.text(self.sql).to_ascii_lowercase())
    }

    /// The first of these words from `from` on.
    fn find(&self, from: usize, wanted: &[&str]) -> Option<usize> {
        (from..self.words.len()).find(|at| wanted.contains(&self.word(*at).as_str()))
    }

    fn skip(&self, from: usize, modifiers: &[&str]) -> usize {
        let is_other = |at: &usize| !modifiers.contains(&self.word(*at).as_str());
        (from..self.words.len()).find(is_other).unwrap_or(from)
    }

    /// The text from one word up to another.
    fn slice(&self, from: usize, to: usize) -> &'a str {
        let start = self.words.get(from).map_or(self.sql.len(), |token| token.start);
        let end = self.words.get(to).map_or(self.sql.len(), |token| token.start);
        self.sql.get(start..end).unwrap_or_default().trim().trim_end_matches(';')
    }

    /// What stands before the verb (`WITH …`), then a SELECT of all columns.
    fn select(
        &self,
        verb: usize,
        tables: std::ops::Range<usize>,
        rest: Option<usize>,
    ) -> Option<String> {
        let before = self.sql.get(..self.words.get(verb)?.start)?;
        let mut sql = format!("{before}SELECT * FROM {}", self.slice(tables.start, tables.end));
        if let Some(rest) = rest {
            let end = self.find(rest, &["returning"]).unwrap_or(self.words.len());
            sql.push_str(&format!(" {}", self.slice(rest, end)));
        }
        Some(sql)
    }

    /// `ON DUPLICATE KEY UPDATE` and `RETURNING` are the INSERT's.
    fn end_of_select(&self, select: usize) -> usize {
        let duplicate = self.find(select, &["duplicate"]).map(|at| at - 1);
        let returning = self.find(select, &["returning"]);
        duplicate.into_iter().chain(returning).min().unwrap_or(self.words.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::workload::query::explainable;

    #[test]
    fn the_rows_that_change_are_looked_for() {
        let cases = [
            (
                "update t set a = 1, b = (select 2 from u where 1) where c = 3;",
                "SELECT * FROM t where c = 3",
            ),
            (
                "UPDATE LOW_PRIORITY t x JOIN u USING (id) SET x.a = u.a",
                "SELECT * FROM t x JOIN u USING (id)",
            ),
            ("update t set a = 1 order by b limit 2", "SELECT * FROM t order by b limit 2"),
            (
                "with c as (select 1) update t, c set a = 1 where t.b = 2",
                "with c as (select 1) SELECT * FROM t, c where t.b = 2",
            ),
            ("delete from `t` where a = 1", "SELECT * FROM `t` where a = 1"),
            (
                "delete t from t join u on t.a = u.a where u.b = 1",
                "SELECT * FROM t join u on t.a = u.a where u.b = 1",
            ),
            ("delete from t using t join u where u.b = 1", "SELECT * FROM t join u where u.b = 1"),
            ("delete from t where a = 1 returning id", "SELECT * FROM t where a = 1"),
            ("delete from t", "SELECT * FROM t"),
            (
                "insert into t (a, b) select a, b from u on duplicate key update a = 1",
                "select a, b from u",
            ),
        ];
        for (sql, want) in cases {
            let kind = explainable(sql, Engine::Mariadb).unwrap();
            assert_eq!(as_select(sql, kind, Engine::Mariadb).as_deref(), Some(want), "{sql}");
        }
        assert_eq!(as_select("insert into t values (1)", QueryKind::Insert, Engine::Mysql), None);
    }
}
