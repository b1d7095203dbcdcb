//! Points in time, written for operators.

/// Seconds since the epoch as `2026-01-31T12:00:00Z`.
pub(crate) fn format_utc(unix_seconds: u64) -> String {
    let days = unix_seconds / 86_400;
    let second_of_day = unix_seconds % 86_400;
    let (year, month, day) = civil_date(days);
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Day number since 1970-01-01 to a date of the Gregorian calendar, counted in years that begin in March so that the leap
/// day is their last.
fn civil_date(days: u64) -> (u64, u64, u64) {
    const DAYS_PER_ERA: u64 = 146_097;
    let shifted = days + 719_468;
    let era = shifted / DAYS_PER_ERA;
    let day_of_era = shifted % DAYS_PER_ERA;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

/// A UTC date and time as seconds since the epoch; absent where there is no such time.
pub(crate) fn unix_seconds(year: i64, [month, day, hour, minute, second]: [i64; 5]) -> Option<i64> {
    let in_range = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    if !in_range || !(0..10_000).contains(&year) {
        return None;
    }
    // The inverse of `civil_date`.
    let (year, march_month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::{format_utc, unix_seconds};

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(format_utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(format_utc(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(format_utc(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(format_utc(1_767_225_599), "2025-12-31T23:59:59Z");
    }
    #[test]
    fn seconds_are_the_inverse_of_dates() {
        assert_eq!(unix_seconds(1970, [1, 1, 0, 0, 0]), Some(0));
        assert_eq!(unix_seconds(2000, [2, 29, 0, 0, 0]), Some(951_782_400));
        assert_eq!(unix_seconds(2025, [12, 31, 23, 59, 59]), Some(1_767_225_599));
        assert_eq!(unix_seconds(1969, [12, 31, 23, 59, 59]), Some(-1));
        assert_eq!(unix_seconds(2025, [13, 1, 0, 0, 0]), None);
    }
}
