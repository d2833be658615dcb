//! The tree of a plan, folded by `<details>`.

use super::{Section, escape, facts};
use crate::output::node as words;
use planscope_explain::plan::{Node, NodeId};
use planscope_explain::units::Share;

/// Deepest level that is nested: more would leave no room for names, and browsers flatten what is
/// nested some 500 elements deep. Below it the level is written as a number.
const MOST_LEVELS: usize = 24;

/// Draws the tree.
pub(super) fn draw(section: &Section<'_>, out: &mut String) {
    let plan = section.plan();
    out.push_str("<div class=\"tree\">\n");
    let see = words::numbers_of_findings(plan, &section.shown.findings);
    let mut open = 0;
    for (id, node) in plan.iter() {
        let depth = node.depth() as usize;
        while open > depth.min(MOST_LEVELS) {
            out.push_str("</div></details>\n");
            open -= 1;
        }
        open_node(section, id, node, &see[id.index()], out);
        open += 1;
    }
    out.push_str(&"</div></details>\n".repeat(open));
    out.push_str("</div>\n");
}

/// The node with its facts; what follows until it is closed are its children.
fn open_node(section: &Section<'_>, id: NodeId, node: &Node, see: &[usize], out: &mut String) {
    let depth = node.depth() as usize;
    let level = if depth > MOST_LEVELS { format!("{depth}: ") } else { String::new() };
    let never = if node.never_executed() { " never" } else { "" };
    out.push_str(&format!(
        "<details open class=\"n{never}\" id=\"p{}n{}\"><summary>",
        section.number, id.0
    ));
    figures(section, id, node, out);
    out.push_str(&format!(
        "<span class=\"t\">{level}{}</span> <span class=\"r\">{}</span>",
        escape(&words::title(section.plan(), node)),
        escape(&words::rows(node, section.factors[id.index()])),
    ));
    marks(section, id, out);
    for number in see {
        out.push_str(&format!(" <a href=\"#p{}f{number}\">see {number}</a>", section.number));
    }
    out.push_str("</summary>\n");
    facts::draw(section, node, out);
    out.push_str("<div class=\"kids\">\n");
}

/// Bar, share and figure in every metric; the style sheet shows those of the chosen one.
fn figures(section: &Section<'_>, id: NodeId, node: &Node, out: &mut String) {
    out.push_str("<span class=\"figures\">");
    for measured in &section.measured {
        let heat = &measured.heat[id.index()];
        let (name, class) = (measured.metric.name(), heat.class.name());
        let share = match heat.share {
            share if share >= 0.005 && measured.metric.has_total() => Share(share).to_string(),
            _ => String::new(),
        };
        let figure = escape(&words::figure(node, measured.metric, heat));
        out.push_str(&format!("<span class=\"v v-{name} {class}\">"));
        out.push_str(&format!(
            "<svg class=\"bar\" width=\"60\" height=\"10\" aria-hidden=\"true\">\
             <rect class=\"{class}\" width=\"{:.1}\" height=\"10\"/></svg>",
            (heat.share * 60.0).clamp(0.0, 60.0)
        ));
        out.push_str(&format!("<b>{share}</b> <span class=\"f\">{figure}</span></span>"));
    }
    out.push_str("</span> ");
}

/// The word that points at the hottest node, in every metric in which this is it.
fn marks(section: &Section<'_>, id: NodeId, out: &mut String) {
    for measured in section.measured.iter().filter(|m| m.hottest == Some(id.index())) {
        let name = measured.metric.name();
        let word = if measured.metric.has_total() { "hottest" } else { "worst" };
        out.push_str(&format!(" <span class=\"v v-{name} mark\">◀ {word}</span>"));
    }
}
