//! The page of `explain`: what is known of a plan, the plan itself, triggers, findings, notes.

use super::findings;
use crate::output::Style;
use crate::output::document::{Block, Document, Item, Span, Tone, dim};
use crate::output::text::wrap_all;
use crate::report::{ExplainReport, ShownPlan, statement_line};
use planscope_advisors::Finding;
use planscope_explain::Engine;
use planscope_explain::heat::Metric;
use planscope_explain::plan::{Plan, plan_hash};
use planscope_explain::units::{Count, Millis, Share};

/// Draws the nodes of a plan: as a tree, as a table.
pub type Draw = fn(&Plan, Metric, &[Finding], &Style) -> Vec<Vec<Span>>;

/// The page, its plans drawn by `draw`.
pub fn document(report: &ExplainReport, draw: Draw, style: &Style) -> Document {
    let mut document = Document::default();
    for shown in &report.plans {
        plan(&mut document, shown, report.metric, draw, style);
    }
    document
}

fn plan(
    document: &mut Document,
    shown: &ShownPlan,
    metric: Option<Metric>,
    draw: Draw,
    style: &Style,
) {
    let plan = &shown.plan;
    let chosen = metric;
    let metric = chosen.unwrap_or_else(|| Metric::best_for(plan));
    document.heading(format!("{} · {}", shown.source, facts(plan).join(" · ")));
    document.toned(more_facts(plan).join(" · "), Tone::Dim);
    if let Some(statement) = &shown.statement {
        let line = style.text(&statement_line(statement, None, 3 * style.room(0)));
        let lines = wrap_all(&line, style.width).into_iter().map(|line| vec![dim(line)]);
        document.blocks.push(Block::Lines { language: "sql", lines: lines.collect() });
    }
    if let Some(why) = chosen.and_then(|metric| nothing_known(plan, metric)) {
        document.toned(why, Tone::Warm);
    }
    let lines = draw(plan, metric, &shown.findings, style);
    document.blocks.push(Block::Lines { language: "text", lines });
    let item = |marker: &str, tone: Tone, text: String| Item {
        marker: marker.to_owned(),
        tone,
        text,
        details: Vec::new(),
    };
    let triggers = plan.triggers.iter().filter_map(|trigger| {
        let ms = Millis(trigger.total_ms?);
        let text = format!("{}: {ms} in {} calls", trigger.name, Count(trigger.calls));
        Some(item("trigger", Tone::Plain, text))
    });
    document.list(triggers.collect());
    findings(document, &shown.findings, plan.engine, None, style);
    let notes = shown.notes.iter().map(|note| {
        let text = format!("{}: {}", note.place, note.message);
        item("note", Tone::Dim, text)
    });
    document.list(notes.collect());
}

/// What a reader wants to know first: the engine, how long it took, whether it was run at all.
pub fn facts(plan: &Plan) -> Vec<String> {
    let mut facts = vec![plan.engine.label().to_owned()];
    facts.extend(plan.execution_ms.map(|ms| format!("execution {}", Millis(ms))));
    facts.extend(plan.planning_ms.map(|ms| format!("planning {}", Millis(ms))));
    if plan.execution_ms.is_none() {
        facts.extend(plan.root().total_ms().map(|ms| format!("time {}", Millis(ms))));
    }
    facts.extend(plan.jit_ms.map(|ms| of_elapsed("JIT", ms, plan)));
    let triggers: f64 = plan.triggers.iter().filter_map(|trigger| trigger.total_ms).sum();
    if triggers > 0.0 {
        facts.push(of_elapsed("triggers", triggers, plan));
    }
    if !plan.is_analyzed() {
        facts.extend(plan.root().estimate.total_cost.map(|c| format!("cost {}", Count(c.round()))));
        let why = plan.details.get("planscope.not_run").and_then(|why| why.as_str());
        facts.push(why.unwrap_or("not run: estimates only").to_owned());
    }
    if plan.partial {
        facts.push("cut short: actuals are incomplete".to_owned());
    }
    facts
}

/// `triggers 777 µs (62 %)`.
fn of_elapsed(what: &str, ms: f64, plan: &Plan) -> String {
    let share = plan.elapsed_ms().filter(|&all| all > 0.0 && ms <= all).map(|all| ms / all);
    let share = share.map(|share| format!(" ({})", Share(share))).unwrap_or_default();
    format!("{what} {}{share}", Millis(ms))
}

/// What tells one plan from another: hash, format, size, settings.
pub fn more_facts(plan: &Plan) -> Vec<String> {
    let mut facts = vec![
        format!("plan {:08x}", plan_hash(plan) >> 32),
        plan.format.to_owned(),
        crate::report::counted(plan.nodes().len(), "node", "nodes"),
    ];
    if !plan.settings.is_empty() {
        let settings = plan.settings.iter().map(|(name, value)| format!("{name} = {value}"));
        facts.push(format!("settings: {}", settings.collect::<Vec<_>>().join(", ")));
    }
    facts
}

/// Whether the plan says anything that `metric` measures.
pub fn is_known(plan: &Plan, metric: Metric) -> bool {
    plan.nodes().iter().any(|node| metric.value(node).is_some())
}

/// Why there is no heat, when the plan does not say what the chosen `metric` needs.
pub fn nothing_known(plan: &Plan, metric: Metric) -> Option<String> {
    if is_known(plan, metric) {
        return None;
    }
    let what = match metric {
        Metric::Time => "times",
        Metric::Cost => "costs",
        Metric::Rows => "rows",
        Metric::Buffers => "blocks, keys or rows examined",
        Metric::Io => "blocks",
        Metric::Misestimate => "rows both estimated and actual",
    };
    let remedy = match metric {
        _ if plan.engine != Engine::Postgres => "",
        Metric::Time | Metric::Misestimate => " (EXPLAIN ANALYZE does)",
        Metric::Buffers | Metric::Io => " (EXPLAIN (ANALYZE, BUFFERS) does)",
        Metric::Cost | Metric::Rows => "",
    };
    let known = Metric::ALL.into_iter().filter(|metric| is_known(plan, *metric));
    let known: Vec<&str> = known.map(Metric::name).collect();
    let instead = match known.is_empty() {
        true => String::new(),
        false => format!("; it has {}", known.join(", ")),
    };
    Some(format!("the plan says nothing of {what}{remedy}{instead}"))
}
