//! Where config files may be.

use std::path::{Path, PathBuf};

/// The file's name, everywhere.
const NAME: &str = "planscope.toml";

/// Where config files may be, as found in flags and environment.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// `--config-file FILE` or PLANSCOPE_CONFIG: this file and no other.
    pub explicit: Option<PathBuf>,
    /// The working directory.
    pub cwd: PathBuf,
    /// `XDG_CONFIG_HOME`, when set.
    pub xdg_config_home: Option<PathBuf>,
    /// The home directory.
    pub home: Option<PathBuf>,
}

impl Places {
    /// The files to read, in order: a later one wins.
    pub fn files(&self) -> Vec<PathBuf> {
        if let Some(explicit) = &self.explicit {
            return vec![explicit.clone()];
        }
        self.user().into_iter().chain(self.project()).filter(|path| path.is_file()).collect()
    }

    fn user(&self) -> Option<PathBuf> {
        // The XDG specification says to ignore a relative path.
        let xdg = self.xdg_config_home.clone().filter(|path| path.is_absolute());
        let folder = xdg.or_else(|| Some(self.home.as_ref()?.join(".config")))?;
        Some(folder.join("planscope").join(NAME))
    }

    /// The nearest file; above the working directory only inside a repository, because a parent
    /// like `/tmp` may be anybody's.
    fn project(&self) -> Option<PathBuf> {
        let is_root = |folder: &Path| folder.join(".git").exists();
        let levels = self.cwd.ancestors().position(is_root).unwrap_or(0) + 1;
        self.cwd.ancestors().take(levels).map(|dir| dir.join(NAME)).find(|path| path.is_file())
    }
}
