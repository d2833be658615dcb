//! A loopback proxy that falls silent at a chosen moment.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

/// What happens when the client's bytes contain the chosen text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Nothing is passed on any more, the connection stays open.
    Silence,
    /// The connection is cut.
    Cut,
}

/// A proxy before a server.
pub struct Proxy {
    /// The port to connect to.
    pub port: u16,
    reached: Receiver<()>,
}

impl Proxy {
    /// Passes bytes to and from 127.0.0.1:`server` until a message of the client contains `until`.
    /// Connections opened afterwards (to cancel) are passed on unhindered.
    pub fn start(server: u16, until: &'static str, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, reached) = channel();
        std::thread::spawn(move || {
            let mut first = Some(sender);
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                pass(client, server, first.take().map(|sender| (until, then, sender)));
            }
        });
        Self { port, reached }
    }

    /// Waits until the moment came.
    pub fn wait(&self) {
        self.reached.recv().expect("the client never sent the text that was waited for");
    }
}

type Moment = Option<(&'static str, Then, Sender<()>)>;

fn pass(client: TcpStream, server: TcpStream, moment: Moment) {
    let (mut from_server, mut to_client) =
        (server.try_clone().unwrap(), client.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    std::thread::spawn(move || forward(client, server, moment));
}

fn forward(mut client: TcpStream, mut server: TcpStream, mut moment: Moment) {
    let mut buffer = vec![0; 1 << 20];
    while let Ok(len) = client.read(&mut buffer) {
        if len == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&buffer[..len]).into_owned();
        if let Some((until, then, sender)) = moment.take() {
            if !text.contains(until) {
                moment = Some((until, then, sender));
            } else {
                let _ = sender.send(());
                if then == Then::Cut {
                    let _ = client.shutdown(Shutdown::Both);
                    let _ = server.shutdown(Shutdown::Both);
                    return;
                }
                // Silence: read on, so that the client can write, and pass nothing.
                while client.read(&mut buffer).is_ok_and(|len| len > 0) {}
                return;
            }
        }
        if server.write_all(&buffer[..len]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
}
