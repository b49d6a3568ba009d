//! The table, and the bars.

use crate::actions::{Cost, Grows};
use crate::world::Size;
use std::fmt;

/// What is read of a subject with more than a page of everything may be so much more than of one with a
/// page: a page ends elsewhere, and its items are of other lengths.
const OTHER_PAGE: f64 = 1.1;

/// An action, in each of the four systems.
#[derive(Debug)]
struct Row {
    /// In a system in which there is nothing else.
    alone: Cost,
    /// The same, beside everything that there is of this size.
    beside: Cost,
    /// Of a subject with one page of everything.
    page: Cost,
    /// Of one with as much as this size says.
    all: Cost,
}

/// What every action takes.
#[derive(Debug)]
pub struct Report {
    size: Size,
    rows: Vec<Row>,
}

impl Report {
    pub fn new(
        size: &Size,
        alone: Vec<Cost>,
        beside: Vec<Cost>,
        page: Vec<Cost>,
        all: Vec<Cost>,
    ) -> Self {
        let names = |costs: &[Cost]| costs.iter().map(|cost| cost.name).collect::<Vec<_>>();
        assert!([&beside, &page, &all].iter().all(|costs| names(costs) == names(&alone)));
        let rows = alone.into_iter().zip(beside).zip(page.into_iter().zip(all));
        let rows = rows.map(|((alone, beside), (page, all))| Row { alone, beside, page, all });
        Self { size: size.clone(), rows: rows.collect() }
    }

    /// The actions that miss a bar.
    pub fn over(&self) -> Vec<&'static str> {
        let over = self.rows.iter().filter(|row| !row.holds(&self.size));
        over.map(|row| row.alone.name).collect()
    }
}

impl Row {
    /// How often as much is read beside everything else as without it: never more, but for a page of it.
    fn beside(&self) -> (f64, Option<f64>) {
        let bar = (self.alone.grows != Grows::WithAPage).then_some(1.0);
        (ratio(&self.alone, &self.beside), bar)
    }

    /// How often as much is read of a subject that has all this as of one that has a page: no more, but
    /// where the action is about all of it; then not more than there is.
    fn own(&self, size: &Size) -> (f64, f64) {
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let more = match self.all.grows {
            Grows::Never | Grows::WithAPage => 1.0,
            Grows::WithTheCalendar => size.days as f64 / Size::PAGE.days as f64,
            Grows::WithTheHistory => f64::from(size.bookings) / f64::from(Size::PAGE.bookings),
        };
        (ratio(&self.page, &self.all), more * OTHER_PAGE)
    }

    fn holds(&self, size: &Size) -> bool {
        let ((beside, most), (own, most_own)) = (self.beside(), self.own(size));
        most.is_none_or(|most| beside <= most) && own <= most_own
    }
}

/// Of units read or of those written, whichever grew more.
fn ratio(small: &Cost, large: &Cost) -> f64 {
    // Half a unit is the least there is.
    let of = |small: f64, large: f64| large.max(0.5) / small.max(0.5);
    let (small, large) = (small.used.units, large.used.units);
    of(small.read, large.read).max(of(small.written, large.written))
}

/// In how many times the time.
fn times(small: &Cost, large: &Cost) -> f64 {
    large.used.time.as_secs_f64() / small.used.time.as_secs_f64().max(1e-6)
}

impl Report {
    /// How long each takes, which depends on the machine: the ratios tell more, and nothing is held to them.
    fn write_times(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nMilliseconds until each is answered, and in how many times the time.\n")?;
        writeln!(
            f,
            "{:30}{:>12}{:>12}{:>7}  {:>12}{:>14}{:>7}",
            "", "empty", "beside", "ratio", "page", "all", "ratio"
        )?;
        for Row { alone, beside, page, all } in &self.rows {
            let millis = |cost: &Cost| format!("{:.2}", cost.used.time.as_secs_f64() * 1000.0);
            writeln!(
                f,
                "{:30}{:>12}{:>12}{:>7.2}  {:>12}{:>14}{:>7.2}",
                alone.name,
                millis(alone),
                millis(beside),
                times(alone, beside),
                millis(page),
                millis(all),
                times(page, all)
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Size { venues, resources, days, bookings } = self.size;
        writeln!(f, "Units read + written by each request, and how often as many at most.\n")?;
        writeln!(f, "  empty    a resource that was never booked, and nothing else")?;
        writeln!(
            f,
            "  beside   the same, beside {} resources in {venues} venues",
            venues * resources
        )?;
        writeln!(
            f,
            "  page     a resource with {} days sold out, of a venue of {}; {} bookings of a customer",
            2 * Size::PAGE.days,
            Size::PAGE.resources,
            Size::PAGE.bookings
        )?;
        writeln!(
            f,
            "  all      with {} days, and {bookings} bookings, beside all resources\n",
            2 * days
        )?;
        writeln!(
            f,
            "{:30}{:>12}{:>12}{:>7}{:>6}  {:>12}{:>14}{:>7}{:>6}",
            "", "empty", "beside", "ratio", "bar", "page", "all", "ratio", "bar"
        )?;
        for row in &self.rows {
            let ((beside, most), (own, most_own)) = (row.beside(), row.own(&self.size));
            let most = most.map_or_else(|| "-".to_owned(), |most| format!("{most:.1}"));
            let units =
                |cost: &Cost| format!("{} + {}", cost.used.units.read, cost.used.units.written);
            let verdict = match (row.holds(&self.size), row.all.grows) {
                (false, _) => "  OVER",
                (true, Grows::WithTheCalendar) => "  grows with its calendar",
                (true, Grows::WithTheHistory) => "  grows with their bookings",
                (true, _) => "",
            };
            writeln!(
                f,
                "{:30}{:>12}{:>12}{beside:>7.2}{most:>6}  {:>12}{:>14}{own:>7.2}{most_own:>6.1}{verdict}",
                row.alone.name,
                units(&row.alone),
                units(&row.beside),
                units(&row.page),
                units(&row.all)
            )?;
        }
        self.write_times(f)?;
        let over = self.over();
        if over.is_empty() { Ok(()) } else { writeln!(f, "\nover: {}", over.join("; ")) }
    }
}
