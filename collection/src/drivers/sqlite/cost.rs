//! What a plan costs, in row steps.
//!
//! EXPLAIN QUERY PLAN shows the loops of a nest in order, and nothing of their cost but a number in a
//! column called `notused`: SQLite's own estimate for one run of the loop, as 10·log2. The total is
//!
//! ```text
//! Σ over the loops:  cost of one run × rows out of all loops before it      (at least one row)
//! + n·log2(k)        for each temporary b-tree that sorts n rows and keeps k (all, or the LIMIT)
//! + N·log2(N)        for an automatic index over N rows (SQLite plans with seven times that, to avoid
//!                    them; measured, one costs about what a sort of the table does)
//! ```
//!
//! with a Bloom filter paid by one scan of its table and saving the lookups that find nothing, a
//! correlated subquery run once for each row that its query has found so far, and a nest that
//! a LIMIT ends early charged for the share of its rows that are needed. Where SQLite gives no
//! number, or guessed at the size of the table, its own formulas are used with the estimated rows:
//! 3·N for a scan, log2(N) + v·w (+ 3·v unless the index covers) for v rows of an index of relative
//! width w. One unit is about the work of stepping to one row.
//!
//! It is an estimate. The same model prices a plan with and without a pretended index, and the
//! rows depend on the conditions alone, so the *ratio* is what to trust.

use super::estimate::{Filter, Filters, Statistics, filters_of_bounds};
use super::schema_text::{self, Outline};
use planscope_explain::NodeId;
use planscope_explain::plan::{ConditionKind, Node, Operator, Plan, Role};
use planscope_explain::workload::{Index, Table};

/// Rows of something that is no table and of which nothing is known.
const UNKNOWN_ROWS: f64 = 100.0;
/// How often the recursive part of a CTE is taken to run.
const RECURSIONS: f64 = 10.0;

/// What was found out of one node.
#[derive(Debug, Clone, Copy, Default)]
struct Estimated {
    /// Cost of one run, inputs included.
    run_cost: f64,
    /// Cost once for one run of the parent, whatever the number of runs.
    setup: f64,
    /// Rows out of one run.
    rows: f64,
    /// Runs for one run of the parent.
    runs: f64,
}

/// Names the tables behind the aliases and writes rows and costs at the nodes.
pub(super) fn annotate(plan: Plan, statistics: &Statistics<'_>, sql: &str) -> Plan {
    let plan = name_tables(plan, statistics, sql);
    let estimated = Model::new(&plan, statistics, sql).estimate();
    let costs = costs_per_loop(&plan, &estimated);
    let mut next = estimated.iter().zip(costs);
    plan.map_nodes(|node| {
        if let Some((estimated, cost)) = next.next() {
            // A Bloom filter and the like: what it saves is in the loop after it.
            node.estimate.rows_per_loop = Some(estimated.rows).filter(|rows| *rows > 0.0);
            node.estimate.total_cost = Some(cost);
        }
    })
}

/// SQLite shows an alias in place of the table; the catalog knows tables only. And it says `SEARCH t`,
/// without bounds, of every query for a min() or max(): only of the rowid is that a search.
fn name_tables(plan: Plan, statistics: &Statistics<'_>, sql: &str) -> Plan {
    let is_table = |name: &str| statistics.catalog.table(None, name).is_some();
    let aliases = schema_text::aliases(sql, is_table);
    plan.map_nodes(|node| {
        name_table(node, statistics, &aliases);
        let table = node.relation.as_deref().and_then(|name| statistics.catalog.table(None, name));
        let rowid = table.and_then(|table| statistics.rowid_column(table));
        if node.details.contains_key("min_or_max")
            && rowid.is_some_and(|rowid| schema_text::takes_end_of(sql, rowid))
        {
            node.operator = Operator::IndexScan;
        }
    })
}

fn name_table(node: &mut Node, statistics: &Statistics<'_>, aliases: &[(String, String)]) {
    let names_table = node.operator.is_scan()
        || matches!(node.operator, Operator::AutomaticIndex | Operator::BloomFilter);
    let Some(shown) = node.relation.clone().filter(|_| names_table) else { return };
    let by_index = node.index.as_deref().and_then(|name| statistics.index(name));
    let by_alias = aliases.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(&shown));
    let table = by_index.map(|index| &index.table).or(by_alias.map(|(_, table)| table));
    let Some(table) = table.and_then(|name| statistics.catalog.table(None, name)) else { return };
    if table.name != shown {
        node.alias = Some(shown);
        node.relation = Some(table.name.clone());
    }
}

/// Total cost over all runs as the plan's own arithmetic wants it: per loop, where the loops of a
/// subplan are its parent's rows and those of everything else are one.
fn costs_per_loop(plan: &Plan, estimated: &[Estimated]) -> Vec<f64> {
    let mut runs = vec![1.0_f64; estimated.len()];
    let mut loops = vec![1.0_f64; estimated.len()];
    let mut costs = Vec::with_capacity(estimated.len());
    for (id, node) in plan.iter() {
        let i = id.index();
        let mut setup = estimated[i].setup;
        if let Some(parent) = node.parent().map(NodeId::index) {
            runs[i] = runs[parent] * estimated[i].runs;
            setup *= runs[parent];
            let of_subplan = node.role == Role::SubPlan;
            let repeated = if of_subplan { estimated[parent].rows.max(1.0) } else { 1.0 };
            loops[i] = loops[parent] * repeated;
        }
        costs.push((runs[i] * estimated[i].run_cost + setup) / loops[i]);
    }
    costs
}

struct Model<'a> {
    plan: &'a Plan,
    statistics: &'a Statistics<'a>,
    filters: Option<Filters>,
    outline: Outline,
    estimated: Vec<Estimated>,
}

impl<'a> Model<'a> {
    fn new(plan: &'a Plan, statistics: &'a Statistics<'a>, sql: &str) -> Self {
        let estimated = vec![Estimated { runs: 1.0, ..Estimated::default() }; plan.nodes().len()];
        let filters = Filters::read(sql, statistics.catalog);
        Self { plan, statistics, filters, outline: schema_text::outline(sql), estimated }
    }

    /// Children stand after their parents, so from the last to the first every node finds its
    /// children done.
    fn estimate(mut self) -> Vec<Estimated> {
        for i in (0..self.plan.nodes().len()).rev() {
            let id = NodeId(i as u32);
            if self.plan.nodes()[i].subtree_len() > 1 {
                self.estimate_nest(id);
            }
        }
        if self.plan.nodes().len() == 1 {
            self.estimated[0].rows = 1.0;
        }
        self.estimated
    }

    /// The loops below a heading, and whatever else hangs on it.
    fn estimate_nest(&mut self, parent: NodeId) {
        let children: Vec<NodeId> = self.plan.children(parent).map(|(id, _)| id).collect();
        let (mut outer, mut others, mut has_loop) = (1.0_f64, 0.0, false);
        for (place, &id) in children.iter().enumerate() {
            let node = &self.plan.nodes()[id.index()];
            let i = id.index();
            if is_loop(node) {
                if self.plan.nodes()[i].subtree_len() == 1 {
                    self.estimated[i] = self.estimate_loop(id, &children[place + 1..]);
                }
                self.estimated[i].runs = outer.max(1.0);
                outer = outer.max(1.0) * self.estimated[i].rows;
                self.estimated[i].setup = self.setup(id);
                if place.checked_sub(1).is_some_and(|before| self.filters_for(children[before], id))
                {
                    self.apply_bloom_filter(id);
                }
                has_loop = true;
            } else if is_sort(node) {
                self.estimated[i].run_cost = self.sort_cost(parent, node, outer);
                self.estimated[i].rows = outer.max(1.0);
            } else if node.role == Role::SubPlan {
                self.estimated[i].runs = outer.max(1.0);
            } else if node.label == "RECURSIVE STEP" {
                self.estimated[i].runs = RECURSIONS;
                others += self.estimated[i].rows * RECURSIONS;
            } else if !matches!(node.role, Role::Cte | Role::InitPlan) {
                others += self.estimated[i].rows;
            }
        }
        let mut rows = if has_loop { outer } else { others };
        if let Some(share) = self.share_before_limit(parent, &children, rows) {
            rows *= share;
            let nodes = self.plan.nodes();
            let ends_early =
                |id: &&NodeId| !matches!(nodes[id.index()].role, Role::Cte | Role::InitPlan);
            for &id in children.iter().filter(ends_early) {
                self.estimated[id.index()].runs *= share;
            }
        }
        let cost = |&id: &NodeId| {
            let Estimated { run_cost, runs, setup, .. } = self.estimated[id.index()];
            run_cost * runs + setup
        };
        let run_cost = children.iter().map(cost).sum::<f64>().max(1.0);
        self.estimated[parent.index()] = one_run(run_cost, rows);
    }

    /// What a loop costs before its first run: an automatic index is built once.
    fn setup(&self, id: NodeId) -> f64 {
        let node = &self.plan.nodes()[id.index()];
        if node.operator != Operator::AutomaticIndex {
            return 0.0;
        }
        let rows = self.table(node).map(|table| self.statistics.rows(table));
        let rows = rows.unwrap_or_else(|| self.made_rows(id));
        rows * log2(rows)
    }

    /// Whether `filter` is a Bloom filter for the loop `id`.
    fn filters_for(&self, filter: NodeId, id: NodeId) -> bool {
        let (filter, node) = (&self.plan.nodes()[filter.index()], &self.plan.nodes()[id.index()]);
        filter.operator == Operator::BloomFilter && filter.relation_name() == node.relation_name()
    }

    /// A Bloom filter is made of the whole table; then a row that finds nothing costs one step.
    fn apply_bloom_filter(&mut self, id: NodeId) {
        let node = &self.plan.nodes()[id.index()];
        // An automatic index fills its filter while it is built.
        let is_filled = node.operator == Operator::AutomaticIndex;
        let table = self.table(node).filter(|_| !is_filled);
        let scan = table.map_or(0.0, |table| 3.0 * self.statistics.rows(table));
        let estimated = &mut self.estimated[id.index()];
        estimated.setup += scan;
        let filtered = 1.0 + estimated.rows.min(1.0) * estimated.run_cost;
        estimated.run_cost = estimated.run_cost.min(filtered);
    }

    fn estimate_loop(&self, id: NodeId, after: &[NodeId]) -> Estimated {
        let node = &self.plan.nodes()[id.index()];
        let Some(table) = self.table(node) else { return self.estimate_other(id, node) };
        let all = self.statistics.rows(table);
        if is_end(node) {
            return self.estimate_end(id, node, table, after);
        }
        let rowid = self.statistics.rowid_column(table);
        let shown: Vec<Filter> = node
            .conditions_of(ConditionKind::Index)
            .flat_map(|text| filters_of_bounds(text, rowid))
            .collect();
        let known = self.known_filters(id, node, after);
        // A bound shows `a=?` for a list of values, too: what the text says of it is better.
        let is_bound = |known: &&Filter| shown.iter().any(|shown| shown.column == known.column);
        let is_new = |shown: &&Filter| !known.iter().any(|known| shown.column == known.column);
        let new = || shown.iter().filter(is_new);
        let bounds: Vec<&Filter> = known.iter().copied().filter(is_bound).chain(new()).collect();
        let all_known: Vec<&Filter> = known.iter().copied().chain(new()).collect();
        let visited = self.statistics.filtered(table, &bounds).clamp(1.0, all);
        let run_cost = self.planner_cost(node, table);
        let run_cost = run_cost.unwrap_or_else(|| self.access_cost(node, table, visited));
        let mut rows = self.statistics.filtered(table, &all_known).min(visited);
        if node.details.contains_key("exists") {
            rows = rows.min(1.0);
        }
        if node.join_type.as_deref() == Some("Left") {
            rows = rows.max(1.0);
        }
        one_run(run_cost, rows)
    }

    /// min() or max(): an index is walked from its end until a row fits.
    fn estimate_end(&self, id: NodeId, node: &Node, table: &Table, after: &[NodeId]) -> Estimated {
        let all = self.statistics.rows(table);
        let known = self.known_filters(id, node, after);
        let fitting = self.statistics.filtered(table, &known).clamp(1.0, all);
        let walked =
            if self.filters.is_none() && self.outline.filters { all } else { all / fitting };
        let lookup = if node.operator == Operator::IndexOnlyScan { 1.0 } else { 4.0 };
        one_run(log2(all) + lookup * walked, 1.0)
    }

    /// SQLite's own estimate of one run, when it is more than a guess.
    fn planner_cost(&self, node: &Node, table: &Table) -> Option<f64> {
        let log_est = node.details.get("log_est")?.as_f64()?;
        self.statistics.is_analyzed(table).then(|| (log_est / 10.0).exp2())
    }

    fn access_cost(&self, node: &Node, table: &Table, visited: f64) -> f64 {
        let all = self.statistics.rows(table);
        let index = node.index.as_deref().and_then(|name| self.statistics.index(name));
        let covers = node.operator == Operator::IndexOnlyScan;
        let scans = node.label == "SCAN" || node.operator == Operator::SeqScan;
        let lookup = if covers { 0.0 } else { 3.0 * visited };
        let width = |index: &Index| {
            let relative = self.statistics.relative_width(table, index);
            ((1.0 + 15.0 * relative) / 10.0).exp2()
        };
        match (node.operator == Operator::AutomaticIndex, index) {
            (true, _) => log2(all) + visited,
            (_, Some(index)) if scans => all * width(index) + lookup,
            (_, Some(index)) => log2(all) + visited * width(index) + lookup,
            (_, None) if scans => 3.0 * all,
            (_, None) => log2(all) + 3.0 * visited,
        }
    }

    /// The conditions of the text that can be decided in this loop of the nest.
    fn known_filters(&self, id: NodeId, node: &Node, after: &[NodeId]) -> Vec<&Filter> {
        let (Some(filters), Some(alias)) = (&self.filters, node.relation_name()) else {
            return Vec::new();
        };
        let nodes = self.plan.nodes();
        let later = after.iter().filter_map(|id| nodes[id.index()].relation_name());
        let later: Vec<&str> = later.collect();
        let before = nodes[..id.index()].iter().filter(|node| is_loop(node));
        let occurrence = before.filter(|node| node.relation_name() == Some(alias)).count();
        filters.of(alias, occurrence, &later)
    }

    /// A loop over something that is no table: a subquery, a virtual table, a function.
    fn estimate_other(&self, id: NodeId, node: &Node) -> Estimated {
        let planner = node.details.get("log_est").and_then(serde_json::Value::as_f64);
        let rows = match node.operator {
            Operator::VirtualTableScan => planner.map_or(UNKNOWN_ROWS, |e| (e / 10.0).exp2()),
            Operator::ValuesScan | Operator::Result => 1.0,
            _ => self.made_rows(id),
        };
        let found = if node.label == "SEARCH" { (rows / 10.0).max(1.0) } else { rows };
        one_run(found.max(1.0), found)
    }

    /// Rows of the subquery that a loop goes over: the one of its name, else the last one made
    /// before it.
    fn made_rows(&self, id: NodeId) -> f64 {
        let node = &self.plan.nodes()[id.index()];
        let is_named = |made: &Node| made.subplan.is_some() && made.subplan == node.relation;
        let made = || self.plan.iter().filter(|(_, made)| made.role == Role::Cte);
        let by_name = made().find(|(_, made)| is_named(made));
        let found = by_name.or_else(|| made().rfind(|(made, _)| *made < id));
        let rows = found.map(|(id, _)| self.estimated[id.index()].rows);
        rows.filter(|rows| *rows > 0.0).unwrap_or(UNKNOWN_ROWS)
    }

    fn table(&self, node: &Node) -> Option<&'a Table> {
        let is_table = !matches!(
            node.operator,
            Operator::CteScan
                | Operator::SubqueryScan
                | Operator::WorkTableScan
                | Operator::VirtualTableScan
                | Operator::ValuesScan
                | Operator::Result
        );
        let name = node.relation.as_deref().filter(|_| is_table)?;
        self.statistics.catalog.table(None, name)
    }

    fn sort_cost(&self, parent: NodeId, node: &Node, rows: f64) -> f64 {
        let is_last = node.label.ends_with(" FOR ORDER BY") && parent == NodeId::ROOT;
        // Groups come out fewer than rows go in; by how much is not known.
        let rows = if is_last && self.outline.groups { rows / 10.0 } else { rows }.max(1.0);
        let keep = self.outline.limit.filter(|_| is_last);
        let kept = keep.map_or(rows, |keep| rows.min(keep));
        let share = if is_partial_sort(node) { 0.5 } else { 1.0 };
        share * rows * log2(kept)
    }

    /// Share of the rows that are read before a LIMIT ends the statement; `None` when all are.
    fn share_before_limit(&self, parent: NodeId, children: &[NodeId], rows: f64) -> Option<f64> {
        let keep = self.outline.limit.filter(|keep| parent == NodeId::ROOT && *keep < rows)?;
        // Conditions that were not read may throw most rows away: then nothing ends early for sure.
        if self.outline.groups || (self.filters.is_none() && self.outline.filters) {
            return None;
        }
        let mut nodes = children.iter().map(|id| &self.plan.nodes()[id.index()]);
        let sorts_all = nodes.any(|node| is_sort(node) && !is_partial_sort(node));
        (!sorts_all).then(|| keep.max(1.0) / rows)
    }
}

/// A sort of rows that come in the order of the first keys: it ends early as they do.
fn is_partial_sort(node: &Node) -> bool {
    node.label.contains("LAST ") || node.label.contains("RIGHT PART")
}

fn is_loop(node: &Node) -> bool {
    matches!(node.label.as_str(), "SCAN" | "SEARCH" | "MULTI-INDEX OR")
}

fn one_run(run_cost: f64, rows: f64) -> Estimated {
    Estimated { run_cost, setup: 0.0, rows, runs: 1.0 }
}

/// `SEARCH t` without bounds: min() or max().
fn is_end(node: &Node) -> bool {
    node.label == "SEARCH" && node.conditions.is_empty() && node.operator.is_index_access()
}

fn is_sort(node: &Node) -> bool {
    matches!(node.operator, Operator::Sort | Operator::Distinct)
}

fn log2(number: f64) -> f64 {
    number.max(2.0).log2()
}
