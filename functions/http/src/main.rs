//! The process that Lambda starts: see the library of the same name.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    http_requests::run().await
}
