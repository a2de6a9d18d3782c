//! The broker's end of TCP, which a fault can take away.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tracing::warn;

use crate::{exchange::Exchange, faults::Fault};

/// Accepts connections as long as the network is there.
pub(crate) struct Door {
    pub(crate) listener: TcpListener,
    pub(crate) exchange: Arc<Exchange>,
    /// A fault that closes this door alone.
    pub(crate) closed_by: Option<Fault>,
}

impl Door {
    /// The next client. Those who come at a wrong time are hung up on.
    pub(crate) async fn next(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(_) if self.is_closed() => {}
                Ok((stream, address)) => {
                    // Small frames leave at once; where that cannot be had they leave a little later.
                    if let Err(error) = stream.set_nodelay(true) {
                        warn!(%error, "TCP_NODELAY cannot be set");
                    }
                    return (stream, address);
                }
                Err(error) => {
                    warn!(%error, "a client could not be accepted");
                    // Such as too many open files: without a pause this would spin until one is closed.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn is_closed(&self) -> bool {
        let faults = &self.exchange.faults;
        faults.is_on(&Fault::NetworkGone) || self.closed_by.as_ref().is_some_and(|fault| faults.is_on(fault))
    }
}

impl Listener for Door {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        let (stream, address) = self.next().await;
        (Line { stream, exchange: self.exchange.clone() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// An HTTP connection: a client that uses it while the network is gone finds it broken.
pub(crate) struct Line {
    stream: TcpStream,
    exchange: Arc<Exchange>,
}

impl Line {
    fn check(&self) -> io::Result<()> {
        if self.exchange.faults.is_on(&Fault::NetworkGone) { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
