//! The lists of a snapshot: its statements, what is wrong, what to do about it. The way from here is
//! statement, plan, node.

pub mod export;
pub mod history;
pub mod keys;
pub mod known;
pub mod layout;
pub mod live;
pub mod open;
pub mod rows;
#[cfg(test)]
mod tests;
mod update;

use super::keymap::KeyTable;
use super::list::List;
use super::message::{Action, Ask, Effect, Mouse, News, Typing};
use super::plan::search;
use super::screen::{Page, Screen};
use super::view;
use known::{BrowseNews, Known};
use layout::Room;
use live::{Live, LiveNews};
use planscope_advisors::{Advice, Finding};
use planscope_explain::{Fingerprint, Statement};
use ratatui::buffer::Buffer;
use rows::{Choice, Identity, Row, Rows};
use std::collections::HashSet;
use std::sync::Arc;

/// Which list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The statements.
    Statements,
    /// The findings.
    Findings,
    /// The advice.
    Advice,
}

impl View {
    /// Every list, in the order of their tabs.
    pub const ALL: [Self; 3] = [Self::Statements, Self::Findings, Self::Advice];
}

/// The lists of a snapshot.
pub struct BrowseScreen {
    /// What is known of it.
    pub known: Known,
    /// The watched database, where it is one.
    pub live: Option<Live>,
    /// Which list is shown.
    pub view: View,
    /// The rows of the statements.
    pub rows: Rows,
    /// Which of them, in which order.
    pub choice: Choice,
    /// The findings that are listed, by their numbers.
    pub findings: Vec<u32>,
    /// The cursors of the three lists.
    pub lists: [List; 3],
    /// Whether details stand below the list.
    pub detail: bool,
    /// Whether the details have the keys.
    pub in_detail: bool,
    /// First line of the details.
    pub detail_top: usize,
    /// The words of the filter before it was typed.
    words_before: String,
    /// Whether the advisor works.
    pub is_advising: bool,
}

impl BrowseScreen {
    /// The lists of what is known.
    pub fn new(known: Known, live: Option<Live>) -> Self {
        let mut screen = Self {
            known,
            live,
            view: View::Statements,
            rows: Rows::default(),
            choice: Choice::default(),
            findings: Vec::new(),
            lists: Default::default(),
            detail: true,
            in_detail: false,
            detail_top: 0,
            words_before: String::new(),
            is_advising: false,
        };
        screen.reckon();
        screen
    }

    /// The same, sorted by that column.
    #[must_use]
    pub fn sorted_by(mut self, column: rows::Column) -> Self {
        self.choice.by = column;
        self.reckon();
        self
    }

    /// The list that is shown.
    pub fn list(&self) -> &List {
        &self.lists[self.view as usize]
    }

    fn list_mut(&mut self) -> &mut List {
        &mut self.lists[self.view as usize]
    }

    /// The row under the cursor in the list of statements.
    pub fn row(&self) -> Option<&Row> {
        self.rows.at(self.lists[View::Statements as usize].cursor())
    }

    /// The statement under the cursor.
    pub fn statement(&self) -> Option<&Statement> {
        self.known.snapshot.statements.get(self.row()?.place)
    }

    /// The finding under the cursor.
    pub fn finding(&self) -> Option<&Finding> {
        let number = *self.findings.get(self.lists[View::Findings as usize].cursor())?;
        self.known.findings.as_ref()?.all.get(number as usize)
    }

    /// The advice that is known.
    pub fn advised(&self) -> &[Advice] {
        let report = self.known.advice.as_ref().and_then(|advised| advised.outcome.as_ref().ok());
        report.map_or(&[], |report| &report.advice)
    }

    /// The advice under the cursor.
    pub fn advice(&self) -> Option<&Advice> {
        self.advised().get(self.lists[View::Advice as usize].cursor())
    }

    /// Whether details stand below the list.
    pub fn shows_detail(&self, _page: &Page<'_>) -> bool {
        self.detail && (self.list().len() > 0 || self.view == View::Advice)
    }

    /// How much room the details have: of advice and findings they are what matters.
    pub fn detail_room(&self) -> Room {
        let (part, most, least) = match self.view {
            View::Statements => (3, 12, 9),
            View::Findings => (2, 20, 6),
            View::Advice => (2, 40, 6),
        };
        Room { part, most, least }
    }

    /// Makes the rows anew: other figures, other findings. The cursor stays on its statement.
    fn reckon(&mut self) {
        let counters = self.live.as_ref().and_then(|live| live.counters(&self.known.snapshot));
        self.choice.only_ran = counters.is_some();
        let who = self.statement().map(Identity::of);
        self.rows = Rows::of(&self.known, counters.as_ref());
        self.relist(who);
    }

    /// Lists the rows anew; the cursor goes to that statement, or to the first.
    fn relist(&mut self, who: Option<Identity>) {
        self.rows.list(&self.known.snapshot, &self.choice);
        let line = who.and_then(|who| self.rows.line_of(&self.known.snapshot, &who));
        let list = &mut self.lists[View::Statements as usize];
        list.resize(self.rows.listed.len());
        list.go_to(line.unwrap_or(0));
        self.relist_findings();
        let count = self.advised().len();
        self.lists[View::Advice as usize].resize(count);
    }

    fn relist_findings(&mut self) {
        let words: Vec<String> =
            self.choice.words.split_whitespace().map(str::to_lowercase).collect();
        // The statements that hold the words are listed already.
        let listed: HashSet<Fingerprint> = match words.is_empty() {
            true => HashSet::new(),
            false => self.rows.listed.iter().map(|&i| self.fingerprint_of(i)).collect(),
        };
        let fits = |finding: &Finding| {
            let in_finding = |word: &String| {
                search::find(&finding.title, word).is_some() || finding.rule.contains(word.as_str())
            };
            words.iter().all(in_finding) || finding.statement.is_some_and(|id| listed.contains(&id))
        };
        let all = self.known.findings.as_ref().map_or(&[][..], |findings| &findings.all);
        self.findings = (0..all.len() as u32).filter(|&i| fits(&all[i as usize])).collect();
        let count = self.findings.len();
        self.lists[View::Findings as usize].resize(count);
    }

    fn fingerprint_of(&self, row: u32) -> Fingerprint {
        self.known.snapshot.statements[self.rows.all[row as usize].place].fingerprint
    }

    fn learn_live(&mut self, news: LiveNews) -> Vec<Effect> {
        let Some(live) = &mut self.live else { return Vec::new() };
        match news {
            LiveNews::Step(step) => live.doing = live::Doing::Collecting(step),
            LiveNews::Failed { error, retry } => live.failed(&error, retry),
            LiveNews::Round { snapshot, cost, next } => {
                live.doing = live::Doing::Waiting(next);
                (live.cost, live.failure) = (cost, None);
                live.rounds += 1;
                let old = std::mem::replace(&mut self.known.snapshot, Arc::clone(&snapshot));
                live.previous = (live.rounds > 1).then_some(old);
                let first = Arc::clone(live.first.get_or_insert_with(|| Arc::clone(&snapshot)));
                let looks_back = !live.has_looked_back;
                self.known.renew(snapshot);
                let past = match looks_back {
                    true => self.known.look_back(),
                    false => {
                        self.known.recall();
                        self.known.compare_again("when browsing began", first)
                    }
                };
                self.reckon();
                return vec![Effect::Work(self.known.judge()), Effect::Work(past)];
            }
        }
        Vec::new()
    }

    fn learn(&mut self, news: &BrowseNews) {
        if !self.known.learn(news) {
            return;
        }
        match (news, &mut self.live) {
            (BrowseNews::Past { .. }, Some(live)) => live.has_looked_back = true,
            (BrowseNews::Advice(_), _) => self.is_advising = false,
            _ => {}
        }
        self.reckon();
    }
}

/// Finds out here and now what a screen finds out beside itself, for whoever prints.
pub fn settle(known: &mut Known) {
    for work in [known.judge(), known.look_back()] {
        if let Some(news) = work.run().and_then(|news| news.downcast::<BrowseNews>().ok()) {
            known.learn(&news);
        }
    }
}

impl Screen for BrowseScreen {
    fn title(&self) -> String {
        match &self.known.before {
            Some(before) if before.snapshot.target.name != self.known.snapshot.target.name => {
                format!("{} → {}", before.name, self.known.name)
            }
            _ => self.known.short_name().to_owned(),
        }
    }

    fn facts(&self) -> String {
        view::browse::facts(self).join(" · ")
    }

    fn begin(&mut self) -> Vec<Effect> {
        if self.live.is_some() {
            return Vec::new();
        }
        vec![Effect::Work(self.known.judge()), Effect::Work(self.known.look_back())]
    }

    fn keys(&self) -> Vec<&'static KeyTable> {
        let mut tables = Vec::new();
        if self.live.is_some() {
            tables.push(&keys::LIVE);
        }
        if self.view == View::Statements {
            tables.push(&keys::STATEMENTS);
        }
        tables.push(&keys::LISTS);
        tables
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

    fn receive(&mut self, news: News, page: &Page<'_>) -> Result<Vec<Effect>, News> {
        let effects = match news.downcast::<LiveNews>() {
            Ok(news) => self.learn_live(*news),
            Err(news) => {
                self.learn(&*news.downcast::<BrowseNews>()?);
                Vec::new()
            }
        };
        update::scroll(self, page);
        Ok(effects)
    }

    fn resized(&mut self, page: &Page<'_>) {
        update::scroll(self, page);
    }

    fn draw(&self, page: &Page<'_>, buffer: &mut Buffer) {
        view::browse::draw(self, page, buffer);
    }
}
