//! Files that come in a form.

use axum::{
    body::Body as RequestBody,
    http::{HeaderMap, Uri},
};
use countersign_catalog::{Identity, Upload};
use futures_util::TryStreamExt;
use serde_json::Value;
use tokio::time::timeout;

use super::requests::Words;
use crate::{
    App,
    direct::{Deposit, REQUEST_MAX},
    error::ApiError,
    fields::{Reason, invalid, missing},
    form::{Form, FormField},
    http::read_query,
    shared_body::SharedBody,
    source_name::{PlainName, SourceName},
};

/// Whose a file is where nobody is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unnamed {
    /// Nobody's: somebody has to be.
    Nobodys,
    /// That of the user who has the key.
    Holders,
}

/// Stores the file of a form, for the user whom the form names, or the query.
pub(super) async fn uploaded(
    app: &App,
    (uri, headers, body): (&Uri, &HeaderMap, RequestBody),
    (words, unnamed): (&Words, Unnamed),
) -> Result<Upload, ApiError> {
    // Of a stranger's body not a byte is read.
    let holder = app.identify(headers).await?;
    app.admit(holder.team, 0).await?;
    let body = SharedBody::new(body);
    let upload = async {
        let user = read_query(uri).text(words.user)?.map(Into::into);
        let mut sent = Sent { user_field: words.user, user, file: None };
        let read = sent.read(app, Form::new(headers, body.stream())?);
        let kept = match timeout(REQUEST_MAX, read).await {
            Ok(Ok(())) => sent.keep(app, holder, unnamed).await,
            Ok(Err(error)) => Err(error),
            Err(_elapsed) => Err(ApiError::Closed),
        };
        if kept.is_err()
            && let Some(file) = sent.file.take()
        {
            app.refuse(file).await;
        }
        kept
    };
    let uploaded = upload.await;
    if uploaded.is_err() {
        body.drain(headers).await;
    }
    uploaded
}

/// What has come of a form. Its fields may be in any order, so the file may be stored before it is
/// known whose it is.
struct Sent {
    /// What the field of the user is called.
    user_field: &'static str,
    user: Option<String>,
    file: Option<Deposit>,
}

impl Sent {
    async fn read(&mut self, app: &App, mut form: Form) -> Result<(), ApiError> {
        let repeated = |field| invalid(field, Reason::Repeated, Value::Null);
        while let Some((field, value)) = form.next().await? {
            match (&*field, value) {
                ("file", FormField::File { name, bytes }) => {
                    if self.file.is_some() {
                        return Err(repeated("file").into());
                    }
                    let name = PlainName::parse(&name);
                    let name = name.map_err(|reason| invalid("file", reason, Value::Null))?;
                    let name = SourceName::new(name)?;
                    self.file = Some(app.deposit(&name, bytes, app.now()).await?);
                }
                ("file", FormField::Text(_)) => {
                    let rule = Reason::Rule("it is no file: it has no file name");
                    return Err(invalid("file", rule, Value::Null).into());
                }
                (field, FormField::Text(user)) if field == self.user_field => {
                    if self.user.as_ref().is_some_and(|other| *other != user) {
                        return Err(repeated(self.user_field).into());
                    }
                    self.user = Some(user);
                }
                // What nobody asked for is passed over.
                (_, FormField::File { mut bytes, .. }) => {
                    while bytes.try_next().await.map_err(|_| ApiError::NotForm)?.is_some() {}
                }
                (_, FormField::Text(_)) => {}
            }
        }
        Ok(())
    }

    async fn keep(
        &self,
        app: &App,
        holder: Identity,
        unnamed: Unnamed,
    ) -> Result<Upload, ApiError> {
        let who = match &self.user {
            Some(user) => app.act_as(&holder, user).await?,
            None if unnamed == Unnamed::Holders => holder,
            None => return Err(missing(self.user_field).into()),
        };
        let file = self.file.as_ref().ok_or_else(|| missing("file"))?;
        app.keep(file, who, app.now()).await
    }
}
