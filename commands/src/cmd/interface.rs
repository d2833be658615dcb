//! Whether and how a command opens the terminal interface.

use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::exit::ExitStatus;
use crate::report::ShownPlan;
use crate::tui::plan::PlansScreen;
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
        let screen = PlansScreen::new(plans, metric, Rc::new(catalog));
        let screen = screen.ok_or_else(|| CommandError::input("there is no plan to show"))?;
        tui::run(ctx, self.look(ctx)?, Box::new(screen), |_| ())
    }
}
