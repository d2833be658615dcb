//! Whether and how a command opens the terminal interface.

use super::explain;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::exit::ExitStatus;
use crate::report::ShownPlan;
use crate::tui::event::Mailbox;
use crate::tui::message::Message;
use crate::tui::plan::{Findings, PlansScreen};
use crate::tui::theme::{Look, Palette, Theme};
use crate::tui::{self, Wishes};
use clap::Args;
use planscope_explain::heat::Metric;
use planscope_explain::workload::Catalog;
use std::rc::Rc;

/// How the terminal interface looks.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Terminal interface")]
pub struct InterfaceArgs {
    /// For which background colours are chosen; `[interface] theme` in planscope.toml
    #[arg(long, value_name = "THEME")]
    pub theme: Option<Theme>,
    /// The colours of heat; `[interface] palette` in planscope.toml
    #[arg(long, value_name = "PALETTE")]
    pub palette: Option<Palette>,
}

impl InterfaceArgs {
    /// Whether the interface opens: on a terminal, unless a format is asked for or the config says
    /// `[interface] open = false`.
    pub fn opens(&self, ctx: &Ctx) -> Result<bool> {
        Ok(tui::is_possible(ctx) && ctx.config()?.interface.open.unwrap_or(true))
    }

    /// Colours and characters, from arguments, config and environment.
    pub fn look(&self, ctx: &Ctx) -> Result<Look> {
        let config = ctx.config()?.interface;
        let theme = self.theme.or(config.theme);
        let wishes = Wishes {
            background: theme.and_then(Theme::background),
            palette: self.palette.or(config.palette),
        };
        Ok(tui::look(ctx, wishes))
    }

    /// Opens the view of these plans until the user leaves.
    pub fn show_plans(
        &self,
        ctx: &Ctx,
        plans: Vec<ShownPlan>,
        metric: Option<Metric>,
        catalog: Catalog,
    ) -> Result<ExitStatus> {
        let screen = plans_screen(plans, metric, catalog)?;
        tui::run(ctx, self.look(ctx)?, Box::new(screen), |_| ())
    }

    /// Opens the view of plans that the rules have not seen yet. Small ones they see before; of a plan
    /// of 100,000 nodes they need seconds, so they look at it while the user does.
    pub fn judge_plans(
        &self,
        ctx: &Ctx,
        plans: Vec<ShownPlan>,
        metric: Option<Metric>,
    ) -> Result<ExitStatus> {
        let config = ctx.config()?.clone();
        let judged = |plan: ShownPlan| match is_large(&plan) {
            true => plan,
            false => explain::with_findings(plan, &config),
        };
        let plans: Vec<ShownPlan> = plans.into_iter().map(judged).collect();
        let large: Vec<(usize, ShownPlan)> =
            plans.iter().cloned().enumerate().filter(|(_, plan)| is_large(plan)).collect();
        let screen = plans_screen(plans, metric, Catalog::default())?;
        let screen = Box::new(screen.waiting_for(large.len()));
        tui::run(ctx, self.look(ctx)?, screen, |mailbox| judge(large, config, mailbox))
    }
}

fn plans_screen(
    plans: Vec<ShownPlan>,
    metric: Option<Metric>,
    catalog: Catalog,
) -> Result<PlansScreen> {
    PlansScreen::new(plans, metric, Rc::new(catalog)).ok_or_else(|| {
        CommandError::input("there is no plan to show").hint("name the output of EXPLAIN")
    })
}

/// Whether the rules would keep the user waiting.
fn is_large(plan: &ShownPlan) -> bool {
    plan.plan.nodes().len() > 2_000
}

/// Asks the rules in the background; each plan's findings are news.
fn judge(plans: Vec<(usize, ShownPlan)>, config: Config, mailbox: Mailbox) {
    let work = move || {
        for (plan, shown) in plans {
            let findings = explain::with_findings(shown, &config).findings;
            if !mailbox.send(Message::News(Box::new(Findings { plan, findings }))) {
                return;
            }
        }
    };
    // Conditions are parsed by recursive descent: as much stack as the main thread has.
    let thread = std::thread::Builder::new().name("rules".to_owned()).stack_size(8 << 20);
    // Without a thread there are no findings, and the notice about them stays.
    let _ = thread.spawn(work);
}
