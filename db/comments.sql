-- What the tables and columns mean, for psql's \d+ and the reference in docs; deployed on every run
-- of db/migrate.py.

comment on table worker_notifications is
'Every notification that was stored, once each: message_id and dedupe_hash are the dedupe keys.';
comment on column worker_notifications.id is 'Names the stored notification in current_state.';
comment on column worker_notifications.created_at is 'When the row was made.';
comment on column worker_notifications.message_id is
'SQS''s id of the message that brought it first.';
comment on column worker_notifications.dedupe_hash is
'Lower-case hex SHA-256 of the message body''s UTF-8 bytes, exactly as received.';
comment on column worker_notifications.asin is 'The item; null where the notification names none.';
comment on column worker_notifications.marketplace is
'Amazon''s marketplace id; the United Kingdom''s where none came.';
comment on column worker_notifications.item_condition is
'The trigger''s condition in lower case: new, used, ….';
comment on column worker_notifications.raw_notification is
'The notification without its SNS or EventBridge envelope. Everything else can be derived from it '
'again.';
comment on column worker_notifications.notification_type is
'Amazon''s type: ANY_OFFER_CHANGED, PRICING_HEALTH, ….';
comment on column worker_notifications.amazon_notification_id is
'NotificationMetadata''s NotificationId, trimmed.';
comment on column worker_notifications.event_time is
'EventTime, else TimeOfOfferChange, else publish_time, else received_at. Where it orders state it '
'counts as received_at at most.';
comment on column worker_notifications.publish_time is 'NotificationMetadata''s PublishTime.';
comment on column worker_notifications.severity is 'success, info, warning, high or critical.';
comment on column worker_notifications.status is 'completed once it is stored and applied.';
comment on column worker_notifications.received_at is
'When it first reached the database; for a message that failed before, when it first failed.';
comment on column worker_notifications.processed_at is 'When it was stored.';
comment on column worker_notifications.trace_id is 'Ties the row to the relay''s log line.';
comment on column worker_notifications.worker_id is
'The application_name of the session that stored it: WORKER_ID.';

comment on table unreadable_notifications is
'Which of worker_notifications cannot be analysed: the original worker stored some that ingest '
'would have refused. readable_notifications leaves them out.';
comment on column unreadable_notifications.id is 'The stored notification.';

comment on table current_state is
'One row an item (asin, marketplace, item_condition): the newest offers (from ANY_OFFER_CHANGED) '
'and the newest pricing issue (from PRICING_HEALTH). Prices are landed (listing + shipping - '
'points) and in currency.';
comment on column current_state.asin is 'The item.';
comment on column current_state.marketplace is 'Amazon''s marketplace id.';
comment on column current_state.item_condition is
'new, used, …: Amazon reports them as separate events.';
comment on column current_state.your_price is
'Your lowest landed price; null where you have no priced offer.';
comment on column current_state.market_low is
'The lowest landed price of all offers listed, yours too.';
comment on column current_state.prime_low is
'The lowest landed price fulfilled by Amazon or Prime.';
comment on column current_state.buy_box_price is 'The landed price of the buy box.';
comment on column current_state.your_position is
'1 + the number of offers with a strictly lower landed price.';
comment on column current_state.total_offers is
'How many offers there are; Amazon lists 20 of them at most.';
comment on column current_state.buy_box_winner is 'Does one of your offers hold the buy box.';
comment on column current_state.currency is
'Of every price in the row, as Amazon wrote it (ISO 4217).';
comment on column current_state.event_time is
'When the offers were so, by Amazon; never after they were received.';
comment on column current_state.buy_box_seller is
'Who holds the buy box: one of your offers where one does, else the winner of the lowest landed '
'price (FBA first, then the lowest seller id); null where nobody is known to.';
comment on column current_state.buy_box_is_fba is 'Is that winner''s offer fulfilled by Amazon.';
comment on column current_state.buy_box_suppressed is
'Amazon shows no buy box though there are offers; null for conditions other than new and used.';
comment on column current_state.competitive_price is
'Amazon''s competitive price threshold: what it compares with, landed.';
comment on column current_state.sales_rank is 'The first sales rank that Amazon names.';
comment on column current_state.reference_price is
'What the pricing issue''s severity compared your landed price with.';
comment on column current_state.pricing_issue is 'Amazon''s issueType, as BuyBoxDisqualification.';
comment on column current_state.pricing_issue_time is
'When the issue was so. Older than event_time: offers came since.';
comment on column current_state.severity is
'success, info, warning, high or critical: of the newer of offers and issue, the issue at equal '
'times.';
comment on column current_state.last_notification_id is 'The notification that severity is from.';
comment on column current_state.last_updated is
'Start of the transaction that wrote the row: a row with a smaller value can become visible later.';
comment on column current_state.offers_dedupe_hash is
'Decides between offers of equal event_time: the greater stays.';
comment on column current_state.issue_dedupe_hash is
'Decides between issues of equal pricing_issue_time: the greater stays.';

comment on table worker_failures is
'Messages that could not be ingested, one row each. SQS brings them maxReceiveCount times and '
'then moves them to the dead-letter queue; the body here is whole.';
comment on column worker_failures.id is 'Names the row.';
comment on column worker_failures.first_failed_at is 'When the message failed first.';
comment on column worker_failures.last_failed_at is 'When it failed last.';
comment on column worker_failures.message_id is 'SQS''s id of the message.';
comment on column worker_failures.raw_message is
'The exact body as one JSON string: raw_message #>> ''{}''.';
comment on column worker_failures.dedupe_hash is 'As in worker_notifications.';
comment on column worker_failures.error_type is
'The SQLSTATE''s condition name, or the code itself for this project''s own (OC001, …).';
comment on column worker_failures.error_message is 'What was wrong, and where in the message.';
comment on column worker_failures.stack_trace is 'The PL/pgSQL context of the error.';
comment on column worker_failures.failure_count is 'How often it failed.';
comment on column worker_failures.trace_id is
'Of the last failure: ties the row to the relay''s log line.';
comment on column worker_failures.worker_id is
'The application_name of the session in which it failed last.';
comment on column worker_failures.resolved_at is
'When the message, or its body under another id, was stored after all.';

comment on table severity_rules is
'Named sets of thresholds for severity, exactly one active; activate_severity_rules() changes '
'which. Gaps are percent of the market''s lowest landed price.';
comment on column severity_rules.name is 'Names the set.';
comment on column severity_rules.active is 'Whether the set is in force.';
comment on column severity_rules.success_max_position is
'success: at most this position (or the buy box).';
comment on column severity_rules.critical_gap_pct is 'critical: at least this gap, …';
comment on column severity_rules.critical_min_offers is '… at least this many offers …';
comment on column severity_rules.critical_after_position is '… and a position greater than this.';
comment on column severity_rules.high_gap_pct is 'high: at least this gap …';
comment on column severity_rules.high_min_offers is '… and at least this many offers.';
comment on column severity_rules.warning_gap_pct is 'warning: at least this gap, …';
comment on column severity_rules.warning_min_offers is '… or at least this many offers.';

comment on table own_sellers is
'Your merchant ids: their offers count as yours, beside those of the seller a notification names.';
comment on column own_sellers.seller_id is 'Amazon''s merchant id.';
comment on column own_sellers.name is 'What you call it; for people only.';

comment on table items is
'What you say of your items: never needed; names and floors appear wherever an item is shown or a '
'price is suggested. Fill it by hand or by \copy items from ''items.csv'' csv header.';
comment on column items.asin is 'The item.';
comment on column items.marketplace is
'Amazon''s marketplace id; the United Kingdom''s where none is given.';
comment on column items.sku is 'What you call it in your stock.';
comment on column items.title is 'What people call it.';
comment on column items.search_text is
'SKU and title in small letters, as the database''s locale has them, which the page searches.';
comment on column items.floor_price is
'The listing price under which no price is suggested, of condition new, in the marketplace''s '
'currency.';

comment on table item_days is
'One row an item and UTC day, from its first event to the last day that roll_up_days() has rolled '
'up; what is left of the day when its notifications are pruned. What stood at midnight counts. '
'Prices are landed, in the marketplace''s currency, rounded to two decimals.';
comment on column item_days.asin is 'The item.';
comment on column item_days.marketplace is 'Amazon''s marketplace id.';
comment on column item_days.item_condition is 'new, used, ….';
comment on column item_days.day is 'The UTC day.';
comment on column item_days.events is 'ANY_OFFER_CHANGED notifications of that day.';
comment on column item_days.your_open is
'Your price at midnight; on an item''s first day, its first one.';
comment on column item_days.your_low is 'Your lowest price of the day.';
comment on column item_days.your_high is 'Your highest price of the day.';
comment on column item_days.your_close is 'Your price at the end of the day.';
comment on column item_days.market_low is 'The lowest price of all offers in the day, yours too.';
comment on column item_days.market_close is 'The lowest price of all offers at the end of the day.';
comment on column item_days.buy_box_seconds is 'Seconds of known_seconds in which you held it.';
comment on column item_days.known_seconds is
'Seconds of the day of which offers are known: all but on an item''s first day.';
comment on column item_days.buy_box_won is 'How often you came to hold the buy box.';
comment on column item_days.buy_box_lost is 'How often you ceased to hold the buy box.';
comment on column item_days.success_s is 'Seconds of severity success, as severity_changes tells.';
comment on column item_days.info_s is 'Seconds of severity info.';
comment on column item_days.warning_s is 'Seconds of severity warning.';
comment on column item_days.high_s is 'Seconds of severity high.';
comment on column item_days.critical_s is 'Seconds of severity critical.';
comment on column item_days.pricing_issues is 'PRICING_HEALTH notifications of that day.';
comment on column item_days.buy_box_close is
'Did you hold the buy box at the end of the day; null where no offers were known.';
comment on column item_days.offers_time is
'The event_time of the offers that stood at the end of the day; null where none were known.';
comment on column item_days.offers_hash is 'The dedupe_hash of those offers.';
comment on column item_days.severity_close is 'The severity at the end of the day.';
comment on column item_days.severity_time is
'The event_time of the notification that severity_close is from.';
comment on column item_days.severity_hash is 'The dedupe_hash of that notification.';
comment on column item_days.final is
'Pruning has taken a notification of that day: it cannot be rolled up again.';

comment on table item_days_queue is
'The notifications whose days roll_up_days() has still to write: those stored since, and those '
'whose severity rerun_severity() has changed. Written in the transaction that did so.';
comment on column item_days_queue.notification_id is 'The notification.';
comment on column item_days_queue.event_time is
'When it happened, as known then: a call for earlier days need not look at it.';

comment on table alert_rules is
'What to tell of and where to: an alert is raised when an applied event changes an item so that an '
'active rule fires. preview_alerts() says what one would have sent.';
comment on column alert_rules.name is 'Names the rule; alerts carry it.';
comment on column alert_rules.active is
'Whether it raises alerts. Alerts of an inactive rule that were not claimed yet are cancelled.';
comment on column alert_rules.kind is
'severity_raised: to min_severity or above, from below it or from no row. severity_cleared: the '
'reverse. buy_box_lost, buy_box_won: by you. buy_box_suppressed: Amazon shows none any more. '
'undercut: your position went from 1 to more. own_offer_missing: of fewer than 20 offers none is '
'yours any more. pricing_issue: Amazon reported one.';
comment on column alert_rules.min_severity is 'For the severity kinds.';
comment on column alert_rules.asin is 'Only of this item; null for any.';
comment on column alert_rules.marketplace is 'Only in this marketplace; null for any.';
comment on column alert_rules.item_condition is 'Only in this condition; null for any.';
comment on column alert_rules.hold is
'How long it must last before it is told; what ends earlier is cancelled.';
comment on column alert_rules.cooldown is
'After an alert of an item, further ones within this time only count in its repeats.';
comment on column alert_rules.channel is
'Where to: the alerter sends it to the URL in ALERT_URL_<CHANNEL>.';

comment on table alerts is 'What was found worth telling, one row each.';
comment on column alerts.id is 'Names the alert.';
comment on column alerts.rule is 'The rule that raised it, which may be gone since.';
comment on column alerts.kind is 'Its rule''s kind.';
comment on column alerts.asin is 'The item.';
comment on column alerts.marketplace is 'Amazon''s marketplace id.';
comment on column alerts.item_condition is 'new, used, ….';
comment on column alerts.severity is 'The item''s, after the event.';
comment on column alerts.headline is 'What happened, in one sentence.';
comment on column alerts.details is
'before and after: the item''s rows of current_state around the event; before is null where there '
'was none.';
comment on column alerts.notification_id is
'The notification that brought the event; it may be pruned since.';
comment on column alerts.event_time is 'When it happened, by Amazon.';
comment on column alerts.created_at is
'When it was raised: the start of the transaction that applied the event.';
comment on column alerts.due_at is 'When it is to be told: created_at and the rule''s hold.';
comment on column alerts.status is
'pending until it is told: sent; cancelled, where it ended before it was due or its rule was gone; '
'expired, where it could not be told for six hours; dead, where its delivery is.';
comment on column alerts.repeats is 'How often it happened again within the cooldown.';
comment on column alerts.delivery_id is 'The delivery that tells it, once it is due and claimed.';

comment on table alert_deliveries is
'The outbox: messages to channels, each of one alert or of many (a digest). Only claim_alerts(), '
'finish_alert() and retry_deliveries() write here.';
comment on column alert_deliveries.id is
'Names the delivery: a webhook''s webhook-id, the same at each attempt.';
comment on column alert_deliveries.channel is 'Where to, as the rule said when it was made.';
comment on column alert_deliveries.alert_ids is 'What it tells, the gravest first.';
comment on column alert_deliveries.title is 'Its title.';
comment on column alert_deliveries.body is 'Its text, a line an alert; of a digest the first ten.';
comment on column alert_deliveries.status is
'waiting for its turn; sending, while an alerter has it; sent; dead, where it was refused for '
'good, failed eight times or expired: retry_deliveries() makes it due again.';
comment on column alert_deliveries.attempts is 'How often it was claimed.';
comment on column alert_deliveries.attempts_before is
'How many of them were before retry_deliveries(): eight more are made.';
comment on column alert_deliveries.leased_until is
'Until when nobody takes it: sending, the lease; waiting, the pause. Null once it ended.';
comment on column alert_deliveries.last_error is 'Why the last failed attempt did.';
comment on column alert_deliveries.created_at is 'When it was made.';
comment on column alert_deliveries.sent_at is 'When its sending was finished.';
