//! How a table is read and how tables are joined, in the words that FORMAT=JSON version 1, the
//! tabular EXPLAIN and MariaDB share: `ref`, `range|filter`, `Using join buffer (hash join)`.

use super::draft::{At, Draft};
use super::words::{bare, split};
use crate::plan::{Condition, ConditionKind, LimitError, Node, Operator, Role};
use serde_json::Value;

/// A table as one row or object shows it.
#[derive(Debug, Default)]
pub(super) struct Access {
    pub(super) table: Option<String>,
    /// `ref`, `ALL`, `hash_ALL`, `ref|filter`.
    pub(super) kind: Option<String>,
    /// The index; two of them where a filter of row ids takes part.
    pub(super) key: Option<String>,
    /// What the columns of the index are looked up with.
    pub(super) references: Vec<String>,
    /// The columns of the index that are used.
    pub(super) key_parts: Vec<String>,
    /// Whether the index alone answers.
    pub(super) covering: bool,
    /// Rows looked at in one loop.
    pub(super) rows: Option<f64>,
    /// How many per cent of them are kept.
    pub(super) filtered: Option<f64>,
}

impl Access {
    /// The node of the scan.
    pub(super) fn node(&self) -> Node {
        let kind = self.kind.as_deref().unwrap_or("table");
        let (main, _) = kind.split_once('|').unwrap_or((kind, ""));
        let hashed = main.strip_prefix("hash_");
        let mut node = Node::new(self.operator(hashed.unwrap_or(main)), kind);
        node.relation = self.table.clone();
        if node.operator != Operator::MultiIndex {
            node.index = self.index(hashed.is_some());
        }
        let share = self.filtered.unwrap_or(100.0).clamp(0.0, 100.0) / 100.0;
        node.estimate.rows_per_loop = self.rows.map(|rows| rows * share);
        node.conditions = self.lookups();
        if main == "index" {
            node.details.insert("full".into(), Value::Bool(true));
        }
        node
    }

    fn operator(&self, kind: &str) -> Operator {
        let internal = self.table.as_ref().is_some_and(|name| name.starts_with('<'));
        match kind {
            "ALL" if internal => Operator::SubqueryScan,
            "ALL" => Operator::SeqScan,
            "system" if internal => Operator::SubqueryScan,
            "system" => Operator::MetadataRead,
            "index_merge" => Operator::MultiIndex,
            "fulltext" => Operator::FullTextSearch,
            "const" | "eq_ref" | "ref" | "ref_or_null" | "range" | "index" | "unique_subquery"
            | "index_subquery"
                if self.covering =>
            {
                Operator::IndexOnlyScan
            }
            "const" | "eq_ref" | "ref" | "ref_or_null" | "range" | "index" | "unique_subquery"
            | "index_subquery" => Operator::IndexScan,
            // A table without a way to it: that of an INSERT, or one that is not read.
            "table" | "NULL" => Operator::Result,
            other => Operator::Other(other.to_owned()),
        }
    }

    /// The index proper: a hash join has a key of its own, `#hash#$hj` or `#hash#$hj:index`.
    fn index(&self, hashed: bool) -> Option<String> {
        let key = self.key.as_deref()?;
        let (key, _) = key.split_once('|').unwrap_or((key, ""));
        if !hashed {
            return Some(key.to_owned());
        }
        key.split_once(':').map(|(_, index)| index.to_owned())
    }

    /// The index of the filter of row ids.
    pub(super) fn filter_index(&self) -> Option<&str> {
        self.key.as_deref()?.split_once('|').map(|(_, index)| index)
    }

    /// `column = table.column` of each column that is looked up; `?` for what has no name here.
    fn lookups(&self) -> Vec<Condition> {
        let pairs = self.key_parts.iter().zip(&self.references);
        let condition = |(column, reference): (&String, &String)| {
            // MariaDB writes `*any*` for a schema that a temporary table does not have.
            let named = reference.trim_start_matches("*any*.");
            let reference = if named.contains('.') { named } else { "?" };
            Condition::new(ConditionKind::Index, format!("{column} = {reference}"))
        };
        pairs.map(condition).collect()
    }

    /// The indexes of an index merge, from `sort_union(a,intersect(b,c))`.
    pub(super) fn merged(text: &str) -> Vec<&str> {
        let names = text.split(['(', ')', ',']).map(str::trim).filter(|name| !name.is_empty());
        names
            .filter(|name| {
                !matches!(*name, "union" | "sort_union" | "intersect" | "sort_intersect")
            })
            .collect()
    }
}

/// How a table joins the ones before it.
#[derive(Debug, Default, Clone)]
pub(super) struct Join {
    /// `hash join`, `Block Nested Loop`, `flat, BNLH join`, `Batched Key Access`; `None` without a buffer.
    pub(super) buffer: Option<String>,
    /// `Left`, `Semi`, `Anti`; `None` is inner.
    pub(super) kind: Option<&'static str>,
    /// What the join tests.
    pub(super) conditions: Vec<Condition>,
    /// Rows out of the join, for one loop of it.
    pub(super) rows: Option<f64>,
    /// Cost of the join, inputs included.
    pub(super) cost: Option<f64>,
}

impl Join {
    /// The join's node.
    pub(super) fn node(&self) -> Node {
        let buffer = self.buffer.as_deref().unwrap_or_default();
        let hashed = buffer.contains("hash") || buffer.contains("BNLH") || buffer.contains("BKAH");
        let operator = if hashed { Operator::HashJoin } else { Operator::NestedLoop };
        let label = match self.buffer {
            Some(_) => format!("join buffer ({buffer})"),
            None => "nested loop".to_owned(),
        };
        let mut node = Node::new(operator, label);
        node.join_type = Some(self.kind.unwrap_or("Inner").to_owned());
        node.conditions.clone_from(&self.conditions);
        node.estimate.rows_per_loop = self.rows;
        node.estimate.total_cost = self.cost;
        node
    }

    /// What a condition on the inner table says of the kind of join.
    pub(super) fn kind_of(condition: &str) -> Option<&'static str> {
        let outer = ["is_not_null_compl(", "found_match(", "trigcond("];
        outer.iter().any(|word| condition.contains(word)).then_some("Left")
    }

    /// Takes the parts that name other tables out of a filter on `table`, which is read through a
    /// join buffer: they are tested on pairs of rows.
    pub(super) fn take(&mut self, table: &str, filter: &str) -> Vec<Condition> {
        let mut kept = Vec::new();
        for part in split(bare(filter), " and ") {
            if names_others(part, table) {
                self.conditions.push(Condition::new(ConditionKind::Join, part));
            } else {
                kept.push(Condition::new(ConditionKind::Filter, part));
            }
        }
        kept
    }
}

/// Whether a column of another table than `table` is named.
fn names_others(text: &str, table: &str) -> bool {
    // Every other part is a literal; that a quote in one is doubled makes no difference.
    text.split('\'').step_by(2).any(|part| qualifies_others(part, table))
}

fn qualifies_others(text: &str, table: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '`' | '<' | '>');
    // The last qualifier of `schema`.`table`.`column` is the table.
    text.match_indices('.').any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + 1..]);
        let column: &str = after.split(|c: char| !is_name(c)).next().unwrap_or_default();
        let is_last = !after.get(column.len()..).is_some_and(|rest| rest.starts_with('.'));
        let start = before.rfind(|c: char| !is_name(c)).map_or(0, |at| at + 1);
        let name = before.get(start..).unwrap_or_default().trim_matches('`');
        is_last && name.starts_with(|c: char| !c.is_ascii_digit()) && name != table
    })
}

/// A table and how it joins.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) at: At,
    pub(super) join: Join,
}

/// Joins and the inner table of each.
pub(super) type Joins = Vec<(At, At)>;

/// Joins the inputs from left to right. The answer names the joins made, innermost first.
pub(super) fn left_deep(
    draft: &mut Draft,
    inputs: Vec<Input>,
) -> Result<(Option<At>, Joins), LimitError> {
    let mut joins = Vec::new();
    let mut top = None;
    for Input { at, join } in inputs {
        top = Some(match top {
            None => at,
            Some(outer) => {
                let made = draft.wrap(outer, join.node())?;
                draft.adopt(made, at, Role::Inner);
                joins.push((made, at));
                made
            }
        });
    }
    Ok((top, joins))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(kind: &str, key: &str) -> Node {
        let (table, kind) = (Some("t".to_owned()), Some(kind.to_owned()));
        Access { table, kind, key: Some(key.to_owned()), ..Access::default() }.node()
    }

    #[test]
    fn kinds_of_access() {
        let shown = |node: Node| (node.operator.name().to_owned(), node.index);
        assert_eq!(shown(access("ref|filter", "a|b")), ("IndexScan".into(), Some("a".into())));
        assert_eq!(shown(access("hash_ALL", "#hash#$hj")), ("SeqScan".into(), None));
        assert_eq!(
            shown(access("hash_index", "#hash#$hj:i")),
            ("IndexScan".into(), Some("i".into()))
        );
        assert_eq!(shown(access("warp", "a")).0, "warp");
        assert_eq!(Access::merged("union(a,intersect(b, c))"), ["a", "b", "c"]);
    }

    #[test]
    fn join_conditions_are_told_from_filters() {
        let mut join = Join::default();
        let kept = join
            .take("p", "((`s`.`p`.`a` = `s`.`q`.`b`) and (`s`.`p`.`x` > 1.5) and (p.y = 'q.z'))");
        assert_eq!(join.conditions.len(), 1, "{:?}", join.conditions);
        let kept: Vec<&str> = kept.iter().map(|condition| condition.text.as_str()).collect();
        assert_eq!(kept, ["(`s`.`p`.`x` > 1.5)", "(p.y = 'q.z')"]);
    }
}
