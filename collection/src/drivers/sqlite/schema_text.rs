//! Reading the little SQL that SQLite keeps as text and shows nowhere else: the expressions and the
//! predicate of an index, and which table an alias stands for.
//!
//! SQLite has accepted these texts, so a scanner of quotes, brackets and comments is enough. It
//! reads any text without failing; what it does not find is `None`.

/// A piece of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Token<'a> {
    kind: Kind,
    start: usize,
    text: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A bare word or number.
    Word,
    /// A quoted identifier.
    Quoted,
    /// A string.
    String,
    /// Any other character.
    Symbol,
}

impl Token<'_> {
    fn is(&self, word: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Symbol) && self.text.eq_ignore_ascii_case(word)
    }

    fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// The identifier without its quotes.
    fn name(&self) -> Option<String> {
        match self.kind {
            Kind::Word => Some(self.text.to_owned()),
            Kind::Quoted => {
                let quote = self.text.chars().next()?;
                let inner = self.text.get(1..self.text.len() - 1)?;
                Some(inner.replace(&format!("{quote}{quote}"), &quote.to_string()))
            }
            Kind::String | Kind::Symbol => None,
        }
    }
}

fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = sql[at..].chars().next() {
        let rest = &sql[at..];
        let (kind, len) = match first {
            _ if rest.starts_with("--") => (None, rest.find('\n').unwrap_or(rest.len())),
            _ if rest.starts_with("/*") => (None, rest.find("*/").map_or(rest.len(), |i| i + 2)),
            c if c.is_whitespace() => (None, c.len_utf8()),
            '\'' => (Some(Kind::String), quoted_len(rest, '\'')),
            '"' | '`' => (Some(Kind::Quoted), quoted_len(rest, first)),
            '[' => (Some(Kind::Quoted), rest.find(']').map_or(rest.len(), |i| i + 1)),
            c if is_word(c) => (Some(Kind::Word), rest.find(|c| !is_word(c)).unwrap_or(rest.len())),
            c => (Some(Kind::Symbol), c.len_utf8()),
        };
        if let Some(kind) = kind {
            tokens.push(Token { kind, start: at, text: &rest[..len] });
        }
        at += len;
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Length of a quoted piece with its quotes; a doubled quote stands for itself.
fn quoted_len(text: &str, quote: char) -> usize {
    let mut rest = text[1..].char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        if c == quote {
            match rest.peek() {
                Some((_, next)) if *next == quote => drop(rest.next()),
                _ => return at + 2,
            }
        }
    }
    text.len()
}

/// The keys of a `CREATE INDEX` as text, without order and collation, and its predicate.
pub(super) fn index_parts(sql: &str) -> (Vec<String>, Option<String>) {
    let tokens = tokens(sql);
    let Some(open) = tokens.iter().position(|token| token.is("(")) else {
        return (Vec::new(), None);
    };
    let mut keys = Vec::new();
    let (mut depth, mut first) = (0, open + 1);
    for (i, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "(" => depth += 1,
            "," if depth == 1 => {
                keys.push(key_text(sql, &tokens[first..i]));
                first = i + 1;
            }
            ")" if depth == 1 => {
                keys.push(key_text(sql, &tokens[first..i]));
                return (keys, predicate(sql, &tokens[i + 1..]));
            }
            ")" => depth -= 1,
            _ => {}
        }
    }
    (keys, None)
}

fn predicate(sql: &str, rest: &[Token<'_>]) -> Option<String> {
    let word = rest.first().filter(|token| token.is("where"))?;
    let text = sql[word.end()..].trim().trim_end_matches(';').trim_end();
    Some(text.to_owned())
}

fn key_text(sql: &str, mut key: &[Token<'_>]) -> String {
    loop {
        key = match key {
            [rest @ .., last] if last.is("asc") || last.is("desc") => rest,
            [rest @ .., collate, _] if collate.is("collate") => rest,
            _ => break,
        };
    }
    match (key.first(), key.last()) {
        (Some(first), Some(last)) => sql[first.start..last.end()].to_owned(),
        _ => String::new(),
    }
}

/// The names under which `sql` uses the tables for which `is_table` holds: `(alias, table)`, both
/// as written; a table without an alias is its own.
pub(super) fn aliases(sql: &str, is_table: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let tokens = tokens(sql);
    let mut found = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let opens = |t: &Token<'_>| {
            ["from", "join", "update", "into", ",", "(", "."].iter().any(|word| t.is(word))
        };
        if !i.checked_sub(1).is_some_and(|before| opens(&tokens[before])) {
            continue;
        }
        let Some(table) = token.name().filter(|name| is_table(name)) else { continue };
        found.push((alias_after(&tokens[i + 1..]).unwrap_or_else(|| table.clone()), table));
    }
    found
}

fn alias_after(rest: &[Token<'_>]) -> Option<String> {
    let explicit = rest.first()?.is("as");
    let token = rest.get(usize::from(explicit))?;
    let is_keyword = token.kind == Kind::Word && AFTER_A_TABLE.iter().any(|word| token.is(word));
    token.name().filter(|_| explicit || !is_keyword)
}

/// Words that may follow a table in FROM and are not its alias.
static AFTER_A_TABLE: &[&str] = &[
    "on",
    "using",
    "where",
    "group",
    "order",
    "having",
    "limit",
    "offset",
    "union",
    "intersect",
    "except",
    "join",
    "inner",
    "left",
    "right",
    "full",
    "outer",
    "cross",
    "natural",
    "window",
    "indexed",
    "not",
    "set",
    "values",
    "select",
    "default",
    "returning",
    "and",
    "or",
    "then",
    "else",
    "end",
    "is",
    "in",
    "like",
    "between",
    "desc",
    "asc",
    "as",
    "from",
];

/// What the outermost level of a query says about how many of its rows are needed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Outline {
    /// LIMIT and OFFSET together, when both are numbers.
    pub limit: Option<f64>,
    /// Whether rows are grouped, merged or numbered, so that all are read whatever the LIMIT.
    pub groups: bool,
    /// Whether conditions may throw rows away.
    pub filters: bool,
}

/// Reads the outermost level of a query.
pub(super) fn outline(sql: &str) -> Outline {
    let (mut outline, mut depth) = (Outline::default(), 0_i32);
    let tokens = tokens(sql);
    for (i, token) in tokens.iter().enumerate() {
        let is_any = |words: &[&str]| words.iter().any(|word| token.is(word));
        match token.text {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ if depth != 0 => {}
            _ if is_any(&["where", "join"]) => outline.filters = true,
            _ if is_any(GROUPING) => outline.groups = true,
            _ if is_any(AGGREGATES) && tokens.get(i + 1).is_some_and(|next| next.is("(")) => {
                outline.groups = true;
            }
            _ if token.is("limit") => outline.limit = limit(&tokens[i + 1..]),
            _ => {}
        }
    }
    outline
}

/// `n`, `n OFFSET m` and `m, n` are all n + m rows.
fn limit(rest: &[Token<'_>]) -> Option<f64> {
    let number = |at: usize| rest.get(at)?.text.parse::<f64>().ok();
    let rows = number(0)?;
    let has_second = rest.get(1).is_some_and(|token| token.is("offset") || token.is(","));
    if has_second { Some(rows + number(2)?) } else { Some(rows) }
}

/// Whether `min(column)` or `max(column)` stands anywhere in the query.
pub(super) fn takes_end_of(sql: &str, column: &str) -> bool {
    let tokens = tokens(sql);
    let is_end = |at: usize| {
        let argument = tokens[at + 1..].iter().position(|token| token.is(")")).map(|len| at + len);
        (tokens[at].is("min") || tokens[at].is("max"))
            && tokens.get(at + 1).is_some_and(|token| token.is("("))
            && argument
                .and_then(|last| tokens[last].name())
                .is_some_and(|name| name.eq_ignore_ascii_case(column))
    };
    (0..tokens.len()).any(is_end)
}

static GROUPING: &[&str] = &["group", "having", "distinct", "union", "except", "intersect", "over"];
static AGGREGATES: &[&str] =
    &["count", "sum", "total", "avg", "min", "max", "group_concat", "string_agg"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_an_index() {
        let sql = "CREATE UNIQUE INDEX \"a (b\" ON t /* ( */ (lower(x || ',') COLLATE NOCASE DESC,\n y) \
                   WHERE z = 'a)' AND y > 1;";
        let (keys, predicate) = index_parts(sql);
        assert_eq!(keys, ["lower(x || ',')", "y"]);
        assert_eq!(predicate.as_deref(), Some("z = 'a)' AND y > 1"));
        assert_eq!(index_parts("CREATE TABLE"), (vec![], None));
        assert_eq!(index_parts("x (a, 'it''s"), (vec!["a".to_owned()], None));
    }

    #[test]
    fn aliases_of_tables() {
        let sql = "SELECT o.id FROM orders o JOIN \"order lines\" AS l ON l.o = o.id, main.t \
                   WHERE EXISTS (SELECT 1 FROM orders WHERE orders.id = t.id)";
        let is_table = |name: &str| ["orders", "order lines", "t"].contains(&name);
        let found = aliases(sql, is_table);
        let pairs: Vec<(&str, &str)> =
            found.iter().map(|(alias, table)| (alias.as_str(), table.as_str())).collect();
        assert_eq!(
            pairs,
            [("o", "orders"), ("l", "order lines"), ("t", "t"), ("orders", "orders")]
        );
    }

    #[test]
    fn outline_of_the_outermost_level() {
        let of = |sql| outline(sql);
        let page =
            of("SELECT a FROM (SELECT DISTINCT a FROM t WHERE b) ORDER BY a LIMIT 25 OFFSET 100");
        assert_eq!(page, Outline { limit: Some(125.0), groups: false, filters: false });
        assert_eq!(of("SELECT a FROM t LIMIT 100, 25").limit, Some(125.0));
        assert_eq!(of("SELECT a FROM t LIMIT ? OFFSET 3").limit, None);
        assert!(of("SELECT Count(*) FROM t WHERE x").groups);
        assert!(!of("SELECT counts FROM t").groups);
        assert!(of("SELECT a FROM t WHERE x").filters);
    }

    #[test]
    fn ends_of_a_column() {
        assert!(takes_end_of("SELECT Max(o.id) FROM o", "id"));
        assert!(takes_end_of("SELECT min(\"id\") FROM o", "id"));
        assert!(!takes_end_of("SELECT max(at) FROM o WHERE id = 1", "id"));
        assert!(!takes_end_of("SELECT max(", "id"));
    }

    #[test]
    fn any_text_is_read() {
        for text in ["'", "\"", "[", "`a", "/*", "--", "é'ü", "(((,", "$1 ? :x"] {
            let _ = (index_parts(text), aliases(text, |_| true), outline(text));
        }
    }
}
