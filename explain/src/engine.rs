//! The database engines, and everything in which they differ that is not behaviour of a driver.
//!
//! Differences are questions with answers in one table, so that no `match engine` is scattered
//! over the code.

use std::fmt;

/// A database engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Engine {
    /// PostgreSQL and what speaks its protocol and plans like it.
    Postgres,
    /// MySQL (Oracle, Percona).
    Mysql,
    /// MariaDB.
    Mariadb,
    /// MongoDB.
    Mongodb,
    /// SQLite.
    Sqlite,
}

/// What is known of an engine without asking a server.
#[derive(Debug)]
pub struct EngineInfo {
    /// The engine described.
    pub engine: Engine,
    /// Name on the wire and on the command line, lower case.
    pub name: &'static str,
    /// Name for people.
    pub label: &'static str,
    /// URL schemes that mean this engine.
    pub schemes: &'static [&'static str],
    /// Longest identifier, in bytes; longer names are cut or refused by the server.
    pub identifier_max_bytes: usize,
    /// The character that quotes an identifier.
    pub quote: char,
    /// Whether `"text"` is a string (and not an identifier) by default.
    pub double_quoted_strings: bool,
    /// Whether `\` escapes the next character inside an ordinary string literal.
    pub backslash_escapes: bool,
    /// Whether `#` starts a comment to the end of the line.
    pub hash_comments: bool,
    /// Whether secondary indexes end with the primary key's columns of their own accord.
    pub clustered_primary_key: bool,
    /// Whether an index can carry payload columns (`INCLUDE`).
    pub include_columns: bool,
    /// Whether an index can have a `WHERE`.
    pub partial_indexes: bool,
}

static INFO: [EngineInfo; 5] = [
    EngineInfo {
        engine: Engine::Postgres,
        name: "postgresql",
        label: "PostgreSQL",
        schemes: &["postgres", "postgresql"],
        identifier_max_bytes: 63,
        quote: '"',
        double_quoted_strings: false,
        backslash_escapes: false,
        hash_comments: false,
        clustered_primary_key: false,
        include_columns: true,
        partial_indexes: true,
    },
    EngineInfo {
        engine: Engine::Mysql,
        name: "mysql",
        label: "MySQL",
        schemes: &["mysql"],
        identifier_max_bytes: 64,
        quote: '`',
        double_quoted_strings: true,
        backslash_escapes: true,
        hash_comments: true,
        clustered_primary_key: true,
        include_columns: false,
        partial_indexes: false,
    },
    EngineInfo {
        engine: Engine::Mariadb,
        name: "mariadb",
        label: "MariaDB",
        schemes: &["mariadb"],
        identifier_max_bytes: 64,
        quote: '`',
        double_quoted_strings: true,
        backslash_escapes: true,
        hash_comments: true,
        clustered_primary_key: true,
        include_columns: false,
        partial_indexes: false,
    },
    EngineInfo {
        engine: Engine::Mongodb,
        name: "mongodb",
        label: "MongoDB",
        schemes: &["mongodb", "mongodb+srv"],
        identifier_max_bytes: 127,
        quote: '"',
        double_quoted_strings: true,
        backslash_escapes: true,
        hash_comments: false,
        clustered_primary_key: false,
        include_columns: false,
        partial_indexes: true,
    },
    EngineInfo {
        engine: Engine::Sqlite,
        name: "sqlite",
        label: "SQLite",
        schemes: &["sqlite"],
        // SQLite has no limit of its own; a name longer than this helps nobody.
        identifier_max_bytes: 63,
        quote: '"',
        double_quoted_strings: false,
        backslash_escapes: false,
        hash_comments: false,
        clustered_primary_key: false,
        include_columns: false,
        partial_indexes: true,
    },
];

impl Engine {
    /// Every engine, in the order of the enum.
    pub const ALL: [Self; 5] =
        [Self::Postgres, Self::Mysql, Self::Mariadb, Self::Mongodb, Self::Sqlite];

    /// The row of the table for this engine.
    pub fn info(self) -> &'static EngineInfo {
        &INFO[self as usize]
    }

    /// The name on the wire, e.g. `postgresql`.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// The name for people, e.g. `PostgreSQL`.
    pub fn label(self) -> &'static str {
        self.info().label
    }

    /// The engine of that wire name or URL scheme, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        let is_it = |info: &&EngineInfo| info.name == name || info.schemes.contains(&name);
        INFO.iter().find(is_it).map(|info| info.engine)
    }

    /// Quotes an identifier for this engine, only where it needs it.
    ///
    /// A name needs no quotes when it is lower-case letters, digits and `_`, does not start with a
    /// digit and is not a word that SQL reserves.
    pub fn quoted(self, identifier: &str) -> String {
        let mut chars = identifier.chars();
        let plain = chars.next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
            && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && RESERVED.binary_search(&identifier).is_err();
        if plain {
            return identifier.to_owned();
        }
        let quote = self.info().quote;
        let doubled = identifier.replace(quote, &format!("{quote}{quote}"));
        format!("{quote}{doubled}{quote}")
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Words reserved by at least one of the SQL engines and plausible as a column or table name.
/// Quoting one too many is harmless; the list is sorted for the binary search.
static RESERVED: &[&str] = &[
    "add",
    "all",
    "alter",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "before",
    "between",
    "both",
    "by",
    "call",
    "cascade",
    "case",
    "cast",
    "change",
    "check",
    "collate",
    "column",
    "condition",
    "constraint",
    "create",
    "cross",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "database",
    "default",
    "delete",
    "desc",
    "describe",
    "distinct",
    "div",
    "do",
    "drop",
    "each",
    "else",
    "end",
    "except",
    "exists",
    "explain",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "full",
    "fulltext",
    "function",
    "grant",
    "group",
    "groups",
    "having",
    "if",
    "in",
    "index",
    "inner",
    "insert",
    "intersect",
    "interval",
    "into",
    "is",
    "join",
    "key",
    "keys",
    "kill",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "lines",
    "load",
    "lock",
    "match",
    "mod",
    "natural",
    "not",
    "null",
    "of",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "over",
    "partition",
    "primary",
    "range",
    "rank",
    "read",
    "references",
    "release",
    "rename",
    "repeat",
    "replace",
    "require",
    "return",
    "returning",
    "revoke",
    "right",
    "row",
    "row_number",
    "rows",
    "schema",
    "select",
    "session_user",
    "set",
    "show",
    "signal",
    "some",
    "sql",
    "starting",
    "system",
    "table",
    "then",
    "to",
    "trailing",
    "trigger",
    "true",
    "undo",
    "union",
    "unique",
    "unlock",
    "update",
    "usage",
    "use",
    "user",
    "using",
    "values",
    "variadic",
    "when",
    "where",
    "while",
    "window",
    "with",
    "write",
    "xor",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_indexed_by_the_enum() {
        for engine in Engine::ALL {
            assert_eq!(engine.info().engine, engine);
            assert_eq!(Engine::from_name(engine.name()), Some(engine));
        }
        assert_eq!(Engine::from_name("oracle"), None);
    }

    #[test]
    fn reserved_words_are_sorted() {
        assert!(RESERVED.is_sorted());
    }

    #[test]
    fn identifiers_are_quoted_only_where_needed() {
        assert_eq!(Engine::Postgres.quoted("orders"), "orders");
        assert_eq!(Engine::Postgres.quoted("Order Lines"), "\"Order Lines\"");
        assert_eq!(Engine::Mysql.quoted("order"), "`order`");
        assert_eq!(Engine::Sqlite.quoted("a\"b"), "\"a\"\"b\"");
        assert_eq!(Engine::Postgres.quoted("1st"), "\"1st\"");
    }
}
