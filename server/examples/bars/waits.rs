//! Many clients that wait for notifications: memory, one that is told something, all that are told something.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use protocol::client::Batch;
use protocol::oxcdata::{
    ModifyRecipientRow, PropertyRow, RecipientClass, RecipientFlags, RecipientRow, RecipientRowAddress, RecipientType,
    TaggedPropertyValue,
};
use protocol::oxcfold::OpenModeFlags;
use protocol::oxcnotif::NotificationTypes;
use protocol::oxomsg::SubmitFlags;
use runtime::StringValue;
use server::store::tags;
use server::store::value::string;
use tokio::sync::{Semaphore, mpsc};

use super::Plan;
use super::figures::{Table, Times, millis};
use super::process::Process;
use super::seed::Accounts;
use super::session::{Account, Session};
use super::wire::Target;

/// Handshakes at a time.
const OPENING: usize = 32;
/// Changes that one client is told.
const CHANGES: usize = 500;
/// How long the slowest client may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A session that watches its whole mailbox and waits.
async fn waiting(target: &Target, account: &Account) -> anyhow::Result<Session> {
    let mut session = Session::open(target, account).await?;
    let mut batch = Batch::new();
    let types = NotificationTypes::NEW_MAIL | NotificationTypes::OBJECT_MODIFIED;
    let watch = batch.rop_register_notification(&session.logon()?, types, true, None, None)?;
    let output = session.run(&batch).await?;
    anyhow::ensure!(session.read(&batch, &output)?.opened(&watch).is_ok(), "RopRegisterNotification");
    session.begin_wait().await?;
    Ok(session)
}

/// All that wait but the one that is alone; each tells when its wait ends.
async fn all(
    plan: &Plan,
    target: &Target,
    accounts: &Accounts,
) -> anyhow::Result<mpsc::UnboundedReceiver<anyhow::Result<(Instant, bool)>>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let places = Arc::new(Semaphore::new(OPENING));
    let (opened, mut counted) = mpsc::unbounded_channel();
    for account in accounts.watchers.iter().cycle().take(plan.waits.saturating_sub(1)) {
        let (target, account, sender) = (target.clone(), account.clone(), sender.clone());
        let (place, opened) = (Arc::clone(&places).acquire_owned().await?, opened.clone());
        tokio::spawn(async move {
            let session = waiting(&target, &account).await;
            drop(place);
            let _ = opened.send(session.as_ref().err().map(ToString::to_string));
            drop(opened);
            if let Ok(mut session) = session {
                let ended = session.end_wait().await.map(|event| (Instant::now(), event));
                let _ = sender.send(ended);
                // The session stays until the process ends.
                std::future::pending::<()>().await;
            }
        });
    }
    drop(opened);
    while let Some(failure) = counted.recv().await {
        anyhow::ensure!(failure.is_none(), "a client could not wait: {}", failure.unwrap_or_default());
    }
    Ok(receiver)
}

/// How long it takes until the one client that watches a mailbox knows of a change in it.
async fn one(target: &Target, accounts: &Accounts) -> anyhow::Result<Times> {
    let mut watcher = waiting(target, &accounts.solo).await?;
    let mut writer = Session::open(target, &accounts.solo).await?;
    let mut batch = Batch::new();
    let folder = batch.rop_open_folder(&writer.logon()?, accounts.solo_inbox, OpenModeFlags(0))?;
    let output = writer.run(&batch).await?;
    let folder = writer.read(&batch, &output)?.opened(&folder).ok().context("no folder")?;
    let mut times = Times::default();
    for number in 0..CHANGES {
        let property_value = string(format!("change {number}"));
        let value = TaggedPropertyValue { property_tag: tags::PID_TAG_COMMENT, property_value };
        let mut batch = Batch::new();
        batch.rop_set_properties(&folder, vec![value])?;
        let started = Instant::now();
        let (written, told) = tokio::join!(writer.run(&batch), watcher.end_wait());
        times.add(started.elapsed());
        written?;
        anyhow::ensure!(told?, "a wait ended without an event");
        anyhow::ensure!(watcher.fetch().await? > 0, "nothing is told");
        watcher.begin_wait().await?;
    }
    Ok(times)
}

fn recipient(row_id: u32, account: &Account) -> ModifyRecipientRow<'static> {
    let wide = |text: String| Some(StringValue::Utf16(text.into()));
    let address = RecipientRowAddress::SMTP;
    let row = RecipientRow {
        recipient_flags: RecipientFlags::default().with_type(address.r#type()).with_e(true).with_d(true).with_u(true),
        address,
        email_address: wide(account.address.clone()),
        display_name: wide(account.address.clone()),
        simple_display_name: None,
        transmittable_display_name: None,
        recipient_column_count: 0,
        recipient_properties: PropertyRow::StandardPropertyRow(Vec::new()),
    };
    let recipient_type = RecipientType::default().with_type(RecipientClass::TO);
    ModifyRecipientRow { row_id, recipient_type, recipient_row: Some(row) }
}

/// Sends a mail to everybody; answers how long its delivery took.
async fn mail(target: &Target, accounts: &Accounts) -> anyhow::Result<Duration> {
    let mut session = Session::open(target, &accounts.reader).await?;
    let mut batch = Batch::new();
    let message = batch.rop_create_message(&session.logon()?, 0x0FFF, accounts.drafts, false)?;
    let subject = TaggedPropertyValue { property_tag: tags::PID_TAG_SUBJECT, property_value: string("To all") };
    batch.rop_set_properties(&message, vec![subject])?;
    let rows = (0..).zip(&accounts.watchers).map(|(row, account)| recipient(row, account)).collect();
    batch.rop_modify_recipients(&message, Vec::new(), rows)?;
    let submitted = batch.rop_submit_message(&message, SubmitFlags::default())?;
    let started = Instant::now();
    let output = session.run(&batch).await?;
    let took = started.elapsed();
    let replies = session.read(&batch, &output)?;
    anyhow::ensure!(replies.get(&submitted).is_ok(), "RopSubmitMessage failed");
    Ok(took)
}

pub async fn measure(plan: &Plan, accounts: &Accounts, table: &mut Table) -> anyhow::Result<()> {
    let server = Process::server(&plan.data_dir, plan.waits).await?;
    let target = Target::new(&plan.data_dir, server.port)?;
    let (idle, _) = server.memory()?;
    let opening = Instant::now();
    let mut ended = all(plan, &target, accounts).await?;
    let took = opening.elapsed();
    let mut times = one(&target, accounts).await?;
    let (now, most) = server.memory()?;
    table.line(
        format!(
            "memory with {} waiting NotificationWait requests of {} users (idle {idle:.0} MiB, opened in {:.0} s)",
            plan.waits,
            plan.users + 1,
            took.as_secs_f64()
        ),
        "300 MiB",
        format!("{now:.0} MiB, {most:.0} MiB at most"),
    );
    table.line(
        format!("from a change to the one of {} that watches it, {CHANGES} changes", plan.waits),
        "50 ms at p99",
        times.text(),
    );

    let started = Instant::now();
    let delivered = mail(&target, accounts).await?;
    let mut told = Times::default();
    for _ in 0..plan.waits.saturating_sub(1) {
        let next = tokio::time::timeout(PATIENCE, ended.recv()).await.context("not everybody is told")?;
        let (at, event) = next.context("the clients are gone")??;
        anyhow::ensure!(event, "a wait ended without an event");
        told.add(at.saturating_duration_since(started));
    }
    let last = told.quantile(1.0);
    table.line(
        format!("a mail to {} users, until all of their {} clients know of it", plan.users, told.len()),
        "",
        format!("{}; the mail was delivered after {}", millis(last), millis(delivered)),
    );
    server.stop()
}
