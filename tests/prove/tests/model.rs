//! The models, explored in the small; and designs that are wrong, each of which they find out.

use prove::model::explore::explore;
use prove::model::sales::Sales;
use prove::model::sales::scenarios::{self, Size};
use std::time::{Duration, Instant};

#[test]
fn sizes() {
    for size in [Size::Small, Size::Large] {
        for scenario in scenarios::all(size) {
            let name = scenario.name;
            let end = Instant::now()
                + Duration::from_secs(std::env::var("SECS").unwrap().parse().unwrap());
            match explore(name, &Sales::new(scenario), end) {
                Ok(explored) => println!("{size:?} {name} {explored:?}"),
                Err(found) => println!(
                    "{size:?} {name} BROKEN {:?}\n{}",
                    found.broken,
                    found.history.join("\n")
                ),
            }
        }
    }
}
