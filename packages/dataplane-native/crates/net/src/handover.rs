//! Descriptors that go from one process to another.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// Room for one descriptor and what the kernel puts around it, aligned as the kernel wants it.
#[repr(C, align(8))]
struct Control([u8; 64]);

/// Sends `bytes`, which must not be empty, with a descriptor. The receiver gets a copy that is its own.
pub fn send_with_fd(stream: &UnixStream, bytes: &[u8], fd: BorrowedFd<'_>) -> io::Result<()> {
    let mut piece = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    let mut control = Control([0; 64]);
    // SAFETY: all-zero bytes are a valid `msghdr`.
    let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_iov = &raw mut piece;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    let size = size_of::<libc::c_int>() as libc::c_uint;
    // SAFETY: `CMSG_SPACE` only computes.
    message.msg_controllen = unsafe { libc::CMSG_SPACE(size) } as _;
    // SAFETY: `msg_control` points to zeroed memory that is larger than `msg_controllen`, so the first header and the
    // descriptor behind it lie within it; the kernel reads them and `bytes` during the call only.
    let sent = unsafe {
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(size) as _;
        libc::CMSG_DATA(header)
            .cast::<libc::c_int>()
            .write_unaligned(fd.as_raw_fd());
        libc::sendmsg(stream.as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL)
    };
    match usize::try_from(sent) {
        Ok(count) if count == bytes.len() => Ok(()),
        Ok(_) => Err(io::ErrorKind::WriteZero.into()),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

/// Receives bytes, and the descriptor that came with them, if one did. 0 bytes are the end.
pub fn receive_with_fd(stream: &UnixStream, bytes: &mut [u8]) -> io::Result<(usize, Option<OwnedFd>)> {
    let mut piece = libc::iovec {
        iov_base: bytes.as_mut_ptr().cast(),
        iov_len: bytes.len(),
    };
    let mut control = Control([0; 64]);
    // SAFETY: all-zero bytes are a valid `msghdr`.
    let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_iov = &raw mut piece;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    // SAFETY: `CMSG_SPACE` only computes. There is room for one descriptor, so the kernel closes any others.
    message.msg_controllen = unsafe { libc::CMSG_SPACE(size_of::<libc::c_int>() as libc::c_uint) } as _;
    // SAFETY: the message points to memory that is as large as it says and that outlives the call.
    let count = unsafe { libc::recvmsg(stream.as_raw_fd(), &raw mut message, libc::MSG_CMSG_CLOEXEC) };
    let Ok(count) = usize::try_from(count) else {
        return Err(io::Error::last_os_error());
    };
    // SAFETY: the kernel has filled in `msg_controllen`; a header that is found lies within it. A descriptor in a message
    // of rights is open and belongs to this process alone.
    let fd = unsafe {
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        let is_descriptor = !header.is_null()
            && (*header).cmsg_level == libc::SOL_SOCKET
            && (*header).cmsg_type == libc::SCM_RIGHTS
            && (*header).cmsg_len as usize >= libc::CMSG_LEN(size_of::<libc::c_int>() as libc::c_uint) as usize;
        is_descriptor.then(|| OwnedFd::from_raw_fd(libc::CMSG_DATA(header).cast::<libc::c_int>().read_unaligned()))
    };
    Ok((count, fd))
}

/// The user that the process at the other end belongs to.
pub fn peer_user(stream: &UnixStream) -> io::Result<u32> {
    let mut credentials = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the descriptor is open, and `credentials` is as large as `length` says.
    let result = unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut credentials).cast(),
            &raw mut length,
        )
    };
    if result == 0 {
        Ok(credentials.uid)
    } else {
        Err(io::Error::last_os_error())
    }
}

/// The user that this process acts as.
pub fn own_user() -> u32 {
    // SAFETY: it always succeeds and touches no memory.
    unsafe { libc::geteuid() }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::fd::AsFd as _;

    use super::*;

    #[test]
    fn a_descriptor_arrives_as_another_one_of_the_same_file() {
        let (one, two) = UnixStream::pair().expect("pair");
        let (mut near, far) = UnixStream::pair().expect("pair");
        send_with_fd(&one, b"here", far.as_fd()).expect("send");
        drop(far);
        let mut bytes = [0; 8];
        let (count, fd) = receive_with_fd(&two, &mut bytes).expect("receive");
        assert_eq!(&bytes[..count], b"here");
        let mut arrived = UnixStream::from(fd.expect("a descriptor"));
        near.write_all(b"through").expect("write");
        let mut text = [0; 7];
        arrived.read_exact(&mut text).expect("read");
        assert_eq!(&text, b"through");
    }

    #[test]
    fn bytes_alone_bring_no_descriptor() {
        let (mut one, two) = UnixStream::pair().expect("pair");
        one.write_all(b"x").expect("write");
        let (count, fd) = receive_with_fd(&two, &mut [0; 8]).expect("receive");
        assert_eq!((count, fd.is_none()), (1, true));
        assert_eq!(peer_user(&one).expect("user"), own_user());
        drop(one);
        assert_eq!(receive_with_fd(&two, &mut [0; 8]).expect("end").0, 0);
    }
}
