//! Slack: messages by an incoming webhook or by an app, which can change what it wrote.
//!
//! With `update_message` a group has one message. Which one is kept as receiver data:
//!
//! | the notice | kept from the last one | request |
//! |---|---|---|
//! | is the first of its group | anything | a new message |
//! | is any other | nothing | a new message |
//! | is any other | `channel`, `ts` | `chat.update` of that message |
//! | any other, and Slack says that the message is gone or closed | | a new message instead |
//!
//! A first notice never changes an old message: nobody is told of a change.

mod answer;
mod message;
mod raw;

use plimsoll_runtime::http::SecretSource;
use url::Url;

pub(crate) use self::raw::RawSlack;

use self::answer::Outcome;
use self::message::Message;
use super::address;
use crate::{
    Answer, HttpRequest, Notice, Reason, Receiver, ReceiverData, RenderError, Rendering, Request,
    Verdict,
};

/// The names of what is kept.
const CHANNEL: &str = "channel";
const TIMESTAMP: &str = "ts";

#[derive(Debug)]
struct Slack {
    way: Way,
    message: message::Templates,
    updates: bool,
}

/// How messages come to Slack.
#[derive(Debug)]
enum Way {
    /// By an incoming webhook, or what understands its messages.
    Webhook(SecretSource),
    /// By the method `chat.postMessage` of the Web API.
    App(Url),
}

impl Receiver for Slack {
    fn requests(
        &self,
        notice: &Notice,
        rendering: &Rendering<'_>,
    ) -> Result<Vec<Request>, RenderError> {
        match self.message_to_update(notice) {
            Some(posted) => {
                let mut message = self.message(rendering)?;
                message.channel = posted.channel.to_owned();
                message.ts = posted.timestamp.to_owned();
                let url = update_url(&self.post_url(rendering)?);
                Ok(vec![request(url, &message)])
            }
            None => self.post(rendering),
        }
    }

    fn judge(&self, _place: usize, answer: &Answer) -> Verdict {
        match answer::read(answer) {
            Outcome::Taken { channel, timestamp } if self.updates => Verdict::Sent {
                data: ReceiverData::from_pairs([(CHANNEL, channel), (TIMESTAMP, timestamp)]),
            },
            Outcome::Taken { .. } => Verdict::sent(),
            Outcome::Gone(verdict) | Outcome::Other(verdict) => verdict,
        }
    }

    fn instead(
        &self,
        notice: &Notice,
        rendering: &Rendering<'_>,
        answer: &Answer,
    ) -> Result<Option<Vec<Request>>, RenderError> {
        let is_gone = matches!(answer::read(answer), Outcome::Gone(_));
        if !is_gone || self.message_to_update(notice).is_none() {
            return Ok(None);
        }
        self.post(rendering).map(Some)
    }
}

/// A message that is there.
struct Posted<'a> {
    channel: &'a str,
    timestamp: &'a str,
}

impl Slack {
    fn message_to_update<'a>(&self, notice: &'a Notice) -> Option<Posted<'a>> {
        if !self.updates || notice.reason == Reason::First {
            return None;
        }
        let previous = notice.previous.as_ref()?;
        Some(Posted {
            channel: previous.get(CHANNEL).filter(|text| !text.is_empty())?,
            timestamp: previous.get(TIMESTAMP).filter(|text| !text.is_empty())?,
        })
    }

    fn post(&self, rendering: &Rendering<'_>) -> Result<Vec<Request>, RenderError> {
        let message = self.message(rendering)?;
        Ok(vec![request(self.post_url(rendering)?, &message)])
    }

    fn post_url(&self, rendering: &Rendering<'_>) -> Result<Url, RenderError> {
        match &self.way {
            Way::Webhook(url) => address::read(url, "api_url", rendering),
            Way::App(url) => Ok(url.clone()),
        }
    }

    /// A webhook has a channel of its own to fall back to, an app has none.
    fn message(&self, rendering: &Rendering<'_>) -> Result<Message, RenderError> {
        let channel = match self.way {
            Way::Webhook(_) => rendering.detail(&self.message.channel),
            Way::App(_) => rendering.exact(&self.message.channel)?,
        };
        Ok(self.message.render(channel, rendering))
    }
}

fn request(url: Url, message: &Message) -> Request {
    let body = serde_json::to_vec(message).expect("texts and their lists are JSON");
    Request::Http(HttpRequest::post_json(url, body))
}

/// The methods of the Web API are neighbours: only the last segment of the path differs.
fn update_url(post: &Url) -> Url {
    let mut url = post.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().pop().push("chat.update");
    }
    url
}
