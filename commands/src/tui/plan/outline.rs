//! The words of a statement with their places: clause, condition, query. Read from tokens alone, so
//! that it works where no parser understands the statement.

use crate::tui::view::plan::is_keyword;
use planscope_explain::workload::lexer::{Token, TokenKind};

/// A significant token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// First byte.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
    /// What it is.
    pub kind: TokenKind,
    /// The text in lower case, without the quotes of a name.
    pub name: String,
    /// The clause it stands in.
    pub clause: Clause,
    /// The part of a condition between AND and OR, numbered over the statement.
    pub part: u32,
    /// The query it belongs to, numbered over the statement.
    pub query: u32,
    /// Parentheses around it.
    pub depth: u32,
}

/// A clause of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clause {
    /// The select list, and all that is nothing else.
    Other,
    /// Where tables are named.
    Tables,
    /// ON, USING.
    On,
    /// WHERE.
    Where,
    /// GROUP BY.
    Group,
    /// HAVING.
    Having,
    /// ORDER BY of the query.
    Order,
    /// LIMIT, OFFSET, FETCH.
    Limit,
    /// OVER ( … ), WINDOW.
    Window,
    /// UNION, INTERSECT, EXCEPT.
    SetOperation,
}

impl Clause {
    /// Whether conditions stand in it.
    pub fn is_condition(self) -> bool {
        matches!(self, Self::On | Self::Where | Self::Having)
    }

    /// The clause that a keyword begins.
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "select" | "set" | "values" | "returning" | "with" => Self::Other,
            "from" | "join" | "into" | "update" => Self::Tables,
            "on" | "using" => Self::On,
            "where" => Self::Where,
            "group" => Self::Group,
            "having" => Self::Having,
            "order" => Self::Order,
            "limit" | "offset" | "fetch" => Self::Limit,
            "window" | "over" => Self::Window,
            "union" | "intersect" | "except" => Self::SetOperation,
            _ => return None,
        })
    }
}

/// A reference to a column: its qualifier, where it has one, and its name, both in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Table or alias.
    pub qualifier: Option<String>,
    /// Column.
    pub column: String,
}

/// An open parenthesis.
struct Open {
    query: u32,
    clause: Clause,
    /// The part that goes on behind it.
    part: u32,
    /// Whether a query stands in it; in `extract(year FROM d)` no clause begins.
    is_query: bool,
}

/// Reads the words of `text`.
pub fn words(text: &str, tokens: &[Token]) -> Vec<Word> {
    let significant: Vec<&Token> = tokens.iter().filter(|token| token.is_significant()).collect();
    let mut open = vec![Open { query: 0, clause: Clause::Other, part: 0, is_query: true }];
    let (mut queries, mut parts, mut part) = (0, 0, 0);
    let mut between = false;
    let mut words: Vec<Word> = Vec::with_capacity(significant.len());
    for (i, token) in significant.iter().enumerate() {
        let name = name(token, text);
        let Some(here) = open.last_mut() else { break };
        let mut next_part = part;
        if token.kind == TokenKind::Word {
            let clause = Clause::of(&name).filter(|clause| begins(*clause, &name, here, &words));
            if let Some(clause) = clause {
                here.clause = clause;
                parts += 1;
                next_part = parts;
                part = parts;
            } else if name == "between" {
                between = true;
            } else if (name == "and" && !std::mem::take(&mut between)) || name == "or" {
                // The word itself belongs to neither side.
                parts += 2;
                (part, next_part) = (parts - 1, parts);
            }
        }
        if token.kind == TokenKind::Close && open.len() > 1 {
            part = open.pop().map_or(part, |open| open.part_behind(part));
            next_part = part;
        }
        let depth = open.len() as u32 - 1;
        let Some(here) = open.last() else { break };
        let (clause, query) = (here.clause, here.query);
        words.push(Word {
            start: token.start,
            end: token.end,
            kind: token.kind,
            name,
            clause,
            part,
            query,
            depth,
        });
        part = next_part;
        if token.kind == TokenKind::Open {
            let next = significant.get(i + 1).map(|next| name_of(next, text));
            let is_query = next.is_some_and(|next| matches!(next.as_str(), "select" | "with"));
            if is_query {
                queries += 1;
                parts += 1;
            }
            let query = if is_query { queries } else { query };
            let clause = if is_query { Clause::Other } else { clause };
            open.push(Open { query, clause, part, is_query });
            if is_query {
                part = parts;
            }
        }
    }
    words
}

impl Open {
    /// The part that goes on behind the parenthesis: a query's own parts end with it.
    fn part_behind(self, inside: u32) -> u32 {
        if self.is_query { self.part } else { inside }
    }
}

fn name(token: &Token, text: &str) -> String {
    name_of(token, text)
}

fn name_of(token: &Token, text: &str) -> String {
    let word = token.text(text);
    let inner = match token.kind {
        TokenKind::Quoted | TokenKind::String => {
            word.trim_matches(|c| matches!(c, '"' | '`' | '[' | ']' | '\''))
        }
        _ => word,
    };
    inner.to_lowercase()
}

/// Whether a word that can begin a clause does so here.
fn begins(clause: Clause, word: &str, here: &Open, before: &[Word]) -> bool {
    let last = before.last().map_or("", |word| word.name.as_str());
    // A column may have such a name behind a dot; `FOR UPDATE` locks.
    let is_name = last == "." || (word == "update" && last == "for");
    let in_function = !here.is_query;
    // In parentheses that hold no query only OVER begins something, and what stands in them.
    let allowed = match clause {
        Clause::Window => true,
        Clause::Order => !in_function && here.clause != Clause::Window,
        _ => !in_function,
    };
    allowed && !is_name
}

/// The references to columns among `words`.
pub fn references(words: &[Word]) -> Vec<Reference> {
    let mut found = Vec::new();
    let is_name = |word: &Word| match word.kind {
        TokenKind::Quoted => true,
        TokenKind::Word => !is_keyword(&word.name),
        _ => false,
    };
    let mut i = 0;
    while i < words.len() {
        if words[i].kind == TokenKind::Cast {
            // A type, which may have several words: `timestamp without time zone`.
            i += 1;
            while words
                .get(i)
                .is_some_and(|w| matches!(w.kind, TokenKind::Word | TokenKind::Quoted))
            {
                let is_logic = matches!(words[i].name.as_str(), "and" | "or" | "not" | "is");
                if is_logic {
                    break;
                }
                i += 1;
            }
            continue;
        }
        if !is_name(&words[i]) {
            i += 1;
            continue;
        }
        // a, b.a, c.b.a: the last two count.
        let first = i;
        while words.get(i + 1).is_some_and(|w| w.kind == TokenKind::Dot)
            && words
                .get(i + 2)
                .is_some_and(|w| matches!(w.kind, TokenKind::Word | TokenKind::Quoted))
        {
            i += 2;
        }
        let next = words.get(i + 1).map(|word| word.kind);
        // A function's name, or the type of a literal: `date '2026-01-01'`.
        if !matches!(next, Some(TokenKind::Open | TokenKind::String)) {
            let qualifier = (i > first).then(|| words[i - 2].name.clone());
            let reference = Reference { qualifier, column: words[i].name.clone() };
            if !found.contains(&reference) {
                found.push(reference);
            }
        }
        i += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::Engine;
    use planscope_explain::workload::lexer::Lexer;

    fn read(text: &str) -> Vec<Word> {
        let tokens: Vec<Token> = Lexer::new(text, Engine::Postgres).collect();
        words(text, &tokens)
    }

    fn clause_of(words: &[Word], name: &str) -> Clause {
        words.iter().find(|word| word.name == name).unwrap().clause
    }

    #[test]
    fn words_know_their_clause_and_query() {
        let words = read(
            "SELECT sum(a) OVER (PARTITION BY w ORDER BY v) FROM t JOIN u ON t.x = u.y WHERE b IN (SELECT c \
             FROM s WHERE d = 1) AND e = 2 GROUP BY f ORDER BY g LIMIT 7",
        );
        let clauses = ["v", "t", "y", "b", "s", "d", "e", "f", "g", "7"];
        use Clause as C;
        let expected = [
            C::Window,
            C::Tables,
            C::On,
            C::Where,
            C::Tables,
            C::Where,
            C::Where,
            C::Group,
            C::Order,
            C::Limit,
        ];
        assert_eq!(clauses.map(|name| clause_of(&words, name)), expected);
        let word = |name: &str| words.iter().find(|word| word.name == name).unwrap();
        assert_eq!((word("b").query, word("d").query, word("e").query), (0, 1, 0));
        assert_ne!(word("b").part, word("e").part);
        assert_ne!(word("b").part, word("d").part);
        assert_eq!(word("x").part, word("y").part);
    }

    #[test]
    fn references_are_columns_only() {
        let words = read(
            "((o.status)::character varying = 'x'::text AND lower(\"Name\") = date '1' OR a.b.c IS NULL)",
        );
        let shown: Vec<String> = references(&words)
            .into_iter()
            .map(|r| format!("{}.{}", r.qualifier.unwrap_or_default(), r.column))
            .collect();
        assert_eq!(shown, ["o.status", ".name", "b.c"]);
    }
}
