//! The way to a server, kept so that a cancellation goes to the very same address.
//!
//! A cancellation travels on a connection of its own, which must be left for the other side to
//! close: PgBouncer before 1.19 goes down when that client hangs up first (pgbouncer#801).

use crate::target::Host;
use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_postgres::CancelToken;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres_rustls::MakeRustlsConnect;

/// An open socket.
pub(super) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// Where a connection was made to, its names resolved.
#[derive(Debug, Clone)]
pub(super) enum Address {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix(PathBuf),
}

impl Address {
    /// Of a dry run, which goes nowhere.
    pub fn nowhere() -> Self {
        Self::Tcp(SocketAddr::from(([0, 0, 0, 0], 0)))
    }
}

/// Opens a socket to a host: the first of its addresses that answers.
pub(super) async fn dial(host: &Host) -> io::Result<(Socket, Address)> {
    #[cfg(unix)]
    if host.is_socket() {
        let address = Address::Unix(PathBuf::from(host.place()));
        return Ok((redial(&address).await?, address));
    }
    let stream = TcpStream::connect((host.name.as_str(), host.port)).await?;
    stream.set_nodelay(true)?;
    let address = Address::Tcp(stream.peer_addr()?);
    Ok((Socket::Tcp(stream), address))
}

async fn redial(address: &Address) -> io::Result<Socket> {
    match address {
        Address::Tcp(address) => {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(Socket::Tcp(stream))
        }
        #[cfg(unix)]
        Address::Unix(path) => Ok(Socket::Unix(UnixStream::connect(path).await?)),
    }
}

/// Asks the server to cancel what it runs for us, and waits until it has taken the request.
pub(super) async fn cancel(
    address: &Address,
    token: &CancelToken,
    tls: &MakeRustlsConnect,
    host: &str,
) -> io::Result<()> {
    let shared = Shared(Arc::new(Mutex::new(redial(address).await?)));
    let mut tls = tls.clone();
    let connector = MakeTlsConnect::<Shared>::make_tls_connect(&mut tls, host);
    let connector = connector.map_err(io::Error::other)?;
    token.cancel_query_raw(shared.clone(), connector).await.map_err(io::Error::other)?;
    // The server says nothing; it hangs up.
    let mut rest = Vec::new();
    shared.take(1024).read_to_end(&mut rest).await.map(|_| ())
}

/// A socket that is closed when its last holder lets go of it, not when one shuts it down.
#[derive(Clone)]
struct Shared(Arc<Mutex<Socket>>);

impl Shared {
    fn socket(&self) -> MutexGuard<'_, Socket> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncRead for Shared {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.socket()).poll_read(cx, buf)
    }
}

impl AsyncWrite for Shared {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.socket()).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.socket()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Hands each call on to the socket that there is.
macro_rules! on_either {
    ($socket:expr, $call:ident ( $($argument:expr),* )) => {
        match $socket.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).$call($($argument),*),
            #[cfg(unix)]
            Socket::Unix(stream) => Pin::new(stream).$call($($argument),*),
        }
    };
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        on_either!(self, poll_read(cx, buf))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_either!(self, poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_either!(self, poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_either!(self, poll_shutdown(cx))
    }
}
