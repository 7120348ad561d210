//! Subscriptions to events, and what is told of them (MS-OXCNOTIF 3.1.5).

use protocol::oxcdata::{ErrorCode, MessageId};
use protocol::oxcnotif::*;
use protocol::oxcperm::MemberRights;
use protocol::rops::{OxcnotifHandler, ServerObject};
use runtime::rop::{ObjectTable, RopContext};

use super::RopHandlers;
use super::notifications::{Interest, Subscription, describe};
use super::objects::{Logon, NotificationSubscription};

impl OxcnotifHandler for RopHandlers {
    /// MS-OXCNOTIF 3.1.5.1. Tables tell of their changes by themselves.
    fn rop_register_notification(
        &mut self,
        _context: RopContext,
        logon: &mut Logon,
        request: &RopRegisterNotificationRequest,
    ) -> Result<(RopRegisterNotificationResponse, NotificationSubscription), ErrorCode> {
        let message = request.message_id.filter(|id| *id != MessageId::default());
        let scope = if request.want_whole_store { None } else { request.folder_id.map(|folder| (folder, message)) };
        // Of somebody else's mailbox only what happens in folders that may be seen is told.
        match scope {
            Some((folder, _)) => logon.mailbox.require(folder, MemberRights::FOLDER_VISIBLE)?,
            None => logon.mailbox.require_owner()?,
        }
        let interest = Interest::Objects { types: request.notification_types, scope };
        let subscription = Subscription::new(&logon.mailbox.mailbag, interest);
        logon.mailbox.mailbox.changes().watch(&subscription);
        Ok((RopRegisterNotificationResponse, NotificationSubscription { subscription }))
    }
}

impl RopHandlers {
    /// The next notification, made of the events that wait and of what the tables show now.
    pub(super) fn next(&mut self, objects: &mut ObjectTable<ServerObject<Self>>) -> Option<RopNotifyResponse<'static>> {
        loop {
            while let Some(ready) = self.ready.pop_front() {
                if let Some(current) = still_fits(objects, ready) {
                    return Some(current);
                }
            }
            let waiting = self.mailbag.take()?;
            let subscribed = |object: &ServerObject<Self>| match object {
                ServerObject::NotificationSubscription(own) => own.subscription.id == waiting.subscription,
                ServerObject::Table(table, _) => table.is_told_as(waiting.subscription),
                _ => false,
            };
            let handle = objects.handles().find(|handle| objects.get(*handle).is_some_and(subscribed));
            let Some(handle) = handle else { continue };
            let logon_id = objects.logon_id(handle).unwrap_or_default();
            let notify =
                |notification_data| RopNotifyResponse { notification_handle: handle, logon_id, notification_data };
            match objects.get_mut(handle) {
                Some(ServerObject::NotificationSubscription(_)) => return Some(notify(describe(&waiting.event))),
                Some(ServerObject::Table(table, state)) => {
                    // All that happened to the rows, at once: they are told as they are now.
                    let mut events = vec![waiting.event];
                    events.extend(self.mailbag.take_all(waiting.subscription));
                    let changes = table.changed(&events, state.columns.as_deref());
                    self.ready.extend(changes.into_iter().map(notify));
                }
                _ => {}
            }
        }
    }

    /// Puts back a notification that did not fit.
    pub(super) fn keep(&mut self, notification: RopNotifyResponse<'static>) {
        self.ready.push_front(notification);
        self.mailbag.ring();
    }
}

/// A notification as it can be told now: nothing of an object that is gone, and no row in columns that a table had.
fn still_fits(
    objects: &ObjectTable<ServerObject<RopHandlers>>,
    mut notification: RopNotifyResponse<'static>,
) -> Option<RopNotifyResponse<'static>> {
    match objects.get(notification.notification_handle)? {
        ServerObject::Table(table, state) => {
            let data = &mut notification.notification_data;
            if table.told_columns() != state.columns.as_deref() {
                data.event = NotificationDataEvent::TableModified(TableChange::TableChanged);
            }
            Some(notification)
        }
        _ => Some(notification),
    }
}
