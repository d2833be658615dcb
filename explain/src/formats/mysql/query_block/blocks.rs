//! A SELECT: what stands above its tables, its subqueries, and the statement that writes.

use super::super::draft::At;
use super::Reader;
use crate::plan::{Condition, ConditionKind, LimitError, Node, Operator, Role};
use serde_json::Value;

/// Keys of a block that are read here.
const KNOWN: [&str; 9] = [
    "select_id",
    "message",
    "r_loops",
    "r_total_time_ms",
    "having_condition",
    "const_condition",
    "outer_ref_condition",
    "cost_info",
    "cost",
];

/// What a block without a table does.
pub(super) fn message_operator(message: &str) -> Operator {
    match message {
        "Select tables optimized away" | "Storage engine handles GROUP BY" => {
            Operator::MetadataRead
        }
        "Deleting all rows" => Operator::Modify,
        _ => Operator::Result,
    }
}

impl Reader<'_, '_> {
    /// The topmost node of a block.
    pub(super) fn block(&mut self, at: usize) -> Result<At, LimitError> {
        let json = self.json;
        let mut top = match self.block_input(at)? {
            Some(input) => input,
            None => {
                let message = json.text_of(at, "message").unwrap_or("query_block".into());
                self.add(at, Node::new(message_operator(&message), message))?
            }
        };
        if let Some(condition) = json.text_of(at, "having_condition") {
            let mut node = Node::new(Operator::Filter, "having_condition");
            node.conditions.push(Condition::new(ConditionKind::Filter, condition.as_ref()));
            top = self.wrap(at, top, node)?;
            self.mention(&condition, top);
        }
        if json.is_true(at, "recursive") {
            self.mark_recursive(top);
        }
        top = self.written(at, top)?;
        for key in ["const_condition", "outer_ref_condition"] {
            if let Some(condition) = json.text_of(at, key) {
                self.draft
                    .node_mut(top)
                    .conditions
                    .push(Condition::new(ConditionKind::OneTime, condition.as_ref()));
                self.mention(&condition, top);
            }
        }
        self.subqueries(at, top);
        self.block_figures(at, top);
        Ok(top)
    }

    /// What the block reads; of INSERT … SELECT the table that is written, above the SELECT.
    fn block_input(&mut self, at: usize) -> Result<Option<At>, LimitError> {
        let json = self.json;
        let from = json.get(at, "insert_from").and_then(|from| self.made(from));
        let table = json.get(at, "table").and_then(|table| self.made(table));
        if let (Some(from), Some(table)) = (from, table) {
            self.draft.adopt(table, from, Role::Outer);
            return Ok(Some(table));
        }
        self.inputs(at)
    }

    /// The recursive part of a CTE scans the new rows whole, and so does not look like a derived table.
    fn mark_recursive(&mut self, top: At) {
        // The joins are left-deep, and a CTE joins few tables.
        const MOST: usize = 64;
        let mut at = Some(top);
        for _ in 0..MOST {
            let Some(join) = at else { return };
            let inputs: Vec<At> = self.draft.children(join).take(2).collect();
            let is_scan = |at: &&At| self.draft.node(**at).operator == Operator::SeqScan;
            if let Some(&scan) = [join].iter().chain(inputs.iter().rev()).find(is_scan) {
                self.draft.node_mut(scan).operator = Operator::WorkTableScan;
                return;
            }
            at = inputs.first().copied();
        }
    }

    /// The node that writes, above what it reads.
    fn written(&mut self, at: usize, top: At) -> Result<At, LimitError> {
        let writes = std::mem::take(&mut self.facts(top).writes);
        let Some((verb, relation)) = writes.first().cloned() else { return Ok(top) };
        let mut node = Node::new(Operator::Modify, verb);
        node.relation = Some(relation);
        if writes.len() > 1 {
            let tables = writes.into_iter().map(|(_, table)| Value::String(table)).collect();
            node.details.insert("tables".into(), Value::Array(tables));
        }
        self.wrap(at, top, node)
    }

    /// Hangs subqueries where they run: at the node whose condition mentions them, else at `top`.
    pub(super) fn subqueries(&mut self, at: usize, top: At) {
        let json = self.json;
        let lists = json.children(at).filter(|&list| json.key(list).ends_with("subqueries"));
        for list in lists.collect::<Vec<_>>() {
            for item in json.children(list).collect::<Vec<_>>() {
                let Some(child) = self.made(item) else { continue };
                let block = self.block_of(item);
                let number = block.and_then(|block| json.number_of(block, "select_id"));
                let mentioned = number.and_then(|number| self.mentions.remove(&(number as u64)));
                let role = self.role_of(item, block);
                let node = self.draft.node_mut(child);
                node.subplan = Some(
                    number.map_or("subquery".to_owned(), |number| format!("Select #{number}")),
                );
                if json.key(list) != "attached_subqueries" && json.key(list) != "subqueries" {
                    node.details.insert("place".into(), Value::String(json.key(list).to_owned()));
                }
                self.draft.adopt(mentioned.unwrap_or(top), child, role);
            }
        }
    }

    /// The block inside of an item of a list of subqueries, under whatever caches it.
    fn block_of(&self, item: usize) -> Option<usize> {
        let json = self.json;
        let mut at = item;
        loop {
            if let Some(block) = json.get(at, "query_block") {
                return Some(block);
            }
            at = json
                .children(at)
                .find(|&child| self.made(child).is_some() && json.is_object(child))?;
        }
    }

    fn role_of(&self, item: usize, block: Option<usize>) -> Role {
        let json = self.json;
        let often = block
            .and_then(|block| json.number_of(block, "r_loops"))
            .is_some_and(|loops| loops > 1.0);
        let depends =
            json.is_true(item, "dependent") || json.get(item, "expression_cache").is_some();
        if depends || often { Role::SubPlan } else { Role::InitPlan }
    }

    fn block_figures(&mut self, at: usize, top: At) {
        let json = self.json;
        let mut node = std::mem::take(self.draft.node_mut(top));
        self.keep(at, &mut node, &KNOWN);
        if let Some(message) = json.text_of(at, "message").filter(|message| *message != node.label)
        {
            node.details.insert("message".into(), Value::String(message.into_owned()));
        }
        if let Some(number) = json.get(at, "select_id") {
            node.details.insert("select_id".into(), json.value(number));
        }
        let query_cost =
            json.get(at, "cost_info").and_then(|cost| json.number_of(cost, "query_cost"));
        node.estimate.total_cost =
            query_cost.or(json.number_of(at, "cost")).or(node.estimate.total_cost);
        *self.draft.node_mut(top) = node;
        let loops = json.number_of(at, "r_loops");
        let facts = self.facts(top);
        facts.block_ms = json.number_of(at, "r_total_time_ms").or(facts.block_ms);
        facts.measured |= loops.is_some();
        while let Some((value, node)) = self.of_block.last().copied() {
            if value < at || value >= json.after(at) {
                break;
            }
            self.of_block.pop();
            let facts = self.facts(node);
            facts.loops = facts.loops.or(loops);
        }
    }
}
