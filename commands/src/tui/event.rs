//! One queue for everything that happens: keys and mouse, signals, and what background tasks send.
//!
//! The loop blocks on it, so that an idle program uses no CPU. Each source is a thread that blocks
//! in its turn.

use super::message::{Key, Message, Mouse, MouseKind};
use crossterm::event::{
    self, Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton,
    MouseEventKind,
};
use planscope_collection::Stop;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::signal::unix::{SignalKind, signal};

/// Something for the loop.
pub enum Event {
    /// For `update`.
    Message(Message),
    /// Ctrl-C or SIGTERM from outside: the program is to end.
    Stopped,
    /// SIGTSTP from outside: the program is to stop until it is continued.
    Suspended,
    /// SIGCONT: somebody else may have used the terminal.
    Continued,
    /// A source broke.
    Broken(io::Error),
}

/// The queue.
pub struct Events {
    sender: Sender<Event>,
    receiver: Receiver<Event>,
}

/// Where background tasks put what they found out. Clones share the queue.
#[derive(Clone)]
pub struct Mailbox(Sender<Event>);

impl Mailbox {
    /// Sends a message to the program; whether that still runs.
    pub fn send(&self, message: Message) -> bool {
        self.0.send(Event::Message(message)).is_ok()
    }
}

impl Events {
    /// An empty queue.
    pub fn new() -> Self {
        let (sender, receiver) = channel();
        Self { sender, receiver }
    }

    /// Where tasks put their messages.
    pub fn mailbox(&self) -> Mailbox {
        Mailbox(self.sender.clone())
    }

    /// Starts to listen to the terminal, to signals and to the stop switch.
    ///
    /// # Errors
    /// When the system gives no thread or no signals.
    pub fn listen(&self, stop: Stop) -> io::Result<()> {
        let mailbox = self.mailbox();
        spawn("terminal", move || read_terminal(&mailbox))?;
        let sender = self.sender.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let (mut suspend, mut resume) = runtime.block_on(async {
            let number = |s: rustix::process::Signal| SignalKind::from_raw(s.as_raw());
            let suspend = signal(number(rustix::process::Signal::TSTP))?;
            io::Result::Ok((suspend, signal(number(rustix::process::Signal::CONT))?))
        })?;
        spawn("tui-signals", move || {
            runtime.block_on(async move {
                loop {
                    let event = tokio::select! {
                        _ = suspend.recv() => Event::Suspended,
                        _ = resume.recv() => Event::Continued,
                        () = stop.stopped() => Event::Stopped,
                    };
                    let is_last = matches!(event, Event::Stopped);
                    if sender.send(event).is_err() || is_last {
                        return;
                    }
                }
            });
        })
    }

    /// Waits for the next event; [`None`] when nothing can come any more.
    pub fn wait(&self) -> Option<Event> {
        self.receiver.recv().ok()
    }

    /// An event that is there already.
    pub fn pending(&self) -> Option<Event> {
        self.receiver.try_recv().ok()
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// Reads the terminal until it breaks or the program ends.
fn read_terminal(mailbox: &Mailbox) {
    loop {
        match event::read().map(message) {
            Ok(None) => {}
            Ok(Some(message)) => {
                if !mailbox.send(message) {
                    return;
                }
            }
            Err(error) => {
                let _ = mailbox.0.send(Event::Broken(error));
                return;
            }
        }
    }
}

/// What the terminal's own event means; [`None`] for what means nothing.
fn message(input: Input) -> Option<Message> {
    match input {
        Input::Key(key) if key.kind != KeyEventKind::Release => key_name(key).map(Message::Key),
        Input::Paste(text) => Some(Message::Paste(text)),
        Input::Resize(width, height) => Some(Message::Resize(width, height)),
        Input::Mouse(mouse) => {
            let kind = match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => MouseKind::Click,
                MouseEventKind::ScrollUp => MouseKind::WheelUp,
                MouseEventKind::ScrollDown => MouseKind::WheelDown,
                _ => return None,
            };
            Some(Message::Mouse(Mouse { kind, x: mouse.column, y: mouse.row }))
        }
        _ => None,
    }
}

fn key_name(key: KeyEvent) -> Option<Key> {
    let name = match key.code {
        KeyCode::Char(' ') => "space".to_owned(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::Enter => "enter".to_owned(),
        KeyCode::Esc => "esc".to_owned(),
        KeyCode::Backspace => "backspace".to_owned(),
        KeyCode::Tab => "tab".to_owned(),
        KeyCode::BackTab => return Some(Key("shift-tab".to_owned())),
        KeyCode::Up => "up".to_owned(),
        KeyCode::Down => "down".to_owned(),
        KeyCode::Left => "left".to_owned(),
        KeyCode::Right => "right".to_owned(),
        KeyCode::PageUp => "pgup".to_owned(),
        KeyCode::PageDown => "pgdn".to_owned(),
        KeyCode::Home => "home".to_owned(),
        KeyCode::End => "end".to_owned(),
        KeyCode::Delete => "del".to_owned(),
        KeyCode::F(n) => format!("f{n}"),
        _ => return None,
    };
    let with = |modifier| key.modifiers.contains(modifier);
    Some(Key(match (with(KeyModifiers::CONTROL), with(KeyModifiers::ALT)) {
        // Ctrl-H is what some terminals send for Backspace.
        (true, _) if name == "h" => "backspace".to_owned(),
        (true, _) => format!("ctrl-{}", name.to_lowercase()),
        (_, true) => format!("alt-{name}"),
        _ => name,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(code: KeyCode, modifiers: KeyModifiers) -> String {
        key_name(KeyEvent::new(code, modifiers)).unwrap().0
    }

    #[test]
    fn keys_have_names() {
        assert_eq!(named(KeyCode::Char('J'), KeyModifiers::SHIFT), "J");
        assert_eq!(named(KeyCode::Char('d'), KeyModifiers::CONTROL), "ctrl-d");
        assert_eq!(named(KeyCode::Char(' '), KeyModifiers::NONE), "space");
        assert_eq!(named(KeyCode::BackTab, KeyModifiers::SHIFT), "shift-tab");
        assert_eq!(named(KeyCode::F(1), KeyModifiers::NONE), "f1");
    }

    #[test]
    fn a_task_reaches_the_loop() {
        let events = Events::new();
        assert!(events.mailbox().send(Message::Resize(80, 24)));
        assert!(matches!(events.wait(), Some(Event::Message(Message::Resize(80, 24)))));
        assert!(events.pending().is_none());
    }
}
