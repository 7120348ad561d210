//! Small Execute requests a second beside hyper with TLS and nothing behind it.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use protocol::client::Batch;
use protocol::oxcdata::PropertyTag;
use protocol::oxcfold::OpenModeFlags;
use server::store::tags;

use super::Plan;
use super::figures::Table;
use super::process::Process;
use super::seed::Accounts;
use super::session::{Session, execute};
use super::wire::Target;

/// Sessions that send one request after the other, each on its connection.
const SESSIONS: usize = 8;
/// Each side is measured so often, in turns: other work on the machine hits both.
const ROUNDS: usize = 3;

/// Ten properties of a folder.
const TAGS: [PropertyTag; 10] = [
    tags::PID_TAG_DISPLAY_NAME,
    tags::PID_TAG_CONTENT_COUNT,
    tags::PID_TAG_CONTENT_UNREAD_COUNT,
    tags::PID_TAG_SUBFOLDERS,
    tags::PID_TAG_FOLDER_TYPE,
    tags::PID_TAG_LAST_MODIFICATION_TIME,
    tags::PID_TAG_CREATION_TIME,
    tags::PID_TAG_FOLDER_ID,
    tags::PID_TAG_PARENT_FOLDER_ID,
    tags::PID_TAG_CONTAINER_CLASS,
];

/// A session with a folder open, and the body of the request that reads its properties.
async fn ready(target: &Target, accounts: &Accounts) -> anyhow::Result<(Session, Vec<u8>)> {
    let mut session = Session::open(target, &accounts.reader).await?;
    let mut batch = Batch::new();
    let folder = batch.rop_open_folder(&session.logon()?, accounts.inbox, OpenModeFlags(0))?;
    let output = session.run(&batch).await?;
    let folder = session.read(&batch, &output)?.opened(&folder).ok().context("no folder")?;
    let mut batch = Batch::new();
    let properties = batch.rop_get_properties_specific(&folder, 0, true, TAGS.to_vec())?;
    let output = session.run(&batch).await?;
    let replies = session.read(&batch, &output)?;
    anyhow::ensure!(replies.get(&properties).is_ok(), "RopGetPropertiesSpecific failed");
    Ok((session, execute(&batch)?))
}

/// Requests a second of all sessions together.
async fn rate(sessions: Vec<Session>, body: &[u8], duration: Duration) -> anyhow::Result<(f64, Vec<Session>)> {
    let started = Instant::now();
    let until = started + duration;
    let tasks: Vec<_> = sessions
        .into_iter()
        .map(|mut session| {
            let body = body.to_vec();
            tokio::spawn(async move {
                let mut done = 0_u64;
                while Instant::now() < until {
                    session.exchange(&body).await?;
                    done += 1;
                }
                anyhow::Ok((done, session))
            })
        })
        .collect();
    let (mut done, mut sessions) = (0, Vec::new());
    for task in tasks {
        let (own, session) = task.await??;
        done += own;
        sessions.push(session);
    }
    Ok((done as f64 / started.elapsed().as_secs_f64(), sessions))
}

pub async fn measure(plan: &Plan, accounts: &Accounts, table: &mut Table) -> anyhow::Result<()> {
    let server = Process::server(&plan.data_dir, 1024).await?;
    let target = Target::new(&plan.data_dir, server.port)?;
    let (mut sessions, mut body) = (Vec::new(), Vec::new());
    for _ in 0..SESSIONS {
        // Handles are given out alike in each session.
        let (session, own) = ready(&target, accounts).await?;
        anyhow::ensure!(body.is_empty() || body == own, "the sessions differ");
        sessions.push(session);
        body = own;
    }
    let first = sessions.first_mut().context("no session")?;
    let size = first.exchange(&body).await?;
    let peer = Process::bare(&plan.data_dir, size).await?;
    let peer_target = Target::new(&plan.data_dir, peer.port)?;
    let mut shadows = Vec::new();
    for session in &sessions {
        shadows.push(session.shadow(&peer_target).await?);
    }
    let part = plan.duration / u32::try_from(ROUNDS)?;
    let (mut own, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (rate_here, back) = rate(sessions, &body, part).await?;
        sessions = back;
        own.push(rate_here);
        let (rate_here, back) = rate(shadows, &body, part).await?;
        shadows = back;
        bare.push(rate_here);
    }
    own.sort_by(f64::total_cmp);
    bare.sort_by(f64::total_cmp);
    let middle = |rates: &[f64]| rates.get(ROUNDS / 2).copied().unwrap_or_default();
    let (own, bare) = (middle(&own), middle(&bare));
    table.line(
        format!("small Execute requests a second over {SESSIONS} connections; hyper alone with the same {size} bytes"),
        "half of hyper alone",
        format!("{own:.0}; {bare:.0}: {:.0} %", 100.0 * own / bare),
    );
    peer.stop()?;
    server.stop()
}
