//! FORMAT=JSON version 2: the tree of iterators as JSON, since MySQL 8.3.

use super::draft::{At, Draft};
use super::json::{Json, Kind};
use super::{iterators, operation};
use crate::formats::{FormatError, Note, Reading, shortened};
use crate::plan::{Actual, Condition, ConditionKind, Node, Operator};
use serde_json::Value;
use std::collections::HashSet;

/// Whether the document is one of version 2, with or without `query_plan` around the plan.
pub(super) fn is_it(json: &Json<'_>) -> bool {
    top(json).is_some()
}

fn top(json: &Json<'_>) -> Option<usize> {
    let is_node = |&at: &usize| json.is_object(at) && json.text_of(at, "operation").is_some();
    let wrapped = json.get(0, "query_plan").filter(is_node);
    wrapped.or(Some(0).filter(is_node).filter(|_| json.get(0, "query_block").is_none()))
}

/// Reads the plan.
pub(super) fn read(
    json: &Json<'_>,
    place: &str,
    format: &'static str,
) -> Result<Reading, FormatError> {
    let mut reader = Reader {
        json,
        draft: Draft::expecting(json.count("operation")),
        made: vec![None; json.len()],
        notes: Vec::new(),
        outside: HashSet::new(),
    };
    let top = top(json).unwrap_or(0);
    for at in (top..json.after(top)).rev() {
        if json.is_object(at)
            && json.get(at, "operation").is_some_and(|v| json.kind(v) == Kind::Text)
        {
            reader.object(at, at == top, place)?;
        }
    }
    let Reader { draft, made, mut notes, outside, .. } = reader;
    let Some(root) = made.get(top).copied().flatten() else {
        return Err(FormatError::Malformed {
            place: place.to_owned(),
            expected: "a plan with an `operation`".into(),
            found: "none".into(),
        });
    };
    let mut plan = iterators::finish(draft, root as At, &outside, format)?;
    plan.statement = json.text_of(0, "query").map(|query| query.into_owned());
    for at in json.children(0).filter(|&at| !json.is_object(at)) {
        let key = json.key(at);
        // A plan without a wrapper has its own keys here.
        if !matches!(key, "query" | "query_plan")
            && (top != 0 || key.starts_with("query_") || key.starts_with("json_"))
        {
            plan.details.insert(key.to_owned(), json.value(at));
        }
    }
    notes.reverse();
    Ok(Reading { plan, notes })
}

struct Reader<'a, 'b> {
    json: &'b Json<'a>,
    draft: Draft,
    /// Of each value: its node.
    made: Vec<Option<u32>>,
    notes: Vec<Note>,
    outside: HashSet<At>,
}

impl Reader<'_, '_> {
    fn object(&mut self, object: usize, is_top: bool, place: &str) -> Result<(), FormatError> {
        let json = self.json;
        let text = json.text_of(object, "operation").unwrap_or_default();
        let mut node = operation::node(&text);
        self.remark(&node, place);
        complete(json, object, &mut node);
        let at = self.draft.add(node)?;
        self.made[object] = Some(at as u32);
        let mut inputs = 0;
        let lists: Vec<usize> =
            json.children(object).filter(|&list| json.key(list).starts_with("inputs")).collect();
        // The inputs proper come first, whatever the order of the keys.
        let (first, others): (Vec<usize>, Vec<usize>) =
            lists.into_iter().partition(|&list| json.key(list) == "inputs");
        for list in first.into_iter().chain(others) {
            for item in json.children(list).collect::<Vec<_>>() {
                let Some(child) = self.made[item].map(|child| child as At) else { continue };
                let heading = json.text_of(item, "heading").unwrap_or_default();
                let subquery = iterators::is_subquery(&heading);
                let role = if subquery {
                    iterators::subquery_role(&heading)
                } else {
                    inputs += 1;
                    iterators::input_role(self.draft.node(at), inputs - 1)
                };
                if is_top && json.key(list) == "inputs_from_select_list" {
                    self.outside.insert(child);
                }
                self.draft.adopt(at, child, role);
            }
        }
        Ok(())
    }

    fn remark(&mut self, node: &Node, place: &str) {
        let message = match &node.operator {
            Operator::Other(name) => format!("unknown operation {}", shortened(name)),
            Operator::Modify if node.label == operation::NOT_EXECUTABLE => {
                "MySQL shows no plan of this statement in this format; FORMAT=TRADITIONAL does"
                    .to_owned()
            }
            _ => return,
        };
        self.notes.push(Note { place: place.to_owned(), message });
    }
}

/// What the other keys say.
fn complete(json: &Json<'_>, object: usize, node: &mut Node) {
    let mut measured = Measured::default();
    for at in json.children(object) {
        let key = json.key(at);
        let text = || json.text(at).map(|text| text.into_owned());
        match key {
            "operation" => {}
            _ if key.starts_with("inputs") => {}
            "table_name" => node.relation = text(),
            "alias" => node.alias = text(),
            "schema_name" => node.schema = text(),
            "index_name" => node.index = text(),
            "estimated_rows" => node.estimate.rows_per_loop = json.number(at),
            "estimated_total_cost" => node.estimate.total_cost = json.number(at),
            "estimated_first_row_cost" => node.estimate.startup_cost = json.number(at),
            "actual_rows" => measured.rows = json.number(at),
            "actual_loops" => measured.loops = json.number(at),
            "actual_first_row_ms" => measured.first_ms = json.number(at),
            "actual_last_row_ms" => measured.last_ms = json.number(at),
            // These are in the operation's text.
            "condition"
            | "lookup_condition"
            | "ranges"
            | "hash_condition"
            | "sort_fields"
            | "pushed_index_condition"
            | "extra_condition" => add_conditions(json, at, node),
            "heading" => {
                if let Some(heading) = json.text(at) {
                    if iterators::is_subquery(&heading) {
                        iterators::name_subquery(node, &heading);
                    }
                    node.details.insert("heading".into(), Value::String(heading.into_owned()));
                }
            }
            _ => {
                node.details.insert(key.to_owned(), json.value(at));
            }
        }
    }
    node.actual = measured.actual();
}

/// The conditions of a key, where the text of the operation did not show any of that kind.
fn add_conditions(json: &Json<'_>, at: usize, node: &mut Node) {
    let kind = match json.key(at) {
        "condition" => ConditionKind::Filter,
        "hash_condition" => ConditionKind::Join,
        "extra_condition" => ConditionKind::JoinFilter,
        "sort_fields" => ConditionKind::SortKey,
        _ => ConditionKind::Index,
    };
    if node.conditions.iter().any(|condition| condition.kind == kind) {
        return;
    }
    let whole = json.text(at).map(|text| text.into_owned());
    let items = json.children(at).filter_map(|item| json.text(item)).map(|text| text.into_owned());
    node.conditions.extend(whole.into_iter().chain(items).map(|text| Condition::new(kind, text)));
}

#[derive(Default)]
struct Measured {
    rows: Option<f64>,
    loops: Option<f64>,
    first_ms: Option<f64>,
    last_ms: Option<f64>,
}

impl Measured {
    fn actual(self) -> Option<Actual> {
        let loops = self.loops?;
        Some(Actual {
            loops,
            rows_per_loop: self.rows.unwrap_or(0.0),
            rows_rounding: 0.0,
            startup_ms_per_loop: self.first_ms,
            total_ms_per_loop: self.last_ms,
        })
    }
}
