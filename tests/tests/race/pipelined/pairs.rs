//! Two requests at once, of the kinds that once left a connection in two minds.

use super::model::Request::{Refresh, Subscribe, Unsubscribe};
use super::model::Token;
use super::stage::Stage;
use e2e::json;
use e2e::wait::eventually;
use futures::future::join_all;

const PLAYERS: usize = 12;

/// How often each of them tries.
fn rounds() -> usize {
    if e2e::gateway::is_deployed() { 2 } else { 6 }
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
    /// Seconds for which the old tokens are good, and how many of them are left when the last race
    /// begins.
    const BRIEF: u32 = 10;
    const LEFT: i64 = 5;
    let mut stage = Stage::set(3).await;
    let topics = stage.topics();
    let mut players = join_all((0..PLAYERS).map(|_| stage.player(true, 3600))).await;
    let brief = join_all(players.iter().map(|player| stage.token(player, true, BRIEF))).await;
    let long = join_all(players.iter().map(|player| stage.token(player, true, 3600))).await;
    let end = |token: &Token| token.expires.try_into().unwrap();
    let (first, last): (i64, i64) =
        (brief.iter().map(end).min().unwrap(), brief.iter().map(end).max().unwrap());
    let mut round = 0;
    while round == 0 || jiff::Timestamp::now().as_second() < first - LEFT {
        let tokens = brief.iter().zip(&long);
        let races = players.iter_mut().zip(tokens).map(async |(player, (brief, long))| {
            let mut requests: Vec<_> = topics.iter().cloned().map(Unsubscribe).collect();
            stage.pipeline(player, &requests).await;
            stage.pipeline(player, &[Refresh(brief.clone())]).await;
            requests = topics.iter().cloned().map(Subscribe).collect();
            requests.insert(round % requests.len(), Refresh(long.clone()));
            let allowed = stage.pipeline(player, &requests).await;
            assert!(allowed.into_iter().all(|it| it), "an operator may subscribe to all of them");
        });
        join_all(races).await;
        stage.rows(&players, &format!("after round {round}")).await;
        round += 1;
    }
    let client = &mut players[0].client;
    eventually("the old tokens to end", async || {
        let now = client.ok(json!({"action": "ping"})).await["now"].take();
        let now: jiff::Timestamp = now.as_str().unwrap().parse().unwrap();
        (now.as_second() > last).then_some(())
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
