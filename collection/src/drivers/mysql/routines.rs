//! Functions that users wrote. EXPLAIN runs them: subqueries that are constant are executed while the
//! statement is optimised, and a function in one is called for every row, with all that it does.

use super::link::{Link, SELECT};
use super::refuse::Refusal;
use super::statements::SYSTEM;
use crate::error::Result;
use planscope_explain::Engine;
use planscope_explain::workload::lexer::{Lexer, Token, TokenKind};
use std::collections::BTreeSet;

/// Names of stored and loadable functions, and of views that call one; lower case.
#[derive(Debug, Default)]
pub(super) struct Routines {
    functions: BTreeSet<String>,
    views: BTreeSet<String>,
    /// Views that do not show us their definition.
    hidden: BTreeSet<String>,
}

impl Routines {
    /// Reads them. What the account may not see it may not execute either.
    pub async fn read(link: &mut Link) -> Result<Self> {
        let mut routines = Self::default();
        let stored = format!(
            "{SELECT} LOWER(ROUTINE_NAME) AS name FROM information_schema.ROUTINES \
             WHERE ROUTINE_TYPE = 'FUNCTION'"
        );
        let loadable = match link.facts.engine {
            Engine::Mariadb => format!("{SELECT} LOWER(name) AS name FROM mysql.func"),
            _ => format!(
                "{SELECT} LOWER(UDF_NAME) AS name FROM performance_schema.user_defined_functions"
            ),
        };
        for sql in [stored, loadable] {
            let rows = link.ask_if_allowed(&sql).await?.unwrap_or_default();
            routines.functions.extend(rows.iter().map(|row| row.string("name")));
        }
        let sql = format!(
            "{SELECT} TABLE_NAME AS name, VIEW_DEFINITION AS text FROM information_schema.VIEWS \
             WHERE TABLE_SCHEMA NOT IN ({SYSTEM})"
        );
        let rows = link.ask_if_allowed(&sql).await?.unwrap_or_default();
        let views: Vec<_> =
            rows.iter().map(|row| (row.string("name"), row.string("text"))).collect();
        routines.add_views(&views, link.facts.engine);
        Ok(routines)
    }

    /// A view of a view that calls a function calls it too.
    fn add_views(&mut self, views: &[(String, String)], engine: Engine) {
        loop {
            let before = self.views.len() + self.hidden.len();
            for (name, text) in views {
                if text.is_empty() {
                    self.hidden.insert(name.to_ascii_lowercase());
                }
                let calls = calls_by_quoted_name(text, engine);
                if calls || self.refusal(text, engine).is_some() {
                    self.views.insert(name.to_ascii_lowercase());
                }
            }
            if self.views.len() + self.hidden.len() == before {
                return;
            }
        }
    }

    /// Why a statement is not planned: what it calls, or may call.
    pub fn refusal(&self, sql: &str, engine: Engine) -> Option<Refusal> {
        if self.functions.is_empty() && self.views.is_empty() && self.hidden.is_empty() {
            return None;
        }
        let tokens: Vec<Token> =
            Lexer::new(sql, engine).filter(|token| token.is_significant()).collect();
        for (at, token) in tokens.iter().enumerate() {
            let Some(name) = name(token, sql) else { continue };
            let is_call = tokens.get(at + 1).is_some_and(|next| next.kind == TokenKind::Open);
            let refusal = |kind: &'static str, why: String| Some(Refusal { kind, why });
            if is_call && self.functions.contains(&name) {
                let why = format!("it calls the function {name}, which EXPLAIN may execute");
                return refusal("stored-function", why);
            }
            if !is_call && self.views.contains(&name) {
                let why = format!(
                    "it reads the view {name}, which calls a function that EXPLAIN may execute"
                );
                return refusal("stored-function", why);
            }
            if !is_call && self.hidden.contains(&name) {
                let why = format!(
                    "it reads the view {name}, whose definition is hidden: GRANT SHOW VIEW on it"
                );
                return refusal("permission", why);
            }
        }
        None
    }
}

/// Whether a view's definition calls a function by a quoted name. So the server writes those of users,
/// also when we may not know of them: a view runs them with the rights of whoever made it.
fn calls_by_quoted_name(text: &str, engine: Engine) -> bool {
    let tokens: Vec<Token> =
        Lexer::new(text, engine).filter(|token| token.is_significant()).collect();
    tokens.windows(2).any(|pair| {
        matches!(pair, [name, open] if name.kind == TokenKind::Quoted && open.kind == TokenKind::Open)
    })
}

/// The name that a token is, in lower case and without quotes.
fn name(token: &Token, sql: &str) -> Option<String> {
    match token.kind {
        TokenKind::Word => Some(token.text(sql).to_ascii_lowercase()),
        // A string is a name where the server has ANSI_QUOTES.
        TokenKind::Quoted | TokenKind::String => {
            Some(token.text(sql).trim_matches(['"', '`']).to_ascii_lowercase())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_seen_also_through_views() {
        let mut routines = Routines::default();
        let sees = |routines: &Routines, sql: &str| routines.refusal(sql, Engine::Mysql).is_some();
        assert!(!sees(&routines, "select f(1)"));
        routines.functions.insert("f".to_owned());
        let view = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let views = [
            view("Outer", "select * from `d`.`inner`"),
            view("inner", "select `d`.`F`(1)"),
            view("plain", "select 1"),
            view("hidden", ""),
            view("secret", "select `d`.`g`(1)"),
        ];
        routines.add_views(&views, Engine::Mysql);
        for sql in [
            "select F (1)",
            "select `d`.`f`(1)",
            "select * from `Outer` o",
            "table hidden",
            "select 1 from secret",
        ] {
            assert!(sees(&routines, sql), "{sql}");
        }
        for sql in
            ["select f from t", "select ff(1)", "select * from plain", "select 'it calls f (1)'"]
        {
            assert!(!sees(&routines, sql), "{sql}");
        }
    }
}
