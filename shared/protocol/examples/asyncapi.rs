//! Prints the wire contract as `AsyncAPI`.

fn main() {
    print!("{}", protocol::asyncapi::text());
}
