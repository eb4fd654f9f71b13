//! Plays a script to a program.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};

use super::manager::{Make, Manager};
use super::script::{Action, Posted, Script, Silence};
use super::transcript::Transcript;
use crate::recorder::Recorder;
use crate::time::sleep_until_millis;
use crate::{now_millis, rfc_3339_of_millis};

/// Between both being ready and the begin.
const LEAD_MILLIS: i64 = 300;

impl Script {
    /// Plays it to Debian's Alertmanager and to another one side by side, and returns what both told.
    ///
    /// # Errors
    /// When a step fails or Debian's told less than shows anything, and what differs, with both transcripts.
    pub fn compare(&self, recorder: &Recorder, other: Make) -> Result<[Transcript; 2]> {
        let script = self;
        let transcripts = play(script, recorder, [Make::Debian, other])?;
        let [theirs, ours] = &transcripts;
        let told = || format!("Debian's told\n{theirs}\nand {} told\n{ours}", other.name());
        ensure!(
            theirs.notices.len() >= script.notices_min,
            "{} notices show nothing\n{}",
            theirs.notices.len(),
            told()
        );
        ours.same(theirs, script.tolerance_millis)
            .with_context(told)?;
        Ok(transcripts)
    }
}

/// Plays a script to two programs side by side, each with a path of the recorder, and returns what each told.
fn play(script: &Script, recorder: &Recorder, makes: [Make; 2]) -> Result<[Transcript; 2]> {
    let bases = ["one", "other"].map(|side| format!("/{}/{side}", script.name));
    let (_, first) = script.configs.first().context("no configuration")?;
    let mut players = Vec::new();
    for (make, base) in makes.into_iter().zip(&bases) {
        let hook = recorder.url(base);
        players.push(Player {
            manager: Manager::start(make, &first.replace("$HOOK", &hook))?,
            script,
            recorder,
            base,
            begin_millis: 0,
            silences: BTreeMap::new(),
        });
    }
    let begin_millis = now_millis() + LEAD_MILLIS;
    let transcripts: Result<Vec<Transcript>> = std::thread::scope(|scope| {
        let running = players.into_iter().map(|mut player| {
            player.begin_millis = begin_millis;
            scope.spawn(move || player.run())
        });
        let running: Vec<_> = running.collect();
        let ended = running.into_iter().map(|thread| {
            let ended = thread.join();
            ended.map_err(|_| anyhow!("a player panicked"))?
        });
        ended.collect()
    });
    let transcripts = transcripts?.try_into();
    transcripts.map_err(|_| anyhow!("as many transcripts as programs"))
}

/// Goes through a script with one program.
struct Player<'a> {
    manager: Manager,
    script: &'a Script,
    recorder: &'a Recorder,
    base: &'a str,
    begin_millis: i64,
    /// Ids by name.
    silences: BTreeMap<String, String>,
}

impl Player<'_> {
    fn run(mut self) -> Result<Transcript> {
        for step in &self.script.steps {
            sleep_until_millis(self.begin_millis + step.at_millis);
            let make = self.manager.make.name();
            self.step(&step.action)
                .with_context(|| format!("{make}: {step:?}\n{}", self.manager.program.log()))?;
        }
        sleep_until_millis(self.begin_millis + self.script.end_millis);
        self.manager.program.check_alive()?;
        Transcript::read(self.recorder, self.base, self.begin_millis)
    }

    fn step(&mut self, action: &Action) -> Result<()> {
        match action {
            Action::Post(posted) => {
                let alert = self.alert(posted);
                self.manager.post("/alerts", &json!([alert])).map(drop)
            }
            Action::Silence(silence) => {
                let reply = self.manager.post("/silences", &self.silence(silence))?;
                let id = reply.json()?["silenceID"].as_str().map(str::to_owned);
                let id = id.context("no id")?;
                self.silences.insert(silence.name.clone(), id);
                Ok(())
            }
            Action::Expire(name) => {
                let id = self.silences.get(name);
                self.manager.expire(id.context("no such silence")?)
            }
            Action::Answer {
                path,
                behaviour,
                times,
            } => {
                let path = format!("{}{path}", self.base);
                self.recorder.behave(&path, behaviour.clone(), *times);
                Ok(())
            }
            Action::Reload(name) => {
                let hook = self.recorder.url(self.base);
                let config = self.script.config(name)?.replace("$HOOK", &hook);
                self.manager.reload(&config)
            }
            Action::Restart => self.manager.restart(),
        }
    }

    fn alert(&self, posted: &Posted) -> Value {
        let mut alert = json!({
            "labels": map(&posted.labels),
            "annotations": map(&posted.notes),
            "generatorURL": "http://prometheus.example/graph?g0.expr=up",
        });
        if let Some(start) = posted.start_millis {
            alert["startsAt"] = self.time(start);
        }
        if let Some(end) = posted.end_millis {
            alert["endsAt"] = self.time(end);
        }
        alert
    }

    fn silence(&self, silence: &Silence) -> Value {
        let matchers = silence.matchers.iter().map(|(name, operator, value)| {
            json!({
                "name": name,
                "value": value,
                "isRegex": operator.ends_with('~'),
                "isEqual": !operator.starts_with('!'),
            })
        });
        let from = silence.from_millis;
        let from = from.unwrap_or_else(|| now_millis() - self.begin_millis);
        json!({
            "matchers": matchers.collect::<Vec<_>>(),
            "startsAt": self.time(from),
            "endsAt": self.time(silence.until_millis),
            "createdBy": "scenario",
            "comment": silence.name,
        })
    }

    fn time(&self, millis: i64) -> Value {
        rfc_3339_of_millis(self.begin_millis + millis).into()
    }
}

fn map(pairs: &[(String, String)]) -> Value {
    let pairs = pairs.iter();
    let pairs = pairs.map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    Value::Object(pairs.collect())
}
