//! Which threads the kernel lets run first.

use std::io;

/// How much less of a CPU a thread gets that gives way: about a third, where others want all of it.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// How long it runs at a time then, in nanoseconds. By default that is milliseconds, which every request of a worker on the same CPU would wait for.
#[cfg(target_os = "linux")]
const SLICE_NS: u64 = 100_000;

/// The calling thread gives way to the others of this process, and interrupts them for short moments only. So do the threads that it starts from now on, and
/// there is no way back. Kernels before Linux 6.12 choose the moments' length themselves.
#[cfg(target_os = "linux")]
pub fn give_way() -> io::Result<()> {
    const CALLING_THREAD: libc::pid_t = 0;
    const NO_FLAGS: libc::c_uint = 0;
    let attributes = libc::sched_attr {
        size: size_of::<libc::sched_attr>() as u32,
        sched_policy: libc::SCHED_OTHER as u32,
        sched_flags: 0,
        sched_nice: NICE,
        sched_priority: 0,
        sched_runtime: SLICE_NS,
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: the kernel reads the structure, which lives until the call returns, and not more of it than its size says.
    let result = unsafe { libc::syscall(libc::SYS_sched_setattr, CALLING_THREAD, &raw const attributes, NO_FLAGS) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Elsewhere threads are equal.
#[cfg(not(target_os = "linux"))]
pub fn give_way() -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_gives_way_is_nicer_than_the_one_that_started_it() {
        let nice = || {
            // SAFETY: takes numbers and touches no memory; 0 is the calling thread.
            unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
        };
        let before = nice();
        let other = std::thread::spawn(move || give_way().map(|()| nice()));
        let after = other.join().expect("the thread ends").expect("it is allowed");
        assert_eq!(after, before.max(NICE));
        assert_eq!(nice(), before);
    }
}
