//! One row for the whole plan: each node's own part of the metric, in the order of the plan, as wide
//! as it is large. A plan of 2,000 nodes stays one row, and what hurts stays visible.

use super::icons;
use crate::tui::plan::PlanState;
use crate::tui::plan::spans::Segment;
use crate::tui::screen::Page;
use crate::tui::theme::Depth;
use planscope_explain::heat::HeatClass;
use planscope_explain::plan::NodeId;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Narrower segments have no name.
const LEAST_NAME: u16 = 7;

/// Draws it.
pub fn draw(state: &PlanState, page: &Page<'_>, area: Rect, buffer: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let plan = state.plan();
    let selected = state.selected();
    for segment in state.spans.row(plan, NodeId::ROOT, area.width) {
        let class = state.measured.own[segment.node.index()].class;
        let is_selected = segment.node == selected;
        let text = text(state, &segment, class, page, is_selected);
        let style = match is_selected {
            true => page.look.pointed(class),
            false => page.look.filled(class),
        };
        let room = usize::from(segment.to - segment.from);
        buffer.set_stringn(area.x + segment.from, area.y, text, room, style);
    }
}

/// The icon, a name where there is room, and a filling that says the heat where no colour does.
fn text(
    state: &PlanState,
    segment: &Segment,
    class: HeatClass,
    page: &Page<'_>,
    is_selected: bool,
) -> String {
    let cells = usize::from(segment.to - segment.from);
    let node = &state.plan().nodes()[segment.node.index()];
    let icon = icons::of(node);
    let mut text = if page.look.ascii { icon.letter } else { icon.symbol }.to_owned();
    if is_selected {
        text.insert(0, '▸');
    }
    if segment.to - segment.from >= LEAST_NAME {
        let name = node.relation_name().unwrap_or(&node.label);
        text = format!("{text} {}", crate::report::cut(name, cells - 4));
    }
    let filling = match class {
        _ if page.look.depth != Depth::Mono => " ",
        HeatClass::Cool => " ",
        HeatClass::Warm => "░",
        HeatClass::Hot => "▒",
        HeatClass::Burning => "▓",
    };
    let used = unicode_width::UnicodeWidthStr::width(text.as_str());
    let lead = if used + 1 < cells && used > 1 { " " } else { "" };
    text + lead + &filling.repeat(cells.saturating_sub(used + lead.len()))
}
