//! The store that replicas share: durable rows and a lease with a fence, which fails as stores do.

use std::collections::BTreeSet;

use plimsoll_alerting::rows::{Change, HistoryRow, Rows, ToldAlone};

/// How long a replica leads without renewing.
pub(super) const LEASE_MILLIS: i64 = 10_000;

/// Why a call was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nobody answered; nothing was done.
    Away,
    /// Nobody answered, and it was done all the same.
    AnswerLost,
    /// Somebody else leads.
    Fenced,
}

#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) rows: Rows,
    pub(super) history: Vec<HistoryRow>,
    /// What was told while nobody could write it, numbered, for who leads.
    told_alone: Vec<(u64, ToldAlone)>,
    /// Who leads, under which fence, until when.
    lease: Option<(usize, u64, i64)>,
    fence: u64,
    away_until: i64,
    cut_until: Vec<i64>,
    lost: BTreeSet<usize>,
    /// Says yes to every commit and forgets some: what a simulation has to find out.
    lies: bool,
    commits: u64,
}

impl Store {
    pub(super) fn new(replicas: usize, lies: bool) -> Self {
        Self {
            cut_until: vec![0; replicas],
            lies,
            ..Self::default()
        }
    }

    pub(super) fn go_away(&mut self, until: i64) {
        self.away_until = self.away_until.max(until);
    }

    pub(super) fn cut(&mut self, replica: usize, until: i64) {
        self.cut_until[replica] = self.cut_until[replica].max(until);
    }

    /// Loses the answer to the next commit of a replica.
    pub(super) fn lose_answer(&mut self, replica: usize) {
        self.lost.insert(replica);
    }

    fn reach(&self, replica: usize, at: i64) -> Result<(), Failure> {
        match at < self.away_until || at < self.cut_until[replica] {
            true => Err(Failure::Away),
            false => Ok(()),
        }
    }

    /// Takes or renews the lease when it is free; returns the fence of who leads under it.
    pub(super) fn lead(&mut self, replica: usize, at: i64) -> Result<Option<u64>, Failure> {
        self.reach(replica, at)?;
        match &mut self.lease {
            Some((holder, fence, until)) if *holder == replica && at < *until => {
                *until = at + LEASE_MILLIS;
                Ok(Some(*fence))
            }
            Some((_, _, until)) if at < *until => Ok(None),
            _ => {
                self.fence += 1;
                self.lease = Some((replica, self.fence, at + LEASE_MILLIS));
                Ok(Some(self.fence))
            }
        }
    }

    /// Makes changes durable, under a fence for what only a leader writes.
    pub(super) fn commit(
        &mut self,
        replica: usize,
        fence: Option<u64>,
        changes: &[Change],
        at: i64,
    ) -> Result<(), Failure> {
        self.reach(replica, at)?;
        let holds = self.lease.map(|(_, fence, _)| fence);
        if fence.is_some() && fence != holds {
            return Err(Failure::Fenced);
        }
        self.commits += 1;
        if self.lies && self.commits.is_multiple_of(5) {
            return Ok(());
        }
        self.rows.apply(changes);
        for change in changes {
            if let Change::AddHistory(row) = change {
                self.note(row);
            }
        }
        match self.lost.remove(&replica) {
            true => Err(Failure::AnswerLost),
            false => Ok(()),
        }
    }

    /// The same row written twice is one.
    fn note(&mut self, row: &HistoryRow) {
        let recent = self.history.iter().rev().take(64);
        if !recent.into_iter().any(|known| known == row) {
            self.history.push(row.clone());
        }
    }

    /// Hands over what a replica told alone.
    pub(super) fn hand_over(&mut self, alone: ToldAlone) {
        self.commits += 1;
        self.told_alone.push((self.commits, alone));
    }

    /// Returns what was handed over and nobody has taken up for good.
    pub(super) fn handed_over(&self) -> &[(u64, ToldAlone)] {
        &self.told_alone
    }

    /// What follows from what was handed over is durable.
    pub(super) fn taken_up(&mut self, number: u64) {
        self.told_alone.retain(|(known, _)| *known != number);
    }

    pub(super) fn read(&self, replica: usize, at: i64) -> Result<&Rows, Failure> {
        self.reach(replica, at)?;
        Ok(&self.rows)
    }
}
