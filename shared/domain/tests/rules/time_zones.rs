//! Time zones by name.

use domain::TimeZoneName;

#[test]
fn zones_are_those_of_the_iana_database() {
    for good in ["UTC", "Europe/Zurich", "America/Argentina/Buenos_Aires", "Etc/GMT+5"] {
        assert_eq!(String::from(TimeZoneName::parse(good).unwrap()), good);
    }
    let zurich = TimeZoneName::parse("europe/zurich").unwrap();
    assert_eq!(String::from(zurich), "Europe/Zurich", "kept as the database spells it");
    let bad = [
        "",
        "Mars/Olympus",
        "+02:00",
        "EST5EDT4",
        "../../etc/passwd",
        "/etc/localtime",
        "Etc/Unknown",
        "right/Europe/Zurich",
        "Europe/Zurich\0",
        "Europe",
        "tzdata.zi",
    ];
    for bad in bad {
        assert!(TimeZoneName::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn zones_are_known_where_the_system_knows_none() {
    let bundled = jiff::tz::TimeZoneDatabase::bundled();
    for zone in ["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"] {
        assert!(bundled.get(zone).is_ok(), "{zone}");
    }
}
