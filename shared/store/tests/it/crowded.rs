//! A slot with thousands of live holds.

#![expect(clippy::float_cmp, reason = "units come in halves, which are exact")]

use crate::ledger::Ledger;
use crate::units::Meter;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use domain::{Booking, NewBooking, Quantity, Resource};
use futures::{StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use store::items;
use support::fixtures::{NOW, Shortly, at, book, code, confirm, half_hour, hold, room};
use support::{Item, Tables};

/// The size of an item as DynamoDB counts it, near enough: names and texts by their bytes, a number
/// by its digits.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
fn size(item: &Item) -> usize {
    let value = |value: &AttributeValue| match (value.as_s(), value.as_n()) {
        (Ok(text), _) => text.len(),
        (_, Ok(number)) => number.len().div_ceil(2) + 1,
        _ => panic!("a slot has no {value:?}"),
    };
    item.iter().map(|(name, content)| name.len() + value(content)).sum()
}

/// Writes items as they are.
pub async fn write_all(tables: &Tables, items: &[Item]) {
    for chunk in items.chunks(25) {
        let put = |item: &Item| {
            let put = PutRequest::builder().set_item(Some(item.clone())).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        };
        let puts = chunk.iter().map(put).collect();
        let write = tables.raw.client.batch_write_item();
        write.request_items(tables.raw.name("bookings"), puts).send().await.unwrap();
    }
}

/// The only slot that anybody has touched.
async fn slot_item(tables: &Tables) -> Item {
    let items = tables.raw.scan("bookings").await;
    items.into_iter().find(|item| item["SK"].as_s().unwrap().starts_with("S#")).unwrap()
}

/// Leaves holds on that slot as requests would, each at an instant of its own: their bookings, and the
/// slot as the rules say that it is after them.
async fn leave_holds(tables: &Tables, resource: &Resource, requests: &[(NewBooking, Timestamp)]) {
    let mut item = slot_item(tables).await;
    let mut slot = items::slot::to_slot(item.clone().into()).unwrap();
    let mut bookings: Vec<Item> = Vec::new();
    for (request, now) in requests {
        let booking = request.decide(resource, &[], &code(), *now).unwrap();
        let terms = resource.terms(slot.time(), &BTreeMap::new(), *now);
        for (_, effect) in Booking::effects(None, &booking) {
            slot = slot.after(effect, terms, *now).unwrap();
        }
        bookings.push(items::booking::from_booking(&booking).unwrap().into());
    }
    write_all(tables, &bookings).await;

    let number = |number: u64| AttributeValue::N(number.to_string());
    item.insert("taken".to_owned(), number(slot.taken.into()));
    item.insert("version".to_owned(), number(slot.version.get()));
    for (end, places) in &slot.expiring {
        item.insert(items::slot::bucket_attribute(*end), number((*places).into()));
    }
    assert_eq!(items::slot::to_slot(item.clone().into()).unwrap(), slot);
    write_all(tables, &[item]).await;
}

/// With one live hold on a slot, with 400 and with 5,000: a hold and its confirmation cost the same.
/// Then all but the confirmed ones are abandoned, and the slot sells all its places again.
///
/// The first 400 are held by requests, and the rest left as requests leave them: each costs the machine
/// some 15 ms.
#[tokio::test]
async fn thousands_of_holds_on_one_slot_cost_what_one_does() {
    let tables = Tables::start();
    let meter = Meter(&tables.bookings);
    tables.bookings.put_resource(room(10_000), at(NOW)).await.unwrap();
    let resource = tables.bookings.resource(&room(1).id).await.unwrap();
    let slot = half_hour(at("09:00:00"));
    let free = async |now: Timestamp| {
        let slots = tables.bookings.availability(&resource, &[slot], now).await.unwrap();
        slots[0].free
    };
    let (mut live, mut sold) = (0_u32, 0_u32);
    let mut now = at(NOW);
    for holds in [1, 400, 5_000_u32] {
        // Spread over a hold's length, so that there is every bucket that there can be.
        let first = at(NOW);
        let span = 299_000 / i64::from(holds);
        let missing = (live..holds).map(|n| {
            let request = hold(&format!("customer-{n}-{holds}"), "1", "09:00:00");
            (request, first + SignedDuration::from_millis(i64::from(n) * span))
        });
        if holds > 400 {
            leave_holds(&tables, &resource, &missing.collect::<Vec<_>>()).await;
        } else {
            let bookings = &tables.bookings;
            let held = missing.map(|(request, now)| async move {
                bookings.place(&request, 50, now).await.map(|_| ())
            });
            let held = futures::stream::iter(held).buffer_unordered(16);
            held.try_collect::<Vec<()>>().await.unwrap();
        }
        live = holds;
        now = first + SignedDuration::from_millis(299_000);
        assert_eq!(free(now).await, 10_000 - live - sold, "with {holds} holds");

        let request = hold(&format!("buyer-{holds}"), "1", "09:00:00");
        let (held, hold_units) = meter.units(tables.bookings.place(&request, 50, now)).await;
        let confirming = confirm();
        let change = tables.bookings.carry_out(&held.customer, &held.id, &confirming, None, now);
        let (_, confirm_units) = meter.units(change).await;
        sold += 1;
        let size = size(&slot_item(&tables).await);
        println!(
            "{holds:5} live holds: hold {hold_units:?}, confirm {confirm_units:?}, \
             the slot's item {size} bytes"
        );
        assert_eq!((hold_units.written, confirm_units.written), (6.0, 4.0));
        assert_eq!((hold_units.read, confirm_units.read), (4.0, 2.0));
        assert!(size <= 1024, "{size} bytes");
    }

    // Everybody else goes away.
    let later = now + SignedDuration::from_secs(310);
    assert_eq!(free(later).await, 10_000 - sold);
    let request = hold("late", "1", "09:00:00");
    let (_, units) = meter.units(tables.bookings.place(&request, 50, later)).await;
    assert_eq!(units.written, 6.0, "sweeping costs nothing beyond the write that needs the places");
    let ledger = Ledger::read(&tables).await;
    let swept = &ledger.slots[&slot.start];
    assert_eq!((swept.taken, swept.expiring.len()), (sold + 1, 1));
    assert_eq!(free(later).await, 10_000 - sold - 1);
    let rest = Quantity::new(10_000 - sold - 1).unwrap();
    let all = NewBooking { quantity: rest, ..book("group", "1", "09:00:00") };
    tables.bookings.place(&all, 50, later).await.unwrap();
    assert_eq!(free(later).await, 0);
    Ledger::read(&tables).await.assert_balanced(10_000, later);
}
