//! The terminal interface: state, messages, a pure `update`, a pure `view`, and effects as values.
//!
//! ```text
//! event.rs     one queue: keys, mouse, resize, signals, and what background tasks send
//! message.rs   Message (what happened), Action (what a key means), Effect (what is to be done)
//! keymap.rs    key tables: they dispatch, print the help, fill the palette and the bottom line
//! screen.rs    trait Screen: what a view is; Page: the room it has
//! state.rs     App: a stack of screens, an overlay (help, palette, prompt, menu, box), a notice
//! update.rs    update(App, Message) -> effects; pure, no terminal
//! view/        draw(App) into a buffer; pure; `view/finish.rs` keeps every cell harmless
//! theme.rs     Paint (what a text means) -> colours, by theme, palette and what the terminal can
//! run.rs       the loop that carries effects out; terminal.rs: entering, leaving, suspending
//! plan/        the screen of plans: its state and update; view/plan/ draws it
//! headless.rs  the interface without a terminal, for benches
//! testing.rs   key scripts and pictures
//! ```
//!
//! **Adding a view**: a folder `tui/<name>/` with a struct that implements [`Screen`](screen::Screen) and its own
//! [`KeyTable`](keymap::KeyTable), a folder or file `tui/view/<name>` that draws it, and new names in
//! [`Action`](message::Action) where no existing one fits. It opens when another screen returns
//! `Effect::Push(Box::new(…))` or when a command calls [`run`]. What arrives later comes through a
//! [`Mailbox`](event::Mailbox) as `Message::News` and lands in [`receive`](screen::Screen::receive); nothing polls, so
//! an idle program uses no CPU. Picture tests: `testing::pictures("name", make_screen, "j j enter")`.

pub mod browse;
pub mod compare;
pub mod event;
pub mod headless;
pub mod keymap;
mod list;
pub mod message;
pub mod plan;
mod run;
#[cfg(test)]
pub mod samples;
pub mod screen;
pub mod state;
pub mod statement;
#[cfg(test)]
mod svg;
pub mod terminal;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod theme;
pub mod update;
mod view;

pub use run::{Wishes, is_possible, look, run};
