//! Functions that users wrote and that may do anything. A read-only transaction stops what they write,
//! not what they call: a configuration that is loaded anew, a lock that is held, another server.

use super::link::Link;
use crate::error::Result;
use planscope_explain::Engine;
use planscope_explain::workload::lexer::{Lexer, Token, TokenKind};
use std::collections::BTreeSet;

const VOLATILE: &str = include_str!("../sql/postgres/volatile_functions.sql");

/// Names of volatile functions, and of views that call one, in lower case.
#[derive(Debug, Default)]
pub(super) struct Routines {
    functions: BTreeSet<String>,
    views: BTreeSet<String>,
}

impl Routines {
    /// Reads them.
    pub async fn read(link: &Link) -> Result<Self> {
        let mut routines = Self::default();
        for sets in link.ask(VOLATILE).await?.pop().unwrap_or_default() {
            let name = sets.get(1).unwrap_or_default().to_lowercase();
            match sets.get(0) {
                Some("view") => routines.views.insert(name),
                _ => routines.functions.insert(name),
            };
        }
        Ok(routines)
    }

    /// Why a statement is not run: what it calls. Schemas are not told apart.
    pub fn refusal(&self, sql: &str) -> Option<String> {
        let tokens: Vec<Token> =
            Lexer::new(sql, Engine::Postgres).filter(|token| token.is_significant()).collect();
        for (at, token) in tokens.iter().enumerate() {
            let name = match token.kind {
                TokenKind::Word => token.text(sql).to_lowercase(),
                TokenKind::Quoted => token.text(sql).trim_matches('"').to_lowercase(),
                _ => continue,
            };
            let is_call = tokens.get(at + 1).is_some_and(|next| next.kind == TokenKind::Open);
            if is_call && self.functions.contains(&name) {
                return Some(format!("it calls {name}(), which is volatile and may do anything"));
            }
            if self.views.contains(&name) {
                return Some(format!("it reads the view {name}, which calls a volatile function"));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_views_are_seen() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let routines = Routines { functions: set(&["sneaky", "odd name"]), views: set(&["v"]) };
        for sql in [
            "select sneaky()",
            "select * from app.Sneaky (1)",
            "select \"odd name\"(1)",
            "select 1 from V",
            "select 1 from app.\"v\" x",
        ] {
            assert!(routines.refusal(sql).is_some(), "{sql}");
        }
        for sql in ["select sneaky from t", "select 'sneaky()' -- sneaky()", "select vv(1)"] {
            assert_eq!(routines.refusal(sql), None, "{sql}");
        }
    }
}
