//! What a rule sees: the snapshot, the thresholds, and each statement with its newest plan.

use planscope_explain::plan::{ConditionKind, Node, NodeId, Plan};
use planscope_explain::workload::query::{
    ColumnRef, Predicate, Query, QueryKind, Scope, TableUse, read_condition,
};
use planscope_explain::workload::time::hours_between;
use planscope_explain::workload::{Catalog, Index, LogFacts, Snapshot, Statement, Table};
use planscope_explain::{Engine, heat};
use std::cell::OnceCell;

/// Limits from which a pattern counts. All can be set in the config.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Rows read below which no access path is worth a word: 10,000 rows are read in a few
    /// milliseconds.
    pub least_rows_read: f64,
    /// Share of the read rows that a filter may keep and still be called selective: above 10 % an
    /// index saves little, because the rows are scattered over most pages anyway.
    pub selective_share: f64,
    /// Factor from which an estimate is wrong: below 10 plans rarely change.
    pub misestimate_factor: f64,
    /// Rows below which a wrong estimate is harmless.
    pub misestimate_rows: f64,
    /// OFFSET from which skipped rows are worth a word.
    pub large_offset_rows: f64,
    /// Share of its statement below which a saving is not reported.
    pub least_saving_share: f64,
    /// Milliseconds below which a saving is not reported.
    pub least_saving_ms: f64,
    /// Share of changed rows from which statistics are stale: PostgreSQL's own default scale factor.
    pub stale_share: f64,
    /// Bytes of temporary files, over all calls, below which no statement is worth a word: two
    /// spills of PostgreSQL's default work_mem.
    pub temp_bytes: f64,
    /// Rows looked at for each row returned from which an index fits badly: the figure of the field's
    /// advisers; below it the conditions that no index serves are usually cheap.
    pub examined_ratio: f64,
    /// Share of its time that a statement may wait for locks.
    pub lock_share: f64,
    /// Milliseconds of waiting for locks, over all calls, below which it is not told: PostgreSQL's
    /// default deadlock_timeout, below which it does not log a wait at all.
    pub lock_ms: f64,
    /// Share of checkpoints that may be begun by the amount of WAL: most should be by time.
    pub wal_checkpoint_share: f64,
    /// Milliseconds that a checkpoint may take to sync its files: all writing waits behind it.
    pub checkpoint_sync_ms: f64,
    /// Failures of a statement from which they are told.
    pub least_errors: f64,
    /// Share of its runs that may fail.
    pub error_share: f64,
}

impl Thresholds {
    /// The limits with their names in the config, e.g. `large-offset-rows`.
    pub fn named(&self) -> [(&'static str, f64); 16] {
        [
            ("least-rows-read", self.least_rows_read),
            ("selective-share", self.selective_share),
            ("misestimate-factor", self.misestimate_factor),
            ("misestimate-rows", self.misestimate_rows),
            ("large-offset-rows", self.large_offset_rows),
            ("least-saving-share", self.least_saving_share),
            ("least-saving-ms", self.least_saving_ms),
            ("stale-share", self.stale_share),
            ("temp-bytes", self.temp_bytes),
            ("examined-ratio", self.examined_ratio),
            ("lock-share", self.lock_share),
            ("lock-ms", self.lock_ms),
            ("wal-checkpoint-share", self.wal_checkpoint_share),
            ("checkpoint-sync-ms", self.checkpoint_sync_ms),
            ("least-errors", self.least_errors),
            ("error-share", self.error_share),
        ]
    }

    /// Sets the limit of that name.
    ///
    /// # Errors
    /// What is wrong, for a person, when there is no such limit or the value makes no sense.
    pub fn set(&mut self, name: &str, value: f64) -> Result<(), String> {
        let slot = match name {
            "least-rows-read" => &mut self.least_rows_read,
            "selective-share" => &mut self.selective_share,
            "misestimate-factor" => &mut self.misestimate_factor,
            "misestimate-rows" => &mut self.misestimate_rows,
            "large-offset-rows" => &mut self.large_offset_rows,
            "least-saving-share" => &mut self.least_saving_share,
            "least-saving-ms" => &mut self.least_saving_ms,
            "stale-share" => &mut self.stale_share,
            "temp-bytes" => &mut self.temp_bytes,
            "examined-ratio" => &mut self.examined_ratio,
            "lock-share" => &mut self.lock_share,
            "lock-ms" => &mut self.lock_ms,
            "wal-checkpoint-share" => &mut self.wal_checkpoint_share,
            "checkpoint-sync-ms" => &mut self.checkpoint_sync_ms,
            "least-errors" => &mut self.least_errors,
            "error-share" => &mut self.error_share,
            _ => {
                let names = Self::default().named().map(|(name, _)| name);
                return Err(format!("there is no limit `{name}`; there are {}", names.join(", ")));
            }
        };
        let most = if name.ends_with("-share") { 1.0 } else { f64::MAX };
        if !(0.0..=most).contains(&value) {
            let bounds = if most == 1.0 { "a share between 0 and 1" } else { "at least 0" };
            return Err(format!("`{name}` is {bounds}"));
        }
        *slot = value;
        Ok(())
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            least_rows_read: 10_000.0,
            selective_share: 0.10,
            misestimate_factor: 10.0,
            misestimate_rows: 100.0,
            large_offset_rows: 1_000.0,
            least_saving_share: 0.01,
            least_saving_ms: 1.0,
            stale_share: 0.10,
            temp_bytes: 8.0 * 1_048_576.0,
            examined_ratio: 10.0,
            lock_share: 0.10,
            lock_ms: 1_000.0,
            wal_checkpoint_share: 0.5,
            checkpoint_sync_ms: 10_000.0,
            least_errors: 10.0,
            error_share: 0.05,
        }
    }
}

/// The snapshot as the rules see it.
#[derive(Debug)]
pub struct Context<'a> {
    /// The snapshot.
    pub snapshot: &'a Snapshot,
    /// The limits.
    pub thresholds: &'a Thresholds,
    /// The statements, each read once.
    pub statements: Vec<StatementContext<'a>>,
}

/// Whether a command of MongoDB counts or groups. The server's own notation has quotes around keys, the
/// shell's has none.
fn is_summary_of_documents(command: &str) -> bool {
    let text = command.trim_start_matches(['{', ' ', '"']);
    let name = text.split(|c: char| !c.is_ascii_alphanumeric()).next();
    matches!(name, Some("count" | "distinct" | "mapReduce" | "mapreduce"))
        || ["$group", "$count", "$sortByCount", "$bucket"].iter().any(|stage| text.contains(stage))
}

impl<'a> Context<'a> {
    /// Reads the statements' texts.
    pub fn new(snapshot: &'a Snapshot, thresholds: &'a Thresholds) -> Self {
        let of = |statement| StatementContext::new(snapshot, statement);
        Self { snapshot, thresholds, statements: snapshot.statements.iter().map(of).collect() }
    }

    /// The engine.
    pub fn engine(&self) -> Engine {
        self.snapshot.target.engine
    }

    /// Hours that the counters cover, when it is known and not nothing.
    pub fn hours(&self) -> Option<f64> {
        let window = &self.snapshot.window;
        let hours = hours_between(window.from.as_deref()?, window.to.as_deref()?);
        hours.filter(|hours| *hours > 0.0)
    }

    /// What a log says besides its statements; `None` of a live snapshot.
    pub fn log(&self) -> Option<&'a LogFacts> {
        self.snapshot.log.as_deref()
    }

    /// The part of the snapshot's time that is `share` of a statement's; where times are not known,
    /// that share itself.
    pub fn weight(&self, statement: &StatementContext<'_>, share: f64) -> f64 {
        statement.total_ms().map_or(share, |ms| share * ms / self.snapshot.total_ms())
    }

    /// Whether a saving is worth a word: at least 1 % of the statement and 1 ms of a call. Where
    /// there is no time, 1 % of the cost.
    pub fn is_worth_it(&self, statement: &StatementContext<'_>, share: f64) -> bool {
        let call_ms = statement.call_ms();
        share >= self.thresholds.least_saving_share
            && call_ms.is_none_or(|ms| ms * share >= self.thresholds.least_saving_ms)
    }
}

impl StatementContext<'_> {
    /// Puts into `finding` what saving `share` of a call is worth over all calls.
    pub fn saves(&self, share: f64, finding: &mut crate::Finding) {
        finding.statement = Some(self.statement.fingerprint);
        finding.saving_ms = self.total_ms().map(|ms| ms * share);
        finding.saving_cost = self.total_cost().map(|cost| cost * share);
    }
}

/// How much a share of a statement's time hurts: the field's bounds for heat.
pub fn severity_of_share(share: f64) -> crate::finding::Severity {
    use crate::finding::Severity;
    match heat::HeatClass::of(share) {
        heat::HeatClass::Cool => Severity::Low,
        heat::HeatClass::Warm => Severity::Medium,
        heat::HeatClass::Hot | heat::HeatClass::Burning => Severity::High,
    }
}

/// A statement with its newest plan and its text taken apart.
#[derive(Debug)]
pub struct StatementContext<'a> {
    /// The statement.
    pub statement: &'a Statement,
    /// Its newest plan.
    pub plan: Option<&'a Plan>,
    /// Its text; `None` when it cannot be read.
    pub query: Option<Query>,
    /// The catalog.
    pub catalog: &'a Catalog,
    /// The engine.
    pub engine: Engine,
    /// Shares of the plan's nodes; computed once, because every rule asks for them.
    shares: OnceCell<Vec<f64>>,
}

impl<'a> StatementContext<'a> {
    fn new(snapshot: &'a Snapshot, statement: &'a Statement) -> Self {
        let engine = snapshot.target.engine;
        Self {
            statement,
            plan: statement.plans.first().map(|record| &record.plan),
            query: Query::read(&statement.text, engine),
            catalog: &snapshot.catalog,
            engine,
            shares: OnceCell::new(),
        }
    }

    /// Executions in the window, when there were any.
    pub fn calls(&self) -> Option<f64> {
        self.statement.counters.calls.filter(|calls| *calls > 0.0)
    }

    /// Whether it gives few rows whatever it reads: it counts or sums, or it is no query.
    pub fn is_summary(&self) -> bool {
        match &self.query {
            Some(query) => {
                let sums = |scope: &Scope| scope.aggregates || scope.distinct;
                query.kind != QueryKind::Select || query.scopes.iter().any(sums)
            }
            None => self.engine != Engine::Mongodb || is_summary_of_documents(&self.statement.text),
        }
    }

    /// Milliseconds of an average call: from the counters, else from the plan.
    pub fn call_ms(&self) -> Option<f64> {
        self.statement.counters.mean_ms.or_else(|| self.plan.and_then(Plan::elapsed_ms))
    }

    /// Milliseconds of all calls: from the counters, else one run of the plan.
    pub fn total_ms(&self) -> Option<f64> {
        self.statement.counters.total_ms.or_else(|| self.plan.and_then(Plan::elapsed_ms))
    }

    /// Cost of all calls, where the planner has a cost.
    pub fn total_cost(&self) -> Option<f64> {
        let cost = self.plan?.root().estimate.total_cost?;
        Some(cost * self.statement.counters.calls.unwrap_or(1.0))
    }

    /// Share of the plan's time (else cost) that `node` itself takes, 0 to 1.
    pub fn self_share(&self, id: NodeId) -> f64 {
        let of_plan = |plan| heat::shares(plan, heat::Metric::best_for(plan));
        let shares = self.shares.get_or_init(|| self.plan.map(of_plan).unwrap_or_default());
        shares.get(id.index()).copied().unwrap_or(0.0)
    }

    /// The catalog's entry of the table that `node` reads.
    pub fn table_of(&self, node: &Node) -> Option<&'a Table> {
        let relation = node.relation.as_deref()?;
        // SQLite writes the alias in the table's place; the statement knows what it stands for.
        let aliased = || {
            let named = |t: &&TableUse| t.alias.eq_ignore_ascii_case(relation);
            let used = self.scope_of(node)?.tables.iter().find(named)?;
            self.catalog.table(used.schema.as_deref(), &used.name)
        };
        match self.engine {
            Engine::Sqlite => aliased().or_else(|| self.catalog.table(None, relation)),
            _ => self.catalog.table(node.schema.as_deref(), relation),
        }
    }

    /// The scope of the statement that names the relation of `node`, and what it says of it.
    pub fn scope_of(&self, node: &Node) -> Option<&Scope> {
        let alias = node.relation_name()?;
        let scopes = &self.query.as_ref()?.scopes;
        scopes.iter().find(|scope| scope.tables.iter().any(|t| t.alias.eq_ignore_ascii_case(alias)))
    }

    /// The conditions that the rows of `node` must meet on its own table: from the plan's filter
    /// where the engine shows one, else from the statement's text.
    pub fn filters_of(&self, node: &Node) -> Vec<Predicate> {
        let shown: Vec<Predicate> = [ConditionKind::Filter, ConditionKind::Recheck]
            .into_iter()
            .flat_map(|kind| node.conditions_of(kind))
            .flat_map(|text| read_condition(text, self.engine))
            .collect();
        if !shown.is_empty() || self.engine != Engine::Sqlite {
            return shown;
        }
        let Some(scope) = self.scope_of(node) else { return Vec::new() };
        let alias = node.relation_name().unwrap_or_default();
        let belongs = |p: &&Predicate| self.belongs(&p.column, alias, scope);
        scope.predicates.iter().filter(belongs).cloned().collect()
    }

    /// Whether `column` is one of the relation known as `alias` in `scope`.
    pub fn belongs(&self, column: &ColumnRef, alias: &str, scope: &Scope) -> bool {
        if let Some(qualifier) = &column.qualifier {
            return qualifier.eq_ignore_ascii_case(alias);
        }
        let has_it = |t: &TableUse| {
            let table = self.catalog.table(t.schema.as_deref(), &t.name);
            table.map(|table| table.column(&column.name).is_some())
        };
        match scope.tables.as_slice() {
            [only] => only.alias.eq_ignore_ascii_case(alias),
            tables => {
                let mut owners = tables.iter().filter(|t| has_it(t) == Some(true));
                let first = owners.next();
                first.is_some_and(|t| t.alias.eq_ignore_ascii_case(alias))
                    && owners.next().is_none()
            }
        }
    }

    /// Rows of the table that `node` reads: the catalog's, else what the node read.
    pub fn table_rows(&self, node: &Node) -> Option<f64> {
        self.table_of(node).and_then(|table| table.rows).or_else(|| node.rows_read())
    }

    /// Usable indexes of a table.
    pub fn indexes_of(&self, table: &'a Table) -> impl Iterator<Item = &'a Index> {
        self.catalog.indexes_of(table).filter(|index| index.usable)
    }
}

/// By how much the planner divides the rows of a parallel scan: the participants, of whom the
/// leader helps less the more workers there are (PostgreSQL's `get_parallel_divisor()`).
pub fn parallel_divisor(workers: f64) -> f64 {
    workers + (1.0 - 0.3 * workers).max(0.0)
}

/// Whether a cast to text around the column keeps an index on it from being used. PostgreSQL writes
/// one into its plans for every `varchar`, which is text already; around a number or a date it is the
/// statement's own, and the index knows nothing of it.
pub fn is_hidden_by_cast(table: &Table, predicate: &Predicate) -> bool {
    const TEXT: [&str; 5] = ["text", "character varying", "varchar", "name", "citext"];
    let column = table.column(&predicate.column.name);
    let known = column.map(|column| column.data_type.to_lowercase()).filter(|t| !t.is_empty());
    predicate.cast.is_some()
        && known.is_some_and(|known| !TEXT.iter().any(|text| known.starts_with(text)))
}

/// Share of a table's rows that a predicate keeps, from the column's statistics; `None` without.
pub fn selectivity(table: &Table, predicate: &Predicate) -> Option<f64> {
    use planscope_explain::workload::query::Comparison as C;
    let column = table.column(&predicate.column.name);
    let distinct = column.and_then(|c| c.distinct).filter(|&d| d >= 1.0);
    let nulls = column.and_then(|c| c.null_share).unwrap_or(0.0);
    let one = distinct.map(|d| (1.0 - nulls) / d);
    match predicate.operator {
        C::Equal => one,
        C::In(length) => one.map(|s| (s * f64::from(length.unwrap_or(3))).min(1.0)),
        C::IsNull => column.and_then(|c| c.null_share),
        C::IsNotNull => Some(1.0 - nulls),
        C::NotEqual => one.map(|s| 1.0 - s),
        // The planners' own defaults where they know nothing: 1/3 of the rows for an open range,
        // 1/9 for a closed one rounded to 1/10, and a prefix as a short range.
        C::Less | C::Greater => Some(1.0 / 3.0),
        C::Between => Some(0.1),
        C::Prefix => Some(0.02),
        C::Pattern | C::LikeUnknown | C::Contains | C::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_a_name_and_can_be_set() {
        let (mut limits, usual) = (Thresholds::default(), Thresholds::default().named());
        for (name, value) in usual {
            limits.set(name, value / 2.0).unwrap();
        }
        for ((name, half), (_, whole)) in limits.named().into_iter().zip(usual) {
            assert_eq!(half, whole / 2.0, "{name}");
        }
        assert!(limits.set("selective-share", 1.5).is_err() && limits.set("warp", 1.0).is_err());
    }
}
