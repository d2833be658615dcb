//! Reading SQL: what a statement filters, joins, groups, sorts and limits by.
//!
//! Built on sqlparser, which does not read everything: [`Query::read`] then gives `None` and the
//! caller falls back on the plan's own conditions through [`read_condition`].
//!
//! Names come as written, without quotes; PostgreSQL's unquoted ones in lower case. For the other
//! engines compare them without regard to case. A column without a qualifier stays without: only
//! the catalog knows its table.

mod canonical;
mod children;
mod condition;
mod denied;
mod from;
mod guard;
mod keys;
mod mongo_filter;
mod operand;
mod prepare;
mod scope;
mod split;

pub use canonical::canonical_expression;
pub use guard::{explainable, is_single_select_without_side_effects};
pub use split::{StatementText, split_statements};

use crate::engine::Engine;

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryKind {
    /// Reads only.
    Select,
    /// INSERT, also from a SELECT.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
    /// Anything else (utility, DDL, procedure).
    Other,
}

/// A statement, taken apart into its query levels.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// What it does.
    pub kind: QueryKind,
    /// One a SELECT level: the outermost first, then subqueries, CTEs and arms of UNION.
    pub scopes: Vec<Scope>,
}

/// One SELECT (or UPDATE, DELETE) level.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scope {
    /// Base tables of its FROM; derived tables and CTEs are scopes of their own.
    pub tables: Vec<TableUse>,
    /// Conditions that must all hold (WHERE and ON of inner joins, split at AND).
    pub predicates: Vec<Predicate>,
    /// Disjunctions: for each OR that must hold, its arms; each arm a list that must all hold.
    pub alternatives: Vec<Vec<Vec<Predicate>>>,
    /// GROUP BY (and DISTINCT), as far as its items are plain columns.
    pub group_by: Vec<ColumnRef>,
    /// ORDER BY, empty when there is none; `None` when an item is no plain column.
    pub order_by: Option<Vec<OrderKey>>,
    /// LIMIT.
    pub limit: Option<Bound>,
    /// OFFSET.
    pub offset: Option<Bound>,
    /// Columns read anywhere in this scope; `None` when `*` is among them.
    pub columns: Option<Vec<ColumnRef>>,
    /// Whether it aggregates (GROUP BY, or an aggregate function in its output).
    pub aggregates: bool,
    /// Whether it says DISTINCT; its columns are then in `group_by`.
    pub distinct: bool,
    /// Plain columns inside MIN or MAX in its output: an index has both ends at hand.
    pub extremes: Vec<ColumnRef>,
    /// Conditions of HAVING, split at AND.
    pub having: Vec<Predicate>,
}

/// A base table in a FROM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableUse {
    /// Schema, when written.
    pub schema: Option<String>,
    /// Table.
    pub name: String,
    /// The name it has inside the scope: its alias, else its name.
    pub alias: String,
    /// Whether it is on the side of an outer join that may be filled with NULLs.
    pub nullable_side: bool,
}

/// A column, with the qualifier as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ColumnRef {
    /// Alias or table before the dot.
    pub qualifier: Option<String>,
    /// Column name, unquoted.
    pub name: String,
}

/// A key of ORDER BY.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderKey {
    /// The column.
    pub column: ColumnRef,
    /// Descending.
    pub descending: bool,
    /// `NULLS FIRST` or `NULLS LAST`, when written.
    pub nulls_first: Option<bool>,
}

/// A row count of LIMIT or OFFSET.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// A number.
    Number(f64),
    /// A placeholder or an expression.
    Unknown,
}

/// `column operator value`.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicate {
    /// The column.
    pub column: ColumnRef,
    /// The expression around the column when it is wrapped: a function, a cast or arithmetic,
    /// e.g. `lower(email)`; in the form of [`canonical_expression`].
    pub wrapped: Option<String>,
    /// A cast to a text type around the column, e.g. `text`: PostgreSQL writes it into its plans for
    /// every `varchar` column, and then it means nothing. Around a column of another type it keeps
    /// an index from being used.
    pub cast: Option<String>,
    /// The operator.
    pub operator: Comparison,
    /// What the column is compared with.
    pub value: Operand,
}

/// The operator of a predicate, by what an index can do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`, `IS NOT DISTINCT FROM`.
    Equal,
    /// `IN (…)`, `= ANY (…)`, with the length of the list when it is known.
    In(Option<u32>),
    /// `<`, `<=`.
    Less,
    /// `>`, `>=`.
    Greater,
    /// `BETWEEN`.
    Between,
    /// `LIKE 'abc%'`: a known prefix.
    Prefix,
    /// `LIKE` with a leading wildcard, or a regular expression.
    Pattern,
    /// `LIKE` with an unknown pattern.
    LikeUnknown,
    /// `IS NULL`.
    IsNull,
    /// `IS NOT NULL`.
    IsNotNull,
    /// `<>`, `NOT IN`, `NOT LIKE`.
    NotEqual,
    /// `@>`, `&&`, `?`, `@@` and the like, which GIN or GiST serves.
    Contains,
    /// Anything else.
    Other,
}

impl Comparison {
    /// Whether it pins the column to one or a few values.
    pub fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::In(_) | Self::IsNull)
    }

    /// Whether it bounds the column to a range of an ordered index.
    pub fn is_range(self) -> bool {
        matches!(self, Self::Less | Self::Greater | Self::Between | Self::Prefix)
    }
}

/// The other side of a predicate.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// A literal, as written (`'open'`, `42`, `true`, `NULL`).
    Literal(String),
    /// A placeholder, or an expression of constants only.
    Parameter,
    /// Another column: a join, or a correlated subquery.
    Column(ColumnRef),
    /// Anything else, e.g. a subquery.
    Expression,
}

impl Query {
    /// Takes a statement apart; `None` when it cannot be read. Reads normalized and redacted texts
    /// too; a leading EXPLAIN is passed over.
    pub fn read(sql: &str, engine: Engine) -> Option<Self> {
        scope::read(sql, engine)
    }
}

/// Reads a condition as a plan shows it, e.g. `((o.status)::text = 'open'::text)`, split at AND; of
/// MongoDB a filter in JSON, the columns being paths.
/// What cannot be read gives no predicate. Disjunctions give none either: see
/// [`read_alternatives`].
pub fn read_condition(text: &str, engine: Engine) -> Vec<Predicate> {
    condition::read(text, engine).predicates
}

/// The disjunctions of a condition, as in [`Scope::alternatives`].
pub fn read_alternatives(text: &str, engine: Engine) -> Vec<Vec<Vec<Predicate>>> {
    condition::read(text, engine).alternatives
}

#[cfg(test)]
mod tests;
