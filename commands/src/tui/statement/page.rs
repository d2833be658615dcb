//! The lines of a statement's page, and where they lead.

use super::{Link, StatementScreen};
use crate::output::node::rounded;
use crate::output::pages;
use crate::tui::browse::history::sparkline;
use crate::tui::screen::Page;
use crate::tui::theme::Paint;
use crate::tui::view::browse::{finding_line, verdict_line};
use crate::tui::view::plan::painted;
use crate::tui::view::text::{Line, dim, plain, run, wrapped};
use planscope_explain::plan::{Plan, plan_hash};
use planscope_explain::units::{Bytes, Count, Millis, Share};
use planscope_explain::workload::Counters;
use ratatui::layout::Rect;

/// A line, and where it leads.
pub type Row = (Line, Option<Link>);

/// Columns of names.
const NAMES: usize = 18;

/// Most relations in the line of a plan.
const MOST_RELATIONS: usize = 3;

/// Where the parts of the page are.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// The lines.
    pub main: Rect,
    /// The text, where it stands beside them.
    pub text: Rect,
}

impl Layout {
    /// The layout in that room: below 100 columns the text stands among the lines.
    pub fn of(page: &Page<'_>) -> Self {
        let all = page.area;
        if page.is_narrow() {
            return Self { main: all, text: Rect::default() };
        }
        let left = (all.width * 3 / 5).min(all.width - 40);
        let text = Rect { x: all.x + left + 2, width: all.width - left - 2, ..all };
        Self { main: Rect { width: left, ..all }, text }
    }
}

/// The lines of the page.
pub fn rows(screen: &StatementScreen, page: &Page<'_>) -> Vec<Row> {
    let layout = Layout::of(page);
    // The pointer and the scroll bar.
    let columns = usize::from(layout.main.width.saturating_sub(3)).max(20);
    let mut out = Vec::new();
    head(screen, columns, &mut out);
    plans(screen, columns, &mut out);
    findings(screen, &mut out);
    problems(screen, columns, &mut out);
    if page.is_narrow() {
        heading("Statement", &mut out);
        out.extend(text(screen, columns).into_iter().map(|line| (line, None)));
    }
    times(screen, &mut out);
    counters(screen, columns, &mut out);
    out
}

/// The statement's text, with its colours.
pub fn text(screen: &StatementScreen, columns: usize) -> Vec<Line> {
    painted(&screen.text, &[], columns)
}

fn heading(text: &str, out: &mut Vec<Row>) {
    if !out.is_empty() {
        out.push((Line::new(), None));
    }
    out.push((vec![run(text, Paint::Title)], None));
}

fn head(screen: &StatementScreen, columns: usize, out: &mut Vec<Row>) {
    let statement = screen.statement();
    let mut facts = vec![statement.fingerprint.to_string()];
    facts.extend(statement.database.as_ref().map(|name| format!("database {name}")));
    facts.extend(statement.user.as_ref().map(|name| format!("user {name}")));
    facts.extend(statement.engine_id.as_ref().map(|id| format!("server's id {id}")));
    let source = statement.source.as_ref();
    facts.extend(source.map(|source| format!("{}:{}", source.file, source.line)));
    let lines = wrapped(&facts.join(" · "), Paint::Dim, columns);
    out.extend(lines.into_iter().map(|line| (line, None)));
}

fn plans(screen: &StatementScreen, columns: usize, out: &mut Vec<Row>) {
    let statement = screen.statement();
    heading("Plans", out);
    let mut newer = None;
    for (i, record) in statement.plans.iter().enumerate() {
        let plan = &record.plan;
        let root = plan.root();
        let mut line = vec![run(format!("{}  ", i + 1), Paint::Strong), plain(root.label.clone())];
        let relations = relations(plan);
        line.extend((!relations.is_empty()).then(|| plain(format!(" of {relations}"))));
        let facts = pages::facts(plan).split_off(1);
        line.push(dim(format!("  {} nodes", plan.nodes().len())));
        line.extend((!facts.is_empty()).then(|| dim(format!(" · {}", facts.join(" · ")))));
        out.push((line, Some(Link::Plan(i))));
        let hash = plan_hash(plan);
        if newer.is_some_and(|newer| newer != hash) {
            let line =
                vec![run("   ✱ another plan", Paint::Strong), dim("; compare with the newest")];
            out.push((line, Some(Link::Older(i))));
        }
        newer = newer.or(Some(hash));
    }
    if statement.plans.is_empty() {
        out.push((vec![dim("none was collected")], None));
    }
    let before = screen.known.before.as_ref();
    let Some((before, diff)) = before.and_then(|b| Some((b, b.of(screen.place)?))) else { return };
    let sign = if before.is_changed(screen.place) { "✱  " } else { "=  " };
    let [name, _] = screen.known.both_names().unwrap_or_default();
    let mut line = vec![run(sign, Paint::Strong), dim(format!("against {name}: "))];
    let verdict = verdict_line(diff);
    if columns < 70 {
        line.extend(verdict.into_iter().take(1));
        out.push((line, Some(Link::Before)));
        let lines = wrapped(&diff.reason, Paint::Dim, columns.saturating_sub(3));
        out.extend(lines.into_iter().map(|line| ([vec![plain("   ")], line].concat(), None)));
    } else {
        line.extend(verdict);
        out.push((line, Some(Link::Before)));
    }
    for cause in diff.causes.iter().filter_map(|&i| before.diff.causes.get(i)) {
        let lines = wrapped(&format!("may be because: {}", cause.text), Paint::Plain, columns - 3);
        out.extend(lines.into_iter().map(|line| ([vec![plain("   ")], line].concat(), None)));
    }
}

/// The first relations that a plan reads: the root's label alone says little of most plans.
fn relations(plan: &Plan) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in plan.nodes().iter().filter_map(|node| node.relation.as_deref()) {
        if !names.contains(&name) {
            names.push(name);
        }
        if names.len() > MOST_RELATIONS {
            names[MOST_RELATIONS] = "…";
            break;
        }
    }
    names.join(", ")
}

fn findings(screen: &StatementScreen, out: &mut Vec<Row>) {
    if screen.known.findings.is_none() {
        heading("Findings", out);
        out.push((vec![dim("the rules are at work …")], None));
        return;
    }
    for (i, (number, finding)) in
        screen.known.findings_of(screen.statement().fingerprint).enumerate()
    {
        if i == 0 {
            heading("Findings", out);
        }
        out.push((finding_line(finding), Some(Link::Finding(number))));
    }
}

fn problems(screen: &StatementScreen, columns: usize, out: &mut Vec<Row>) {
    let problems = &screen.statement().problems;
    if problems.is_empty() {
        return;
    }
    heading("Not collected", out);
    for problem in problems {
        let text = format!("{}: {}", problem.kind, problem.message);
        let lines = wrapped(&text, Paint::Plain, columns);
        out.extend(lines.into_iter().map(|line| (line, None)));
    }
}

fn row(name: &str, value: String, out: &mut Vec<Row>) {
    out.push((vec![dim(format!("{name:<NAMES$} ")), plain(value)], None));
}

fn times(screen: &StatementScreen, out: &mut Vec<Row>) {
    let statement = screen.statement();
    let counters = &statement.counters;
    let mut rows = Vec::new();
    let mut ms = |name: &str, value: Option<f64>| {
        if let Some(ms) = value.filter(|ms| *ms > 0.0) {
            row(name, Millis(ms).to_string(), &mut rows);
        }
    };
    ms("all calls", counters.total_ms);
    ms("a call", counters.mean_ms);
    ms("median", statement.percentiles.p50_ms);
    ms("95 % of calls", statement.percentiles.p95_ms);
    ms("99 % of calls", statement.percentiles.p99_ms);
    ms("fastest", counters.min_ms);
    ms("slowest", counters.max_ms);
    ms("deviation", counters.stddev_ms);
    ms("planning", counters.planning_ms);
    ms("reading, writing", counters.io_ms);
    ms("waiting for locks", counters.lock_ms);
    let total = screen.known.snapshot.total_ms();
    if let Some(own) = counters.total_ms.filter(|_| total > 0.0) {
        let of_all = screen.known.snapshot.coverage.time_share.unwrap_or(1.0);
        row("of all statements", Share(own / total * of_all).to_string(), &mut rows);
    }
    let history = screen.known.history.of(statement.fingerprint, 32);
    if !history.is_empty() {
        row("a call, over time", sparkline(&history), &mut rows);
    }
    if !rows.is_empty() {
        heading("Time", out);
        out.extend(rows);
    }
}

fn counters(screen: &StatementScreen, columns: usize, out: &mut Vec<Row>) {
    let counters: &Counters = &screen.statement().counters;
    let calls = counters.calls.filter(|calls| *calls > 0.0);
    let (mut rows, mut zeros) = (Vec::new(), Vec::new());
    for (name, value) in counters.named() {
        let Some(value) = value.filter(|_| !name.ends_with("_ms")) else { continue };
        if value == 0.0 {
            zeros.push(name.trim_end_matches("_bytes").replace('_', " "));
            continue;
        }
        let text = match name.ends_with("_bytes") {
            true => Bytes(value).to_string(),
            false => Count(rounded(value)).to_string(),
        };
        let each = calls.filter(|calls| name != "calls" && *calls > 1.0 && value > 0.0);
        let each = each.map(|calls| format!("  {} a call", Count(rounded(value / calls))));
        row(
            &name.trim_end_matches("_bytes").replace('_', " "),
            format!("{text:<9}{}", each.unwrap_or_default()),
            &mut rows,
        );
    }
    if !zeros.is_empty() {
        let lines = wrapped(&format!("none: {}", zeros.join(", ")), Paint::Dim, columns);
        rows.extend(lines.into_iter().map(|line| (line, None)));
    }
    if !rows.is_empty() {
        heading("Counters", out);
        out.extend(rows);
    }
}
