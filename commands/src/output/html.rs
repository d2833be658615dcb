//! `html`: one page that needs nothing but itself, to send to a colleague or to keep beside a ticket.
//!
//! There is no script in it and its policy allows none: the tree folds by `<details>`, the metric is
//! switched by radio buttons, and what a plan says can do no harm. Nothing is loaded from anywhere.

mod facts;
mod flame;
mod page;
mod tree;

use super::{Output, Style, node as words, pages};
use crate::error::Result;
use crate::report::{ExplainReport, Report, ShownPlan, counted};
use crate::safe::{escaped_markup, visible};
use planscope_advisors::Finding;
use planscope_explain::Engine;
use planscope_explain::heat::{self, Heat, Metric};
use planscope_explain::plan::{Plan, plan_hash};
use planscope_explain::units::{Count, Millis};

pub(super) static OUTPUT: Output =
    Output { name: "html", machine_readable: false, only_for: &[], render };

/// Scripts, images, fonts, frames and forms are all forbidden.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Trees with more nodes come below their graph.
const LONG_TREE: usize = 40;

/// Longer statements are folded.
const MOST_STATEMENT: usize = 1500;

/// Columns of trees in the page of a comparison: what fits a wide window.
const TREE_WIDTH: usize = 110;

fn render(report: &Report, style: &Style) -> Result<Vec<u8>> {
    let mut body = String::new();
    let title = match report {
        Report::Explain(report) => plans(report, &mut body),
        other => {
            let style = Style { width: TREE_WIDTH, color: false, ascii: style.ascii };
            page::draw(&pages::document(other, &style), &mut body);
            other.name().to_owned()
        }
    };
    Ok(whole(&title, &body).into_bytes())
}

/// The page around `body`.
fn whole(title: &str, body: &str) -> String {
    let (title, policy) = (escape(title), escape(POLICY));
    let style = include_str!("html/page.css");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"generator\" content=\"planscope\">\n\
         <title>{title} · planscope</title>\n<style>\n{style}</style>\n</head>\n<body>\n{body}\
         <footer><p>Made by planscope. This page loads nothing and runs no script.</p></footer>\n\
         </body>\n</html>\n"
    )
}

/// `text` as it may stand in the page: in an element or between the quotes of an attribute.
fn escape(text: &str) -> String {
    escaped_markup(&visible(text))
}

/// Draws the plans; gives the page's title.
fn plans(report: &ExplainReport, out: &mut String) -> String {
    if report.plans.len() > 1 {
        contents(report, out);
    }
    for (number, shown) in report.plans.iter().enumerate() {
        Section::of(number, shown, report.metric).draw(out);
    }
    out.push_str(LEGEND);
    match report.plans.as_slice() {
        [only] => only.source.clone(),
        several => counted(several.len(), "plan", "plans"),
    }
}

const LEGEND: &str = "<p class=\"legend dim\"><span><i class=\"key cool\"></i> below 10 %</span> \
<span><i class=\"key warm\"></i> warm: 10 % or 10×</span> <span><i class=\"key hot\"></i> hot: 40 % or \
100×</span> <span><i class=\"key burning\"></i> burning: 90 % or 1000×</span></p>\n";

/// Links to the plans, where there are several.
fn contents(report: &ExplainReport, out: &mut String) {
    let count = counted(report.plans.len(), "plan", "plans");
    out.push_str(&format!("<nav><h1>{count}</h1>\n<ol>\n"));
    for (number, shown) in report.plans.iter().enumerate() {
        let facts = pages::facts(&shown.plan).join(" · ");
        out.push_str(&format!(
            "<li><a href=\"#p{number}\">{}</a> <span class=\"dim\">{} · {}</span></li>\n",
            escape(&shown.source),
            escape(&facts),
            escape(&words::title(&shown.plan, shown.plan.root())),
        ));
    }
    out.push_str("</ol></nav>\n");
}

/// The heat of all nodes in a metric that the plan knows.
struct Measured {
    metric: Metric,
    heat: Vec<Heat>,
    hottest: Option<usize>,
}

/// A plan on the page.
struct Section<'a> {
    /// Its number, which makes its ids its own.
    number: usize,
    shown: &'a ShownPlan,
    /// Every metric that the plan knows.
    measured: Vec<Measured>,
    /// The one that is shown first.
    chosen: Metric,
    factors: Vec<Option<f64>>,
}

impl<'a> Section<'a> {
    fn of(number: usize, shown: &'a ShownPlan, metric: Option<Metric>) -> Self {
        let plan = &shown.plan;
        let known = Metric::ALL.into_iter().filter(|metric| pages::is_known(plan, *metric));
        let measured: Vec<Measured> = known
            .map(|metric| {
                let heat = heat::of(plan, metric);
                Measured { metric, hottest: words::hottest(&heat), heat }
            })
            .collect();
        let is_known = |metric: &Metric| pages::is_known(plan, *metric);
        let chosen = metric.filter(is_known).unwrap_or_else(|| Metric::best_for(plan));
        Self { number, shown, measured, chosen, factors: heat::misestimates(plan) }
    }

    fn plan(&self) -> &Plan {
        &self.shown.plan
    }

    fn draw(&self, out: &mut String) {
        let number = self.number;
        out.push_str(&format!("<section class=\"plan\" id=\"p{number}\">\n"));
        self.head(out);
        self.switch(out);
        out.push_str("<div class=\"body\">\n");
        // Below a long tree nobody would find the graph.
        let is_long = self.plan().nodes().len() > LONG_TREE;
        let parts: [fn(&Section<'_>, &mut String); 2] = match is_long {
            true => [flame::draw, tree::draw],
            false => [tree::draw, flame::draw],
        };
        parts.iter().for_each(|draw| draw(self, out));
        out.push_str("</div>\n");
        self.triggers(out);
        findings(&self.shown.findings, number, self.plan().engine, out);
        self.notes(out);
        out.push_str("</section>\n");
    }

    fn head(&self, out: &mut String) {
        out.push_str(&format!("<h2>{}</h2>\n<p class=\"facts\">", escape(&self.shown.source)));
        for fact in pages::facts(self.plan()) {
            out.push_str(&format!("<span>{}</span> ", escape(&fact)));
        }
        let hash = plan_hash(self.plan());
        out.push_str("</p>\n<p class=\"facts dim\">");
        for fact in pages::more_facts(self.plan()) {
            let title = match fact.starts_with("plan ") {
                true => format!(" title=\"plan hash {hash:016x}: ignores costs and literals\""),
                false => String::new(),
            };
            out.push_str(&format!("<span{title}>{}</span> ", escape(&fact)));
        }
        out.push_str("</p>\n");
        if let Some(statement) = &self.shown.statement {
            let open = if statement.len() <= MOST_STATEMENT { " open" } else { "" };
            out.push_str(&format!(
                "<details class=\"statement\"{open}><summary>Statement</summary><pre><code>{}</code>\
                 </pre></details>\n",
                escape(statement.trim())
            ));
        }
    }

    /// Radio buttons before what they switch: no script is needed.
    fn switch(&self, out: &mut String) {
        for measured in &self.measured {
            let (name, number) = (measured.metric.name(), self.number);
            let checked = if measured.metric == self.chosen { " checked" } else { "" };
            out.push_str(&format!(
                "<input type=\"radio\" name=\"m{number}\" id=\"m{number}-{name}\" \
                 class=\"pick pick-{name}\"{checked}><label for=\"m{number}-{name}\">{}</label>\n",
                match measured.metric {
                    Metric::Io => "I/O",
                    Metric::Buffers => words::metric_head(self.plan(), Metric::Buffers),
                    _ => name,
                }
            ));
        }
    }

    fn triggers(&self, out: &mut String) {
        let triggers = &self.plan().triggers;
        if triggers.is_empty() {
            return;
        }
        out.push_str("<h3>Triggers</h3>\n<ul>\n");
        for trigger in triggers {
            let ms = trigger.total_ms.map(|ms| format!("{} in ", Millis(ms))).unwrap_or_default();
            let calls = Count(trigger.calls);
            let name = escape(&trigger.name);
            out.push_str(&format!("<li>{name}: {ms}{calls} calls</li>\n"));
        }
        out.push_str("</ul>\n");
    }

    fn notes(&self, out: &mut String) {
        if self.shown.notes.is_empty() {
            return;
        }
        out.push_str("<h3>Notes</h3>\n<ul>\n");
        for note in &self.shown.notes {
            let (place, message) = (escape(&note.place), escape(&note.message));
            out.push_str(&format!("<li>{place}: {message}</li>\n"));
        }
        out.push_str("</ul>\n");
    }
}

/// The findings, each with links to its nodes and what to do.
fn findings(list: &[Finding], number: usize, engine: Engine, out: &mut String) {
    if list.is_empty() {
        return;
    }
    out.push_str("<h3>Findings</h3>\n<ol class=\"findings\">\n");
    for (i, finding) in list.iter().enumerate() {
        let severity = finding.severity.name();
        out.push_str(&format!(
            "<li id=\"p{number}f{}\"><b class=\"sev {severity}\">{severity}</b> {} \
             <span class=\"dim\">[{}]</span>",
            i + 1,
            escape(&finding.title),
            escape(finding.rule),
        ));
        if let Some(ms) = finding.saving_ms.filter(|&ms| ms >= 0.01) {
            out.push_str(&format!(" <span class=\"dim\">up to {} to save</span>", Millis(ms)));
        }
        for id in &finding.nodes {
            out.push_str(&format!(" <a href=\"#p{number}n{0}\">#{0}</a>", id.0));
        }
        for remedy in &finding.remedies {
            out.push_str(&format!("<p>{}</p>", escape(&remedy.describe())));
            if let Some(sql) = remedy.sql(engine) {
                out.push_str(&format!("<pre><code>{};</code></pre>", escape(&sql)));
            }
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ol>\n");
}

#[cfg(test)]
mod tests;
