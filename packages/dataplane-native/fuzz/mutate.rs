//! A fuzzer for `cargo test`: mutates the committed corpus with a fixed seed, a bounded number of times. Included by
//! `tests/fuzz.rs` of the crates that parse what strangers send.

use std::path::Path;

/// Runs `target` on every file of `corpus/<name>` and on `rounds` mutations of them. A panic of the target fails the
/// test; its input is printed first.
pub(crate) fn run(name: &str, rounds: u32, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(name);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("no corpus in {}: {error}", folder.display()))
        .map(|entry| entry.expect("directory entry").path())
        .collect();
    files.sort();
    let corpus: Vec<Vec<u8>> = files
        .iter()
        .map(|file| std::fs::read(file).expect("corpus file"))
        .collect();
    assert!(!corpus.is_empty(), "the corpus {name} is empty");
    for input in &corpus {
        check(target, input);
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..u64::from(rounds) * times() {
        let mut input = corpus[random.below(corpus.len())].clone();
        for _ in 0..=random.below(4) {
            mutate(&mut input, &corpus, &mut random);
        }
        check(target, &input);
    }
}

/// How many times as long as in CI, for somebody who waits: `FUZZ_TIMES=100 cargo test -p http --test fuzz`.
fn times() -> u64 {
    let times = std::env::var("FUZZ_TIMES").ok();
    times.map_or(1, |times| times.parse().expect("FUZZ_TIMES is a number"))
}

fn check(target: fn(&[u8]), input: &[u8]) {
    let outcome = std::panic::catch_unwind(|| target(input));
    assert!(outcome.is_ok(), "panicked on {:?}", input.escape_ascii().to_string());
}

fn mutate(input: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Random) {
    const INTERESTING: [u8; 10] = [0, 1, 0x7f, 0x80, 0xff, b' ', b'\r', b'\n', b':', b'0'];
    let place = random.below(input.len() + 1);
    let end = (place + random.below(16)).min(input.len());
    match random.below(8) {
        0 if place < input.len() => input[place] ^= 1 << random.below(8),
        1 if place < input.len() => input[place] = INTERESTING[random.below(INTERESTING.len())],
        2 => input.insert(place, INTERESTING[random.below(INTERESTING.len())]),
        3 => drop(input.drain(place..end)),
        4 => {
            let piece = input[place..end].to_vec();
            let again = random.below(8);
            for _ in 0..again {
                input.splice(place..place, piece.iter().copied());
            }
        }
        5 => input.truncate(place),
        6 => {
            let other = &corpus[random.below(corpus.len())];
            let from = random.below(other.len() + 1);
            input.truncate(place);
            input.extend_from_slice(&other[from..]);
        }
        _ => input.insert(place, random.next() as u8),
    }
}

/// xorshift64*: the same inputs in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, bound: usize) -> usize {
        if bound == 0 {
            0
        } else {
            (self.next() % bound as u64) as usize
        }
    }
}
