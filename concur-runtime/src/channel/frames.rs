//! Frames on a socket of ours: one message each, with descriptors beside it.
//!
//! The sockets are sequenced packets: a frame arrives whole or not at all, and its length is known
//! before it is read. Everything received is close-on-exec.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};

use crate::config::MOST_LANES;
use crate::wire::FRAME_LIMIT;

/// So many descriptors come with a frame at the most: three, and the sockets of a worker's lanes.
const MOST_DESCRIPTORS: usize = 3 + MOST_LANES;

/// Two connected ends.
pub(crate) fn close_on_exec_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let kind = SocketType::SEQPACKET;
    Ok(rustix::net::socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?)
}

/// Sends a frame; never raises SIGPIPE and never waits for room.
pub(crate) fn send(socket: impl AsFd, bytes: &[u8]) -> io::Result<()> {
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    retry(|| rustix::net::send(&socket, bytes, flags).map(drop))
}

/// Sends a frame with descriptors; waits for room, since a frame like this is never in the way of
/// another.
pub(crate) fn send_with(
    socket: impl AsFd,
    bytes: &[u8],
    descriptors: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let parts = [IoSlice::new(bytes)];
    retry(|| rustix::net::sendmsg(&socket, &parts, &mut ancillary, SendFlags::NOSIGNAL).map(drop))
}

/// A frame that has arrived.
pub(crate) struct Frame {
    pub(crate) bytes: Vec<u8>,
    pub(crate) descriptors: Vec<OwnedFd>,
}

/// Receives a frame; `None` at the end of the other side. With `wait` false, `WouldBlock` if there
/// is none. A socket has one reader at a time.
pub(crate) fn receive(socket: impl AsFd, wait: bool) -> io::Result<Option<Frame>> {
    let now = RecvFlags::DONTWAIT;
    let look = RecvFlags::PEEK | RecvFlags::TRUNC | if wait { RecvFlags::empty() } else { now };
    let (_, len) = retry(|| rustix::net::recv(&socket, &mut [0_u8; 0], look))?;
    if len == 0 {
        return Ok(None);
    }
    if len > FRAME_LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is longer than its limit"));
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut bytes = vec![0; len];
    retry(|| {
        let mut parts = [IoSliceMut::new(&mut bytes)];
        let flags = now | RecvFlags::CMSG_CLOEXEC;
        rustix::net::recvmsg(&socket, &mut parts, &mut ancillary, flags)
    })?;
    let descriptors = ancillary
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
            _ => None,
        })
        .flatten()
        .collect();
    Ok(Some(Frame { bytes, descriptors }))
}

/// Takes what is there and forgets it. `true` at the end of the other side.
pub(crate) fn drain(socket: impl AsFd) -> bool {
    loop {
        match receive(&socket, false) {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(err) => return err.kind() != io::ErrorKind::WouldBlock,
        }
    }
}

fn retry<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}
