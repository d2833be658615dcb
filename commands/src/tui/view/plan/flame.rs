//! The flame graph, hanging from the root: a box is as wide as the node with its inputs.

use super::icons;
use crate::output::node as words;
use crate::tui::plan::layout::Layout;
use crate::tui::plan::{PlanState, PlansScreen};
use crate::tui::screen::Page;
use crate::tui::theme::Depth;
use crate::tui::view::text::{dim, put};
use planscope_explain::heat::HeatClass;
use planscope_explain::plan::NodeId;
use planscope_explain::units::Share;
use ratatui::buffer::Buffer;

/// Narrower boxes have no text but the icon.
const LEAST_TEXT: usize = 5;

/// Draws it.
pub fn draw(screen: &PlansScreen, page: &Page<'_>, layout: &Layout, buffer: &mut Buffer) {
    let state = screen.plan();
    let area = layout.main;
    put(buffer, page.look, (layout.head.x, layout.head.y), layout.head.width, &[dim(head(state))]);
    let top = state.zoom.unwrap_or(NodeId::ROOT);
    let levels = state.flame_top..state.flame_top + u32::from(area.height);
    let selected = state.selected();
    for segment in state.spans.boxes(state.plan(), top, area.width, levels, selected) {
        let cells = usize::from(segment.to - segment.from);
        let class = state.measured.own[segment.node.index()].class;
        let is_selected = segment.node == selected;
        let style = match is_selected {
            true => page.look.pointed(class),
            false => page.look.filled(class),
        };
        let y = area.y + (segment.level - state.flame_top) as u16;
        let text = text(state, segment.node, cells, class, page);
        buffer.set_stringn(area.x + segment.from, y, text, cells, style);
        if is_selected {
            buffer.set_string(area.x + segment.from, y, "▸", style);
        }
    }
}

/// What widths and colours are.
fn head(state: &PlanState) -> String {
    let what = |metric| words::metric_head(state.plan(), metric);
    let metric = state.measured.metric;
    match state.spans.metric {
        None => "flame graph · no figures: all nodes are equal".to_owned(),
        Some(by) if by == metric => format!("flame graph · {} with inputs", what(by)),
        Some(by) => format!("flame graph · width {} · colour {}", what(by), what(metric)),
    }
}

/// An edge, the icon, the title, the share; edges keep boxes apart without colour.
fn text(
    state: &PlanState,
    node: NodeId,
    cells: usize,
    class: HeatClass,
    page: &Page<'_>,
) -> String {
    let plan_node = &state.plan().nodes()[node.index()];
    let icon = icons::of(plan_node);
    let icon = if page.look.ascii { icon.letter } else { icon.symbol };
    let mark = match class {
        _ if page.look.depth != Depth::Mono => "",
        HeatClass::Cool => "",
        HeatClass::Warm => "░",
        HeatClass::Hot => "▒",
        HeatClass::Burning => "▓",
    };
    if cells < LEAST_TEXT {
        return format!("{:<cells$}", if cells == 1 { "▏".to_owned() } else { format!("▏{icon}") });
    }
    let title = words::title(state.plan(), plan_node);
    let share = Share(state.spans.share(node));
    crate::report::cut(&format!("▏{icon}{mark} {title} {share}{:cells$}", ""), cells + 1)
        .trim_end_matches('…')
        .to_owned()
}
