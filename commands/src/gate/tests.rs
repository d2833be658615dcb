//! What fails, what is allowed, what is left over.

use super::*;

fn change(kind: ChangeKind, severity: Severity) -> Change {
    Change {
        kind,
        severity,
        relation: None,
        before: "a".into(),
        after: "b".into(),
        nodes: [Vec::new(), Vec::new()],
        new_full_scan: kind == ChangeKind::AccessPath,
    }
}

fn plan(verdict: Verdict, kinds: &[(ChangeKind, Severity)]) -> PlanDiff {
    PlanDiff {
        verdict,
        cost_ratio: Some(9.0),
        measured_by: "cost",
        measures: Vec::new(),
        timing: None,
        differences: Vec::new(),
        changes: kinds.iter().map(|(kind, severity)| change(*kind, *severity)).collect(),
        pairs: Vec::new(),
        reason: "because".into(),
    }
}

fn gate(fail_on: &[&str], allows: Vec<Allow>) -> Gate {
    Gate {
        fail_on: fail_on.iter().map(|name| name.parse().unwrap()).collect(),
        policies: Vec::new(),
        allows,
        today: "2026-11-21".into(),
    }
}

fn allow(query: &str, kinds: &[&str], expires: &str) -> Allow {
    Allow {
        which: Which { query: Some(query.into()), fingerprint: None },
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        reason: "known".into(),
        expires: expires.into(),
        place: "planscope.toml:1".into(),
    }
}

fn rules(gate: &Gate, plan: &PlanDiff) -> (Vec<&'static str>, Vec<usize>) {
    let fingerprint = Some(Fingerprint(0xabcd_0000_0000_0000));
    let ruling = gate.judge(&Subject {
        name: Some("orders"),
        fingerprint,
        verdict: plan.verdict,
        plan: Some(plan),
    });
    let failing = ruling.failures.iter().map(|f| f.rule).collect();
    (failing, ruling.allowed.iter().map(|(_, by)| *by).collect())
}

const LOST: &[(ChangeKind, Severity)] =
    &[(ChangeKind::AccessPath, Severity::High), (ChangeKind::Cost, Severity::High)];

#[test]
fn what_is_named_fails_and_nothing_else() {
    let worse = plan(Verdict::Worse, LOST);
    let failing = |names: &[&str], plan: &PlanDiff| rules(&gate(names, Vec::new()), plan).0;
    assert_eq!(failing(&["worse"], &worse), ["worse"]);
    assert_eq!(failing(&["changed"], &worse), ["worse"]);
    assert_eq!(failing(&["new-seq-scan", "sort-added"], &worse), ["new-seq-scan"]);
    assert_eq!(failing(&["access-path", "worse"], &worse), ["worse", "access-path"]);
    assert_eq!(failing(&["never"], &worse), [""; 0]);
    let changed = plan(Verdict::Changed, &[(ChangeKind::JoinOrder, Severity::Low)]);
    assert_eq!(failing(&["worse"], &changed), [""; 0]);
    assert_eq!(failing(&["changed"], &changed), ["changed"]);
    let cheaper = plan(Verdict::Better, &[(ChangeKind::Cost, Severity::Info)]);
    assert_eq!(failing(&["changed"], &cheaper), [""; 0]);
    let better = plan(Verdict::Better, &[(ChangeKind::AccessPath, Severity::Info)]);
    assert_eq!(failing(&["changed"], &better), ["changed"]);
    let none = plan(Verdict::NotComparable, &[]);
    assert_eq!(failing(&["worse", "changed"], &none), [""; 0]);
}

#[test]
fn every_name_is_read_back() {
    for name in FailOn::names() {
        assert_eq!(name.parse::<FailOn>().unwrap().name(), name);
    }
    assert!("warp".parse::<FailOn>().unwrap_err().contains("new-seq-scan"));
}

#[test]
fn an_allow_covers_its_statement_and_kinds_until_its_day() {
    let worse = plan(Verdict::Worse, LOST);
    let outcome = |allow: Allow| rules(&gate(&["worse"], vec![allow]), &worse);
    let covered = (vec![], vec![0]);
    let not = (vec!["worse"], vec![]);
    assert_eq!(outcome(allow("orders", &[], "2026-11-21")), covered);
    assert_eq!(outcome(allow("or*s", &["access-path"], "2027-01-01")), covered);
    assert_eq!(outcome(allow("*", &["worse"], "2027-01-01")), covered);
    assert_eq!(outcome(allow("orders", &["new-seq-scan"], "2027-01-01")), covered);
    assert_eq!(outcome(allow("orders", &["join-method"], "2027-01-01")), not);
    assert_eq!(outcome(allow("orders", &[], "2026-11-20")), not);
    assert_eq!(outcome(allow("customers", &[], "2027-01-01")), not);
    let of = |print: &str| Which { query: None, fingerprint: Some(print.into()) };
    assert_eq!(outcome(Allow { which: of("ABCD"), ..allow("", &[], "2027-01-01") }), covered);
    assert_eq!(outcome(Allow { which: of("bcd"), ..allow("", &[], "2027-01-01") }), not);
}

#[test]
fn one_kind_allowed_does_not_allow_the_other() {
    let both =
        [(ChangeKind::AccessPath, Severity::High), (ChangeKind::SortAdded, Severity::Medium)];
    let gate = gate(
        &["worse", "access-path", "sort-added"],
        vec![allow("*", &["access-path"], "2027-01-01")],
    );
    let (failing, allowed) = rules(&gate, &plan(Verdict::Worse, &both));
    assert_eq!((failing, allowed), (vec!["worse", "sort-added"], vec![0]));
}

#[test]
fn what_is_left_over_is_told() {
    let gate = gate(
        &["worse"],
        vec![
            allow("orders", &[], "2027-01-01"),
            allow("gone", &[], "2027-01-01"),
            allow("orders", &[], "2025-01-01"),
        ],
    );
    let worse = plan(Verdict::Worse, LOST);
    let subject = Subject {
        name: Some("orders"),
        fingerprint: None,
        verdict: Verdict::Worse,
        plan: Some(&worse),
    };
    let ruling = gate.judge(&subject);
    let leftover = gate.leftover([&ruling].into_iter());
    assert_eq!(leftover, Leftover { unused: vec![1], expired: vec![2] });
}

#[test]
fn the_last_policy_that_fits_counts() {
    let of = |query: &str, tolerance: Option<f64>, fail_on: Option<Vec<FailOn>>| Policy {
        which: Which { query: Some(query.into()), fingerprint: None },
        tolerance,
        fail_on,
    };
    let mut gate = gate(&["worse"], Vec::new());
    gate.policies = vec![of("*", Some(2.0), None), of("or*", None, Some(vec![FailOn::Never]))];
    assert_eq!(gate.tolerance(Some("orders"), None), Some(2.0));
    assert_eq!(gate.tolerance(None, None), None);
    assert_eq!(rules(&gate, &plan(Verdict::Worse, LOST)).0, [""; 0]);
    assert!(gate.is_armed());
}

#[test]
fn globs_match_whole_names() {
    for (glob, text, fits) in [
        ("a*c", "abc", true),
        ("a*c", "abcd", false),
        ("*", "", true),
        ("a*b*c", "axxbyyc", true),
        ("a*b*c", "ac", false),
        ("abc", "abcd", false),
        ("ab*ba", "aba", false),
        ("**a", "ba", true),
    ] {
        assert_eq!(matches(glob, text), fits, "{glob} {text}");
    }
}
