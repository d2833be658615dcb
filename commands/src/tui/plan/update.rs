//! What keys and mouse change in the plan view.

use super::layout::Layout;
use super::{PlanState, PlansScreen, Side, export};
use crate::output::pages;
use crate::tui::list::{WHEEL, scrolled};
use crate::tui::message::{Action, Ask, Effect, Mouse, MouseKind, Typing};
use crate::tui::screen::Page;
use crate::tui::state::{Menu, MenuItem, Notice};
use crate::tui::view;
use planscope_explain::heat::{HeatClass, Metric};
use planscope_explain::plan::NodeId;
use ratatui::layout::Position;

/// Does an action; [`None`] when it is none of ours.
pub fn act(screen: &mut PlansScreen, action: Action, page: &Page<'_>) -> Option<Vec<Effect>> {
    let before = screen.plan().selected();
    let effects = match action {
        Action::Open | Action::SwitchPane | Action::Detail | Action::Sql => {
            panes(screen, action, page)
        }
        Action::Back => return back(screen, page),
        Action::NextPlan => switch(screen, 1),
        Action::PreviousPlan => switch(screen, -1),
        Action::ListPlans => list(screen),
        Action::GoTo(plan) => {
            screen.current = plan.min(screen.plans.len() - 1);
            Vec::new()
        }
        Action::Export => export::menu(),
        Action::ExportAs(format) => export::write(screen, format),
        Action::Copy => export::copy(screen),
        Action::CopyRemedy => export::copy_remedy(screen),
        Action::Search => {
            let state = screen.plan_mut();
            state.search_from = state.selected();
            vec![Effect::Ask(Ask::Search)]
        }
        _ if screen.in_side && is_move(action) => side_scroll(screen, action, page),
        _ if screen.plan().is_flame && is_move(action) => flame_move(screen, action),
        _ if is_move(action) => tree_move(screen, action, page),
        _ => in_plan(screen.plan_mut(), action)?,
    };
    if screen.plan().selected() != before {
        screen.plan_mut().side_top = 0;
    }
    scroll(screen, page);
    Some(effects)
}

fn is_move(action: Action) -> bool {
    use Action as A;
    matches!(
        action,
        A::Up
            | A::Down
            | A::PageUp
            | A::PageDown
            | A::HalfUp
            | A::HalfDown
            | A::First
            | A::Last
            | A::Left
            | A::Right
    )
}

/// Keeps the cursor on the screen and the text of the second pane within its end.
pub fn scroll(screen: &mut PlansScreen, page: &Page<'_>) {
    let layout = Layout::of(screen, page);
    let last = view::plan::last_side_top(screen, page);
    let state = screen.plan_mut();
    state.side_top = state.side_top.min(last);
    // Where the other pane has all the room, the plan will have its own again.
    let height = usize::from(layout.main.height.max(1));
    if layout.main.height > 0 {
        state.tree.scroll(height);
        flame_scroll(state, height as u32);
    }
}

fn flame_scroll(state: &mut PlanState, height: u32) {
    let base = state.top_level();
    let plan = state.plan();
    let level = plan.get(state.selected()).map_or(0, |node| node.depth()).saturating_sub(base);
    if level < state.flame_top {
        state.flame_top = level;
    } else if level >= state.flame_top + height {
        state.flame_top = level + 1 - height;
    }
}

fn panes(screen: &mut PlansScreen, action: Action, page: &Page<'_>) -> Vec<Effect> {
    let shown = screen.side;
    match action {
        Action::Sql if screen.plan().statement.is_none() => {
            return vec![Effect::Say(Notice::info("the statement of this plan is not known"))];
        }
        Action::Sql => {
            screen.side = if shown == Side::Sql { Side::Detail } else { Side::Sql };
            screen.in_side = screen.side == Side::Sql && page.is_narrow();
            screen.plan_mut().side_top = 0;
            if screen.side == Side::Sql {
                let top = view::plan::mark_top(screen, page);
                screen.plan_mut().side_top = top;
            }
        }
        Action::Detail => {
            screen.side = if shown == Side::Hidden { Side::Detail } else { Side::Hidden };
            screen.in_side = false;
        }
        Action::Open if shown == Side::Hidden || (page.is_narrow() && !screen.in_side) => {
            screen.side = if shown == Side::Hidden { Side::Detail } else { shown };
            screen.in_side = true;
        }
        _ if shown == Side::Hidden => screen.side = Side::Detail,
        _ => screen.in_side = !screen.in_side,
    }
    Vec::new()
}

/// Out of the second pane, out of the search, out of the zoom, and only then out of the screen.
fn back(screen: &mut PlansScreen, page: &Page<'_>) -> Option<Vec<Effect>> {
    if screen.in_side {
        screen.in_side = false;
        if page.is_narrow() {
            screen.side = Side::Detail;
        }
    } else if !screen.plan().search.needle().is_empty() {
        let state = screen.plan_mut();
        state.search.look_for("");
    } else if screen.plan().zoom.is_some() {
        let state = screen.plan_mut();
        state.zoom = None;
        state.refresh();
    } else {
        return None;
    }
    scroll(screen, page);
    Some(Vec::new())
}

fn switch(screen: &mut PlansScreen, by: isize) -> Vec<Effect> {
    let count = screen.plans.len();
    if count == 1 {
        return vec![Effect::Say(Notice::info("there is one plan only"))];
    }
    screen.current = (screen.current as isize + by).rem_euclid(count as isize) as usize;
    Vec::new()
}

fn list(screen: &PlansScreen) -> Vec<Effect> {
    let item = |(i, state): (usize, &PlanState)| {
        let facts = pages::facts(state.plan()).join(" · ");
        let number = i + 1;
        let label = format!("{number:>3}  {}  {facts}", view::plan::tab_name(state));
        MenuItem { key: None, label, action: Action::GoTo(i) }
    };
    let items = screen.plans.iter().enumerate().map(item).collect();
    vec![Effect::Menu(Menu { title: "plans".to_owned(), items, chosen: screen.current })]
}

fn side_scroll(screen: &mut PlansScreen, action: Action, page: &Page<'_>) -> Vec<Effect> {
    let height = usize::from(Layout::of(screen, page).side.height);
    let last = view::plan::last_side_top(screen, page);
    // Left leaves the pane, as it is at the right of the plan.
    if action == Action::Left {
        screen.in_side = false;
    }
    let top = &mut screen.plan_mut().side_top;
    *top = scrolled(*top, action, height, last).unwrap_or(*top);
    Vec::new()
}

fn tree_move(screen: &mut PlansScreen, action: Action, page: &Page<'_>) -> Vec<Effect> {
    let height = isize::from(Layout::of(screen, page).main.height.max(2) as i16);
    let state = screen.plan_mut();
    let node = state.selected();
    let has_inputs = state.plan().get(node).is_some_and(|node| node.subtree_len() > 1);
    match action {
        Action::Down => state.tree.move_by(1),
        Action::Up => state.tree.move_by(-1),
        Action::PageDown => state.tree.move_by(height - 1),
        Action::PageUp => state.tree.move_by(1 - height),
        Action::HalfDown => state.tree.move_by(height / 2),
        Action::HalfUp => state.tree.move_by(-height / 2),
        Action::First => state.tree.go_to_row(0),
        Action::Last => state.tree.go_to_row(usize::MAX),
        Action::Left if has_inputs && !state.tree.is_folded(node) => state.fold(node, true),
        Action::Left => return in_plan(state, Action::Parent).unwrap_or_default(),
        Action::Right if has_inputs && state.tree.is_folded(node) => state.fold(node, false),
        Action::Right if has_inputs => state.tree.move_by(1),
        _ => {}
    }
    Vec::new()
}

/// In the flame graph the arrows go where they point: to inputs below, to siblings beside.
fn flame_move(screen: &mut PlansScreen, action: Action) -> Vec<Effect> {
    let state = screen.plan_mut();
    let node = state.selected();
    let widest = || {
        let inputs = state.plan().children(node).map(|(id, _)| id);
        inputs.max_by(|a, b| state.spans.share(*a).total_cmp(&state.spans.share(*b)).then(b.cmp(a)))
    };
    let to = match action {
        Action::Down => widest(),
        Action::Up => state.plan().get(node).and_then(|node| node.parent()),
        Action::Left => state.sibling(node, -1),
        Action::Right => state.sibling(node, 1),
        Action::First => state.zoom.or(Some(NodeId::ROOT)),
        Action::Last => state.measured.hottest.map(|at| NodeId(at as u32)),
        _ => None,
    };
    if let Some(to) = to {
        state.go_to(to);
    }
    Vec::new()
}

/// Actions that concern the plan alone; [`None`] for those that mean nothing here.
fn in_plan(state: &mut PlanState, action: Action) -> Option<Vec<Effect>> {
    let node = state.selected();
    let missing = |what: &str| vec![Effect::Say(Notice::info(what.to_owned()))];
    let to = match action {
        Action::Fold => {
            let folded = state.tree.is_folded(node);
            state.fold(node, !folded);
            return Some(Vec::new());
        }
        Action::FoldAll => {
            state.tree.fold_all(&state.shown.plan);
            state.refresh();
            return Some(Vec::new());
        }
        Action::UnfoldAll => {
            state.tree.unfold_all();
            state.refresh();
            return Some(Vec::new());
        }
        Action::Parent => state.plan().get(node)?.parent(),
        Action::NextSibling => state.sibling(node, 1),
        Action::PreviousSibling => state.sibling(node, -1),
        Action::Hottest => match state.measured.hottest {
            Some(at) => Some(NodeId(at as u32)),
            None => return Some(missing("no node has any of this metric")),
        },
        Action::NextHot | Action::PreviousHot => match state.hot(action == Action::NextHot) {
            Some(to) => Some(to),
            None => return Some(missing("no node is warm or hot: none has 10 %")),
        },
        Action::NextFinding | Action::PreviousFinding => {
            match state.finding(action == Action::NextFinding) {
                Some(to) => Some(to),
                None => return Some(missing("no rule found anything in this plan")),
            }
        }
        Action::NextMatch | Action::PreviousMatch => return Some(next_match(state, action)),
        Action::OnlyHot => {
            state.only_hot = !state.only_hot;
            state.refresh();
            return Some(Vec::new());
        }
        Action::NextMetric => return Some(state.next_metric(1)),
        Action::PreviousMetric => return Some(state.next_metric(-1)),
        Action::Metric(number) => {
            return Some(state.set_metric(*Metric::ALL.get(usize::from(number))?));
        }
        Action::Inclusive => {
            state.inclusive = !state.inclusive;
            return Some(Vec::new());
        }
        Action::Flame => {
            state.is_flame = !state.is_flame;
            return Some(Vec::new());
        }
        Action::Zoom => {
            state.zoom = match state.zoom {
                None => Some(node).filter(|&node| node != NodeId::ROOT),
                Some(top) if top == node => None,
                Some(_) => Some(node),
            };
            state.refresh();
            return Some(Vec::new());
        }
        _ => return None,
    };
    if let Some(to) = to {
        state.go_to(to);
    }
    Some(Vec::new())
}

fn next_match(state: &mut PlanState, action: Action) -> Vec<Effect> {
    let at = state.selected().0;
    let to = match action {
        Action::NextMatch => state.search.next(at + 1),
        _ => state.search.previous(at),
    };
    match to {
        Some(to) => {
            state.go_to(NodeId(to));
            say_match(state, to)
        }
        None if state.search.needle().is_empty() => vec![Effect::Ask(Ask::Search)],
        None => {
            let text = format!("nothing holds `{}`", state.search.needle());
            vec![Effect::Say(Notice::error(text))]
        }
    }
}

fn say_match(state: &PlanState, node: u32) -> Vec<Effect> {
    let (of, needle) = (state.search.found().len(), state.search.needle());
    let number = state.search.number_of(node).unwrap_or(0);
    vec![Effect::Say(Notice::info(format!("/{needle}  match {number} of {of}")))]
}

/// Searches while it is typed; Esc brings the cursor back.
pub fn typed(
    screen: &mut PlansScreen,
    ask: Ask,
    text: &str,
    typing: Typing,
    page: &Page<'_>,
) -> Vec<Effect> {
    if ask != Ask::Search {
        return Vec::new();
    }
    let state = screen.plan_mut();
    let from = state.search_from;
    let text = if typing == Typing::Cancelled { "" } else { text };
    if typing != Typing::Done {
        state.search.look_for(text);
        let to = state.search.next(from.0).map_or(from, NodeId);
        state.go_to(to);
        state.side_top = 0;
    }
    let effects = match (typing, state.search.found()) {
        (Typing::Done, []) if !text.trim().is_empty() => {
            vec![Effect::Say(Notice::error(format!("nothing holds `{text}`")))]
        }
        (Typing::Done, [_, ..]) => say_match(state, state.selected().0),
        _ => Vec::new(),
    };
    scroll(screen, page);
    effects
}

/// Click: go there, and fold when it is there already. Wheel: scroll what lies under it.
pub fn mouse(screen: &mut PlansScreen, mouse: Mouse, page: &Page<'_>) -> Vec<Effect> {
    let layout = Layout::of(screen, page);
    let at = Position::new(mouse.x, mouse.y);
    let wheel = if mouse.kind == MouseKind::WheelUp { -WHEEL } else { WHEEL };
    let before = screen.plan().selected();
    if mouse.kind != MouseKind::Click {
        if layout.side.contains(at) || layout.main.height == 0 {
            let last = view::plan::last_side_top(screen, page);
            let top = &mut screen.plan_mut().side_top;
            *top = top.saturating_add_signed(wheel).min(last);
            return Vec::new();
        }
        let state = screen.plan_mut();
        match state.is_flame {
            true => {
                let top = state.flame_top as isize + wheel;
                state.flame_top = top.clamp(0, state.deepest_level() as isize) as u32;
            }
            false => state.tree.wheel(wheel, layout.main.height.into()),
        }
    } else if layout.tabs.contains(at) {
        if let Some(plan) = view::plan::tab_at(screen, layout.tabs, mouse.x) {
            screen.current = plan;
        }
        return Vec::new();
    } else if layout.side.contains(at) || layout.peek.contains(at) {
        screen.in_side = true;
    } else {
        clicked(screen, &layout, mouse);
    }
    if screen.plan().selected() != before {
        screen.plan_mut().side_top = 0;
    }
    if mouse.kind == MouseKind::Click {
        scroll(screen, page);
    }
    Vec::new()
}

fn clicked(screen: &mut PlansScreen, layout: &Layout, mouse: Mouse) {
    let at = Position::new(mouse.x, mouse.y);
    let state = screen.plan_mut();
    let top = state.zoom.unwrap_or(NodeId::ROOT);
    let hit = if layout.minimap.contains(at) {
        let row = state.spans.row(state.plan(), NodeId::ROOT, layout.minimap.width);
        row.iter().find(|s| (s.from..s.to).contains(&(mouse.x - layout.minimap.x))).map(|s| s.node)
    } else if layout.main.contains(at) && state.is_flame {
        let level = state.flame_top + u32::from(mouse.y - layout.main.y);
        let boxes = state.spans.boxes(state.plan(), top, layout.main.width, level..level + 1, top);
        boxes.iter().find(|s| (s.from..s.to).contains(&(mouse.x - layout.main.x))).map(|s| s.node)
    } else if layout.main.contains(at) {
        let row = state.tree.top() + usize::from(mouse.y - layout.main.y);
        state.tree.rows().get(row).map(|&row| NodeId(row))
    } else {
        None
    };
    let Some(node) = hit else { return };
    let is_again = node == state.selected() && layout.main.contains(at) && !screen.in_side;
    screen.in_side = false;
    let state = screen.plan_mut();
    match is_again && !state.is_flame {
        true => {
            let folded = state.tree.is_folded(node);
            state.fold(node, !folded);
        }
        false => state.go_to(node),
    }
}

impl PlanState {
    /// Makes the rows anew after folding, filtering or zooming.
    fn refresh(&mut self) {
        let only = self.only_hot.then_some(&self.measured);
        self.tree.refresh(&self.shown.plan, only, self.zoom);
    }

    fn fold(&mut self, node: NodeId, folded: bool) {
        self.tree.fold(node, folded);
        self.refresh();
    }

    /// Goes to a node; a filter or a zoom that hides it is taken away.
    pub fn go_to(&mut self, node: NodeId) {
        for _ in 0..2 {
            let only = self.only_hot.then_some(&self.measured);
            if self.tree.go_to(&self.shown.plan, only, self.zoom, node) {
                return;
            }
            let hidden = self.only_hot && !self.measured.is_worth_showing(node.index());
            self.only_hot &= !hidden;
            self.zoom = self.zoom.filter(|top| {
                let len = self.shown.plan.get(*top).map_or(0, |node| node.subtree_len());
                (top.0..top.0 + len).contains(&node.0)
            });
            self.refresh();
        }
    }

    /// The sibling after or before a node.
    fn sibling(&self, node: NodeId, by: isize) -> Option<NodeId> {
        let parent = self.plan().get(node)?.parent()?;
        let siblings = self.plan().children(parent).map(|(id, _)| id);
        match by > 0 {
            true => siblings.into_iter().find(|id| *id > node),
            false => siblings.take_while(|id| *id < node).last(),
        }
    }

    /// The next warm or hot node in the order of the plan, around the end.
    fn hot(&self, forward: bool) -> Option<NodeId> {
        let is_hot = |at: &usize| self.measured.own[*at].class > HeatClass::Cool;
        self.around(forward, is_hot)
    }

    fn finding(&self, forward: bool) -> Option<NodeId> {
        self.around(forward, |at| !self.findings[*at].is_empty())
    }

    fn around(&self, forward: bool, wanted: impl Fn(&usize) -> bool) -> Option<NodeId> {
        let (at, count) = (self.selected().index(), self.plan().nodes().len());
        let found = match forward {
            true => (at + 1..count).chain(0..=at).find(wanted),
            false => (0..at).rev().chain((at..count).rev()).find(wanted),
        };
        found.map(|at| NodeId(at as u32))
    }

    fn next_metric(&mut self, by: isize) -> Vec<Effect> {
        let is_known = |metric: &Metric| {
            let mut others = self.others.iter().map(|(measured, _)| measured.metric);
            self.is_measured_by(*metric) || others.any(|other| other == *metric)
        };
        let known: Vec<Metric> = Metric::ALL.into_iter().filter(is_known).collect();
        let at = known.iter().position(|m| *m == self.measured.metric).unwrap_or(0) as isize;
        match known.get((at + by).rem_euclid(known.len().max(1) as isize) as usize) {
            Some(metric) => self.set_metric(*metric),
            None => vec![Effect::Say(Notice::info("the plan holds no figures"))],
        }
    }

    fn is_measured_by(&self, metric: Metric) -> bool {
        self.measured.metric == metric && !self.measured.is_empty()
    }

    fn set_metric(&mut self, metric: Metric) -> Vec<Effect> {
        if self.is_measured_by(metric) {
            return Vec::new();
        }
        let Some(other) = self.others.iter_mut().find(|(m, _)| m.metric == metric) else {
            let why = pages::nothing_known(self.plan(), metric).unwrap_or_else(|| {
                "every estimate is excused: what ran was stopped early".to_owned()
            });
            return vec![Effect::Say(Notice::error(why))];
        };
        std::mem::swap(&mut self.measured, &mut other.0);
        std::mem::swap(&mut self.spans, &mut other.1);
        if self.only_hot {
            self.refresh();
        }
        Vec::new()
    }

    /// The level of the top of what is shown.
    pub fn top_level(&self) -> u32 {
        self.zoom.and_then(|top| self.plan().get(top)).map_or(0, |node| node.depth())
    }

    /// The deepest level of the plan below the top of what is shown.
    fn deepest_level(&self) -> u32 {
        let nodes = self.plan().nodes().iter();
        nodes.map(|node| node.depth()).max().unwrap_or(0).saturating_sub(self.top_level())
    }
}
