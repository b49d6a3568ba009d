//! Steps in words.

use super::request::Request;
use super::state::{Socket, State};
use super::steps::Step;
use super::{Pushes, TOPIC_NAMES};

impl Pushes {
    /// A step in words.
    pub(super) fn history_of(&self, state: &State, step: Step) -> String {
        match step {
            Step::Tick => format!("the clock shows {}", self.now(state.clock + 1)),
            Step::Connect(number) => format!("connection {number}: the client connects"),
            Step::Break(number, said) => {
                let said = if said { "API Gateway says so" } else { "nobody says so" };
                format!("connection {number} breaks; {said}")
            }
            Step::Ask(number, place) => {
                let what = self.scenario.menu[place].0;
                let request = Request::new(self, number, what, self.now(state.clock));
                format!("the client asks: {}", request.asks())
            }
            Step::Go(number) => state.requests[number].doing(),
            Step::Die(number) => format!("{}; its process dies", state.requests[number].asks()),
            Step::Commit => format!("the room changes for the {}. time", state.written + 1),
            Step::Push(to) => format!("push: records {} to {to}", state.told + 1),
            Step::Read(which, fate) => {
                let push = state.push.as_ref().expect("there is a push");
                let telling = &self.tellings(push.records)[push.unread[which].0];
                let topic = TOPIC_NAMES[telling.topic];
                let shards = push.unread[which].1;
                let others = if shards > 0 { ", in all other shards" } else { "" };
                format!("push: reads who watches {topic}{others}{}", fate.told())
            }
            Step::Post(number, fate) => {
                let gone = if state.sockets[number] == Socket::Open { "" } else { ": 410" };
                format!("push: posts to connection {number}{gone}{}", fate.told())
            }
            Step::Close(number, fate) => {
                format!("push: closes connection {number}{}", fate.told())
            }
            Step::Report => "push: reports".to_owned(),
            Step::PushDies => "push: dies".to_owned(),
            Step::Grow => "the topics grow".to_owned(),
            Step::Arrive(place) => {
                let late = &state.late[place];
                format!("a late frame arrives at connection {}", late.0)
            }
            Step::Index => "the index catches up".to_owned(),
        }
    }
}
