//! Statements put together from their executions and from the server's own sums, by shape.

use super::command::Command;
use super::operation::Operation;
use bson::Document;
use planscope_explain::Engine;
use planscope_explain::workload::fingerprint::fingerprint;
use planscope_explain::workload::{Counters, Fingerprint, Percentiles, Statement};
use std::collections::{BTreeMap, BTreeSet};

/// A statement's place: its database and its shape.
pub(super) type Key = (String, Fingerprint);

/// What is known of a statement beside what a snapshot says: kept in the session only, because it
/// holds the values of one real execution.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// The newest command.
    pub command: Command,
    /// The newest executed plan that the profiler kept.
    pub plan: Option<Document>,
}

/// A statement in the making.
#[derive(Debug)]
struct Shape {
    known: Known,
    hash: Option<String>,
    user: Option<String>,
    application: Option<String>,
    /// Milliseconds of each execution.
    calls: Vec<f64>,
    /// Milliseconds of each fetching of more.
    more: Vec<f64>,
    /// Cursors of which only the fetching of more was seen.
    cursors: BTreeSet<i64>,
    rows: Option<f64>,
    docs_examined: Option<f64>,
    keys_examined: Option<f64>,
    sorts: f64,
    /// The server's own sums, which are of all executions.
    summed: Option<Counters>,
}

/// Shapes in the order in which they were first seen.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    order: Vec<Key>,
    shapes: BTreeMap<Key, Shape>,
    hashes: BTreeSet<(String, String)>,
    /// The first and the last moment of an execution.
    pub from: Option<String>,
    /// See `from`.
    pub to: Option<String>,
}

impl Shapes {
    /// Adds an execution. The newest are to be added first.
    pub fn add(&mut self, operation: Operation) {
        if let Some(at) = &operation.at {
            if self.from.as_ref().is_none_or(|from| at < from) {
                self.from = Some(at.clone());
            }
            if self.to.as_ref().is_none_or(|to| at > to) {
                self.to = Some(at.clone());
            }
        }
        let shape = self.shape(&operation.database, operation.command, operation.hash);
        shape.user = shape.user.take().or(operation.user);
        shape.application = shape.application.take().or(operation.application);
        if operation.is_more {
            shape.more.push(operation.millis);
            shape.cursors.extend(operation.cursor);
        } else {
            shape.calls.push(operation.millis);
            // The figures of a finished plan; those of a part of it would not be the whole.
            shape.known.plan = shape.known.plan.take().or(operation.plan);
        }
        add(&mut shape.rows, operation.rows);
        add(&mut shape.docs_examined, operation.docs_examined);
        add(&mut shape.keys_examined, operation.keys_examined);
        shape.sorts += f64::from(u8::from(operation.sorted));
    }

    /// Adds the server's own sums of a statement: they replace what was made of single executions.
    pub fn add_sums(&mut self, database: &str, command: Command, hash: String, sums: Counters) {
        self.shape(database, command, Some(hash)).summed = Some(sums);
    }

    /// Adds a statement that the plan cache knows, unless one with its hash is there.
    pub fn add_cached(&mut self, database: &str, command: Command, hash: String) {
        if !self.hashes.contains(&(database.to_owned(), hash.clone())) {
            self.shape(database, command, Some(hash));
        }
    }

    fn shape(&mut self, database: &str, command: Command, hash: Option<String>) -> &mut Shape {
        let id = fingerprint(&command.text(), Engine::Mongodb);
        let key = (database.to_owned(), id);
        if let Some(hash) = &hash {
            self.hashes.insert((database.to_owned(), hash.clone()));
        }
        if !self.shapes.contains_key(&key) {
            self.order.push(key.clone());
        }
        let shape = self.shapes.entry(key).or_insert_with(|| Shape::new(command));
        shape.hash = shape.hash.take().or(hash);
        shape
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The statements, and what the session is to know of them.
    pub fn finish(mut self) -> (Vec<Statement>, BTreeMap<Key, Known>) {
        let mut statements = Vec::with_capacity(self.order.len());
        let mut known = BTreeMap::new();
        for key in self.order {
            let Some(mut shape) = self.shapes.remove(&key) else { continue };
            statements.push(Statement {
                fingerprint: key.1,
                engine_id: shape.hash.take(),
                text: shape.known.command.text(),
                database: Some(key.0.clone()),
                user: shape.user.take(),
                application: shape.application.take(),
                percentiles: shape.percentiles(),
                counters: shape.counters(),
                ..Statement::default()
            });
            known.insert(key, shape.known);
        }
        (statements, known)
    }
}

fn add(sum: &mut Option<f64>, more: Option<f64>) {
    if let Some(more) = more {
        *sum = Some(sum.unwrap_or(0.0) + more);
    }
}

impl Shape {
    fn new(command: Command) -> Self {
        Self {
            known: Known { command, plan: None },
            hash: None,
            user: None,
            application: None,
            calls: Vec::new(),
            more: Vec::new(),
            cursors: BTreeSet::new(),
            rows: None,
            docs_examined: None,
            keys_examined: None,
            sorts: 0.0,
            summed: None,
        }
    }

    /// Figures of single executions: of fetchings when no execution itself was seen.
    fn samples(&self) -> Vec<f64> {
        let mut samples =
            if self.calls.is_empty() { self.more.clone() } else { self.calls.clone() };
        samples.sort_by(f64::total_cmp);
        samples
    }

    fn counters(&self) -> Counters {
        if let Some(summed) = self.summed {
            return summed;
        }
        let samples = self.samples();
        if samples.is_empty() {
            return Counters::default();
        }
        let calls = match self.calls.len() {
            0 => self.cursors.len().max(1) as f64,
            calls => calls as f64,
        };
        let total = self.calls.iter().chain(&self.more).sum::<f64>();
        let mean = samples.iter().sum::<f64>() / samples.len() as f64;
        let square = samples.iter().map(|ms| (ms - mean).powi(2)).sum::<f64>();
        Counters {
            calls: Some(calls),
            total_ms: Some(total),
            mean_ms: Some(total / calls),
            min_ms: samples.first().copied(),
            max_ms: samples.last().copied(),
            stddev_ms: Some((square / samples.len() as f64).sqrt()),
            rows: self.rows,
            rows_examined: self.docs_examined,
            keys_examined: self.keys_examined,
            sorts: Some(self.sorts),
            ..Counters::default()
        }
    }

    /// Of the executions that were seen; with the server's sums of all they would be of others.
    fn percentiles(&self) -> Percentiles {
        let samples = self.samples();
        if self.summed.is_some() || samples.is_empty() {
            return Percentiles::default();
        }
        let at = |share: f64| {
            let rank = (share * samples.len() as f64).ceil() as usize;
            samples.get(rank.max(1) - 1).copied()
        };
        Percentiles { p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;

    fn operation(filter: i32, millis: f64, is_more: bool) -> Operation {
        let mut entry = doc! {
            "op": "query", "ns": "shop.orders", "command": { "find": "orders", "filter": { "a": filter } },
            "millis": millis, "nreturned": 2, "docsExamined": 10, "keysExamined": 5, "queryHash": "AB",
            "execStats": { "stage": "COLLSCAN" }, "user": "app@admin", "cursorid": 7_i64,
        };
        if is_more {
            entry.insert("op", "getmore");
            let original =
                entry.insert("command", doc! { "getMore": 7_i64, "collection": "orders" });
            entry.insert("originatingCommand", original);
        }
        Operation::of_profile(&entry).unwrap()
    }

    #[test]
    fn executions_of_one_shape_add_up() {
        let mut shapes = Shapes::default();
        for (i, millis) in [4.0, 2.0, 9.0].into_iter().enumerate() {
            shapes.add(operation(i as i32, millis, false));
        }
        shapes.add(operation(2, 6.0, true));
        let (statements, known) = shapes.finish();
        assert_eq!(statements.len(), 1);
        let statement = &statements[0];
        assert_eq!(statement.text, r#"{"find":"orders","filter":{"a":0}}"#);
        assert_eq!(
            (statement.engine_id.as_deref(), statement.user.as_deref()),
            (Some("AB"), Some("app"))
        );
        let counters = statement.counters;
        assert_eq!((counters.calls, counters.total_ms), (Some(3.0), Some(21.0)));
        assert_eq!((counters.min_ms, counters.max_ms), (Some(2.0), Some(9.0)));
        assert_eq!((counters.rows, counters.rows_examined), (Some(8.0), Some(40.0)));
        assert_eq!(counters.keys_examined, Some(20.0));
        assert_eq!(statement.percentiles.p50_ms, Some(4.0));
        assert_eq!(statement.percentiles.p99_ms, Some(9.0));
        let known = &known[&("shop".to_owned(), statement.fingerprint)];
        assert!(known.plan.is_some() && !known.command.is_truncated);
    }

    #[test]
    fn only_more_of_a_cursor_is_one_call() {
        let mut shapes = Shapes::default();
        shapes.add(operation(1, 3.0, true));
        shapes.add(operation(1, 5.0, true));
        let (statements, _) = shapes.finish();
        assert_eq!(statements[0].counters.calls, Some(1.0));
        assert_eq!(statements[0].counters.mean_ms, Some(8.0));
    }

    #[test]
    fn sums_of_the_server_win_and_the_plan_cache_adds_only_what_is_new() {
        let mut shapes = Shapes::default();
        shapes.add(operation(1, 3.0, false));
        let command = || Command::of(&doc! { "find": "orders", "filter": { "a": "?" } }).unwrap();
        let sums = Counters { calls: Some(99.0), ..Counters::default() };
        shapes.add_sums("shop", command(), "XY".to_owned(), sums);
        let other = || Command::of(&doc! { "find": "orders", "filter": { "b": 1 } }).unwrap();
        shapes.add_cached("shop", other(), "AB".to_owned());
        shapes.add_cached("shop", other(), "CD".to_owned());
        let (statements, known) = shapes.finish();
        assert_eq!(statements.len(), 2);
        assert_eq!(statements[0].counters.calls, Some(99.0));
        assert_eq!(statements[0].percentiles, Percentiles::default());
        assert_eq!(statements[1].counters, Counters::default());
        let first = &known[&("shop".to_owned(), statements[0].fingerprint)];
        assert!(first.command.text().contains(r#"{"a":1}"#), "a real value is kept");
    }
}
