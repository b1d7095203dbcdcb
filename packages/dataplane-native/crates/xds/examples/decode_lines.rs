//! Decodes resources from standard input, one a line (kind, name, the message in hexadecimal, with tabs between), and
//! prints what is wrong with them: `cargo run -p xds --example decode_lines < resources.hex`.
#![allow(clippy::print_stdout, reason = "printing is its purpose")]

use std::io::BufRead as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut accepted = 0;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut parts = line.splitn(3, '\t');
        let [Some(kind), Some(name), Some(hex)] = [parts.next(), parts.next(), parts.next()] else {
            return Err("a line needs kind, name and message".into());
        };
        let known = xds::ResourceType::ALL.into_iter().find(|known| known.noun() == kind);
        let kind = known.ok_or_else(|| format!("{kind:?} is not a kind of resource"))?;
        match xds::decode(kind, name, &bytes(hex)?) {
            Ok(decode) => {
                accepted += 1;
                decode
                    .warnings
                    .iter()
                    .for_each(|warning| println!("warning: {warning}"));
            }
            Err(errors) => errors.iter().for_each(|error| println!("error: {error}")),
        }
    }
    println!("{accepted} accepted");
    Ok(())
}

fn bytes(hex: &str) -> Result<Vec<u8>, std::num::ParseIntError> {
    let digits: Vec<char> = hex.chars().collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16))
        .collect()
}
