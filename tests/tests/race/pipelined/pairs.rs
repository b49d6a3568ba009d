//! Two requests at once, of the kinds that once left a connection in two minds.

use super::model::Request::{Refresh, Subscribe, Unsubscribe};
use super::stage::Stage;
use e2e::json;
use e2e::wait::eventually;
use futures::future::{join, join_all};

const PLAYERS: usize = 12;

/// How often each of them tries.
fn rounds() -> usize {
    if e2e::gateway::is_deployed() { 1 } else { 5 }
}

#[tokio::test]
async fn an_operator_who_becomes_a_customer_is_told_no_more_of_others() {
    let mut stage = Stage::set(1).await;
    let [_, bookings] = &stage.topics()[..] else { panic!("one room has two topics") };
    let bookings = bookings.clone();
    let mut players = join_all((0..PLAYERS).map(|_| stage.player(true, 3600))).await;
    let mut roles = vec![];
    for player in &players {
        let made = [false, true].map(|operator| stage.token(player, operator, 3600));
        roles.push(join_all(made).await);
    }
    for round in 0..rounds() {
        join_all(players.iter_mut().zip(&roles).map(async |(player, roles)| {
            let mut requests = [Subscribe(bookings.clone()), Refresh(roles[0].clone())];
            if round % 2 == 1 {
                requests.reverse();
            }
            stage.pipeline(player, &requests).await;
        }))
        .await;
        let pushed = stage.pushed(&mut players).await;
        for (player, pushed) in players.iter().zip(pushed) {
            assert!(!pushed.contains(&bookings), "round {round}: {} is told", player.name);
        }
        stage.rows(&players, &format!("after round {round}")).await;
        join_all(players.iter_mut().zip(&roles).map(async |(player, roles)| {
            stage.pipeline(player, &[Refresh(roles[1].clone())]).await;
        }))
        .await;
    }
}

#[tokio::test]
async fn a_topic_subscribed_during_a_refresh_outlives_the_old_token() {
    let mut stage = Stage::set(3).await;
    let topics = stage.topics();
    let mut players = join_all((0..PLAYERS).map(|_| stage.player(true, 3600))).await;
    let mut round = 0;
    // The last race is one with old tokens that really end; on a slow machine, a later one.
    let mut brief = 4;
    let last = loop {
        let last_race = round >= rounds();
        let old = if last_race { brief } else { 3000 };
        let raced = players.iter_mut().map(async |player| {
            let (old, new) =
                join(stage.token(player, true, old), stage.token(player, true, 4000)).await;
            let all = topics.iter().cloned();
            let unsubscribe: Vec<_> = all.clone().map(Unsubscribe).collect();
            stage.pipeline(player, &unsubscribe).await;
            let mut race: Vec<_> = all.map(Subscribe).collect();
            race.insert(round % race.len(), Refresh(new.clone()));
            let begun = stage.codes(player, &[Refresh(old.clone())]).await;
            let raced = stage.codes(player, &race).await;
            let in_time = begun.iter().chain(&raced).all(String::is_empty);
            assert!(in_time || last_race, "{begun:?}, {raced:?}");
            if !in_time {
                stage.pipeline(player, &[Refresh(new)]).await;
            }
            (in_time, old.expires)
        });
        let raced = join_all(raced).await;
        stage.rows(&players, &format!("after round {round}")).await;
        let in_time = raced.iter().all(|(in_time, _)| *in_time);
        if last_race && in_time {
            break raced.into_iter().map(|(_, end)| end).max().unwrap();
        }
        if last_race {
            brief *= 2;
        }
        round += 1;
    };
    let client = &mut players[0].client;
    eventually("the old tokens to end", async || {
        let now = client.ok(json!({"action": "ping"})).await["now"].take();
        let now: jiff::Timestamp = now.as_str().unwrap().parse().unwrap();
        (now.as_second() > i64::try_from(last).unwrap()).then_some(())
    })
    .await;
    let rows = stage.rows(&players, "after the old tokens ended").await;
    assert!(rows.iter().all(|rows| rows.topics.len() == topics.len() + 2));
    stage.assert_pushed(&mut players, &rows).await;
}

#[tokio::test]
async fn what_is_unsubscribed_after_a_race_is_pushed_no_more() {
    let mut stage = Stage::set(1).await;
    let topic = stage.topics().swap_remove(0);
    let mut players = join_all((0..PLAYERS).map(|_| stage.player(false, 3600))).await;
    for round in 0..rounds() {
        let requests = [Unsubscribe(topic.clone()), Subscribe(topic.clone())];
        let race = players.iter_mut().map(|player| stage.pipeline(player, &requests));
        join_all(race).await;
        let rows = stage.rows(&players, &format!("after the race of round {round}")).await;
        stage.assert_pushed(&mut players, &rows).await;
        let end = [Unsubscribe(topic.clone())];
        let ends = players.iter_mut().map(|player| stage.pipeline(player, &end));
        join_all(ends).await;
        let pushed = stage.pushed(&mut players).await;
        for (player, pushed) in players.iter().zip(pushed) {
            assert!(!pushed.contains(&topic), "round {round}: {} is told", player.name);
        }
        // Half of them are subscribed when the next round begins.
        let start = [Subscribe(topic.clone())];
        let starts = players.iter_mut().step_by(2).map(|player| stage.pipeline(player, &start));
        join_all(starts).await;
    }
}
