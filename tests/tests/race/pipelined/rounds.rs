//! A thousand rounds of random requests: what they leave is what some order of them leaves, it is
//! the same wherever it is written, and it is what is pushed.

use super::model::{Request, Session, Token};
use super::stage::Stage;
use fastrand::Rng;
use futures::future::join_all;

const PLAYERS: usize = 20;
/// Each of them sends other requests in every round, so that these are 400 races in all.
const ROUNDS: usize = 20;

fn random(random: &mut Rng, topics: &[String], tokens: &[Token]) -> Vec<Request> {
    let topic = |random: &mut Rng| random.choice(topics).unwrap().clone();
    let one = |random: &mut Rng| match random.u32(0..8) {
        0..3 => Request::Subscribe(topic(random)),
        3..6 => Request::Unsubscribe(topic(random)),
        _ => Request::Refresh(random.choice(tokens).unwrap().clone()),
    };
    (0..random.usize(2..6)).map(|_| one(random)).collect()
}

#[tokio::test]
async fn requests_in_any_order_leave_one_truth() {
    let rounds = if e2e::gateway::is_deployed() { 2 } else { ROUNDS };
    let mut stage = Stage::set(2).await;
    let mut topics = stage.topics();
    topics.push("me".to_owned());
    let mut players = join_all((0..PLAYERS).map(|_| stage.player(false, 3600))).await;
    let mut tokens = vec![];
    for player in &players {
        let kinds = [(true, 3000), (false, 4000), (true, 5000), (false, 6000)];
        let made = kinds.map(|(operator, ttl)| stage.token(player, operator, ttl));
        tokens.push(join_all(made).await);
    }
    let mut randoms: Vec<Rng> = (0..PLAYERS as u64).map(Rng::with_seed).collect();
    let mut before = stage.rows(&players, "at first").await;
    for round in 0..rounds {
        let played = players.iter_mut().zip(&tokens).zip(&mut randoms);
        let answered = join_all(played.map(async |((player, tokens), rng)| {
            let requests = random(rng, &topics, tokens);
            let allowed = stage.pipeline(player, &requests).await;
            requests.into_iter().zip(allowed).collect::<Vec<_>>()
        }))
        .await;
        let after = stage.rows(&players, &format!("after round {round}")).await;
        for ((before, after), answered) in before.iter().zip(&after).zip(&answered) {
            let (before, after) = (Session::of(before), Session::of(after));
            assert!(
                before.explains(answered, &after),
                "round {round}: no order of {answered:?} leads from {before:?} to {after:?}"
            );
        }
        stage.assert_pushed(&mut players, &after).await;
        before = after;
    }
}
