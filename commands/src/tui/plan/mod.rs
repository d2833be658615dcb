//! The screen of plans: one plan as a tree or a flame graph, its node's details or the statement
//! beside it. Several plans are tabs.

mod export;
pub mod keys;
pub mod layout;
mod marks;
pub mod measure;
mod outline;
pub mod search;
pub mod spans;
pub mod statement;
pub mod tree;
mod update;

use super::keymap::KeyTable;
use super::message::{Action, Ask, Effect, Mouse, News, Typing};
use super::screen::{Page, Screen};
use super::state::Notice;
use super::theme::Look;
use super::view;
use crate::output::{node as words, pages};
use crate::report::{ShownPlan, counted};
use measure::{Figures, Measured};
use planscope_advisors::Finding;
use planscope_explain::heat::Metric;
use planscope_explain::plan::{NodeId, Plan};
use planscope_explain::workload::Catalog;
use ratatui::buffer::Buffer;
use search::Search;
use spans::Spans;
use statement::Statement;
use std::cell::OnceCell;
use std::rc::Rc;
use tree::Tree;

/// Plans with what is known of them.
pub struct PlansScreen {
    /// The plans; never empty.
    pub plans: Vec<PlanState>,
    /// The one that is shown.
    pub current: usize,
    /// What is beside the plan, or instead of it where there is one pane.
    pub side: Side,
    /// Whether the second pane has the keys.
    pub in_side: bool,
    /// Tables and indexes, where they are known.
    pub catalog: Rc<Catalog>,
    /// What the top line calls all this.
    name: String,
    /// Whether that is what it is to be called, however many plans there are.
    has_name: bool,
    /// Plans whose findings are still to come.
    waiting: usize,
}

/// What the rules found in a plan that was shown before they were done.
pub struct Findings {
    /// Which plan.
    pub plan: usize,
    /// What they found.
    pub findings: Vec<Finding>,
}

/// What the second pane shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Everything known of the node.
    Detail,
    /// The statement.
    Sql,
    /// Nothing: the plan has all the room.
    Hidden,
}

/// A plan with its view's state.
pub struct PlanState {
    /// The plan.
    pub shown: ShownPlan,
    /// Rows and cursor.
    pub tree: Tree,
    /// Heat.
    pub measured: Measured,
    /// The icicle.
    pub spans: Spans,
    /// Figures with the inputs.
    pub inclusive: bool,
    /// Nodes below 1 % are hidden.
    pub only_hot: bool,
    /// The top of the subtree that is shown alone.
    pub zoom: Option<NodeId>,
    /// A flame graph instead of a tree.
    pub is_flame: bool,
    /// The first row of the flame graph, in levels of the plan.
    pub flame_top: u32,
    /// What is searched for.
    pub search: Search,
    /// Where the cursor was when the search began.
    search_from: NodeId,
    /// By which factor rows were misestimated, per node.
    pub factors: Vec<Option<f64>>,
    /// Numbers of findings, per node.
    pub findings: Vec<Vec<usize>>,
    /// The statement's text, laid out and read.
    pub statement: Option<Statement>,
    /// First line of the second pane.
    pub side_top: usize,
    /// The other metrics of which the plan says anything, in no order. All are measured when the plan
    /// opens: for 100,000 nodes one takes longer than a key may.
    others: Vec<(Measured, Spans)>,
    /// Hash, format, size, settings, once they were asked for.
    facts: OnceCell<Vec<String>>,
}

impl PlanState {
    /// What tells the plan from another. The hash goes through all of it: once is enough.
    pub fn facts(&self) -> &[String] {
        self.facts.get_or_init(|| pages::more_facts(&self.shown.plan))
    }

    /// A plan, the cursor on what hurts most.
    pub fn new(shown: ShownPlan, metric: Option<Metric>) -> Self {
        let plan = &shown.plan;
        let figures = Figures::of(plan);
        let measure = |metric| {
            let measured = figures.measured(metric);
            let spans = Spans::of(&figures, &measured);
            (measured, spans)
        };
        let chosen = figures.choose(metric);
        let (measured, spans) = measure(chosen);
        let others = figures.metrics().filter(|other| *other != chosen).map(measure).collect();
        let text = shown.statement.as_deref().filter(|text| !text.trim().is_empty());
        let mut state = Self {
            tree: Tree::of(plan),
            spans,
            inclusive: false,
            only_hot: false,
            zoom: None,
            is_flame: false,
            flame_top: 0,
            search: Search::of(plan),
            search_from: NodeId::ROOT,
            factors: figures.factors(),
            findings: words::numbers_of_findings(plan, &shown.findings),
            statement: text.map(|text| Statement::read(text, plan.engine)),
            side_top: 0,
            others,
            facts: OnceCell::new(),
            measured,
            shown,
        };
        if let Some(hottest) = state.measured.hottest {
            state.tree.go_to_row(hottest);
        }
        state
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.shown.plan
    }

    /// The node under the cursor.
    pub fn selected(&self) -> NodeId {
        self.tree.selected()
    }
}

impl PlansScreen {
    /// A screen of these plans; [`None`] when there are none.
    pub fn new(
        plans: Vec<ShownPlan>,
        metric: Option<Metric>,
        catalog: Rc<Catalog>,
    ) -> Option<Self> {
        let name = plans.first()?.source.clone();
        let plans: Vec<PlanState> =
            plans.into_iter().map(|shown| PlanState::new(shown, metric)).collect();
        Some(Self {
            plans,
            current: 0,
            side: Side::Detail,
            in_side: false,
            catalog,
            name,
            has_name: false,
            waiting: 0,
        })
    }

    /// The same, to which the [`Findings`] of so many plans are still to come.
    pub fn waiting_for(self, waiting: usize) -> Self {
        Self { waiting, ..self }
    }

    /// Calls all of it by that name in the top line.
    pub fn call_it(&mut self, name: &str) {
        name.clone_into(&mut self.name);
        self.has_name = true;
    }

    /// Shows a plan, by its number from 0; the cursor goes to that node of it.
    pub fn show(&mut self, number: usize, node: Option<NodeId>) {
        self.current = number.min(self.plans.len() - 1);
        if let Some(node) = node {
            self.plan_mut().go_to(node);
        }
    }

    /// The plan that is shown.
    pub fn plan(&self) -> &PlanState {
        &self.plans[self.current]
    }

    /// The plan that is shown, to be changed.
    fn plan_mut(&mut self) -> &mut PlanState {
        &mut self.plans[self.current]
    }
}

impl Screen for PlansScreen {
    fn title(&self) -> String {
        match self.plans.len() {
            1 => self.name.clone(),
            n if self.has_name => format!("{} {} of {n}", self.name, self.current + 1),
            _ => self.plan().shown.source.clone(),
        }
    }

    fn facts(&self) -> String {
        let mut facts = pages::facts(self.plan().plan());
        if self.waiting > 0 {
            facts.insert(0, "the rules are at work".to_owned());
        }
        facts.join(" · ")
    }

    fn keys(&self) -> Vec<&'static KeyTable> {
        vec![&keys::TREE, &keys::HEAT, &keys::VIEWS]
    }

    fn legend(&self, look: &Look) -> Vec<(String, &'static str)> {
        view::plan::legend(look)
    }

    fn act(&mut self, action: Action, page: &Page<'_>) -> Option<Vec<Effect>> {
        update::act(self, action, page)
    }

    fn mouse(&mut self, mouse: Mouse, page: &Page<'_>) -> Vec<Effect> {
        update::mouse(self, mouse, page)
    }

    fn typed(&mut self, ask: Ask, text: &str, typing: Typing, page: &Page<'_>) -> Vec<Effect> {
        update::typed(self, ask, text, typing, page)
    }

    fn receive(&mut self, news: News, _page: &Page<'_>) -> Result<Vec<Effect>, News> {
        let news = news.downcast::<Findings>()?;
        self.waiting = self.waiting.saturating_sub(1);
        let Some(state) = self.plans.get_mut(news.plan) else { return Ok(Vec::new()) };
        state.shown.findings = news.findings;
        state.findings = words::numbers_of_findings(&state.shown.plan, &state.shown.findings);
        let text = match state.shown.findings.len() {
            0 => "the rules found nothing".to_owned(),
            n => format!("{}; f goes there", counted(n, "finding", "findings")),
        };
        Ok(vec![Effect::Say(Notice::info(text))])
    }

    fn resized(&mut self, page: &Page<'_>) {
        update::scroll(self, page);
    }

    fn draw(&self, page: &Page<'_>, buffer: &mut Buffer) {
        view::plan::draw(self, page, buffer);
    }
}
