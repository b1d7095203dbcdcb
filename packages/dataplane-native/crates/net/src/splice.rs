//! splice(2) between two sockets through a pipe: bytes that never enter this process.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

use tokio::io::Interest;

use crate::Socket;

/// How much one pipe carries; also what the pile asks the kernel for.
const PIPE_BYTES: usize = 256 * 1024;
/// Pipes that wait for use on one thread.
const SPARE_PIPES: usize = 32;

thread_local! {
    static PILE: RefCell<Vec<Pipe>> = const { RefCell::new(Vec::new()) };
}

/// A pipe and how many bytes are in it.
#[derive(Debug)]
pub(crate) struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
    held: usize,
}

impl Pipe {
    /// An empty pipe from this thread's pile.
    pub(crate) fn take() -> io::Result<Self> {
        match PILE.try_with(|pile| pile.borrow_mut().pop()) {
            Ok(Some(pipe)) => Ok(pipe),
            _ => Self::open(),
        }
    }

    /// Back to the pile; a pipe with bytes in it belongs to one connection only and is closed.
    pub(crate) fn give_back(self) {
        if self.held > 0 {
            return;
        }
        let _ = PILE.try_with(|pile| {
            let mut spares = pile.borrow_mut();
            if spares.len() < SPARE_PIPES {
                spares.push(self);
            }
        });
    }

    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// Moves what has arrived on `socket` into the pipe: `0` is the end, `WouldBlock` means nothing is there.
    ///
    /// Called on an empty pipe only, since a full one answers `WouldBlock` too.
    pub(crate) fn fill_from(&mut self, socket: &Socket) -> io::Result<usize> {
        debug_assert_eq!(self.held, 0);
        let count = socket.try_io(Interest::READABLE, || move_bytes(socket, &self.write, PIPE_BYTES))?;
        self.held += count;
        Ok(count)
    }

    /// Moves what the pipe holds to `socket`.
    pub(crate) fn drain_to(&mut self, socket: &Socket) -> io::Result<usize> {
        let count = socket.try_io(Interest::WRITABLE, || move_bytes(&self.read, socket, self.held))?;
        self.held -= count;
        Ok(count)
    }

    fn open() -> io::Result<Self> {
        let mut ends = [-1; 2];
        // SAFETY: `ends` has room for the two descriptors, which are new and owned by nobody else.
        let (read, write) = unsafe {
            if libc::pipe2(ends.as_mut_ptr(), libc::O_NONBLOCK | libc::O_CLOEXEC) != 0 {
                return Err(io::Error::last_os_error());
            }
            (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1]))
        };
        // Best effort: unprivileged users have a limit on pipe memory, and the default size works too.
        // SAFETY: the descriptor is open; the call changes nothing but the pipe's capacity.
        unsafe { libc::fcntl(write.as_raw_fd(), libc::F_SETPIPE_SZ, PIPE_BYTES as libc::c_int) };
        Ok(Self { read, write, held: 0 })
    }
}

fn move_bytes(from: &impl AsRawFd, to: &impl AsRawFd, limit: usize) -> io::Result<usize> {
    loop {
        // SAFETY: both descriptors are open for the call; without offsets splice(2) touches no memory of ours.
        let moved = unsafe {
            libc::splice(
                from.as_raw_fd(),
                ptr::null_mut(),
                to.as_raw_fd(),
                ptr::null_mut(),
                limit,
                libc::SPLICE_F_NONBLOCK | libc::SPLICE_F_MOVE,
            )
        };
        if let Ok(count) = usize::try_from(moved) {
            return Ok(count);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}
