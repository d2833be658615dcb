//! Everything known of a node, in groups.

mod catalog;
mod groups;

use super::{heading, icons, sql};
use crate::output::node as words;
use crate::tui::plan::{PlanState, PlansScreen};
use crate::tui::screen::Page;
use crate::tui::theme::Paint;
use crate::tui::view::text::{Line, dim, plain, put, run, wrapped};
use planscope_advisors::Finding;
use planscope_explain::Engine;
use planscope_explain::diff::Severity;
use planscope_explain::heat::Metric;
use planscope_explain::plan::Node;
use planscope_explain::units::{Count, Millis};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The lines of the pane.
pub fn lines(screen: &PlansScreen, columns: usize) -> Vec<Line> {
    let state = screen.plan();
    let id = state.selected();
    let node = &state.plan().nodes()[id.index()];
    let mut out = title(state, node, columns);
    findings(state, columns, &mut out);
    groups::all(state, id, node, columns, &mut out);
    catalog::entries(&screen.catalog, node, columns, &mut out);
    if let Some(statement) = &state.statement {
        out.push(Line::new());
        out.push(heading("Statement"));
        let marks = statement.marks(state.plan(), node);
        out.extend(sql::painted(statement, &marks, columns));
    }
    groups::raw(node, columns, &mut out);
    groups::notes(state, columns, &mut out);
    out
}

fn title(state: &PlanState, node: &Node, columns: usize) -> Vec<Line> {
    let text = words::title(state.plan(), node);
    let mut lines = wrapped(&text, Paint::Strong, columns.saturating_sub(2));
    if let Some(first) = lines.first_mut() {
        first.insert(
            0,
            run(format!("{} ", icons::of(node).symbol), Paint::Kind(icons::of(node).kind)),
        );
    }
    if node.never_executed() {
        lines.push(vec![dim("never executed")]);
    }
    lines
}

/// The paint of a severity.
fn paint_of(severity: Severity) -> Paint {
    match severity {
        Severity::High => Paint::Bad,
        Severity::Medium => Paint::Strong,
        Severity::Low | Severity::Info => Paint::Plain,
    }
}

/// The findings about the node; on the root those about no node as well.
fn findings(state: &PlanState, columns: usize, out: &mut Vec<Line>) {
    let id = state.selected();
    let all = state.shown.findings.iter().enumerate();
    let is_here = |f: &Finding| {
        f.nodes.contains(&id) || (f.nodes.is_empty() && id == planscope_explain::NodeId::ROOT)
    };
    for (i, finding) in all.filter(|(_, finding)| is_here(finding)) {
        out.push(Line::new());
        out.extend(one_finding(i + 1, finding, state.plan().engine, columns));
    }
}

fn one_finding(number: usize, finding: &Finding, engine: Engine, columns: usize) -> Vec<Line> {
    let mut lines = vec![vec![
        run(format!("!{number} {}", finding.severity.name()), paint_of(finding.severity)),
        dim(format!("  {}", finding.rule)),
    ]];
    lines.extend(wrapped(&finding.title, Paint::Plain, columns));
    match (finding.saving_ms, finding.saving_cost) {
        (Some(ms), _) if ms >= 0.01 => {
            lines.push(vec![run(format!("up to {} to save", Millis(ms)), Paint::Good)]);
        }
        (None, Some(cost)) if cost >= 1.0 => {
            let text = format!("up to {} of cost to save", Count(cost.round()));
            lines.push(vec![run(text, Paint::Good)]);
        }
        _ => {}
    }
    for remedy in &finding.remedies {
        lines.extend(wrapped(&format!("→ {}", remedy.describe()), Paint::Plain, columns));
        if let Some(sql) = remedy.sql(engine) {
            lines.extend(wrapped(&format!("{sql};"), Paint::Code, columns));
        }
    }
    lines
}

/// A few lines below the plan where there is no room for a second pane.
pub fn peek(screen: &PlansScreen, page: &Page<'_>, area: Rect, buffer: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let look = page.look;
    let rule = "─".repeat(area.width.into());
    put(buffer, look, (area.x, area.y), area.width, &[run(rule, Paint::Border)]);
    let lines = peek_lines(screen.plan(), area.width.into());
    for (line, y) in lines.iter().zip(area.top() + 1..area.bottom()) {
        put(buffer, look, (area.x, y), area.width, line);
    }
}

/// What says most of a node: its finding with the remedy, its conditions, what it used.
fn peek_lines(state: &PlanState, columns: usize) -> Vec<Line> {
    let node = &state.plan().nodes()[state.selected().index()];
    let mut lines = Vec::new();
    let title = words::title(state.plan(), node);
    lines.push(vec![run(crate::report::cut(&title, columns), Paint::Strong)]);
    let numbers = &state.findings[state.selected().index()];
    for finding in numbers.iter().filter_map(|n| state.shown.findings.get(n - 1)).take(1) {
        let remedy = finding.remedies.first();
        let engine = state.plan().engine;
        let cure = remedy.map(|r| r.sql(engine).unwrap_or_else(|| r.describe()));
        lines
            .push(vec![run(format!("!{} ", numbers[0]), Paint::Bad), plain(finding.title.clone())]);
        lines.extend(cure.map(|text| vec![dim("→ "), run(text, Paint::Code)]));
    }
    for (kind, text) in words::conditions(&node.conditions) {
        let text = crate::report::cut(&text, columns * 2);
        lines.push(vec![dim(format!("{}: ", kind.label())), plain(text)]);
    }
    let resources = words::resources(node, Metric::Time);
    if !resources.is_empty() {
        lines.push(vec![dim(resources.join(" · "))]);
    }
    lines
}
