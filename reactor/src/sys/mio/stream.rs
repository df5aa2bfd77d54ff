//! TCP and Unix stream sockets.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mio::event::Source;
use mio::{Interest, Registry, Token};
use readily_protocols::contract::Address;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
use socket2::{Domain, SockAddr, SockRef, Socket, TcpKeepalive, Type};

use crate::sys::{Listen, PortSharing, StreamOptions};

/// A connected stream.
#[derive(Debug)]
pub enum Stream {
    /// Over IP.
    Tcp(mio::net::TcpStream),
    /// On this machine.
    Unix(mio::net::UnixStream),
}

impl Stream {
    pub(super) fn connect(to: &Address, options: &StreamOptions) -> io::Result<Self> {
        let (domain, address) = socket_address(to)?;
        let socket = Socket::new(domain, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        set_options(&socket, options, matches!(to, Address::Ip(_)))?;
        match socket.connect(&address) {
            Ok(()) => {}
            Err(error)
                if error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {}
            Err(error) => return Err(error),
        }
        Ok(match to {
            Address::Ip(_) => Stream::Tcp(mio::net::TcpStream::from_std(socket.into())),
            Address::Unix(_) => Stream::Unix(mio::net::UnixStream::from_std(socket.into())),
        })
    }

    pub(super) fn connected(&self) -> io::Result<()> {
        let Stream::Tcp(stream) = self else {
            let Stream::Unix(stream) = self else { return Ok(()) };
            return match stream.take_error()? {
                Some(error) => Err(error),
                None => stream.peer_addr().map(drop),
            };
        };
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        let peer = stream.peer_addr()?;
        // A connect to a free port of the ephemeral range can meet itself (simultaneous open).
        if stream.local_addr().is_ok_and(|local| local == peer) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        Ok(())
    }

    pub(super) fn write_ahead(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        // A stream whose peer is gone answers by an error, not by a signal.
        let flags = SendFlags::MORE | SendFlags::NOSIGNAL;
        Ok(sendmsg(self, slices, &mut SendAncillaryBuffer::default(), flags)?)
    }

    pub(super) fn reset_on_close(&self) {
        // Where this fails the connection is dead already, and a reset is what the peer gets
        // anyway.
        let _ = match self {
            Stream::Tcp(stream) => SockRef::from(stream).set_linger(Some(Duration::ZERO)),
            Stream::Unix(_) => Ok(()),
        };
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Stream::Tcp(stream) => stream.as_fd(),
            Stream::Unix(stream) => stream.as_fd(),
        }
    }
}

/// A listening socket.
#[derive(Debug)]
pub enum Listener {
    /// Over IP.
    Tcp(mio::net::TcpListener),
    /// On this machine; its path is removed with it.
    Unix(mio::net::UnixListener, Bound),
}

impl Listener {
    pub(super) fn open(at: &Address, options: &Listen) -> io::Result<(Self, Address)> {
        let (domain, address) = socket_address(at)?;
        let socket = Socket::new(domain, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        let is_ip = matches!(at, Address::Ip(_));
        if is_ip {
            socket.set_reuse_address(true)?;
            socket.set_reuse_port(options.sharing == PortSharing::Shared)?;
        }
        // What is set here is inherited by each accepted stream, without a system call for it.
        set_options(&socket, &options.stream, is_ip)?;
        if let Address::Unix(path) = at {
            remove_stale(path)?;
        }
        socket.bind(&address)?;
        socket.listen(i32::try_from(options.backlog).unwrap_or(i32::MAX))?;
        Ok(match at {
            Address::Ip(_) => {
                let listener = mio::net::TcpListener::from_std(socket.into());
                let bound = listener.local_addr()?;
                (Listener::Tcp(listener), bound.into())
            }
            Address::Unix(path) => {
                let listener = mio::net::UnixListener::from_std(socket.into());
                (Listener::Unix(listener, Bound(path.clone())), at.clone())
            }
        })
    }

    pub(super) fn accept(&self) -> io::Result<(Stream, Address)> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, from) = listener.accept()?;
                Ok((Stream::Tcp(stream), from.into()))
            }
            Listener::Unix(listener, _) => {
                let (stream, from) = listener.accept()?;
                let path = from.as_pathname().unwrap_or(Path::new(""));
                Ok((Stream::Unix(stream), path.into()))
            }
        }
    }
}

/// The path of a listening socket, which is removed with it.
#[derive(Debug)]
pub struct Bound(PathBuf);

impl Drop for Bound {
    fn drop(&mut self) {
        if !is_abstract(&self.0) {
            // Somebody may have removed it before us.
            let _ = std::fs::remove_file(&self.0);
        }
    }
}

/// Removes what a server that ended without cleaning up left behind: a socket that nobody answers
/// on.
fn remove_stale(path: &Path) -> io::Result<()> {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    if is_abstract(path) || !is_socket {
        return Ok(());
    }
    let probe = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    match probe.connect(&SockAddr::unix(path)?) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path)
        }
        _ => Ok(()),
    }
}

fn is_abstract(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().starts_with(b"@")
}

fn socket_address(at: &Address) -> io::Result<(Domain, SockAddr)> {
    Ok(match at {
        Address::Ip(at @ SocketAddr::V4(_)) => (Domain::IPV4, SockAddr::from(*at)),
        Address::Ip(at @ SocketAddr::V6(_)) => (Domain::IPV6, SockAddr::from(*at)),
        Address::Unix(path) if is_abstract(path) => {
            let mut name = path.as_os_str().as_encoded_bytes().to_vec();
            name[0] = 0;
            let name = String::from_utf8(name).map_err(|_| io::ErrorKind::InvalidInput)?;
            (Domain::UNIX, SockAddr::unix(name)?)
        }
        Address::Unix(path) => (Domain::UNIX, SockAddr::unix(path)?),
    })
}

fn set_options(socket: &Socket, options: &StreamOptions, is_ip: bool) -> io::Result<()> {
    if let Some(bytes) = options.send_buffer {
        socket.set_send_buffer_size(bytes)?;
    }
    if let Some(bytes) = options.receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    if !is_ip {
        return Ok(());
    }
    if let Some(idle) = options.keepalive {
        socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(idle))?;
    }
    socket.set_tcp_nodelay(options.nodelay)
}

macro_rules! is_a_source {
    ($($kind:ident { $tcp:pat => $a:expr, $unix:pat => $b:expr })*) => {$(
        impl Source for $kind {
            fn register(&mut self, to: &Registry, at: Token, what: Interest) -> io::Result<()> {
                match self {
                    $tcp => $a.register(to, at, what),
                    $unix => $b.register(to, at, what),
                }
            }

            fn reregister(&mut self, to: &Registry, at: Token, what: Interest) -> io::Result<()> {
                match self {
                    $tcp => $a.reregister(to, at, what),
                    $unix => $b.reregister(to, at, what),
                }
            }

            fn deregister(&mut self, from: &Registry) -> io::Result<()> {
                match self {
                    $tcp => $a.deregister(from),
                    $unix => $b.deregister(from),
                }
            }
        }
    )*};
}

is_a_source! {
    Stream { Stream::Tcp(tcp) => tcp, Stream::Unix(unix) => unix }
    Listener { Listener::Tcp(tcp) => tcp, Listener::Unix(unix, _) => unix }
}
