//! Makes texts readable for sqlparser that no server would take as they are: normalized statements
//! (`date $1`, `in (...)`), redacted ones (`?` for PostgreSQL), and the conditions of plans
//! (`(hashed SubPlan 1)`, `<cache>(…)`).
//!
//! Token by token, without a grammar. What comes out is for reading only; it is not the statement.

use super::operand::REST;
use crate::engine::Engine;
use crate::workload::fingerprint::WordClass;
use crate::workload::lexer::{Lexer, Token, TokenKind};
use sqlparser::ast::{Expr, Statement};
use sqlparser::dialect::{Dialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token as ParserToken;

/// Longer texts are not parsed: nobody reads advice about a megabyte of SQL, and parsing it takes
/// longer than everything else.
const MAX_BYTES: usize = 1 << 20;

/// Tokens in a row without a comma or a change of depth. sqlparser reads `a or b or c …` into a tree
/// as deep as it is long, and frees that by recursion: a stack of 2 MB bears this many.
const MAX_CHAIN: usize = 4_000;

/// Parentheses inside each other. sqlparser tries several readings of `(` one after the other, so
/// time doubles with each.
const MAX_DEPTH: usize = 40;

/// The statements of `sql`; `None` when they cannot be read.
pub(super) fn statements(sql: &str, engine: Engine) -> Option<Vec<Statement>> {
    let text = readable(sql, engine)?;
    let mut parser = Parser::new(dialect(engine)?).try_with_sql(&text).ok()?;
    parser.parse_statements().ok()
}

/// The statements of `sql` as it is written, for the guards: nothing is put in, nothing passed over.
pub(super) fn strict_statements(sql: &str, engine: Engine) -> Result<Vec<Statement>, String> {
    let dialect = dialect(engine).ok_or_else(|| format!("{} has no SQL", engine.label()))?;
    if !is_bounded(sql, engine) {
        return Err("it is too long or too deep to be checked".to_owned());
    }
    let parsed = Parser::new(dialect).try_with_sql(sql).and_then(|mut p| p.parse_statements());
    parsed.map_err(|error| format!("it cannot be parsed ({error})"))
}

/// The conjuncts of a plan's condition, as far as they can be read: the whole when that parses, else
/// what parses between its ANDs.
pub(super) fn expressions(text: &str, engine: Engine) -> Vec<Expr> {
    let (Some(text), Some(dialect)) = (readable(text, engine), dialect(engine)) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut todo = vec![text.as_str()];
    while let Some(text) = todo.pop() {
        match expression(text, dialect) {
            Some(expr) => found.push(expr),
            None => todo.extend(conjuncts(text, engine).into_iter().rev()),
        }
    }
    found
}

fn expression(text: &str, dialect: &dyn Dialect) -> Option<Expr> {
    let mut parser = Parser::new(dialect).try_with_sql(text).ok()?;
    let expr = parser.parse_expr().ok()?;
    (parser.peek_token().token == ParserToken::EOF).then_some(expr)
}

/// What stands between the outermost ANDs of a text, each shorter than the text; nothing when there
/// is neither an AND nor a pair of parentheses around it all.
fn conjuncts(text: &str, engine: Engine) -> Vec<&str> {
    let tokens: Vec<Token> = Lexer::new(text, engine).filter(Token::is_significant).collect();
    let inner = match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) if closing(&tokens, 0) == Some(tokens.len() - 1) => {
            return text.get(first.end..last.start).into_iter().collect();
        }
        _ => tokens,
    };
    let (mut parts, mut start, mut depth, mut between) = (Vec::new(), 0, 0_usize, false);
    for token in &inner {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Word if depth == 0 => match () {
                () if is_word(text, token, "between") => between = true,
                () if !is_word(text, token, "and") => {}
                () if between => between = false,
                () => {
                    parts.extend(text.get(start..token.start));
                    start = token.end;
                }
            },
            _ => {}
        }
    }
    if start > 0 {
        parts.extend(text.get(start..));
    }
    parts
}

fn is_word(text: &str, token: &Token, word: &str) -> bool {
    token.kind == TokenKind::Word && token.text(text).eq_ignore_ascii_case(word)
}

/// The index of the parenthesis that closes the one at `open`.
fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return (at > open).then_some(at);
        }
    }
    None
}

fn dialect(engine: Engine) -> Option<&'static dyn Dialect> {
    match engine {
        Engine::Postgres => Some(&PostgreSqlDialect {}),
        Engine::Mysql | Engine::Mariadb => Some(&MySqlDialect {}),
        Engine::Sqlite => Some(&SQLiteDialect {}),
        Engine::Mongodb => None,
    }
}

/// Whether sqlparser can take `sql` without trouble for the stack or the clock.
fn is_bounded(sql: &str, engine: Engine) -> bool {
    if sql.len() > MAX_BYTES {
        return false;
    }
    let mut chains = vec![0_usize];
    for token in Lexer::new(sql, engine).filter(Token::is_significant) {
        match token.kind {
            TokenKind::Open | TokenKind::OpenBracket => chains.push(0),
            TokenKind::Close | TokenKind::CloseBracket if chains.len() > 1 => {
                chains.pop();
            }
            TokenKind::Comma | TokenKind::Semicolon => {
                chains.last_mut().into_iter().for_each(|c| *c = 0)
            }
            _ => chains.last_mut().into_iter().for_each(|c| *c += 1),
        }
        if chains.len() > MAX_DEPTH || chains.last().is_some_and(|chain| *chain > MAX_CHAIN) {
            return false;
        }
    }
    true
}

/// `sql` in words that sqlparser reads; `None` when it is too long or too deep.
fn readable(sql: &str, engine: Engine) -> Option<String> {
    if !is_bounded(sql, engine) {
        return None;
    }
    let tokens: Vec<Token> =
        Lexer::new(sql, engine).filter(|t| t.kind != TokenKind::Blank).collect();
    let skip = explain_prefix(sql, &tokens);
    let mut rewriter = Rewriter {
        sql,
        engine,
        tokens: &tokens,
        at: skip,
        out: String::new(),
        jumps: Vec::new(),
        in_match: false,
    };
    while rewriter.at < tokens.len() {
        rewriter.step();
    }
    Some(rewriter.out)
}

/// How many tokens belong to an EXPLAIN before the statement.
pub(super) fn explain_prefix(sql: &str, tokens: &[Token]) -> usize {
    let mut at = tokens.iter().take_while(|token| token.kind == TokenKind::Comment).count();
    let word = |at: usize| tokens.get(at).map(|token| token.text(sql).to_ascii_lowercase());
    if !matches!(word(at).as_deref(), Some("explain" | "describe" | "desc" | "analyze")) {
        return 0;
    }
    at += 1;
    while at < tokens.len() && !word(at).is_some_and(|word| starts_statement(&word)) {
        // `EXPLAIN (ANALYZE, BUFFERS) …`; a parenthesized SELECT begins the statement.
        if tokens[at].kind == TokenKind::Open {
            match word(at + 1) {
                Some(word) if starts_statement(&word) || word == "(" => break,
                _ => at = closing(tokens, at).unwrap_or(at),
            }
        }
        at += 1;
    }
    if at < tokens.len() { at } else { 0 }
}

fn starts_statement(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "select", "with", "insert", "update", "delete", "values", "table", "merge", "replace",
        "execute", "create", "declare", "call",
    ];
    WORDS.contains(&word)
}

/// Writes the readable text. Comments go; everything else is kept apart by blanks where it was.
struct Rewriter<'a> {
    sql: &'a str,
    engine: Engine,
    tokens: &'a [Token],
    at: usize,
    out: String,
    /// Tokens to leave out: where they begin and what follows them. Innermost last.
    jumps: Vec<(usize, usize)>,
    /// Between `match` and `against`, where MySQL's plans have no parentheses.
    in_match: bool,
}

impl Rewriter<'_> {
    fn word(&self, at: usize) -> String {
        self.tokens.get(at).map(|t| t.text(self.sql).to_ascii_lowercase()).unwrap_or_default()
    }

    fn kind(&self, at: usize) -> Option<TokenKind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    fn placeholder(&self) -> &'static str {
        if self.engine == Engine::Postgres { "$1" } else { "?" }
    }

    /// Writes `text` in the place of `taken` tokens.
    fn put(&mut self, text: &str, taken: usize) {
        let apart = self.tokens.get(self.at).is_some_and(|token| {
            let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
            before.is_some_and(|before| before.end < token.start || !before.is_significant())
        });
        let glues = |c: char| c.is_alphanumeric() || matches!(c, '$' | '_' | '\'');
        let collides = self.out.ends_with(glues) && text.starts_with(glues);
        if (apart || collides) && !self.out.is_empty() {
            self.out.push(' ');
        }
        self.out.push_str(text);
        self.at += taken.max(1);
    }

    fn step(&mut self) {
        if let Some((_, to)) = self.jumps.pop_if(|(from, _)| *from == self.at) {
            self.at = to;
            return;
        }
        let Some(&token) = self.tokens.get(self.at) else { return };
        let text = token.text(self.sql);
        match token.kind {
            TokenKind::Comment if text.contains("...") => self.put(&format!(", {REST}"), 1),
            TokenKind::Comment => self.at += 1,
            TokenKind::Placeholder => self.placeholder_token(text),
            TokenKind::Ellipsis
                if self.at > 0 && self.kind(self.at - 1) == Some(TokenKind::Comma) =>
            {
                self.put(REST, 1);
            }
            TokenKind::Ellipsis => {
                let list = format!("{}, {REST}", self.placeholder());
                self.put(&list, 1);
            }
            TokenKind::Word => self.word_token(text),
            TokenKind::Open => self.open_token(),
            TokenKind::Operator if text == "<" && self.is_mysql_marker() => self.marker(),
            TokenKind::Operator => self.operator_token(text),
            _ => self.put(text, 1),
        }
    }

    /// `?` of PostgreSQL is an operator after an operand.
    fn placeholder_token(&mut self, text: &str) {
        let postgres = self.engine == Engine::Postgres;
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let after_operand = before.is_some_and(|before| match before.kind {
            TokenKind::Word => {
                let word = before.text(self.sql).to_ascii_lowercase();
                !WordClass::of(word.as_bytes()).expects_operand() && !is_typed_literal(&word)
            }
            TokenKind::Quoted
            | TokenKind::String
            | TokenKind::Number
            | TokenKind::Placeholder
            | TokenKind::CloseBracket => true,
            // `OPERATOR(public.===) ?`.
            TokenKind::Close => {
                self.at.checked_sub(2).and_then(|at| self.kind(at)) != Some(TokenKind::Operator)
            }
            _ => false,
        });
        let numbered = text.len() > 1 && text.starts_with('$') && !text.starts_with("$0");
        match () {
            () if postgres && text == "?" && after_operand => self.put(text, 1),
            () if postgres && numbered => self.put(text, 1),
            () => self.put(self.placeholder(), 1),
        }
    }

    fn word_token(&mut self, text: &str) {
        let word = text.to_ascii_lowercase();
        let next = self.kind(self.at + 1);
        let starts_operand = self.at.checked_sub(1).is_none_or(|at| match self.kind(at) {
            Some(TokenKind::Word) => matches!(self.word(at).as_str(), "and" | "or" | "not"),
            kind => kind == Some(TokenKind::Open),
        });
        match word.as_str() {
            // `date $1` and `interval $1` are no literals; MySQL's `interval ? day` is fine.
            _ if is_typed_literal(&word) && next == Some(TokenKind::Placeholder) => {
                let unit = self.engine != Engine::Postgres && word == "interval";
                if unit { self.put(text, 1) } else { self.at += 1 }
            }
            // `'x'::text COLLATE "C"`: sqlparser reads no COLLATE after a cast.
            "collate" if self.follows_cast() => self.at += 2,
            // MariaDB marks the condition of an outer join so.
            "trigcond" if next == Some(TokenKind::Open) => self.at += 1,
            "match"
                if self.is_mysql() && matches!(next, Some(TokenKind::Quoted | TokenKind::Word)) =>
            {
                self.in_match = true;
                self.put("match (", 1);
            }
            "against" if self.in_match => {
                self.in_match = false;
                self.put(") against", 1);
            }
            // sqlparser does not read `TABLE t`.
            "table" if self.out.is_empty() => self.put("SELECT * FROM", 1),
            // `extract($1 from x)`.
            "extract" if self.kind(self.at + 2) == Some(TokenKind::Placeholder) => {
                self.put("extract(epoch", 3);
            }
            // `(ANY (a = (hashed SubPlan 1).col1))`: PostgreSQL 17 writes the test of a subquery so.
            "any" | "all" if starts_operand && next == Some(TokenKind::Open) => self.at += 1,
            _ => self.put(text, 1),
        }
    }

    /// Whether a type of one word after `::` was the last.
    fn follows_cast(&self) -> bool {
        self.at >= 2
            && self.kind(self.at - 1) == Some(TokenKind::Word)
            && self.kind(self.at - 2) == Some(TokenKind::Cast)
    }

    /// Operators that extensions bring do not even lex: they stand as one that means nothing.
    fn operator_token(&mut self, text: &str) {
        let named = self.at.checked_sub(1).and_then(|at| self.kind(at)) == Some(TokenKind::Dot);
        match () {
            () if self.engine != Engine::Postgres || POSTGRES_OPERATORS.contains(&text) => {
                self.put(text, 1);
            }
            () if named => self.put("#", 1),
            () => self.put(" OPERATOR(pg_catalog.#) ", 1),
        }
    }

    /// References to subqueries in plans, as one scalar subquery: `(InitPlan 1).col1`,
    /// `(hashed SubPlan 1)`, MySQL's `(select #2)`.
    fn open_token(&mut self) {
        let word = self.word(self.at + 1);
        let reference = match word.as_str() {
            "initplan" | "subplan" | "hashed" | "alternatives" | "rescan" => true,
            // MySQL's `(select #2)` and MariaDB's `(subquery#2)`.
            "select" | "subquery" => self.word(self.at + 2).starts_with('#'),
            // `( <materialize> (select …), <primary_index_lookup>(…))` after IN.
            "<" => self.is_mysql() && self.word(self.at + 2) == "materialize",
            _ => false,
        };
        let close = closing(self.tokens, self.at).filter(|_| reference);
        let Some(close) = close else { return self.put("(", 1) };
        let field = self.kind(close + 1) == Some(TokenKind::Dot);
        self.put("(SELECT 1)", close + 1 - self.at + if field { 2 } else { 0 });
    }

    fn is_mysql(&self) -> bool {
        self.engine.info().quote == '`'
    }

    /// Leaves a marker out. Of `<if>(is_not_null_compl(t), …, true)` and `<in_optimizer>(a, …)` only the
    /// second argument is the condition.
    fn marker(&mut self) {
        let open = self.at + 3;
        let has_arguments = matches!(self.word(self.at + 1).as_str(), "if" | "in_optimizer");
        let close = closing(self.tokens, open).filter(|_| has_arguments);
        self.at = open;
        let Some(close) = close else { return };
        let mut depth = 0_usize;
        let mut commas = Vec::new();
        for at in open + 1..close {
            match self.kind(at) {
                Some(TokenKind::Open) => depth += 1,
                Some(TokenKind::Close) => depth = depth.saturating_sub(1),
                Some(TokenKind::Comma) if depth == 0 => commas.push(at),
                _ => {}
            }
        }
        let Some(&first) = commas.first() else { return };
        if let Some(&second) = commas.get(1) {
            self.jumps.push((second, close));
        }
        self.put("(", 1);
        self.at = first + 1;
    }

    /// MySQL marks what it did to a condition: `<cache>(…)`, `<if>(…)`.
    fn is_mysql_marker(&self) -> bool {
        self.is_mysql()
            && self.kind(self.at + 1) == Some(TokenKind::Word)
            && self.word(self.at + 2) == ">"
            && self.kind(self.at + 3) == Some(TokenKind::Open)
            && matches!(self.tokens.get(self.at..self.at + 4), Some([a, b, c, d])
                if a.end == b.start && b.end == c.start && c.end == d.start)
    }
}

/// Operators of PostgreSQL that sqlparser reads, and single characters.
static POSTGRES_OPERATORS: &[&str] = &[
    "=", "<", ">", "<=", ">=", "<>", "!=", "+", "-", "*", "/", "%", "^", "||", "&&", "@>", "<@",
    "->", "->>", "#>", "#>>", "#-", "@@", "~", "~*", "!~", "!~*", "~~", "~~*", "!~~", "!~~*", "^@",
    "|", "&", "#", "<<", ">>", ":", ":=", "=>", "@", "!", "<->", "&<", "&>",
];

/// Types that a literal may follow directly.
fn is_typed_literal(word: &str) -> bool {
    matches!(word, "date" | "time" | "timestamp" | "timestamptz" | "interval")
}
