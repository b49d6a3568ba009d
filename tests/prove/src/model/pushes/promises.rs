//! What must hold, whatever happens.

use super::super::explore::Broken;
use super::Pushes;
use super::request::Phase;
use super::state::{Socket, State};
use super::world::{OF_TOPIC, TOPICS};

/// Whoever subscribed and is connected knows what the table says, once all is quiet.
pub const VIEW: &str = "when all is quiet, every open connection knows what it subscribed to";
/// Subscriptions repeat what the connection's item says.
pub const SAME: &str = "subscriptions say what their connection says";
/// Nobody is told what their role and token do not allow.
pub const ALLOWED: &str = "nobody is told what they may not be told";
/// That API Gateway takes no more calls closes nobody who can be told later.
pub const OPEN: &str = "429 closes nobody";

/// Checks a state.
pub fn of_state(pushes: &Pushes, state: &State) -> Result<(), Broken> {
    state.table.check()?;
    if !is_quiet(pushes, state) {
        return Ok(());
    }
    let Some(number) = state.sockets.iter().position(|socket| *socket == Socket::Open) else {
        return Ok(());
    };
    let client = &state.client;
    // A client whose token has ended expects nothing.
    let live = pushes.now(state.clock).as_second() < client.end;
    let expected = (0..TOPICS).filter(|topic| live && client.believes[*topic]);
    let Some(item) = &state.table.items[number] else {
        return match expected.count() {
            0 => Ok(()),
            _ => Err(Broken::new(VIEW, "an open connection is forgotten")),
        };
    };
    for topic in expected {
        let key = &pushes.world.topics[topic];
        if !item.is_live(pushes.now(state.clock)) || !key.is_open_to(item.role, item.venue.as_ref())
        {
            continue;
        }
        if !item.topics.contains_key(key) {
            let how = format!("the subscription to {} is gone", key.as_str());
            return Err(Broken::new(VIEW, how));
        }
        for thing in OF_TOPIC[topic] {
            let (knows, is) =
                (client.view[topic][*thing], pushes.world.versions[state.written][*thing]);
            if knows != is {
                let how = format!("version {knows} of {is} in {}", key.as_str());
                return Err(Broken::new(VIEW, how));
            }
        }
    }
    Ok(())
}

/// Whether nothing is under way that a client could still hear of.
fn is_quiet(pushes: &Pushes, state: &State) -> bool {
    let asked = |phase: &Phase| !matches!(phase, Phase::Forgetting);
    state.told == pushes.records(state.written)
        && state.push.is_none()
        && state.late.is_empty()
        && !state.requests.iter().any(|request| asked(&request.phase))
}
