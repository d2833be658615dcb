//! What every command is given: resolved settings, the user interface, the stop switch.

use crate::cli::GlobalArgs;
use crate::config::{self, Config};
use crate::error::Result;
use crate::output::{Output, Style};
use crate::settings;
use crate::ui::Ui;
use planscope_collection::Stop;
use planscope_collection::store::{Places, Store};
use planscope_collection::target::Environment;
use std::cell::{Cell, OnceCell};
use std::path::{Path, PathBuf};

/// The surroundings of a command.
pub struct Ctx {
    /// Options that every command understands.
    pub global: GlobalArgs,
    /// How results are rendered.
    pub output: &'static Output,
    /// Width, colour, characters.
    pub style: Style,
    /// Talk and progress.
    pub ui: Ui,
    /// Thrown by Ctrl-C and SIGTERM.
    pub stop: Stop,
    /// Whether signals throw the switch already.
    pub watched: Cell<bool>,
    /// The environment, read once.
    pub environment: Environment,
    /// The config files, once they were read.
    pub config: OnceCell<Config>,
}

/// The working directory.
pub fn working_directory() -> Result<PathBuf> {
    std::env::current_dir()
        .map_err(|error| crate::error::CommandError::from(error).at("the working directory"))
}

impl Ctx {
    /// Makes Ctrl-C and SIGTERM throw the stop switch, for the rest of the command.
    pub fn watch_signals(&self) -> Result<()> {
        if !self.watched.replace(true) {
            settings::watch_in_background(self.stop.clone(), self.ui.clone())?;
        }
        Ok(())
    }

    /// What `planscope.toml` says; read once.
    pub fn config(&self) -> Result<&Config> {
        if let Some(config) = self.config.get() {
            return Ok(config);
        }
        let config = Config::load(&self.config_places()?)?;
        Ok(self.config.get_or_init(|| config))
    }

    fn config_places(&self) -> Result<config::Places> {
        let place = |name: &str| self.environment.get(name).map(PathBuf::from);
        Ok(config::Places {
            explicit: self.global.config_file.clone(),
            cwd: working_directory()?,
            xdg_config_home: place("XDG_CONFIG_HOME"),
            home: place("HOME"),
        })
    }

    /// The store that the user named, or the default one. It is made when something is saved.
    pub fn store(&self) -> Result<Store> {
        let cwd = working_directory()?;
        let place = |name: &str| self.environment.get(name).map(Path::new);
        Ok(Store::locate(Places {
            explicit: self.global.store.as_deref(),
            cwd: &cwd,
            xdg_data_home: place("XDG_DATA_HOME"),
            home: place("HOME"),
        })?)
    }
}
