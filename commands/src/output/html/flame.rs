//! The flame graph, hanging from the root: a box is as wide as what the node and its inputs have
//! of the metric's total.

use super::{Measured, Section, escape};
use crate::output::node as words;
use planscope_explain::heat::Metric;
use planscope_explain::plan::Plan;
use planscope_explain::units::Share;

/// Height of a level, in pixels.
const LEVEL: usize = 22;
/// Deepest level that is drawn.
const MOST_LEVELS: u32 = 100;
/// Narrower boxes, as a share of the width, are left out: nobody could see them.
const LEAST_SHARE: f64 = 0.0005;
/// Narrower boxes have no text.
const LEAST_TEXT: f64 = 0.03;

/// Draws a graph for each metric; the style sheet shows that of the chosen one.
pub(super) fn draw(section: &Section<'_>, out: &mut String) {
    // A misestimate has no total: its graph is as wide as what says most, in its own colours.
    let best = Metric::best_for(section.plan());
    let widths = section.measured.iter().find(|measured| measured.metric == best);
    let mut head = "<h3>Flame graph</h3>\n";
    for measured in &section.measured {
        let by = if measured.metric.has_total() { Some(measured) } else { widths };
        let Some(by) = by.filter(|by| by.heat.iter().any(|heat| heat.share > 0.0)) else {
            continue;
        };
        out.push_str(head);
        head = "";
        graph(section, measured, by, out);
    }
}

/// What the subtree of each node has of the total, 0 to 1.
fn inclusive(plan: &Plan, by: &Measured) -> Vec<f64> {
    let mut sums: Vec<f64> = by.heat.iter().map(|heat| heat.share).collect();
    for (id, node) in plan.iter().rev() {
        if let Some(parent) = node.parent() {
            sums[parent.index()] += sums[id.index()];
        }
    }
    sums
}

fn graph(section: &Section<'_>, measured: &Measured, by: &Measured, out: &mut String) {
    let plan = section.plan();
    let sums = inclusive(plan, by);
    let mut boxes = String::new();
    let mut deepest = 0;
    // Where the next child of each node begins.
    let mut next = vec![0.0_f64; plan.nodes().len()];
    for (id, node) in plan.iter() {
        let i = id.index();
        let x = node.parent().map_or(0.0, |parent| next[parent.index()]);
        next[i] = x;
        if let Some(parent) = node.parent() {
            next[parent.index()] = x + sums[i];
        }
        if sums[i] < LEAST_SHARE || node.depth() > MOST_LEVELS {
            continue;
        }
        deepest = deepest.max(node.depth());
        let title = escape(&words::title(plan, node));
        let heat = &measured.heat[i];
        let own = escape(&words::figure(node, measured.metric, heat));
        let share = Share(sums[i]);
        boxes.push_str(&format!(
            "<svg x=\"{:.3}%\" y=\"{}\" width=\"{:.3}%\" height=\"{LEVEL}\">\
             <a href=\"#p{}n{i}\"><title>{title} — {share} with inputs{}</title>\
             <rect class=\"{}\" width=\"100%\" height=\"{}\"/>",
            x * 100.0,
            node.depth() as usize * LEVEL,
            sums[i] * 100.0,
            section.number,
            if own.is_empty() { String::new() } else { format!(", {own} itself") },
            heat.class.name(),
            LEVEL - 1,
        ));
        if sums[i] >= LEAST_TEXT {
            boxes.push_str(&format!("<text x=\"4\" y=\"15\">{title} {share}</text>"));
        }
        boxes.push_str("</a></svg>\n");
    }
    let height = (deepest as usize + 1) * LEVEL;
    let (name, head) = (measured.metric.name(), words::metric_head(plan, by.metric));
    out.push_str(&format!(
        "<div class=\"v v-{name}\"><svg class=\"flame\" width=\"100%\" height=\"{height}\" role=\"img\" \
         aria-label=\"flame graph by {head}\">\n{boxes}</svg><p class=\"dim\">width: {head} of a node \
         and its inputs; colour: of the node itself{}</p></div>\n",
        match measured.metric.has_total() {
            true => "",
            false => ", by how far its rows are off",
        }
    ));
}
