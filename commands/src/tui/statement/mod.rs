//! A statement: what it cost, its plans, what is wrong with it, its text. From here one key leads to a
//! plan, to a finding's node, or to the comparison with the plan before.

pub mod keys;
pub mod page;
mod update;

use super::browse::known::{BrowseNews, Known};
use super::browse::live::LiveNews;
use super::browse::open;
use super::browse::rows::Identity;
use super::keymap::{KeyTable, MOVING};
use super::list::List;
use super::message::{Action, Effect, Mouse, News};
use super::plan::statement::Statement as Text;
use super::screen::{Page, Screen};
use super::view;
use planscope_explain::Statement;
use planscope_explain::units::{Count, Millis};
use ratatui::buffer::Buffer;

/// Where a line leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// To a plan, by its number from 0.
    Plan(usize),
    /// To the node of a finding, by the finding's number from 0.
    Finding(usize),
    /// To the comparison with the snapshot before.
    Before,
    /// To the comparison of an older plan with the newest.
    Older(usize),
}

/// A statement with what is known of it.
pub struct StatementScreen {
    /// What is known of its snapshot.
    pub known: Known,
    /// Its place there.
    pub place: usize,
    /// Its text, laid out and read.
    pub text: Text,
    /// The lines, and the cursor among them.
    pub list: List,
    /// Whether the text at the right has the keys.
    pub in_text: bool,
    /// First line of the text.
    pub text_top: usize,
    who: Identity,
    /// What the cursor's line leads to: lines change with the width, links do not.
    link: Option<Link>,
}

impl StatementScreen {
    /// The statement at that place of the snapshot; there must be one.
    pub fn new(known: Known, place: usize) -> Self {
        let place = place.min(known.snapshot.statements.len().saturating_sub(1));
        let none = Statement::default();
        let statement = known.snapshot.statements.get(place).unwrap_or(&none);
        let text = Text::read(&statement.text, known.snapshot.target.engine);
        let who = Identity::of(statement);
        let list = List::default();
        Self {
            known,
            place,
            text,
            list,
            in_text: false,
            text_top: 0,
            who,
            link: Some(Link::Plan(0)),
        }
    }

    /// The statement.
    pub fn statement(&self) -> &Statement {
        // The place is that of a statement by construction, and kept so by `renew`.
        &self.known.snapshot.statements[self.place]
    }

    /// The statement in a newer snapshot; when it is not in it, what is shown stays.
    fn renew(&mut self, news: &LiveNews) {
        let LiveNews::Round { snapshot, .. } = news else { return };
        let place = snapshot.statements.iter().position(|s| Identity::of(s) == self.who);
        if let Some(place) = place {
            self.known.renew(std::sync::Arc::clone(snapshot));
            self.place = place;
        }
    }
}

impl Screen for StatementScreen {
    fn title(&self) -> String {
        open::name_of(self.statement())
    }

    fn facts(&self) -> String {
        let counters = &self.statement().counters;
        let mut facts = Vec::new();
        facts.extend(counters.total_ms.map(|ms| format!("{} in all", Millis(ms))));
        facts.extend(counters.calls.map(|calls| match calls {
            1.0 => "1 call".to_owned(),
            calls => format!("{} calls", Count(calls)),
        }));
        facts.extend(counters.mean_ms.map(|ms| format!("{} a call", Millis(ms))));
        facts.join(" · ")
    }

    fn keys(&self) -> Vec<&'static KeyTable> {
        vec![&keys::STATEMENT, &MOVING]
    }

    fn act(&mut self, action: Action, page: &Page<'_>) -> Option<Vec<Effect>> {
        update::act(self, action, page)
    }

    fn mouse(&mut self, mouse: Mouse, page: &Page<'_>) -> Vec<Effect> {
        update::mouse(self, mouse, page)
    }

    /// Listens to what is for the list below, and hands it on.
    fn receive(&mut self, news: News, page: &Page<'_>) -> Result<Vec<Effect>, News> {
        if let Some(news) = news.downcast_ref::<BrowseNews>() {
            self.known.learn(news);
        } else if let Some(news) = news.downcast_ref::<LiveNews>() {
            self.renew(news);
        }
        update::settle(self, page);
        Err(news)
    }

    fn resized(&mut self, page: &Page<'_>) {
        update::settle(self, page);
    }

    fn draw(&self, page: &Page<'_>, buffer: &mut Buffer) {
        view::statement::draw(self, page, buffer);
    }
}
