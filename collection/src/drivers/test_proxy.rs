//! A loopback proxy for tests: writes down what a driver sends, and cuts the line when told to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A proxy before a server. It lives as long as the runtime of its test.
pub struct Proxy {
    /// The port to connect to.
    pub port: u16,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
    /// Says that more was heard.
    news: Arc<watch::Sender<()>>,
}

impl Proxy {
    /// Passes bytes to and from `server` (`host:port`). After `most` pieces that the client sent, on
    /// all connections together, every connection is cut and no new one is let through.
    pub async fn before(server: &str, most: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let count = Arc::new(AtomicUsize::new(0));
        let news = Arc::new(watch::Sender::new(()));
        let proxy = Self { port, heard: Arc::clone(&heard), news: Arc::clone(&news) };
        let server = server.to_owned();
        let cut = Arc::new(watch::Sender::new(false));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let number = {
                    let mut heard = heard.lock().unwrap();
                    heard.push(Vec::new());
                    heard.len() - 1
                };
                if *cut.borrow() {
                    continue;
                }
                let server = TcpStream::connect(&server).await.unwrap();
                let line = Line {
                    number,
                    most,
                    heard: Arc::clone(&heard),
                    count: Arc::clone(&count),
                    cut: Arc::clone(&cut),
                    news: Arc::clone(&news),
                };
                tokio::spawn(line.pass(client, server));
            }
        });
        proxy
    }

    /// Waits until the client has sent that text.
    pub async fn hears(&self, text: &str) {
        let is_in = |line: &Vec<u8>| line.windows(text.len()).any(|found| found == text.as_bytes());
        let mut news = self.news.subscribe();
        while !self.heard.lock().unwrap().iter().any(is_in) {
            news.changed().await.unwrap();
        }
    }

    /// What came on each connection, in the order in which they were opened.
    pub fn heard(&self) -> Vec<Vec<u8>> {
        self.heard.lock().unwrap().clone()
    }
}

struct Line {
    number: usize,
    most: usize,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
    count: Arc<AtomicUsize>,
    cut: Arc<watch::Sender<bool>>,
    news: Arc<watch::Sender<()>>,
}

impl Line {
    async fn pass(self, client: TcpStream, server: TcpStream) {
        let mut is_cut = self.cut.subscribe();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let down = async {
            let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
            let _ = to_client.shutdown().await;
        };
        let up = async {
            let mut piece = vec![0; 1 << 16];
            while let Ok(len @ 1..) = from_client.read(&mut piece).await {
                if self.count.fetch_add(1, Ordering::SeqCst) >= self.most {
                    self.cut.send_replace(true);
                    return;
                }
                self.heard.lock().unwrap()[self.number].extend(&piece[..len]);
                self.news.send_replace(());
                if to_server.write_all(&piece[..len]).await.is_err() {
                    return;
                }
            }
            let _ = to_server.shutdown().await;
        };
        // The server's last words are still passed on when the client has said its own.
        let both = async { tokio::join!(down, up) };
        tokio::select! {
            _ = both => {}
            _ = is_cut.wait_for(|cut| *cut) => {}
        }
    }
}

/// `url` by way of the proxy.
pub fn through(url: &str, proxy: &Proxy) -> String {
    let (before, rest) = url.split_once('@').unwrap();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    format!("{before}@127.0.0.1:{}{}", proxy.port, &rest[end..])
}

/// `host:port` of a URL.
pub fn place(url: &str) -> &str {
    let (_, rest) = url.split_once('@').unwrap();
    &rest[..rest.find(['/', '?']).unwrap_or(rest.len())]
}
