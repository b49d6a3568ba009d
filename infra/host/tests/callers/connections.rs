//! Who may use `@connections`.

use crate::world::{World, add, local};
use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_apigatewaymanagement::primitives::Blob;
use host::template::Effect;

/// An id that could be a connection's, but is none that is open.
const NOBODY: &str = "L0SM9cOFvHcCIhw=";

async fn post(client: &Client) -> (u16, String, String) {
    let post = client.post_to_connection().connection_id(NOBODY).data(Blob::new("hello"));
    outcome(&post.send().await.unwrap_err())
}

async fn delete(client: &Client) -> (u16, String, String) {
    outcome(&client.delete_connection().connection_id(NOBODY).send().await.unwrap_err())
}

fn outcome<E: ProvideErrorMetadata + std::fmt::Debug>(
    error: &SdkError<E, aws_smithy_runtime_api::client::orchestrator::HttpResponse>,
) -> (u16, String, String) {
    let status = error.raw_response().unwrap().status().as_u16();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    (status, text(error.code()), text(error.message()))
}

#[tokio::test]
async fn a_role_needs_the_grant_for_what_it_does() {
    let world = World::changed(|plan| {
        let arn = "arn:aws:execute-api:us-east-1:000000000000:*/live/POST/@connections/*";
        add(plan, "connect", Effect::Allow, "execute-api:ManageConnections", arn);
    })
    .await;
    for keys in [local(), world.keys_of("push")] {
        let client = world.connections(keys);
        // Let through to where it is known that nobody is there.
        assert_eq!(post(&client).await.1, "GoneException");
        assert_eq!(delete(&client).await.1, "GoneException");
    }
    let client = world.connections(world.keys_of("connect"));
    assert_eq!(post(&client).await.1, "GoneException");
    let (status, code, message) = delete(&client).await;
    assert_eq!((status, code.as_str()), (403, "AccessDeniedException"));
    let expected = format!(
        "is not authorized to perform: execute-api:ManageConnections on resource: \
         arn:aws:execute-api:us-east-1:********0000:{}/live/DELETE/@connections/{{connectionId}}",
        world.plan.api.id
    );
    assert!(message.ends_with(&expected), "{message}");
    let told = &world.iam.status()["roles"][world.role_of("connect")]["refused"][0];
    assert_eq!(told["action"], "execute-api:ManageConnections");
    assert!(told["resource"].as_str().unwrap().ends_with("/live/DELETE/@connections/*"));
}

#[tokio::test]
async fn a_call_that_is_not_signed_or_badly_is_forbidden() {
    let world = World::start().await;
    let url = format!("{}/@connections/{NOBODY}", world.stage);
    for request in [reqwest::Client::new().post(&url), reqwest::Client::new().delete(&url)] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 403);
        assert_eq!(answer.headers()["x-amzn-errortype"], "MissingAuthenticationTokenException");
        let body = answer.text().await.unwrap();
        assert_eq!(body, r#"{"message":"Missing Authentication Token"}"#);
    }
    let wrong = aws_credential_types::Credentials::new("local", "wrong", None, None, "test");
    let (status, code, _) = post(&world.connections(wrong)).await;
    assert_eq!((status, code.as_str()), (403, "InvalidSignatureException"));
}
