//! Which threads the kernel lets run first.

use std::io;

/// How much less of a CPU a thread gets that gives way: about a third, where others want all of it.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// How long a thread runs at a time that is prompt, in nanoseconds, where others want its CPU: the shortest that the kernel grants. Who asks for little gets it at
/// once, in the place of a thread that has the default, which is milliseconds (EEVDF, Linux 6.12 and later; kernels before do not look at it).
#[cfg(target_os = "linux")]
const PROMPT_SLICE_NS: u64 = 100_000;

/// The kernel's default.
#[cfg(target_os = "linux")]
const ANY_SLICE: u64 = 0;

#[cfg(target_os = "linux")]
const CALLING_THREAD: libc::pid_t = 0;

/// The calling thread runs as soon as it has something to do, as far as the kernel lets it, and for short moments where others want the CPU too. Its share of the
/// CPU stays what it is.
#[cfg(target_os = "linux")]
pub fn be_prompt() -> io::Result<()> {
    // SAFETY: takes numbers and touches no memory. -1 may be an answer or an error, which there is none of for the calling thread.
    let nice = unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
    schedule(CALLING_THREAD, nice, PROMPT_SLICE_NS)
}

/// The calling thread gives way to the others of this process. So do the threads that it starts from now on, and there is no way back.
#[cfg(target_os = "linux")]
pub fn give_way() -> io::Result<()> {
    schedule(CALLING_THREAD, NICE, ANY_SLICE)
}

/// The same for all threads of this process that have one of these names: helpers of the calling one that were there before it.
#[cfg(target_os = "linux")]
pub fn threads_give_way(names: &[&str]) -> io::Result<()> {
    for task in std::fs::read_dir("/proc/self/task")? {
        let task = task?;
        // A thread that has ended since needs nothing.
        let Ok(name) = std::fs::read_to_string(task.path().join("comm")) else {
            continue;
        };
        let number = task.file_name().to_str().and_then(|number| number.parse().ok());
        if let Some(number) = number.filter(|_| names.contains(&name.trim_end())) {
            schedule(number, NICE, ANY_SLICE)?;
        }
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn schedule(thread: libc::pid_t, nice: i32, slice_ns: u64) -> io::Result<()> {
    const NO_FLAGS: libc::c_uint = 0;
    let attributes = libc::sched_attr {
        size: size_of::<libc::sched_attr>() as u32,
        sched_policy: libc::SCHED_OTHER as u32,
        sched_flags: 0,
        sched_nice: nice,
        sched_priority: 0,
        sched_runtime: slice_ns,
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: the kernel reads the structure, which lives until the call returns, and not more of it than its size says.
    let result = unsafe { libc::syscall(libc::SYS_sched_setattr, thread, &raw const attributes, NO_FLAGS) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Elsewhere threads are equal.
#[cfg(not(target_os = "linux"))]
pub fn be_prompt() -> io::Result<()> {
    Ok(())
}

/// Elsewhere threads are equal.
#[cfg(not(target_os = "linux"))]
pub fn give_way() -> io::Result<()> {
    Ok(())
}

/// Elsewhere threads are equal.
#[cfg(not(target_os = "linux"))]
pub fn threads_give_way(_: &[&str]) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// How nice the calling thread is.
    fn nice() -> i32 {
        // SAFETY: takes numbers and touches no memory; 0 is the calling thread.
        unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
    }

    #[test]
    fn a_prompt_thread_keeps_its_share_and_is_let_run_after_it_has_given_way() {
        let other = std::thread::spawn(|| {
            be_prompt()
                .and_then(|()| give_way())
                .and_then(|()| be_prompt())
                .map(|()| nice())
        });
        assert_eq!(
            other.join().expect("the thread ends").expect("it is allowed"),
            nice().max(NICE)
        );
    }

    #[test]
    fn a_thread_that_gives_way_is_nicer_than_the_one_that_started_it() {
        let before = nice();
        let other = std::thread::spawn(move || give_way().map(|()| nice()));
        let after = other.join().expect("the thread ends").expect("it is allowed");
        assert_eq!(after, before.max(NICE));
        assert_eq!(nice(), before);
    }

    #[test]
    fn threads_that_were_there_before_give_way_by_name() {
        let before = nice();
        let [helper, bystander] = ["net-helper", "net-bystander"].map(|name| {
            let (go, told) = std::sync::mpsc::channel::<()>();
            let (is_up, up) = std::sync::mpsc::channel::<()>();
            let run = move || {
                is_up.send(()).expect("somebody waits");
                told.recv().expect("told to go on");
                nice()
            };
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
            up.recv().expect("it runs");
            (go, thread.expect("threads can be had"))
        });
        threads_give_way(&["net-helper"]).expect("it is allowed");
        let nice_of = |(go, thread): (std::sync::mpsc::Sender<()>, std::thread::JoinHandle<i32>)| {
            go.send(()).expect("it waits");
            thread.join().expect("it ends")
        };
        assert_eq!((nice_of(helper), nice_of(bystander)), (before.max(NICE), before));
    }
}
