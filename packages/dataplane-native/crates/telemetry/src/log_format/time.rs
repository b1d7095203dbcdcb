//! Times of log lines.

use std::fmt::Write as _;

use super::InvalidLogFormat;
use crate::clock::{civil_date, push_timestamp};

/// How a time is written: parts of Envoy's date format (`strftime` with fractions of seconds).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TimeFormat(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Year,
    Month,
    Day,
    PaddedDay,
    DayOfYear,
    Hour,
    Hour12,
    Minute,
    Second,
    /// Digits of the fraction of a second.
    Fraction(usize),
    /// Seconds since the epoch, with digits of a fraction written right behind them (`%3s` are milliseconds).
    Epoch(usize),
    MonthName(usize),
    WeekdayName(usize),
    Meridiem,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = [
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
];

impl TimeFormat {
    /// Empty text is ISO 8601 with milliseconds.
    pub(super) fn parse(text: &str) -> Result<Self, InvalidLogFormat> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('%') {
            push_literal(&mut parts, literal);
            rest = parse_part(after, &mut parts)
                .ok_or_else(|| InvalidLogFormat::new(format!("`%{after}` is no part of a time this proxy writes")))?;
        }
        push_literal(&mut parts, rest);
        Ok(Self(parts))
    }

    pub(super) fn write(&self, unix_us: i64, out: &mut String) {
        if self.0.is_empty() {
            push_timestamp(out, unix_us);
            return;
        }
        let micros = u64::try_from(unix_us).unwrap_or(0);
        let seconds = micros / 1_000_000;
        let nanos = micros % 1_000_000 * 1000;
        let days = seconds / 86_400;
        let of_day = seconds % 86_400;
        let hour = of_day / 3600;
        let (year, month, day) = civil_date(days);
        for part in &self.0 {
            // Formatting into a string cannot fail.
            let _ = match part {
                Part::Literal(text) => out.write_str(text),
                Part::Year => write!(out, "{year:04}"),
                Part::Month => write!(out, "{month:02}"),
                Part::Day => write!(out, "{day:02}"),
                Part::PaddedDay => write!(out, "{day:2}"),
                Part::DayOfYear => write!(out, "{:03}", day_of_year(year, month, day)),
                Part::Hour => write!(out, "{hour:02}"),
                Part::Hour12 => write!(out, "{:02}", (hour + 11) % 12 + 1),
                Part::Minute => write!(out, "{:02}", of_day / 60 % 60),
                Part::Second => write!(out, "{:02}", of_day % 60),
                Part::Fraction(digits) => out.write_str(&format!("{nanos:09}")[..*digits]),
                Part::Epoch(digits) => write!(out, "{seconds}{}", &format!("{nanos:09}")[..*digits]),
                Part::MonthName(length) => out.write_str(cut(MONTHS[month as usize - 1], *length)),
                Part::WeekdayName(length) => out.write_str(cut(WEEKDAYS[(days % 7) as usize], *length)),
                Part::Meridiem => out.write_str(if hour < 12 { "AM" } else { "PM" }),
            };
        }
    }
}

fn push_literal(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Literal(text.to_owned()));
    }
}

fn cut(name: &str, length: usize) -> &str {
    name.get(..length).unwrap_or(name)
}

fn day_of_year(year: u64, month: u64, day: u64) -> u64 {
    const BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    BEFORE[month as usize - 1] + day + u64::from(is_leap && month > 2)
}

/// Parses what follows a percent sign, and answers what is left.
fn parse_part<'a>(text: &'a str, parts: &mut Vec<Part>) -> Option<&'a str> {
    let first = text.chars().next()?;
    if let Some(digits) = first.to_digit(10).filter(|digits| (1..=9).contains(digits)) {
        let digits = digits as usize;
        parts.push(match text.as_bytes().get(1)? {
            b'f' => Part::Fraction(digits),
            b's' => Part::Epoch(digits),
            _ => return None,
        });
        return text.get(2..);
    }
    if first == 'E' {
        // `%E3S`: seconds with a fraction of so many digits; `%E*S` of all of them.
        let digits = match text.as_bytes().get(1)? {
            b'*' => 9,
            digit @ b'1'..=b'9' => usize::from(digit - b'0'),
            _ => return None,
        };
        if text.as_bytes().get(2)? != &b'S' {
            return None;
        }
        parts.extend([Part::Second, Part::Literal(".".to_owned()), Part::Fraction(digits)]);
        return text.get(3..);
    }
    let literal = |text: &str| Part::Literal(text.to_owned());
    match first {
        'Y' => parts.push(Part::Year),
        'm' => parts.push(Part::Month),
        'd' => parts.push(Part::Day),
        'e' => parts.push(Part::PaddedDay),
        'j' => parts.push(Part::DayOfYear),
        'H' => parts.push(Part::Hour),
        'I' => parts.push(Part::Hour12),
        'M' => parts.push(Part::Minute),
        'S' => parts.push(Part::Second),
        's' => parts.push(Part::Epoch(0)),
        'f' => parts.push(Part::Fraction(9)),
        'b' | 'h' => parts.push(Part::MonthName(3)),
        'B' => parts.push(Part::MonthName(usize::MAX)),
        'a' => parts.push(Part::WeekdayName(3)),
        'A' => parts.push(Part::WeekdayName(usize::MAX)),
        'p' => parts.push(Part::Meridiem),
        'z' => parts.push(literal("+0000")),
        'Z' => parts.push(literal("UTC")),
        'n' => parts.push(literal(" ")),
        't' => parts.push(literal("\t")),
        '%' => parts.push(literal("%")),
        'F' => parts.extend([Part::Year, literal("-"), Part::Month, literal("-"), Part::Day]),
        'T' => parts.extend([Part::Hour, literal(":"), Part::Minute, literal(":"), Part::Second]),
        'R' => parts.extend([Part::Hour, literal(":"), Part::Minute]),
        _ => return None,
    }
    text.get(1..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: &str) -> String {
        let mut out = String::new();
        TimeFormat::parse(format)
            .expect("format")
            .write(951_868_799_123_456, &mut out);
        out
    }

    #[test]
    fn times_are_written_as_envoy_does() {
        for (format, expected) in [
            ("", "2000-02-29T23:59:59.123Z"),
            ("%Y/%m/%dT%H:%M:%S%z", "2000/02/29T23:59:59+0000"),
            ("%Y-%m-%dT%H:%M:%E3SZ", "2000-02-29T23:59:59.123Z"),
            ("%s.%3f", "951868799.123"),
            ("%3s %6f %9f", "951868799123 123456 123456000"),
            ("%a, %d %b %Y %T %Z", "Tue, 29 Feb 2000 23:59:59 UTC"),
            ("%A %B %j %I%p 100%%", "Tuesday February 060 11PM 100%"),
            ("%F %R", "2000-02-29 23:59"),
        ] {
            assert_eq!(written(format), expected, "{format}");
        }
    }

    #[test]
    fn a_part_that_is_not_known_is_refused() {
        for bad in ["%Q", "%", "%E", "%0f", "%D"] {
            assert!(TimeFormat::parse(bad).is_err(), "{bad}");
        }
    }
}
