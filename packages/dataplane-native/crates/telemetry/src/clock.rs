//! Wall-clock time and how it is written.

use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since the Unix epoch, now.
pub fn unix_micros() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX)
}

/// A time as access logs write it: `2026-01-31T12:00:00.123Z`.
pub fn timestamp(unix_us: i64) -> String {
    let mut text = String::new();
    push_timestamp(&mut text, unix_us);
    text
}

/// Appends `2026-01-31T12:00:00.123Z`, as Envoy writes start times.
pub(crate) fn push_timestamp(out: &mut String, unix_us: i64) {
    use std::fmt::Write as _;
    let millis = u64::try_from(unix_us / 1000).unwrap_or(0);
    let seconds = millis / 1000;
    let (year, month, day) = civil_date(seconds / 86_400);
    let of_day = seconds % 86_400;
    let _ = write!(
        out,
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60,
        millis % 1000
    );
}

/// Days since 1970-01-01 to a date of the Gregorian calendar; years begin in March here so that the leap day ends them.
pub(crate) fn civil_date(days: u64) -> (u64, u64, u64) {
    const DAYS_PER_ERA: u64 = 146_097;
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / DAYS_PER_ERA, shifted % DAYS_PER_ERA);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::push_timestamp;

    #[test]
    fn timestamps_have_milliseconds_and_a_zone() {
        let mut text = String::new();
        push_timestamp(&mut text, 951_868_799_123_456);
        assert_eq!(text, "2000-02-29T23:59:59.123Z");
    }
}
