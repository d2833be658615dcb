//! Objects around tables: sorts, groups, temporary tables, unions, caches.

use super::super::draft::At;
use super::super::numbers::bytes;
use super::super::words::split;
use super::times::Time;
use super::{Reader, TRANSPARENT};
use crate::plan::{Condition, ConditionKind, LimitError, Node, Operator, Role};
use serde_json::Value;

/// Keys of every object that are read elsewhere.
const MEASURED: [&str; 4] = ["r_loops", "r_total_time_ms", "r_rows", "r_output_rows"];

impl Reader<'_, '_> {
    /// The node of an object that is neither a table nor a block; `None` if there is no plan in it.
    pub(super) fn operation(&mut self, at: usize, key: &str) -> Result<Option<At>, LimitError> {
        match key {
            "filesort" => return self.filesort(at).map(Some),
            _ if key.ends_with("_result") && key != "buffer_result" || key == "recursive_union" => {
                return self.set_operation(at, key).map(Some);
            }
            "materialized_from_subquery" | "materialized" | "materialization" => {
                return self.materialized(at, key).map(Some);
            }
            _ => {}
        }
        let Some(input) = self.inputs(at)? else { return Ok(None) };
        let made = self.over(at, key, input)?;
        self.subqueries(at, made);
        Ok(Some(made))
    }

    /// The node of an object that has one input.
    fn over(&mut self, at: usize, key: &str, input: At) -> Result<At, LimitError> {
        Ok(match key {
            "ordering_operation" => self.ordering(at, input)?,
            "grouping_operation" => self.grouping(at, input)?,
            "windowing" => self.windowing(at, input)?,
            "window_functions_computation" => self.window_functions(at, input)?,
            "duplicates_removal" => {
                let input = self.sorted_if(at, input, "using_filesort")?;
                self.above(at, input, Operator::Distinct, key)?
            }
            "temporary_table" | "buffer_result" => {
                self.above(at, input, Operator::Materialize, key)?
            }
            "expression_cache" => self.above(at, input, Operator::Memoize, key)?,
            _ if TRANSPARENT.contains(&key) => {
                self.keep_on(at, input);
                input
            }
            _ => {
                self.note(format!("unknown operation `{key}`"));
                self.above(at, input, Operator::Other(key.to_owned()), key)?
            }
        })
    }

    /// Keeps what a transparent object says, on the node inside.
    fn keep_on(&mut self, at: usize, input: At) {
        if self.json.key(at).is_empty() {
            return;
        }
        let mut node = std::mem::take(self.draft.node_mut(input));
        self.keep(at, &mut node, &MEASURED);
        *self.draft.node_mut(input) = node;
    }

    fn above(
        &mut self,
        at: usize,
        input: At,
        operator: Operator,
        label: &str,
    ) -> Result<At, LimitError> {
        let mut node = Node::new(operator, label);
        self.keep(at, &mut node, &MEASURED);
        let rows = self.draft.node(input).estimate.rows_per_loop;
        if matches!(node.operator, Operator::Sort | Operator::Materialize | Operator::Memoize) {
            node.estimate.rows_per_loop = rows;
        }
        let made = self.wrap(at, input, node)?;
        let json = self.json;
        let facts = self.facts(made);
        facts.loops = json.number_of(at, "r_loops");
        if let Some(ms) = json.number_of(at, "r_total_time_ms") {
            facts.time = Time::Covers(ms);
        }
        Ok(made)
    }

    fn sorted_if(&mut self, at: usize, input: At, flag: &str) -> Result<At, LimitError> {
        if !self.json.is_true(at, flag) {
            return Ok(input);
        }
        let mut node = Node::new(Operator::Sort, "filesort");
        node.estimate = self.draft.node(input).estimate;
        self.wrap(at, input, node)
    }

    fn ordering(&mut self, at: usize, input: At) -> Result<At, LimitError> {
        let mut input = input;
        if self.json.is_true(at, "using_temporary_table") {
            let mut node = Node::new(Operator::Materialize, "temporary table");
            node.estimate = self.draft.node(input).estimate;
            input = self.wrap(at, input, node)?;
        }
        if !self.json.is_true(at, "using_filesort") {
            return Ok(input);
        }
        let cost = self.draft.node(input).estimate.total_cost;
        let sort_cost =
            self.json.get(at, "cost_info").and_then(|cost| self.json.number_of(cost, "sort_cost"));
        let sort = self.above(at, input, Operator::Sort, "filesort")?;
        self.draft.node_mut(sort).estimate.total_cost =
            cost.map(|cost| cost + sort_cost.unwrap_or(0.0));
        Ok(sort)
    }

    fn grouping(&mut self, at: usize, input: At) -> Result<At, LimitError> {
        if self.json.is_true(at, "using_temporary_table") {
            let groups = self.above(at, input, Operator::HashAggregate, "grouping_operation")?;
            return self.sorted_if(at, groups, "using_filesort");
        }
        let input = self.sorted_if(at, input, "using_filesort")?;
        self.above(at, input, Operator::GroupAggregate, "grouping_operation")
    }

    /// MySQL lists the windows in the order in which they are computed.
    fn windowing(&mut self, at: usize, input: At) -> Result<At, LimitError> {
        let json = self.json;
        let mut top = input;
        let windows: Vec<usize> =
            json.get(at, "windows").into_iter().flat_map(|list| json.children(list)).collect();
        for window in &windows {
            let keys = json.texts_of(*window, "filesort_key");
            if json.is_true(*window, "using_filesort") {
                let mut sort = Node::new(Operator::Sort, "filesort");
                sort.conditions = keys
                    .into_iter()
                    .map(|key| Condition::new(ConditionKind::SortKey, key))
                    .collect();
                top = self.wrap(at, top, sort)?;
            }
            let mut node = Node::new(Operator::WindowAggregate, "window");
            self.keep(*window, &mut node, &["using_filesort", "filesort_key"]);
            top = self.wrap(at, top, node)?;
        }
        if windows.is_empty() {
            top = self.above(at, input, Operator::WindowAggregate, "windowing")?;
        }
        Ok(top)
    }

    /// MariaDB lists the sorts beside the temporary table that they sort, the last one first.
    fn window_functions(&mut self, at: usize, input: At) -> Result<At, LimitError> {
        let json = self.json;
        let sorts = json.get(at, "sorts").into_iter().flat_map(|list| json.children(list));
        let sorts: Vec<At> = sorts.filter_map(|sort| self.made(sort)).collect();
        let mut top = input;
        for sort in sorts.into_iter().rev() {
            self.draft.adopt(sort, top, Role::Outer);
            self.facts(sort).sorts_apart = true;
            top = sort;
        }
        self.above(at, top, Operator::WindowAggregate, "window_functions_computation")
    }

    fn filesort(&mut self, at: usize) -> Result<At, LimitError> {
        let json = self.json;
        let input = self.inputs(at)?;
        let mut node = Node::new(Operator::Sort, "filesort");
        let known = ["sort_key", "r_buffer_size", "r_sort_mode"];
        self.keep(at, &mut node, &[&MEASURED[..], &known[..]].concat());
        let keys = json.text_of(at, "sort_key").unwrap_or_default();
        let keys = split(&keys, ", ").into_iter().filter(|key| !key.is_empty());
        node.conditions = keys.map(|key| Condition::new(ConditionKind::SortKey, key)).collect();
        let size = json.get(at, "r_buffer_size");
        node.memory.peak_bytes = size.and_then(|size| match json.text(size) {
            Some(text) => bytes(&text),
            None => json.number(size).map(|bytes| bytes as u64),
        });
        node.memory.method = json.text_of(at, "r_sort_mode").map(|mode| mode.into_owned());
        // Passes that merge runs from disk.
        node.memory.batches = json.number_of(at, "r_sort_passes").map(|passes| passes as u64 + 1);
        node.estimate.rows_per_loop =
            input.and_then(|input| self.draft.node(input).estimate.rows_per_loop);
        let made = match input {
            Some(input) => self.wrap(at, input, node)?,
            None => self.add(at, node)?,
        };
        let apart = json.get(at, "temporary_table").is_some();
        let limit = json.number_of(at, "r_limit").unwrap_or(f64::INFINITY);
        let loops = json.number_of(at, "r_loops");
        let facts = self.facts(made);
        facts.loops = loops;
        facts.sorts_apart = apart;
        facts.rows =
            json.number_of(at, "r_output_rows").map(|rows| rows.min(limit) * loops.unwrap_or(1.0));
        facts.time = json.number_of(at, "r_total_time_ms").map_or(Time::Unknown, Time::Covers);
        Ok(made)
    }

    fn materialized(&mut self, at: usize, key: &str) -> Result<At, LimitError> {
        let input = self.inputs(at)?;
        let mut node = Node::new(Operator::Materialize, key);
        self.keep(at, &mut node, &MEASURED);
        let Some(input) = input else { return self.add(at, node) };
        node.estimate.rows_per_loop = self.draft.node(input).estimate.rows_per_loop;
        let of_block = self.facts(input).loops;
        let made = self.draft.wrap(input, node)?;
        // Filled as often as its block runs, whatever looks into it.
        self.facts(made).loops = of_block;
        Ok(made)
    }

    fn set_operation(&mut self, at: usize, key: &str) -> Result<At, LimitError> {
        let json = self.json;
        let operator = match key {
            "recursive_union" => Operator::RecursiveUnion,
            "union_result"
                if json.get(at, "using_temporary_table").is_some()
                    && !json.is_true(at, "using_temporary_table") =>
            {
                Operator::Append
            }
            _ => Operator::SetOperation,
        };
        let mut node = Node::new(operator, key);
        self.keep(at, &mut node, &["r_loops", "using_filesort"]);
        let made = self.draft.add(node)?;
        let parts: Vec<usize> = json
            .get(at, "query_specifications")
            .into_iter()
            .flat_map(|list| json.children(list))
            .collect();
        for part in parts {
            if let Some(child) = self.made(part) {
                self.draft.adopt(made, child, Role::Member);
            }
        }
        let facts = self.facts(made);
        facts.loops = json.number_of(at, "r_loops").filter(|loops| *loops > 0.0);
        facts.rows = json.number_of(at, "r_rows");
        facts.measured = json.get(at, "r_loops").is_some();
        self.sorted_if(at, made, "using_filesort")
    }

    /// Conditions that mention `(subquery#2)` are where that subquery runs.
    pub(super) fn mention(&mut self, text: &str, at: At) {
        for (start, mark) in text.match_indices("subquery#") {
            let digits = text.get(start + mark.len()..).unwrap_or_default();
            let digits = digits.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            if let Ok(number) = digits.parse() {
                self.mentions.insert(number, at);
            }
        }
    }

    /// A detail of a node.
    pub(super) fn detail(&mut self, at: At, key: &str, value: Value) {
        self.draft.node_mut(at).details.insert(key.to_owned(), value);
    }
}
