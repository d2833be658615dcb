//! Which statements of a workload are worth a plan.
//!
//! The heaviest by total time are what a server is busy with; but a statement that runs once an hour
//! for a minute, one that reads a million rows to return ten, or one that was not there yesterday
//! hurts as well and stands far down that list. So several rankings have a say.

use crate::driver::Ranking;
use crate::error::{CollectError, ErrorKind, Result};
use planscope_explain::workload::{Fingerprint, Snapshot, Statement};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};

/// What to choose, and by what.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Most statements.
    pub top: usize,
    /// The rankings. The first one orders the result and has half of the places; the others take
    /// turns for the rest. Without any, only what is news is chosen.
    pub by: Vec<Ranking>,
    /// What is left out before anything is ranked.
    pub filter: Filter,
    /// The last snapshot, when there is one: what is new or slower since then has a turn as well.
    pub known: Option<Known>,
}

/// What a snapshot knew of its statements.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Milliseconds of an average call, where it had been counted.
    means: BTreeMap<Fingerprint, Option<f64>>,
}

/// How many times slower an average call is when that is news. A call that the counters average over
/// days moves slowly.
const SLOWER: f64 = 1.5;

impl Known {
    /// The statements of a snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        let mean = |s: &Statement| (s.fingerprint, s.counters.mean_ms);
        Self { means: snapshot.statements.iter().map(mean).collect() }
    }

    /// Whether the statement was not there, or was faster.
    pub fn is_news(&self, statement: &Statement) -> bool {
        let Some(before) = self.means.get(&statement.fingerprint) else { return true };
        let slower =
            |before: f64| statement.counters.mean_ms.is_some_and(|now| now >= before * SLOWER);
        before.is_some_and(slower)
    }
}

impl Default for Selection {
    fn default() -> Self {
        let by = Ranking::ALL.to_vec();
        Self { top: 50, by, filter: Filter::default(), known: None }
    }
}

/// Which statements may be chosen at all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of these databases; empty is any.
    pub databases: Vec<String>,
    /// Not of these databases.
    pub not_databases: Vec<String>,
    /// Only of these users; empty is any.
    pub users: Vec<String>,
    /// Not of these users.
    pub not_users: Vec<String>,
    /// Only of these applications; empty is any.
    pub applications: Vec<String>,
    /// Not of these applications.
    pub not_applications: Vec<String>,
    /// Only texts that one of these finds; empty is any.
    pub texts: Vec<Regex>,
    /// No text that one of these finds.
    pub not_texts: Vec<Regex>,
    /// Only these statements, when there is such a list: those of the other side of a comparison.
    pub fingerprints: Option<BTreeSet<Fingerprint>>,
}

/// Where an execution came from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The database.
    pub database: Option<&'a str>,
    /// The user.
    pub user: Option<&'a str>,
    /// The application.
    pub application: Option<&'a str>,
}

impl Filter {
    /// Reads a regular expression for a text; case does not matter.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with what is wrong in it.
    pub fn regex(pattern: &str) -> Result<Regex> {
        regex::RegexBuilder::new(pattern).case_insensitive(true).build().map_err(|error| {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or(&why).trim().to_owned();
            let message = format!("`{pattern}` is no regular expression: {why}");
            CollectError::new(ErrorKind::Config, message).hint("write \\( for a parenthesis itself")
        })
    }

    /// Whether everything passes.
    pub fn is_empty(&self) -> bool {
        let names = [
            &self.databases,
            &self.not_databases,
            &self.users,
            &self.not_users,
            &self.applications,
            &self.not_applications,
        ];
        names.iter().all(|names| names.is_empty())
            && self.texts.is_empty()
            && self.not_texts.is_empty()
            && self.fingerprints.is_none()
    }

    /// Whether the statement may be chosen.
    pub fn passes(&self, statement: &Statement) -> bool {
        let found = |regex: &Regex| regex.is_match(&statement.text);
        let of = Origin {
            database: statement.database.as_deref(),
            user: statement.user.as_deref(),
            application: statement.application.as_deref(),
        };
        self.fingerprints.as_ref().is_none_or(|wanted| wanted.contains(&statement.fingerprint))
            && self.passes_origin(of)
            && (self.texts.is_empty() || self.texts.iter().any(found))
            && !self.not_texts.iter().any(found)
    }

    /// Whether what came from there may be chosen, whatever its text.
    pub fn passes_origin(&self, of: Origin<'_>) -> bool {
        let among = |names: &[String], name: Option<&str>| {
            name.is_some_and(|name| names.iter().any(|wanted| wanted == name))
        };
        let passes = |only: &[String], not: &[String], name| {
            (only.is_empty() || among(only, name)) && !among(not, name)
        };
        passes(&self.databases, &self.not_databases, of.database)
            && passes(&self.users, &self.not_users, of.user)
            && passes(&self.applications, &self.not_applications, of.application)
    }
}

impl Selection {
    /// The ranking that orders the result.
    pub fn first(&self) -> Ranking {
        self.by.first().copied().unwrap_or_default()
    }

    /// By what news is told. The first snapshot of a target has none: all of it would be.
    fn news(&self) -> Option<&Known> {
        self.known.as_ref().filter(|known| self.by.is_empty() || !known.means.is_empty())
    }

    /// How many entries to ask a server for, when it cuts the list of each ranking itself: a few
    /// more than are wanted, because some turn out to be no statements that have a plan.
    pub fn limit(&self) -> usize {
        if !self.filter.is_empty() || self.news().is_some() {
            return usize::MAX;
        }
        self.top.saturating_mul(2).saturating_add(100)
    }

    /// The chosen statements, heaviest first by the first ranking.
    pub fn choose(&self, statements: Vec<Statement>) -> Vec<Statement> {
        let passing = statements.into_iter().filter(|s| self.filter.passes(s));
        let mut all: Vec<Option<Statement>> = passing.map(Some).collect();
        let chosen = self.places(&all);
        let mut chosen: Vec<Statement> =
            chosen.into_iter().filter_map(|place| all.get_mut(place)?.take()).collect();
        let weight = |s: &Statement| self.first().value(&s.counters);
        chosen.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
        chosen
    }

    /// Indexes of the chosen, in the order in which they were chosen.
    fn places(&self, all: &[Option<Statement>]) -> BTreeSet<usize> {
        let mut lists: Vec<Vec<usize>> = self.by.iter().map(|by| ranked(all, *by)).collect();
        if let Some(known) = self.news() {
            let is_news =
                |&i: &usize| all.get(i).and_then(Option::as_ref).is_some_and(|s| known.is_news(s));
            lists.push(ranked(all, self.first()).into_iter().filter(is_news).collect());
        }
        let alone = lists.len() == 1;
        let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
        let mut chosen = BTreeSet::new();
        let first_share = if alone { self.top } else { self.top.div_ceil(2) };
        if let Some(first) = lists.first_mut() {
            chosen.extend(first.take(first_share));
        }
        // Turns, until nobody has anything left. A ranking whose best is chosen already is served.
        let mut went_on = true;
        while chosen.len() < self.top && went_on {
            went_on = false;
            for list in lists.iter_mut().rev() {
                if let Some(place) = list.next().filter(|_| chosen.len() < self.top) {
                    chosen.insert(place);
                    went_on = true;
                }
            }
        }
        // What has nothing to show by any figure fills up the places that are left.
        let free = if self.by.is_empty() { 0 } else { self.top.saturating_sub(chosen.len()) };
        let left: Vec<usize> = (0..all.len()).filter(|i| !chosen.contains(i)).take(free).collect();
        chosen.extend(left);
        chosen
    }
}

/// Indexes of the statements by a ranking. What has nothing to show by one of the special figures
/// is not in its list; by the ordinary ones everything is.
fn ranked(all: &[Option<Statement>], by: Ranking) -> Vec<usize> {
    let value = |i: &usize| {
        all.get(*i).and_then(Option::as_ref).map_or(0.0, |statement| by.value(&statement.counters))
    };
    let mut list: Vec<usize> = (0..all.len()).collect();
    if !matches!(by, Ranking::TotalTime | Ranking::Calls) {
        list.retain(|i| value(i) > 0.0);
    }
    list.sort_by(|a, b| value(b).total_cmp(&value(a)).then(a.cmp(b)));
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::workload::Counters;

    fn statement(id: u64, total: f64, mean: f64, read: f64) -> Statement {
        let counters = Counters {
            calls: Some(total / mean),
            total_ms: Some(total),
            mean_ms: Some(mean),
            shared_blocks_read: Some(read),
            ..Counters::default()
        };
        let text = format!("SELECT {id}");
        Statement { fingerprint: Fingerprint(id), text, counters, ..Statement::default() }
    }

    fn ids(chosen: &[Statement]) -> Vec<u64> {
        chosen.iter().map(|s| s.fingerprint.0).collect()
    }

    fn crowd() -> Vec<Statement> {
        let mut all: Vec<Statement> =
            (0..100).map(|i| statement(i, 1000.0 - i as f64, 1.0, 0.0)).collect();
        all.push(statement(200, 60.0, 60.0, 0.0));
        all.push(statement(300, 5.0, 0.5, 9e6));
        all
    }

    #[test]
    fn one_ranking_takes_its_heaviest() {
        let selection = Selection { top: 3, by: vec![Ranking::TotalTime], ..Selection::default() };
        assert_eq!(ids(&selection.choose(crowd())), [0, 1, 2]);
    }

    #[test]
    fn the_slow_and_the_thirsty_are_chosen_beside_the_busy() {
        let selection = Selection { top: 10, ..Selection::default() };
        let chosen = ids(&selection.choose(crowd()));
        assert_eq!(chosen.len(), 10);
        assert!(chosen.starts_with(&[0, 1, 2, 3, 4]), "{chosen:?}");
        assert!(chosen.contains(&200) && chosen.contains(&300), "{chosen:?}");
    }

    #[test]
    fn what_is_new_or_slower_since_the_last_snapshot_is_looked_at() {
        let mut means: BTreeMap<_, _> = (0..100).map(|id| (Fingerprint(id), Some(1.0))).collect();
        means.insert(Fingerprint(300), Some(0.3));
        let known = Some(Known { means });
        let by = vec![Ranking::TotalTime];
        let selection = Selection { top: 6, by, known: known.clone(), ..Selection::default() };
        assert_eq!(ids(&selection.choose(crowd())), [0, 1, 2, 3, 200, 300]);
        let selection = Selection { by: Vec::new(), known, ..Selection::default() };
        assert_eq!(ids(&selection.choose(crowd())), [200, 300], "nothing but news");
    }

    #[test]
    fn filters_come_before_the_ranking() {
        let filter = Filter {
            texts: vec![Filter::regex("^select [0-9]$").unwrap()],
            not_texts: vec![Filter::regex("0").unwrap()],
            ..Filter::default()
        };
        let selection = Selection { top: 2, filter, ..Selection::default() };
        assert_eq!(ids(&selection.choose(crowd())), [1, 2]);
        let fingerprints = Some([Fingerprint(7), Fingerprint(200)].into());
        let filter = Filter { fingerprints, ..Filter::default() };
        assert!(!filter.is_empty());
        let selection = Selection { top: usize::MAX, filter, ..Selection::default() };
        assert_eq!(ids(&selection.choose(crowd())), [7, 200]);
        let error = Filter::regex("a(").unwrap_err();
        assert!(error.to_string().starts_with("`a(` is no regular expression: "), "{error}");
    }

    #[test]
    fn nothing_is_chosen_twice_or_over_the_limit() {
        for top in 0..130 {
            let chosen = ids(&Selection { top, ..Selection::default() }.choose(crowd()));
            let distinct: BTreeSet<&u64> = chosen.iter().collect();
            assert_eq!((chosen.len(), distinct.len()), (top.min(102), top.min(102)));
        }
    }
}
